/**
 * Runs operations: finds the metric, checks what may be asked, evaluates totals (which also rank the groups), then the series of the groups
 * that are answered. Everything is read through the query domain, so scope, budgets and cancelling are those of any query.
 */
import type { Clock } from '../../kernel/clock.ts'
import { isAppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import { setBucketMs, type Matcher, type MetricMetadata, type UniqueStore } from '../../metrics/index.ts'
import {
  emptyValueOf,
  isShare,
  isUnitless,
  referenceUnitOf,
  unitFactor,
  unitFamilyOf,
  type Operation,
  type OperationsConfiguration,
} from '../../naming/index.ts'
import { tooManySamples } from '../errors.ts'
import type { QueryLimitsByClass } from '../limits.ts'
import type { MetricsQuery } from '../metrics-query.ts'
import { extentOf, rebucketed } from './buckets.ts'
import { refused } from './errors.ts'
import { formulaOf, type Formula } from './formulas.ts'
import type {
  CountedBucket,
  MetricDescription,
  MetricOperations,
  OperationAnswer,
  OperationGroup,
  OperationQuery,
  OperationUnit,
  OperationValue,
} from './ports.ts'
import { anyOf, matcherOf } from './promql-text.ts'
import { PartsReader, type GroupParts, type ReadRequest } from './read-parts.ts'
import { metricKindOf, subjectOf, type MetricSubject } from './subject.ts'
import { pointsOf, timeRangeOf, type TimeRange } from './time-range.ts'

export interface MetricOperationsDeps {
  readonly query: Pick<MetricsQuery, 'instant' | 'range' | 'metadata' | 'allSeries'>
  readonly unique: UniqueStore
  readonly configuration: OperationsConfiguration
  readonly clock: Pick<Clock, 'nowMs'>
  readonly limits: QueryLimitsByClass
}

/** Values of all groups in one answer. */
export const valuesMax = 200_000

/** UTF-16 units of the pattern that tells the answered groups from the rest. */
const chosenPatternMax = 8_000

/** One question, looked into. */
interface Question {
  readonly scope: Scope
  readonly query: OperationQuery
  readonly subject: MetricSubject
  readonly operation: Operation
  readonly formula: Formula
  readonly range: TimeRange
  readonly matchers: readonly Matcher[]
  readonly signal: AbortSignal
}

class Operations implements MetricOperations {
  readonly #deps: MetricOperationsDeps
  readonly #reader: PartsReader

  constructor(deps: MetricOperationsDeps) {
    this.#deps = deps
    this.#reader = new PartsReader(deps)
  }

  describe(scope: Scope, name: string, metadata: MetricMetadata | null): MetricDescription {
    const { unique, configuration } = this.#deps
    const { type, useCase, mri, isSummary } = metricKindOf(name, metadata, unique.isSet(scope, name))
    return { mri, useCase, operations: configuration.allowedFor({ type, useCase, name, hasNoBuckets: isSummary }) }
  }

  async query(scope: Scope, query: OperationQuery, signal: AbortSignal): Promise<OperationAnswer> {
    const { configuration, clock } = this.#deps
    checkTags(query)
    const range = timeRangeOf(query, clock.nowMs())
    const subject = await subjectOf(query.metric, { scope, signal }, this.#deps)
    const operation = this.#operationOf(query, subject, configuration)
    const formula = formulaOf(operation, subject, query)
    checkWholeMinutes(formula, range)
    const matchers = query.where.map(matcherOf)
    const question = { scope, query, subject, operation, formula, range, matchers, signal }
    try {
      return await this.#answer(question, true)
    } catch (error) {
      // Too much to be counted sample by sample: rollups know the increases of whole buckets, as near as extrapolation comes.
      if (!isAppError(error, tooManySamples.code)) throw error
      return await this.#answer(question, false)
    }
  }

  #operationOf({ operation, metric }: OperationQuery, subject: MetricSubject, configuration: OperationsConfiguration): Operation {
    const { type, useCase, derived, shape } = subject
    if (derived !== null) {
      if (operation === null || operation === derived) return derived
      throw refused(`${metric} is a derived metric, whose only operation is ${derived}.`, `Ask for ${derived}, or leave the operation out.`)
    }
    const asked = { type, useCase, name: metric, hasNoBuckets: shape === 'summary' }
    if (operation !== null) return configuration.check(operation, asked)
    throw refused(`Say what to ask of ${metric}: an operation is missing.`, `It has ${configuration.allowedFor(asked).join(', ')}.`)
  }

  async #answer(question: Question, isExact: boolean): Promise<OperationAnswer> {
    const { range, query, subject, operation } = question
    const whole: TimeRange = { ...range, intervalMs: range.toMs - range.fromMs }
    const totals = await this.#read(question, whole, { isExact, chosen: null })
    const ranked = rankedGroups(totals, question)
    const warnings: string[] = []
    const shown = ranked.slice(0, query.groupsMax)
    const keys = ranked.length > query.groupsMax ? shown.map(({ key }) => key) : null
    if (shown.length * pointsOf(range) > valuesMax) {
      throw refused(
        `${shown.length} groups of ${pointsOf(range)} points are more than ${valuesMax} values.`,
        'Use a longer interval or fewer groups.',
      )
    }
    const chosen = keys !== null && anyOf(keys).length > chosenPatternMax ? null : keys
    if (chosen === null && keys !== null) warnings.push('The rest of the groups is left out: the names of those shown are too long.')
    const series = new Map((await this.#read(question, range, { isExact, chosen })).map((group) => [group.key, group]))
    const rest = chosen === null ? null : ((await this.#read(question, whole, { isExact, chosen })).find(({ isRest }) => isRest) ?? null)
    const groups = shown.map((total) => this.#group(question, total, series.get(total.key) ?? null))
    if (rest !== null) groups.push({ ...this.#group(question, rest, series.get(rest.key) ?? null), isOther: true, tags: [] })
    if (chosen !== null && this.#reader.leavesOutRest(question.formula, query.groupBy)) {
      warnings.push('Distinct members of the rest of several tags’ groups cannot be counted; the rest is left out.')
    }
    return {
      mri: subject.mri,
      name: subject.storedName,
      operation,
      unit: unitOf(question),
      ...range,
      groups: question.formula.buckets === true ? sameBuckets(groups, query.buckets) : groups,
      isExact,
      warnings,
    }
  }

  #read(question: Question, range: TimeRange, how: Pick<ReadRequest, 'isExact' | 'chosen'>): Promise<GroupParts[]> {
    const { scope, subject, formula, matchers, query, signal } = question
    const request = {
      scope,
      storedName: subject.storedName,
      components: formula.components,
      matchers,
      groupBy: query.groupBy,
      range,
      signal,
      ...how,
    }
    return this.#reader.read(request)
  }

  /** Values of one group: its own total, and a point for each interval. */
  #group(question: Question, total: GroupParts, series: GroupParts | null): OperationGroup {
    const { formula, operation, range, subject } = question
    const empty = emptyValueOf(operation)
    const at = (group: GroupParts | null, point: number): OperationValue => {
      if (formula.buckets === true) return scaledBuckets(group?.buckets[point] ?? null, subject.scale)
      const value = group === null ? null : formula.combine(group.parts.map((values) => values[point] ?? null))
      if (value === null || Number.isNaN(value)) return empty
      return value * (formula.hasUnit ? subject.scale : 1) * (formula.perSecond === true ? 1000 / range.intervalMs : 1)
    }
    const wholeRange = at(total, 0)
    const perRange = formula.perSecond === true ? range.intervalMs / (range.toMs - range.fromMs) : 1
    return {
      tags: question.query.groupBy.map((tag, i) => [tag, total.tags[i] ?? ''] as const),
      isOther: false,
      total: typeof wholeRange === 'number' ? wholeRange * perRange : wholeRange,
      values: Array.from({ length: pointsOf(range) }, (_, point) => at(series, point)),
    }
  }
}

/** The largest total first, those that have none last; equal ones, and histograms, by how much is behind them, then by name. */
function rankedGroups(groups: readonly GroupParts[], { formula, operation }: Question): GroupParts[] {
  const empty = emptyValueOf(operation) ?? -Infinity
  const ranks = groups.map((group) => {
    const firsts = group.parts.map((values) => values[0] ?? null)
    const weight = firsts[formula.weight] ?? 0
    const total = formula.buckets === true ? weight : formula.combine(firsts)
    return { group, weight, total: total === null || Number.isNaN(total) ? empty : total }
  })
  const order = (a: number, b: number): number => (a === b ? 0 : b > a ? 1 : -1)
  ranks.sort((a, b) => order(a.total, b.total) || order(a.weight, b.weight) || (a.group.key < b.group.key ? -1 : 1))
  return ranks.map(({ group }) => group)
}

function checkTags({ groupBy, where }: OperationQuery): void {
  const names = [...groupBy, ...where.map(({ tag }) => tag)]
  const bad = names.find((name) => name === '' || name.startsWith('__'))
  if (bad !== undefined) throw refused(`'${bad}' is no tag.`, 'A tag has a name, and none that begins with __.')
  if (new Set(groupBy).size !== groupBy.length) throw refused('groupBy names a tag twice.')
  for (const { tag, op, values } of where) {
    const isSeveral = op === 'in' || op === 'not_in'
    if (isSeveral ? values.length === 0 : values.length !== 1)
      throw refused(`where ${tag} ${op}: ${values.length} values.`, 'in and not_in take several values, the others one.')
  }
}

/** Sets keep their members by the minute. */
function checkWholeMinutes({ components }: Formula, { intervalMs }: TimeRange): void {
  if (intervalMs % setBucketMs === 0 || components.every(({ kind }) => kind === 'promql')) return
  throw refused(
    `interval: distinct members are kept by the minute; ${intervalMs / 1000} s is no number of minutes.`,
    'Use an interval of whole minutes, such as 1m.',
  )
}

function unitOf({ operation, subject, formula }: Question): OperationUnit {
  const name = isShare(operation) ? 'ratio' : isUnitless(operation) || !formula.hasUnit ? 'none' : subject.unit
  const reference = referenceUnitOf(name)
  return { name, family: unitFamilyOf(name), reference, toReference: unitFactor(name, reference), perSecond: formula.perSecond === true }
}

function scaledBuckets(buckets: readonly CountedBucket[] | null, scale: number): readonly CountedBucket[] {
  if (buckets === null) return []
  return scale === 1 ? buckets : buckets.map(({ lower, upper, count }) => ({ lower: lower * scale, upper: upper * scale, count }))
}

/** All histograms of the answer in the same buckets; null where nothing was observed. */
function sameBuckets(groups: readonly OperationGroup[], count: number): OperationGroup[] {
  const listOf = (value: OperationValue): readonly CountedBucket[] => (Array.isArray(value) ? value : [])
  const extent = extentOf(groups.flatMap(({ total, values }) => [total, ...values].map(listOf)))
  const again = (value: OperationValue): OperationValue => {
    const buckets = listOf(value)
    return extent === null || buckets.length === 0 ? null : rebucketed(buckets, extent, count)
  }
  return groups.map((group) => ({ ...group, total: again(group.total), values: group.values.map(again) }))
}

export function createMetricOperations(deps: MetricOperationsDeps): MetricOperations {
  return new Operations(deps)
}
