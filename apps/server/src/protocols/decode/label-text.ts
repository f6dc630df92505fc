/** Label bytes to checked strings: valid UTF-8, within the limits, sorted. The slow path: only series not seen before come here. */
import { isUtf8 } from 'node:buffer'
import type { Labels } from '../../metrics/index.ts'
import type { ProtocolLimits } from '../limits.ts'

/** Why a series or point cannot be stored: `reason` for the counters, `example` in words for the sender. */
export interface Refusal {
  readonly reason: string
  readonly example: string
}

const shownCharsMax = 60

/** A foreign text as it may be shown in messages: short, without control characters, quoted. */
export function shown(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must not get into messages.
  const plain = text.slice(0, shownCharsMax + 1).replace(/[\u0000-\u001f\u007f]/g, '?')
  return JSON.stringify(plain.length > shownCharsMax ? `${plain.slice(0, shownCharsMax)}…` : plain)
}

/** The bytes as text; null when they are not valid UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | null {
  if (start === end) return ''
  const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  return isUtf8(part) ? part.toString('utf8') : null
}

/** The first bytes of something too long or not UTF-8, for messages. */
export function shownBytes(bytes: Uint8Array, start: number, end: number): string {
  return shown(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(end - start, 4 * shownCharsMax)).toString('utf8'))
}

/** Sorts by name (code units) and leaves out empty values, which mean the same as no label. Names must be unique. */
export function normalizedLabels(pairs: (readonly [string, string])[]): Labels {
  return pairs.filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Checks finished labels against the limits. Null when they may be stored. */
export function checkLabels(labels: Labels, metric: string, limits: ProtocolLimits): Refusal | null {
  if (labels.length > limits.labelsPerSeriesMax) {
    return {
      reason: 'too_many_labels',
      example: `${shown(metric)} has ${labels.length} labels; at most ${limits.labelsPerSeriesMax} are stored`,
    }
  }
  for (const [name, value] of labels) {
    if (name === '__name__') {
      if (utf8Longer(value, limits.metricNameBytesMax))
        return tooLong('metric_name_too_long', `metric name ${shown(value)}`, limits.metricNameBytesMax)
    } else if (utf8Longer(name, limits.labelNameBytesMax)) {
      return tooLong('label_name_too_long', `${shown(metric)}: label name ${shown(name)}`, limits.labelNameBytesMax)
    } else if (utf8Longer(value, limits.labelValueBytesMax)) {
      return tooLong('label_value_too_long', `${shown(metric)}: value of label ${shown(name)}`, limits.labelValueBytesMax)
    }
  }
  return null
}

function tooLong(reason: string, what: string, bytesMax: number): Refusal {
  return { reason, example: `${what} is longer than ${bytesMax} bytes` }
}

function utf8Longer(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return false
  return text.length > bytesMax || Buffer.byteLength(text) > bytesMax
}
