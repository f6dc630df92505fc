/** The description that remote write 2 sends with each series: looked at only when it differs from what the series said last. */
import type { MetricType } from '../../metrics/index.ts'
import type { LabelRanges } from '../decode/label-ranges.ts'
import { textOf } from '../decode/label-text.ts'
import { RefNumbers } from '../decode/ref-numbers.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { ProtoCursor } from '../protobuf/cursor.ts'
import type { SymbolTable } from './symbol-table.ts'

/** Metadata.MetricType, by number. */
const metricTypes: readonly MetricType[] = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset']

/** Series of one metric family carry these after its name. */
const familySuffixes: Partial<Record<MetricType, RegExp>> = {
  histogram: /_(?:bucket|count|sum)$/,
  gaugehistogram: /_(?:bucket|gcount|gsum)$/,
  summary: /_(?:count|sum)$/,
}

export interface DescribedSeries {
  readonly labels: LabelRanges
  readonly symbols: SymbolTable
  readonly bytes: Uint8Array
}

export class SeriesMetadata {
  /** What each series said last, as one number. */
  readonly #last: RefNumbers
  #type = 0
  #help = 0
  #unit = 0

  constructor(limits: ProtocolLimits) {
    this.#last = new RefNumbers(limits.rememberedSeriesMax)
  }

  clear(): void {
    this.#type = 0
    this.#help = 0
    this.#unit = 0
  }

  read(cursor: ProtoCursor): void {
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 8) this.#type = cursor.readVarint()
      else if (tag === 24) this.#help = cursor.readVarint()
      else if (tag === 32) this.#unit = cursor.readVarint()
      else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  /** False when the sender left the description empty. */
  get said(): boolean {
    return this.#type !== 0 || this.#help !== 0 || this.#unit !== 0
  }

  /** True when the series said something else before, or nothing. Out-of-range references count as nothing said. */
  isNews(session: DecodeSession, ref: number, symbols: SymbolTable): boolean {
    if (this.#help >= symbols.count || this.#unit >= symbols.count) return false
    const signature = (symbols.id(this.#help) * 31 + symbols.id(this.#unit)) * 16 + Math.min(this.#type, 15)
    const last = this.#last.get(ref)
    if (last === signature) return false
    this.#last.set(ref, signature)
    session.onUndo(() => this.#last.set(ref, last))
    return true
  }

  describe(session: DecodeSession, series: DescribedSeries): void {
    const { bytes, symbols } = series
    const type = metricTypes[this.#type] ?? 'unknown'
    const name = series.labels.metricName(bytes)
    const help = textOf(bytes, symbols.start(this.#help), symbols.end(this.#help))
    const unit = textOf(bytes, symbols.start(this.#unit), symbols.end(this.#unit))
    if (name === null || help === null || unit === null) return
    const suffix = familySuffixes[type]
    const family = suffix === undefined ? name : name.replace(suffix, '')
    const { limits, metadata } = session.state
    metadata.describe(session.batch, { name: family, type, unit: unit.slice(0, 64), help: help.slice(0, limits.helpCharsMax) })
  }
}
