/**
 * Classic histograms and summaries: one point becomes a count series, a sum series and one series a bucket or quantile.
 * The count series is found by the attribute bytes; the others are remembered with it, checked against their bounds.
 */
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { MetricContext } from './contexts.ts'
import { boundText } from './names.ts'
import type { PointTools } from './point-tools.ts'

export interface SeriesGroup {
  readonly shape: BoundSeries
  readonly countRef: number
  readonly sumRef: number
  /** Bucket bounds without the last (+Inf), or quantiles. */
  readonly bounds: Float64Array
  /** Refs by bound; a histogram has one more, for +Inf. */
  readonly boundRefs: Uint32Array
}

/** How the series of the bounds are called. */
export interface BoundSeries {
  readonly suffix: '_bucket' | ''
  readonly label: 'le' | 'quantile'
  readonly infinity: boolean
}

export const bucketSeries: BoundSeries = { suffix: '_bucket', label: 'le', infinity: true }
export const quantileSeries: BoundSeries = { suffix: '', label: 'quantile', infinity: false }

export class SeriesGroups {
  readonly #tools: PointTools
  readonly #groupsMax: number
  readonly #groups = new Map<number, SeriesGroup>()

  constructor(tools: PointTools, limits: ProtocolLimits) {
    this.#tools = tools
    this.#groupsMax = limits.histogramGroupsMax
  }

  /** Forgets groups of which a series is gone. */
  unlearn(isGone: (ref: number) => boolean): void {
    for (const [key, { countRef, sumRef, boundRefs }] of this.#groups)
      if (isGone(countRef) || isGone(sumRef) || boundRefs.some(isGone)) this.#groups.delete(key)
  }

  /**
   * The series of the point whose attributes are in the run, for the first `count` of `bounds`. Null with the finder's `refusal` set.
   * `count` -1: whatever bounds the series had last (a point that only says that they ended), or none.
   */
  find(
    session: DecodeSession,
    metric: MetricContext,
    attributeTag: number,
    shape: BoundSeries,
    bounds: Float64Array,
    count: number,
  ): SeriesGroup | null {
    const { finder, run } = this.#tools
    const countRef = finder.known(session, metric, run)
    if (countRef >= 0) {
      const group = this.#groups.get(countRef)
      if (group !== undefined && group.shape === shape && (count < 0 || sameBounds(group.bounds, bounds, count))) return group
    }
    const labels = finder.labelsOf(metric, run, attributeTag)
    if (labels === null) return null
    const ended = count < 0 ? this.#lastOf(finder.resolve(session, `${metric.name}_count`, labels), shape) : null
    if (ended !== null) {
      finder.remember(session, metric, run, ended.countRef)
      return ended
    }
    const group = this.#make(session, metric, labels, shape, bounds.slice(0, Math.max(count, 0)))
    if (group === null) return null
    finder.remember(session, metric, run, group.countRef)
    this.use(group)
    return group
  }

  /** From now on these are the bounds that the group's series have. */
  use(group: SeriesGroup): void {
    if (this.#groups.get(group.countRef) === group) return
    if (this.#groups.size >= this.#groupsMax) this.#groups.clear()
    this.#groups.set(group.countRef, group)
  }

  #lastOf(countRef: number, shape: BoundSeries): SeriesGroup | null {
    const group = this.#groups.get(countRef)
    return group?.shape === shape ? group : null
  }

  #make(
    session: DecodeSession,
    metric: MetricContext,
    labels: Map<string, string>,
    shape: BoundSeries,
    bounds: Float64Array,
  ): SeriesGroup | null {
    const { finder } = this.#tools
    const countRef = finder.resolve(session, `${metric.name}_count`, labels)
    const sumRef = countRef < 0 ? -1 : finder.resolve(session, `${metric.name}_sum`, labels)
    if (sumRef < 0) return null
    const boundRefs = new Uint32Array(bounds.length + (shape.infinity ? 1 : 0))
    for (let index = 0; index < boundRefs.length; index++) {
      const text = boundText(bounds[index] ?? Infinity)
      const ref = finder.resolve(session, metric.name + shape.suffix, labels, [shape.label, text])
      if (ref < 0) return null
      boundRefs[index] = ref
    }
    return { shape, countRef, sumRef, bounds, boundRefs }
  }
}

function sameBounds(known: Float64Array, bounds: Float64Array, count: number): boolean {
  if (known.length !== count) return false
  for (let index = 0; index < count; index++) if (known[index] !== bounds[index]) return false
  return true
}
