/** Operations on metrics: what is asked of an MRI or a name, and its answer. */
import {
  metricOperationAnswerSchema,
  metricOperationQuerySchema,
  type MetricGroup,
  type MetricOperationAnswer,
  type MetricOperationQuery,
  type MetricValue,
} from '@bellwether/protocol'
import type { OperationAnswer, OperationGroup, OperationQuery, OperationValue } from '../../query/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wireTime } from './times.ts'

export function operationRoutes({ operations }: Pick<ApiDeps, 'operations'>): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/0/projects/:project/metrics/query',
      tag: 'Metrics',
      summary:
        'An operation on a metric over a range, by tags: counts, sums, percentiles, rates of failure, Apdex, crash-free shares and more.',
      access: { kind: 'project', needed: 'read' },
      query: nothing,
      body: metricOperationQuerySchema,
      answer: metricOperationAnswerSchema,
      handle: async (call) => answerOf(await operations.query(call.access().scope, queryOf(call.body), call.signal)),
    }),
  ]
}

function queryOf({ limit, where, ...asked }: MetricOperationQuery): OperationQuery {
  const filters = where.map(({ tag, op, value }) => ({ tag, op, values: typeof value === 'string' ? [value] : value }))
  return { ...asked, where: filters, groupsMax: limit }
}

function answerOf(answer: OperationAnswer): MetricOperationAnswer {
  const { fromMs, toMs, intervalMs, groups, warnings, unit, mri, name, operation, isExact } = answer
  const points = Math.round((toMs - fromMs) / intervalMs)
  return {
    mri,
    name,
    operation,
    unit: { ...unit },
    from: wireTime(fromMs),
    to: wireTime(toMs),
    intervalSec: intervalMs / 1000,
    intervals: Array.from({ length: points }, (_, i) => wireTime(fromMs + i * intervalMs)),
    groups: groups.map(groupOf),
    isExact,
    warnings: [...warnings],
  }
}

function groupOf({ tags, isOther, total, values }: OperationGroup): MetricGroup {
  return { by: Object.fromEntries(tags), isOther, total: valueOf(total), values: values.map(valueOf) }
}

/** JSON has no infinities. */
function valueOf(value: OperationValue): MetricValue {
  if (value === null) return null
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return value.map(({ lower, upper, count }) => ({ lower, upper, count }))
}
