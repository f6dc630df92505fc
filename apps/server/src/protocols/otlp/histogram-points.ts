/** HistogramDataPoint (explicit bounds) as classic Prometheus series: `_bucket{le}` cumulative over the bounds, `_sum`, `_count`. */
import { STALE } from '../../metrics/index.ts'
import { measuredValue } from '../decode/sample-value.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { MetricContext } from './contexts.ts'
import { NumberList } from './number-list.ts'
import { type PointTools, noRecordedValue } from './point-tools.ts'
import { type SeriesGroup, type SeriesGroups, bucketSeries } from './series-groups.ts'

const attributeTag = 74
const exemplarTag = 66

export class HistogramPoints {
  readonly #tools: PointTools
  readonly #groups: SeriesGroups
  readonly #bucketsMax: number
  #timeMs = 0
  #startMs = 0
  #count = 0
  #sum = 0
  #hasSum = false
  #flags = 0
  #exemplars = false
  readonly #bounds = new NumberList()
  readonly #counts = new NumberList()

  constructor(tools: PointTools, groups: SeriesGroups, limits: ProtocolLimits) {
    this.#tools = tools
    this.#groups = groups
    this.#bucketsMax = limits.bucketsPerHistogramMax
  }

  /** Reads the point the cursor stands before (its length comes first). The series of the stored point, null when it was refused. */
  read(session: DecodeSession, metric: MetricContext): SeriesGroup | null {
    const { cursor, run } = this.#tools
    const outer = cursor.enter()
    const from = cursor.pos
    const to = cursor.end
    this.#fields()
    run.settle(from, to, attributeTag)
    const group = this.#store(session, metric)
    if (group !== null && this.#exemplars) this.#tools.exemplars(session, from, to, exemplarTag, (value) => bucketOf(group, value))
    cursor.leave(outer)
    return group
  }

  #fields(): void {
    const { cursor, run } = this.#tools
    run.begin(cursor.bytes)
    this.#clear()
    while (cursor.pos < cursor.end) {
      const at = cursor.pos
      const tag = cursor.readTag()
      switch (tag) {
        case attributeTag:
          this.#tools.noteAttribute(at)
          break
        case 17:
          this.#startMs = this.#tools.readTimeMs()
          break
        case 25:
          this.#timeMs = this.#tools.readTimeMs()
          break
        case 33:
          this.#count = cursor.readFixed64()
          break
        case 41:
          this.#sum = measuredValue(cursor.readDouble())
          this.#hasSum = true
          break
        case 49:
        case 50:
          this.#counts.readFixed64(cursor, tag === 50)
          break
        case 57:
        case 58:
          this.#bounds.readDoubles(cursor, tag === 58)
          break
        case 80:
          this.#flags = cursor.readVarint()
          break
        default:
          if (tag === exemplarTag) this.#exemplars = true
          cursor.skip(tag)
      }
    }
  }

  #clear(): void {
    this.#timeMs = 0
    this.#startMs = 0
    this.#count = 0
    this.#sum = 0
    this.#hasSum = false
    this.#flags = 0
    this.#exemplars = false
    this.#bounds.clear()
    this.#counts.clear()
  }

  /** The series of the stored point, null when it was refused. */
  #store(session: DecodeSession, metric: MetricContext): SeriesGroup | null {
    const tools = this.#tools
    if (!tools.timeAccepted(session, metric, this.#timeMs)) return null
    const ended = (this.#flags & noRecordedValue) !== 0
    const problem = ended ? null : this.#problem()
    if (problem !== null) {
      session.refuse('invalid_histogram', 1, () => `${metric.name}: ${problem}`)
      return null
    }
    const bounds = ended && this.#bounds.length === 0 ? -1 : this.#bounds.length
    const group = this.#groups.find(session, metric, attributeTag, bucketSeries, this.#bounds.values, bounds)
    if (group === null) {
      tools.refuseUnfound(session)
      return null
    }
    if (ended) this.#storeEnd(session, group)
    else if (metric.delta) return this.#storeDelta(session, metric, group) ? group : null
    else {
      const isDurable = tools.finder.isDurable(group.countRef)
      if (this.#startMs > 0 && session.beginsAnew(group.countRef, this.#startMs, this.#timeMs, isDurable))
        this.#storeZeros(session, group, this.#startMs)
      this.#storeValues(session, group)
    }
    return group
  }

  #problem(): string | null {
    const bounds = this.#bounds
    const counts = this.#counts
    if (bounds.length > this.#bucketsMax) return `it has more than ${this.#bucketsMax} bounds`
    if (counts.length !== bounds.length + 1 && (counts.length !== 0 || bounds.length !== 0)) {
      return `${bounds.length} bounds need ${bounds.length + 1} counts, not ${counts.length}`
    }
    for (let index = 0; index < bounds.length; index++) {
      if (!(bounds.values[index]! > (index === 0 ? -Infinity : bounds.values[index - 1]!)) || bounds.values[index] === Infinity) {
        return 'its bounds do not increase'
      }
    }
    return null
  }

  #storeValues(session: DecodeSession, group: SeriesGroup): void {
    const { bounds, boundRefs } = group
    let cumulative = 0
    for (let index = 0; index < bounds.length; index++) {
      cumulative += this.#counts.values[index]!
      session.addSample(boundRefs[index]!, this.#timeMs, cumulative)
    }
    session.addSample(boundRefs[bounds.length]!, this.#timeMs, this.#count)
    if (this.#hasSum) session.addSample(group.sumRef, this.#timeMs, this.#sum)
    session.addSample(group.countRef, this.#timeMs, this.#count)
  }

  #storeZeros(session: DecodeSession, group: SeriesGroup, timeMs: number): void {
    for (const ref of group.boundRefs) session.addOwnSample(ref, timeMs, 0)
    if (this.#hasSum) session.addOwnSample(group.sumRef, timeMs, 0)
    session.addOwnSample(group.countRef, timeMs, 0)
  }

  #storeEnd(session: DecodeSession, group: SeriesGroup): void {
    for (const ref of group.boundRefs) session.addSample(ref, this.#timeMs, STALE)
    session.addSample(group.sumRef, this.#timeMs, STALE)
    session.addSample(group.countRef, this.#timeMs, STALE)
  }

  #storeDelta(session: DecodeSession, metric: MetricContext, group: SeriesGroup): boolean {
    if (this.#hasSum && !Number.isFinite(this.#sum)) {
      session.refuse('value_not_finite', 1, () => `${metric.name}: the sum of a delta point is not a finite number`)
      return false
    }
    if (!this.#tools.deltaAccepted(session, metric, group.countRef, this.#timeMs)) return false
    const zeroMs = this.#tools.deltaZeroMs(session, group.countRef, this.#startMs, this.#timeMs)
    if (zeroMs > 0) this.#storeZeros(session, group, zeroMs)
    const { bounds, boundRefs } = group
    let cumulative = 0
    for (let index = 0; index < bounds.length; index++) {
      cumulative += this.#counts.values[index]!
      this.#addDelta(session, boundRefs[index]!, cumulative)
    }
    this.#addDelta(session, boundRefs[bounds.length]!, this.#count)
    if (this.#hasSum) this.#addDelta(session, group.sumRef, this.#sum)
    this.#addDelta(session, group.countRef, this.#count)
    return true
  }

  #addDelta(session: DecodeSession, ref: number, amount: number): void {
    session.touch(ref, this.#timeMs, amount)
    session.addSample(ref, this.#timeMs, session.state.memory.addToTotal(ref, amount))
  }
}

/** The bucket an exemplar's value falls into. */
function bucketOf(group: SeriesGroup, value: number): number {
  let index = 0
  while (index < group.bounds.length && !(value <= group.bounds[index]!)) index++
  return group.boundRefs[index] ?? group.countRef
}
