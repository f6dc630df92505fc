/** Label names and values as positions in a body, checked and made into `Labels` only for series not seen before. */
import type { Labels } from '../../metrics/index.ts'
import type { ProtocolLimits } from '../limits.ts'
import { type Refusal, normalizedLabels, shownBytes, textOf } from './label-text.ts'

const nameLabel = '__name__'

/** More labels than this are only counted: such a series is refused anyway. */
const keptMax = 4096

/** Labels of one exemplar. */
const plainLabelsMax = 32

export class LabelRanges {
  count = 0
  /** Start and end of name and value of each label. */
  readonly spans = new Uint32Array(keptMax * 4)

  clear(): void {
    this.count = 0
  }

  add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const at = this.count++
    if (at >= keptMax) return
    this.spans[at * 4] = nameStart
    this.spans[at * 4 + 1] = nameEnd
    this.spans[at * 4 + 2] = valueStart
    this.spans[at * 4 + 3] = valueEnd
  }

  /** The metric's name for messages. */
  metric(bytes: Uint8Array): string {
    const index = this.#nameIndex(bytes)
    return index < 0 ? 'a series without a name' : shownBytes(bytes, this.spans[index * 4 + 2]!, this.spans[index * 4 + 3]!)
  }

  /** The metric's name; null when there is none or it is not UTF-8. */
  metricName(bytes: Uint8Array): string | null {
    const index = this.#nameIndex(bytes)
    return index < 0 ? null : textOf(bytes, this.spans[index * 4 + 2]!, this.spans[index * 4 + 3]!)
  }

  /**
   * The rules of Prometheus remote write: names sorted by their bytes, unique and not empty, a metric name, valid UTF-8.
   * UTF-8 names are kept as they are. An empty value means no label.
   */
  toLabels(bytes: Uint8Array, limits: ProtocolLimits): Labels | Refusal {
    if (this.count > limits.labelsPerSeriesMax) return this.#tooMany(bytes, limits)
    const pairs: [string, string][] = []
    let named = false
    for (let index = 0; index < this.count; index++) {
      const refusal = this.#checkLabel(bytes, index, limits)
      if (refusal !== null) return refusal
      const name = textOf(bytes, this.spans[index * 4]!, this.spans[index * 4 + 1]!)
      const value = textOf(bytes, this.spans[index * 4 + 2]!, this.spans[index * 4 + 3]!)
      if (name === null || value === null) return this.#refusal(bytes, 'invalid_utf8', 'a label is not valid UTF-8')
      if (name === nameLabel && value !== '') named = true
      pairs.push([name, value])
    }
    if (!named) return this.#nameMissing(bytes)
    return normalizedLabels(pairs)
  }

  /** The same rules without looking at the texts: whether they are valid UTF-8 is still open. Null when they hold. */
  check(bytes: Uint8Array, limits: ProtocolLimits): Refusal | null {
    if (this.count > limits.labelsPerSeriesMax) return this.#tooMany(bytes, limits)
    for (let index = 0; index < this.count; index++) {
      const refusal = this.#checkLabel(bytes, index, limits)
      if (refusal !== null) return refusal
    }
    const named = this.#nameIndex(bytes)
    return named >= 0 && this.spans[named * 4 + 2]! < this.spans[named * 4 + 3]! ? null : this.#nameMissing(bytes)
  }

  /** For exemplars, whose labels need no name and no order; null when they cannot be read. */
  toPlainLabels(bytes: Uint8Array): Labels | null {
    if (this.count > plainLabelsMax) return null
    const pairs = new Map<string, string>()
    for (let index = 0; index < this.count; index++) {
      const name = textOf(bytes, this.spans[index * 4]!, this.spans[index * 4 + 1]!)
      const value = textOf(bytes, this.spans[index * 4 + 2]!, this.spans[index * 4 + 3]!)
      if (name === null || name === '' || value === null) return null
      pairs.set(name, value)
    }
    return normalizedLabels([...pairs])
  }

  #checkLabel(bytes: Uint8Array, index: number, limits: ProtocolLimits): Refusal | null {
    const start = this.spans[index * 4]!
    const end = this.spans[index * 4 + 1]!
    const valueLength = this.spans[index * 4 + 3]! - this.spans[index * 4 + 2]!
    if (start === end) return this.#refusal(bytes, 'label_name_empty', 'a label has no name')
    if (end - start > limits.labelNameBytesMax) {
      return this.#refusal(
        bytes,
        'label_name_too_long',
        `label name ${shownBytes(bytes, start, end)} is longer than ${limits.labelNameBytesMax} bytes`,
      )
    }
    if (this.#isMetricName(bytes, index)) {
      if (valueLength > limits.metricNameBytesMax) {
        return this.#refusal(bytes, 'metric_name_too_long', `the name is longer than ${limits.metricNameBytesMax} bytes`)
      }
    } else if (valueLength > limits.labelValueBytesMax) {
      return this.#refusal(
        bytes,
        'label_value_too_long',
        `the value of ${shownBytes(bytes, start, end)} is longer than ${limits.labelValueBytesMax} bytes`,
      )
    }
    if (index === 0) return null
    const order = this.#compareNames(bytes, index - 1, index)
    if (order === 0) return this.#refusal(bytes, 'duplicate_label', `label ${shownBytes(bytes, start, end)} is there twice`)
    if (order > 0) return this.#refusal(bytes, 'labels_unsorted', `label ${shownBytes(bytes, start, end)} is not in order`)
    return null
  }

  #nameIndex(bytes: Uint8Array): number {
    const kept = Math.min(this.count, keptMax)
    for (let index = 0; index < kept; index++) if (this.#isMetricName(bytes, index)) return index
    return -1
  }

  #isMetricName(bytes: Uint8Array, index: number): boolean {
    const start = this.spans[index * 4]!
    if (this.spans[index * 4 + 1]! - start !== nameLabel.length) return false
    for (let at = 0; at < nameLabel.length; at++) if (bytes[start + at] !== nameLabel.charCodeAt(at)) return false
    return true
  }

  #compareNames(bytes: Uint8Array, a: number, b: number): number {
    const aStart = this.spans[a * 4]!
    const bStart = this.spans[b * 4]!
    const aLength = this.spans[a * 4 + 1]! - aStart
    const bLength = this.spans[b * 4 + 1]! - bStart
    const shared = Math.min(aLength, bLength)
    for (let at = 0; at < shared; at++) {
      const difference = (bytes[aStart + at] ?? 0) - (bytes[bStart + at] ?? 0)
      if (difference !== 0) return difference
    }
    return aLength - bLength
  }

  #tooMany(bytes: Uint8Array, limits: ProtocolLimits): Refusal {
    return this.#refusal(bytes, 'too_many_labels', `${this.count} labels; at most ${limits.labelsPerSeriesMax} are stored`)
  }

  #nameMissing(bytes: Uint8Array): Refusal {
    return this.#refusal(bytes, 'metric_name_missing', 'the label __name__ is missing')
  }

  #refusal(bytes: Uint8Array, reason: string, what: string): Refusal {
    return { reason, example: `${this.metric(bytes)}: ${what}` }
  }
}

/** Tells the two results of `toLabels` apart. */
export function isRefusal(result: Labels | Refusal): result is Refusal {
  return 'reason' in result
}
