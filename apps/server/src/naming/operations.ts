/**
 * OperationsConfiguration: what may be asked of which metric. Plain operations belong to a type; derived ones (rates of failures, Apdex,
 * crash-free shares) to a type within a use case. What is asked wrongly is answered with what would have been right.
 */
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import type { MriType } from './mri.ts'
import { useCaseIds, type UseCaseId } from './use-case.ts'

export const plainOperations = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'last',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'count_unique',
  'rate',
  'histogram',
] as const

const failureOperations = ['failure_count', 'failure_rate', 'http_error_count', 'http_error_rate'] as const
/** Of counted sessions. */
const sessionOperations = ['all', 'healthy', 'errored', 'crashed', 'abnormal', 'crash_rate', 'crash_free_rate'] as const
/** Of the users that had them. */
const sessionUserOperations = [
  'all_user',
  'healthy_user',
  'errored_user',
  'crashed_user',
  'abnormal_user',
  'crash_user_rate',
  'crash_free_user_rate',
  'anr_rate',
] as const

export const derivedOperations = [
  ...failureOperations,
  'apdex',
  'miserable_user',
  'user_misery',
  ...sessionOperations,
  ...sessionUserOperations,
] as const

export const operations = [...plainOperations, ...derivedOperations] as const
export type Operation = (typeof operations)[number]

/** A metric as far as it matters to what may be asked of it. */
export interface OperationSubject {
  readonly type: MriType
  readonly useCase: UseCaseId
  /** For messages. */
  readonly name: string
  /** Kept as count and sum alone (a summary): there are no quantiles to be had. */
  readonly hasNoBuckets?: boolean
}

/** Operations that the metrics of these types and use cases have. */
export interface OperationRule {
  readonly types: readonly MriType[]
  readonly useCases: readonly UseCaseId[]
  readonly operations: readonly Operation[]
}

const measured: readonly UseCaseId[] = ['transactions', 'spans', 'custom']

export const defaultOperationRules: readonly OperationRule[] = [
  { types: ['c'], useCases: useCaseIds, operations: ['count', 'sum', 'rate'] },
  {
    types: ['d'],
    useCases: useCaseIds,
    operations: ['count', 'sum', 'avg', 'min', 'max', 'p50', 'p75', 'p90', 'p95', 'p99', 'rate', 'histogram'],
  },
  { types: ['g'], useCases: useCaseIds.filter((id) => id !== 'sessions'), operations: ['count', 'sum', 'avg', 'min', 'max', 'last'] },
  { types: ['s'], useCases: useCaseIds, operations: ['count_unique'] },
  { types: ['c', 'd'], useCases: measured, operations: failureOperations },
  { types: ['d'], useCases: measured, operations: ['apdex'] },
  { types: ['s'], useCases: ['transactions'], operations: ['miserable_user', 'user_misery'] },
  { types: ['c'], useCases: ['sessions'], operations: sessionOperations },
  { types: ['s'], useCases: ['sessions'], operations: sessionUserOperations },
]

/** Need buckets. */
const bucketOperations: ReadonlySet<Operation> = new Set(['min', 'max', 'p50', 'p75', 'p90', 'p95', 'p99', 'histogram', 'apdex'])

export const operationNotAllowed: ErrorSpec = {
  code: 'naming.operation_not_allowed',
  kind: 'invalid',
  publicText: 'This operation is not for this metric.',
}

const typeWords: Readonly<Record<MriType, string>> = {
  c: 'a counter',
  d: 'a distribution',
  g: 'a gauge',
  s: 'a set',
  e: 'a derived metric',
}

export interface OperationsOptions {
  readonly rules?: readonly OperationRule[]
  /** Operations that nobody may ask for, whatever the rules say. */
  readonly hidden?: readonly Operation[]
}

export class OperationsConfiguration {
  readonly #rules: readonly OperationRule[]
  readonly #hidden: ReadonlySet<Operation>

  constructor({ rules = defaultOperationRules, hidden = [] }: OperationsOptions = {}) {
    this.#rules = rules
    this.#hidden = new Set(hidden)
  }

  /** In the order of `operations`. */
  allowedFor({ type, useCase, hasNoBuckets = false }: OperationSubject): Operation[] {
    const rules = this.#rules.filter((rule) => rule.types.includes(type) && rule.useCases.includes(useCase))
    return operations.filter(
      (operation) =>
        !this.#hidden.has(operation) &&
        !(hasNoBuckets && bucketOperations.has(operation)) &&
        rules.some((rule) => rule.operations.includes(operation)),
    )
  }

  /** Errors: `naming.operation_not_allowed`, which names those that are. */
  check(operation: string, subject: OperationSubject): Operation {
    const allowed = this.allowedFor(subject)
    const found = allowed.find((one) => one === operation)
    if (found !== undefined) return found
    const what = `${subject.name} is ${typeWords[subject.type]} of ${subject.useCase}`
    throw new AppError(operationNotAllowed, {
      publicText: `'${operation.slice(0, 60)}' cannot be asked of this metric: ${what}, which has ${allowed.join(', ') || 'no operations'}.`,
      hint: `Ask for one of ${allowed.join(', ') || 'another metric'}.`,
    })
  }
}

/** What stands in an empty bucket: nothing happened (0), or there is nothing to say (null). */
export function emptyValueOf(operation: Operation): 0 | null {
  return zeroWhenEmpty.has(operation) ? 0 : null
}

const zeroWhenEmpty: ReadonlySet<Operation> = new Set<Operation>([
  'count',
  'sum',
  'count_unique',
  'rate',
  'failure_count',
  'http_error_count',
  'miserable_user',
  'all',
  'healthy',
  'errored',
  'crashed',
  'abnormal',
  'all_user',
  'healthy_user',
  'errored_user',
  'crashed_user',
  'abnormal_user',
])

/** Counts of things, whatever the unit of the metric is. */
export function isUnitless(operation: Operation): boolean {
  return operation === 'count' || operation === 'count_unique' || (derivedOperations as readonly Operation[]).includes(operation)
}

/** Shares of something, between 0 and 1. */
export function isShare(operation: Operation): boolean {
  return operation.endsWith('_rate') || operation === 'apdex' || operation === 'user_misery'
}
