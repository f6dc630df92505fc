/** Evaluates the components of a formula over the points of a range: one PromQL query for those that are PromQL, one count for each set. */
import type { Scope } from '../../kernel/scope.ts'
import type { Labels, Matcher, UniqueStore } from '../../metrics/index.ts'
import type { InstantSeries, RangeSeries } from '../../promql/index.ts'
import type { QueryLimitsByClass } from '../limits.ts'
import type { MetricsQuery, QueryAnswer } from '../metrics-query.ts'
import { classicBuckets, nativeBuckets } from './buckets.ts'
import { chosenMark, componentLabel, groupKey, groupLabel, promqlOf } from './frame.ts'
import type { Component, Formula } from './formulas.ts'
import type { CountedBucket } from './ports.ts'
import { anyOf } from './promql-text.ts'
import { pointsOf, type TimeRange } from './time-range.ts'

/** How far before a window the sample may lie that its increase is counted from. What writes less often than that counts as beginning anew. */
const anchorMs = 15 * 60_000

/** One group of an answer: values of each component at each point. */
export interface GroupParts {
  readonly key: string
  /** In the order of `groupBy`. */
  readonly tags: readonly string[]
  /** What is left beside the chosen groups. */
  readonly isRest: boolean
  readonly parts: (number | null)[][]
  /** Histograms of the first component, where it has them. */
  readonly buckets: (CountedBucket[] | null)[]
}

export interface ReadRequest {
  readonly scope: Scope
  readonly storedName: string
  readonly components: readonly Component[]
  readonly matchers: readonly Matcher[]
  readonly groupBy: readonly string[]
  readonly range: TimeRange
  readonly isExact: boolean
  readonly chosen: readonly string[] | null
  readonly signal: AbortSignal
}

export interface PartsReaderDeps {
  readonly query: Pick<MetricsQuery, 'instant' | 'range'>
  readonly unique: UniqueStore
  readonly limits: QueryLimitsByClass
}

/** Key of the rest: no key of values has this mark alone. */
const restKey = '\u001e'

class Groups {
  readonly #byKey = new Map<string, GroupParts>()
  readonly #request: ReadRequest
  readonly #points: number

  constructor(request: ReadRequest) {
    this.#request = request
    this.#points = pointsOf(request.range)
  }

  get all(): GroupParts[] {
    return [...this.#byKey.values()]
  }

  /** Of a series of the answer: its own tags, or the key it was given where groups are chosen. */
  of(labels: Labels): GroupParts {
    const { groupBy, chosen } = this.#request
    const values = new Map(labels)
    if (chosen === null) return this.at(groupBy.map((tag) => values.get(tag) ?? ''))
    const marked = values.get(groupLabel) ?? ''
    return marked === '' ? this.rest() : this.at(marked.slice(chosenMark.length).split('\u001f'))
  }

  at(tags: readonly string[]): GroupParts {
    return this.#found(groupKey(tags), tags, false)
  }

  rest(): GroupParts {
    return this.#found(restKey, [], true)
  }

  #found(key: string, tags: readonly string[], isRest: boolean): GroupParts {
    const found = this.#byKey.get(key)
    if (found !== undefined) return found
    const parts = this.#request.components.map(() => new Array<number | null>(this.#points).fill(null))
    const made = { key, tags, isRest, parts, buckets: new Array<CountedBucket[] | null>(this.#points).fill(null) }
    this.#byKey.set(key, made)
    return made
  }
}

export class PartsReader {
  readonly #deps: PartsReaderDeps

  constructor(deps: PartsReaderDeps) {
    this.#deps = deps
  }

  /** Errors: those of `MetricsQuery` and `UniqueStore`. */
  async read(request: ReadRequest): Promise<GroupParts[]> {
    const groups = new Groups(request)
    const { storedName, matchers, groupBy, isExact, chosen, range } = request
    const text = promqlOf(request.components, { storedName, matchers, groupBy, windowMs: range.intervalMs, isExact, chosen })
    if (text !== null) await this.#readPromql(text, request, groups)
    for (const [index, component] of request.components.entries()) {
      if (component.kind === 'unique') await this.#readUnique(index, request, groups)
    }
    return groups.all
  }

  /** Of several tags, no matcher can say "all but these". */
  leavesOutRest({ components }: Formula, groupBy: readonly string[]): boolean {
    return groupBy.length > 1 && components.some(({ kind }) => kind === 'unique')
  }

  async #readPromql(text: string, request: ReadRequest, groups: Groups): Promise<void> {
    const { fromMs, toMs, intervalMs } = request.range
    const options = { query: text, class: 'interactive' as const, timeoutMs: null, lookbackMs: anchorMs }
    const isOne = toMs - fromMs === intervalMs
    const { query } = this.#deps
    const answer = isOne
      ? await query.instant(request.scope, { ...options, timeMs: toMs }, request.signal)
      : await query.range(request.scope, { ...options, startMs: fromMs + intervalMs, endMs: toMs, stepMs: intervalMs }, request.signal)
    const classic = new Map<GroupParts, [upper: number, count: number][][]>()
    for (const series of seriesOf(answer)) {
      const labels = new Map(series.labels)
      const index = Number(labels.get(componentLabel) ?? 0)
      const group = groups.of(series.labels)
      const le = labels.get('le')
      if (le === undefined) fillGroup(group, index, { series, range: request.range })
      else noteBounds(classic, group, { bound: le === '+Inf' ? Infinity : Number(le), series, range: request.range })
    }
    for (const [group, points] of classic) points.forEach((counts, point) => void (group.buckets[point] = classicBuckets(counts)))
  }

  async #readUnique(index: number, request: ReadRequest, groups: Groups): Promise<void> {
    const component = request.components[index]
    if (component?.kind !== 'unique') return
    const { chosen, groupBy } = request
    const name = { name: '__name__', op: '=' as const, value: component.name }
    const matchers = [name, ...request.matchers, ...component.matchers]
    const points = await this.#count({ ...request, matchers })
    const kept = chosen === null ? null : new Set(chosen)
    for (const { tags, counts } of points) {
      const group = kept === null || kept.has(groupKey(tags)) ? groups.at(tags) : null
      if (group !== null) group.parts[index] = counts
    }
    const tag = groupBy[0]
    if (chosen === null || tag === undefined || groupBy.length > 1) return
    // Members of several groups count once in the rest, so it is counted by itself.
    const [rest] = await this.#count({ ...request, matchers: [...matchers, { name: tag, op: '!~', value: anyOf(chosen) }], groupBy: [] })
    if (rest !== undefined) groups.rest().parts[index] = rest.counts
  }

  /** By the matchers of the request alone. */
  async #count({ scope, range, matchers, groupBy, signal }: ReadRequest): Promise<{ tags: string[]; counts: number[] }[]> {
    const { fromMs, toMs, intervalMs } = range
    const { seriesMax, samplesMax } = this.#deps.limits.interactive
    const found = await this.#deps.unique.countUnique(
      scope,
      { matchers, fromMs, toMs, stepMs: intervalMs === toMs - fromMs ? null : intervalMs, groupBy },
      { seriesMax, samplesMax, signal },
    )
    const steps = found.startsMs.length
    return found.groups.map((labels, g) => {
      const values = new Map(labels)
      return {
        tags: groupBy.map((tag) => values.get(tag) ?? ''),
        counts: Array.from({ length: pointsOf(range) }, (_, step) => found.counts[g * steps + step] ?? 0),
      }
    })
  }
}

/** A vector as a matrix of one point. */
function seriesOf({ value }: QueryAnswer): readonly RangeSeries[] {
  if (value.type === 'matrix') return value.series
  return value.type === 'vector' ? value.series.map(asRange) : []
}

function asRange({ labels, timeMs, value, histogram }: InstantSeries): RangeSeries {
  return { labels, timesMs: Float64Array.of(timeMs), values: Float64Array.of(value), histograms: histogram === null ? null : [histogram] }
}

function pointAt({ fromMs, intervalMs }: TimeRange, timeMs: number): number {
  return Math.round((timeMs - fromMs) / intervalMs) - 1
}

function fillGroup(group: GroupParts, index: number, { series, range }: { readonly series: RangeSeries; readonly range: TimeRange }): void {
  series.timesMs.forEach((timeMs, i) => {
    const point = pointAt(range, timeMs)
    const histogram = series.histograms?.[i] ?? null
    if (histogram !== null) group.buckets[point] = nativeBuckets(histogram)
    else if (group.parts[index] !== undefined) group.parts[index][point] = series.values[i] ?? null
  })
}

function noteBounds(
  classic: Map<GroupParts, [upper: number, count: number][][]>,
  group: GroupParts,
  { bound, series, range }: { readonly bound: number; readonly series: RangeSeries; readonly range: TimeRange },
): void {
  let points = classic.get(group)
  if (points === undefined) classic.set(group, (points = Array.from({ length: pointsOf(range) }, () => [])))
  series.timesMs.forEach((timeMs, i) => points[pointAt(range, timeMs)]?.push([bound, series.values[i] ?? 0]))
}
