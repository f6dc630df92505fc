/**
 * What each operation is made of: components that the query domain evaluates (as PromQL over increases, or as counts of distinct members),
 * and the small sum that makes one number of them.
 */
import type { Matcher } from '../../metrics/index.ts'
import { publicNameOf, unitFactor, type Operation } from '../../naming/index.ts'
import { refused } from './errors.ts'
import type { OperationQuery } from './ports.ts'
import { anyOf } from './promql-text.ts'
import type { MetricSubject } from './subject.ts'

/** Reads of the metric's stored parts within the window, summed by group; `window` is what stands between the brackets. */
export interface Frame {
  /** `sum by (group)(inner)`, or another aggregation. */
  grouped(aggregation: string, inner: string, alsoBy?: string): string
  /** The increase of a counter or histogram within the window. */
  increase(suffix: string, extra?: readonly Matcher[]): string
  /** A function of the samples within the window. */
  overTime(func: string, extra?: readonly Matcher[]): string
}

export type Component =
  | { readonly kind: 'promql'; readonly expression: (frame: Frame) => string }
  | { readonly kind: 'unique'; readonly name: string; readonly matchers: readonly Matcher[] }

/** Values of the components at one point; null where there was nothing. */
export type Parts = readonly (number | null)[]

export interface Formula {
  readonly components: readonly Component[]
  readonly combine: (parts: Parts) => number | null
  /** The component that says how much is behind a value: among groups of equal totals, the one with more comes first. */
  readonly weight: number
  /** The first component is native histograms, or counts by `le`, and its buckets are the answer. */
  readonly buckets?: true
  /** The answer is in the metric's unit. */
  readonly hasUnit: boolean
  readonly perSecond?: true
}

/** What Apdex takes for satisfying where nobody says: ms. */
const satisfyingMs = 300

/** Prior of user misery: of a few users nothing extreme is said. */
const miseryPrior = { miserable: 5.8875, all: 117.75 } as const

const orZero = (value: number | null | undefined): number => value ?? 0
const first = (parts: Parts): number | null => parts[0] ?? null

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

function promql(expression: (frame: Frame) => string): Component {
  return { kind: 'promql', expression }
}

/** How a distribution's parts are read, by its shape. */
interface DistributionReads {
  readonly count: (frame: Frame, extra?: readonly Matcher[]) => string
  readonly sum: (frame: Frame) => string
  /** A histogram for `histogram_quantile` and `histogram_fraction`. */
  readonly buckets: (frame: Frame) => string
}

function distributionReads({ shape }: MetricSubject): DistributionReads {
  if (shape === 'native') {
    const histogram = (frame: Frame, extra?: readonly Matcher[]): string => frame.grouped('sum', frame.increase('', extra))
    return {
      count: (frame, extra) => `histogram_count(${histogram(frame, extra)})`,
      sum: (frame) => `histogram_sum(${histogram(frame)})`,
      buckets: (frame) => histogram(frame),
    }
  }
  return {
    count: (frame, extra) => frame.grouped('sum', frame.increase('_count', extra)),
    sum: (frame) => frame.grouped('sum', frame.increase('_sum')),
    buckets: (frame) => frame.grouped('sum', frame.increase('_bucket'), 'le'),
  }
}

/** Events that the operation counts: increments of a counter, observations of a distribution. */
function counted(subject: MetricSubject, extra: readonly Matcher[] = []): Component {
  const reads = distributionReads(subject)
  return promql((frame) => (subject.type === 'd' ? reads.count(frame, extra) : frame.grouped('sum', frame.increase('', extra))))
}

const quantiles: Readonly<Partial<Record<Operation, number>>> = { min: 0, p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99, max: 1 }

const gaugeFunctions: Readonly<Partial<Record<Operation, readonly [aggregation: string, func: string]>>> = {
  count: ['sum', 'count_over_time'],
  sum: ['sum', 'sum_over_time'],
  min: ['min', 'min_over_time'],
  max: ['max', 'max_over_time'],
}

/** Errors: `query.bad_operation_query`, for parameters that the operation cannot do with. The operation is one that the metric has. */
export function formulaOf(operation: Operation, subject: MetricSubject, query: OperationQuery): Formula {
  const plain = plainFormula(operation, subject)
  return (
    plain ?? eventFormula(operation, subject, query) ?? sessionFormula(operation, subject, query) ?? userFormula(operation, subject, query)
  )
}

function plainFormula(operation: Operation, subject: MetricSubject): Formula | null {
  switch (subject.type) {
    case 'c':
      return counterFormula(operation, subject)
    case 'd':
      return distributionFormula(operation, subject)
    case 'g':
      return gaugeFormula(operation)
    case 's':
      if (operation !== 'count_unique') return null
      return { components: [{ kind: 'unique', name: subject.storedName, matchers: [] }], combine: first, weight: 0, hasUnit: false }
  }
}

function counterFormula(operation: Operation, subject: MetricSubject): Formula | null {
  if (operation !== 'sum' && operation !== 'count' && operation !== 'rate') return null
  const formula: Formula = { components: [counted(subject)], combine: first, weight: 0, hasUnit: operation !== 'count' }
  return operation === 'rate' ? { ...formula, perSecond: true } : formula
}

function distributionFormula(operation: Operation, subject: MetricSubject): Formula | null {
  const reads = distributionReads(subject)
  const count = counted(subject)
  const sum = promql((frame) => reads.sum(frame))
  const quantile = quantiles[operation]
  if (quantile !== undefined) {
    const value = promql((frame) => `histogram_quantile(${quantile}, ${reads.buckets(frame)})`)
    const combine = ([found, events]: Parts): number | null => (orZero(events) > 0 ? (found ?? null) : null)
    return { components: [value, count], combine, weight: 1, hasUnit: true }
  }
  switch (operation) {
    case 'count':
      return { components: [count], combine: first, weight: 0, hasUnit: false }
    case 'rate':
      return { components: [count], combine: first, weight: 0, hasUnit: false, perSecond: true }
    case 'sum':
      return { components: [sum], combine: first, weight: 0, hasUnit: true }
    case 'avg':
      return { components: [sum, count], combine: ([total, events]) => share(orZero(total), orZero(events)), weight: 1, hasUnit: true }
    case 'histogram':
      return { components: [promql((frame) => reads.buckets(frame)), count], combine: first, weight: 1, hasUnit: true, buckets: true }
    default:
      return null
  }
}

function gaugeFormula(operation: Operation): Formula | null {
  const read = (aggregation: string, func: string): Component => promql((frame) => frame.grouped(aggregation, frame.overTime(func)))
  const named = gaugeFunctions[operation]
  if (named !== undefined) return { components: [read(...named)], combine: first, weight: 0, hasUnit: operation !== 'count' }
  if (operation === 'avg') {
    const components = [read('sum', 'sum_over_time'), read('sum', 'count_over_time')]
    return { components, combine: ([total, samples]) => share(orZero(total), orZero(samples)), weight: 0, hasUnit: true }
  }
  if (operation !== 'last') return null
  // The value of the newest sample of the group's series.
  const newest = promql((frame) => {
    const latest = `(${frame.overTime('last_over_time')} and ${frame.grouped('topk:1', frame.overTime('ts_of_last_over_time'))})`
    return frame.grouped('max', latest)
  })
  return { components: [newest], combine: first, weight: 0, hasUnit: true }
}

/** Failures, errors of HTTP, Apdex: of counters and distributions of events. */
function eventFormula(operation: Operation, subject: MetricSubject, query: OperationQuery): Formula | null {
  const whole = counted(subject)
  const rates = (bad: Component, isRate: boolean): Formula => ({
    components: [bad, whole],
    combine: ([some, all]) => (isRate ? share(orZero(some), orZero(all)) : (some ?? null)),
    weight: 1,
    hasUnit: false,
  })
  switch (operation) {
    case 'failure_count':
    case 'failure_rate':
      return rates(counted(subject, failureMatchers(subject, query)), operation === 'failure_rate')
    case 'http_error_count':
    case 'http_error_rate': {
      const serverError = [{ name: query.statusTag ?? 'http.status_code', op: '=~' as const, value: '5..' }]
      return rates(counted(subject, serverError), operation === 'http_error_rate')
    }
    case 'apdex': {
      const { buckets } = distributionReads(subject)
      const limit = query.threshold ?? defaultThreshold(subject)
      // Stored values are what the histogram knows.
      const within = (bound: number): Component =>
        promql((frame) => `histogram_fraction(-Inf, ${bound / subject.scale}, ${buckets(frame)})`)
      return {
        components: [within(limit), within(4 * limit), whole],
        combine: ([satisfied, tolerated, events]) => (orZero(events) > 0 ? (orZero(satisfied) + orZero(tolerated)) / 2 : null),
        weight: 2,
        hasUnit: false,
      }
    }
    default:
      return null
  }
}

function failureMatchers({ useCase }: MetricSubject, { statusTag, okStatuses }: OperationQuery): Matcher[] {
  const name = statusTag ?? (useCase === 'transactions' ? 'transaction.status' : useCase === 'spans' ? 'span.status' : 'status')
  return [
    { name, op: '!=', value: '' },
    { name, op: '!~', value: anyOf(okStatuses) },
  ]
}

function defaultThreshold({ unit, storedName }: MetricSubject): number {
  const factor = unitFactor('millisecond', unit)
  if (factor !== null) return satisfyingMs * factor
  throw refused(`${storedName} is in ${unit}, so apdex needs a threshold.`, 'Say what satisfies as "threshold", in the metric’s unit.')
}

const statusTagOfSessions = 'session.status'

/** Numbers of a kind of session, as counted by status. Crashed and abnormal ones are errored too, whether they were counted so or not. */
interface States {
  readonly all: number
  readonly errored: number
  readonly crashed: number
  readonly abnormal: number
}

function stateValue(operation: string, { all, errored, crashed, abnormal }: States): number | null {
  const bad = crashed + abnormal
  const erroredInAll = Math.max(errored, bad)
  switch (operation) {
    case 'all':
      return all
    case 'crashed':
      return crashed
    case 'abnormal':
      return abnormal
    case 'errored':
      return erroredInAll - bad
    case 'healthy':
      return Math.max(0, all - erroredInAll)
    case 'crash_rate':
      return share(crashed, all)
    case 'crash_free_rate':
      return all === 0 ? null : 1 - crashed / all
    default:
      return null
  }
}

/** Sessions: started ones are counted with the status `init`, and once more with how they ended. */
function sessionFormula(operation: Operation, subject: MetricSubject, query: OperationQuery): Formula | null {
  if (subject.type !== 'c') return null
  const name = query.statusTag ?? statusTagOfSessions
  const of = (...values: string[]): Component => counted(subject, [{ name, op: '=~', value: anyOf(values) }])
  const erroredIds: Component = { kind: 'unique', name: publicNameOf({ namespace: 'sessions', name: 'error' }), matchers: [] }
  return {
    components: [
      of('init'),
      of('crashed'),
      of('abnormal'),
      of('errored', 'errored_preaggr'),
      ...(needsErrored(operation) ? [erroredIds] : []),
    ],
    combine: ([all, crashed, abnormal, counted, ids]) =>
      stateValue(operation, {
        all: orZero(all),
        crashed: orZero(crashed),
        abnormal: orZero(abnormal),
        errored: orZero(counted) + orZero(ids),
      }),
    weight: 0,
    hasUnit: false,
  }
}

function needsErrored(operation: Operation): boolean {
  return operation === 'errored' || operation === 'healthy'
}

/** Distinct users, by the same statuses and by satisfaction. */
function userFormula(operation: Operation, { storedName }: MetricSubject, query: OperationQuery): Formula {
  const users = (tag: string | null, ...values: string[]): Component => ({
    kind: 'unique',
    name: storedName,
    matchers: tag === null ? [] : [{ name: tag, op: '=~', value: anyOf(values) }],
  })
  if (operation === 'miserable_user' || operation === 'user_misery') {
    const combine = ([miserable, all]: Parts): number | null => {
      if (operation === 'miserable_user') return miserable ?? null
      return orZero(all) === 0 ? null : (orZero(miserable) + miseryPrior.miserable) / (orZero(all) + miseryPrior.all)
    }
    return { components: [users('satisfaction', 'frustrated'), users(null)], combine, weight: 1, hasUnit: false }
  }
  if (operation === 'anr_rate') {
    const hung = users('abnormal_mechanism', 'anr_foreground', 'anr_background')
    return { components: [hung, users(null)], combine: ([some, all]) => share(orZero(some), orZero(all)), weight: 1, hasUnit: false }
  }
  const tag = query.statusTag ?? statusTagOfSessions
  return {
    components: [users(null), users(tag, 'crashed'), users(tag, 'abnormal'), users(tag, 'errored')],
    combine: ([all, crashed, abnormal, errored]) =>
      stateValue(operation.replace(/_?user/, ''), {
        all: orZero(all),
        crashed: orZero(crashed),
        abnormal: orZero(abnormal),
        errored: orZero(errored),
      }),
    weight: 0,
    hasUnit: false,
  }
}
