/** Derived metrics (MRI type `e`): never stored; each is an operation on a stored one. */
import { parseMri, type Mri } from './mri.ts'
import type { Operation } from './operations.ts'

const session = 'c:sessions/session@none'
const sessionUser = 's:sessions/user@none'
const duration = 'd:transactions/duration@millisecond'
const user = 's:transactions/user@none'

/** MRI without type and unit, the metric it is evaluated from, and the operation. */
const table: readonly (readonly [id: string, base: string, operation: Operation])[] = [
  ['transactions/all', duration, 'count'],
  ['transactions/failure_count', duration, 'failure_count'],
  ['transactions/failure_rate', duration, 'failure_rate'],
  ['transactions/http_error_count', duration, 'http_error_count'],
  ['transactions/http_error_rate', duration, 'http_error_rate'],
  ['transactions/apdex', duration, 'apdex'],
  ['transactions/miserable_user', user, 'miserable_user'],
  ['transactions/user_misery', user, 'user_misery'],
  ['sessions/all', session, 'all'],
  ['sessions/healthy', session, 'healthy'],
  ['sessions/errored', session, 'errored'],
  ['sessions/crashed', session, 'crashed'],
  ['sessions/abnormal', session, 'abnormal'],
  ['sessions/crash_rate', session, 'crash_rate'],
  ['sessions/crash_free_rate', session, 'crash_free_rate'],
  ['sessions/user.all', sessionUser, 'all_user'],
  ['sessions/user.healthy', sessionUser, 'healthy_user'],
  ['sessions/user.errored', sessionUser, 'errored_user'],
  ['sessions/user.crashed', sessionUser, 'crashed_user'],
  ['sessions/user.abnormal', sessionUser, 'abnormal_user'],
  ['sessions/user.crash_rate', sessionUser, 'crash_user_rate'],
  ['sessions/user.crash_free_rate', sessionUser, 'crash_free_user_rate'],
  ['sessions/anr_rate', sessionUser, 'anr_rate'],
]

export interface DerivedMetric {
  readonly base: Mri
  readonly operation: Operation
}

const byId: ReadonlyMap<string, DerivedMetric> = new Map(
  table.map(([id, base, operation]) => [id, { base: parseMri(base), operation }] as const),
)

/** How a derived metric is evaluated; null when there is none of this name. */
export function derivedMetricOf({ namespace, name }: Pick<Mri, 'namespace' | 'name'>): DerivedMetric | null {
  return byId.get(`${namespace}/${name}`) ?? null
}
