/** SummaryDataPoint as Prometheus summary: `{quantile}`, `_sum`, `_count`. Always cumulative. */
import { STALE } from '../../metrics/index.ts'
import { measuredValue, sampleValue } from '../decode/sample-value.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { MetricContext } from './contexts.ts'
import { NumberList } from './number-list.ts'
import { type PointTools, noRecordedValue } from './point-tools.ts'
import { type SeriesGroup, type SeriesGroups, quantileSeries } from './series-groups.ts'

const attributeTag = 58

export class SummaryPoints {
  readonly #tools: PointTools
  readonly #groups: SeriesGroups
  readonly #quantilesMax: number
  #timeMs = 0
  #startMs = 0
  #count = 0
  #sum = 0
  #flags = 0
  readonly #quantiles = new NumberList()
  readonly #values = new NumberList()

  constructor(tools: PointTools, groups: SeriesGroups, limits: ProtocolLimits) {
    this.#tools = tools
    this.#groups = groups
    this.#quantilesMax = limits.bucketsPerHistogramMax
  }

  /** Reads the point the cursor stands before (its length comes first). */
  read(session: DecodeSession, metric: MetricContext): void {
    const { cursor, run } = this.#tools
    const outer = cursor.enter()
    const from = cursor.pos
    const to = cursor.end
    this.#fields()
    run.settle(from, to, attributeTag)
    this.#store(session, metric)
    cursor.leave(outer)
  }

  #fields(): void {
    const { cursor, run } = this.#tools
    run.begin(cursor.bytes)
    this.#timeMs = 0
    this.#startMs = 0
    this.#count = 0
    this.#sum = 0
    this.#flags = 0
    this.#quantiles.clear()
    this.#values.clear()
    while (cursor.pos < cursor.end) {
      const at = cursor.pos
      const tag = cursor.readTag()
      if (tag === attributeTag) this.#tools.noteAttribute(at)
      else if (tag === 17) this.#startMs = this.#tools.readTimeMs()
      else if (tag === 25) this.#timeMs = this.#tools.readTimeMs()
      else if (tag === 33) this.#count = cursor.readFixed64()
      else if (tag === 41) this.#sum = measuredValue(cursor.readDouble())
      else if (tag === 50) this.#quantile()
      else if (tag === 64) this.#flags = cursor.readVarint()
      else cursor.skip(tag)
    }
  }

  #quantile(): void {
    const { cursor } = this.#tools
    const outer = cursor.enter()
    let quantile = 0
    let value = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 9) quantile = cursor.readDouble()
      else if (tag === 17) {
        const at = cursor.pos
        value = sampleValue(cursor.readDouble(), cursor.view, at)
      } else cursor.skip(tag)
    }
    cursor.leave(outer)
    this.#quantiles.push(quantile)
    this.#values.push(value)
  }

  #store(session: DecodeSession, metric: MetricContext): void {
    if (!this.#tools.timeAccepted(session, metric, this.#timeMs)) return
    const ended = (this.#flags & noRecordedValue) !== 0
    const problem = this.#problem()
    if (problem !== null) {
      session.refuse('invalid_summary', 1, () => `${metric.name}: ${problem}`)
      return
    }
    const quantiles = ended && this.#quantiles.length === 0 ? -1 : this.#quantiles.length
    const group = this.#groups.find(session, metric, attributeTag, quantileSeries, this.#quantiles.values, quantiles)
    if (group === null) this.#tools.refuseUnfound(session)
    else this.#storeValues(session, group, ended)
  }

  #problem(): string | null {
    const { values, length } = this.#quantiles
    if (length > this.#quantilesMax) return `it has more than ${this.#quantilesMax} quantiles`
    const seen = new Set<number>()
    for (let index = 0; index < length; index++) {
      const quantile = values[index]!
      if (!(quantile >= 0 && quantile <= 1)) return 'a quantile is not between 0 and 1'
      if (seen.has(quantile)) return 'a quantile is there twice'
      seen.add(quantile)
    }
    return null
  }

  #storeValues(session: DecodeSession, group: SeriesGroup, ended: boolean): void {
    const timeMs = this.#timeMs
    if (
      !ended &&
      this.#startMs > 0 &&
      session.beginsAnew(group.countRef, this.#startMs, timeMs, this.#tools.finder.isDurable(group.countRef))
    ) {
      session.addOwnSample(group.sumRef, this.#startMs, 0)
      session.addOwnSample(group.countRef, this.#startMs, 0)
    }
    for (let index = 0; index < group.boundRefs.length; index++) {
      session.addSample(group.boundRefs[index]!, timeMs, ended ? STALE : this.#values.values[index]!)
    }
    session.addSample(group.sumRef, timeMs, ended ? STALE : this.#sum)
    session.addSample(group.countRef, timeMs, ended ? STALE : this.#count)
  }
}
