/** Logs: rows, counts over time, facets, a row and what stands around it, fields, how long they are kept. The live tail: log-tail.ts. */
import {
  logContextQuerySchema,
  logContextSchema,
  logFieldSchema,
  logRetentionPolicySchema,
  logRetentionStatusSchema,
  logRowQuerySchema,
  logRowSchema,
  logsFacetsQuerySchema,
  logsFacetsSchema,
  logsHistogramQuerySchema,
  logsHistogramSchema,
  logsPageSchema,
  logsQuerySchema,
  pageSchema,
  type LogRetentionStatus,
} from '@bellwether/protocol'
import type { LogAnalysis, LogManager, LogRetention, LogRetentionState } from '../../logs/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import { logAttributesShownMax } from '../limits.ts'
import type { ApiDeps } from '../ports.ts'
import { rangeOf } from './moments.ts'
import { hintsOf } from './search-hints.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

export const logsBase = '/api/0/projects/:project/logs'
const read = { tag: 'Logs', access: { kind: 'project', needed: 'read' } } as const

type LogDeps = Pick<ApiDeps, 'logs' | 'logAnalysis' | 'logRetention' | 'clock'>

export function logRoutes({ logs, logAnalysis, logRetention, clock }: LogDeps): Route[] {
  const nowMs = (): number => clock.nowMs()
  return [queryRoute({ logs, logAnalysis, nowMs }), ...searchRoutes(logs, nowMs), ...rowRoutes(logs), ...retentionRoutes(logRetention)]
}

interface QueryDeps {
  readonly logs: LogManager
  readonly logAnalysis: LogAnalysis
  readonly nowMs: () => number
}

function queryRoute({ logs, logAnalysis, nowMs }: QueryDeps): Route {
  return defineRoute({
    ...read,
    method: 'POST',
    path: `${logsBase}/query`,
    summary: 'Rows that a search finds, newest first, page by page; with hints where something else was probably meant.',
    query: nothing,
    body: logsQuerySchema,
    answer: logsPageSchema,
    handle: async (call) => {
      const { from, to, hints, ...request } = call.body
      const { scope } = call.access()
      const range = rangeOf({ from, to }, nowMs())
      const { items, next } = await logs.query(scope, { ...request, ...range }, call.signal)
      const asked = { ...request, ...range, hints }
      const said = await hintsOf(logAnalysis, { scope, signal: 'logs', asked, found: items.length, aborted: call.signal })
      return { items, next, from: wireTime(range.fromMs), to: wireTime(range.toMs), ...said }
    },
  })
}

function searchRoutes(logs: LogManager, nowMs: () => number): Route[] {
  return [
    defineRoute({
      ...read,
      method: 'POST',
      path: `${logsBase}/histogram`,
      summary: 'How many rows over time, or a measure of a field, by the values of another.',
      query: nothing,
      body: logsHistogramQuerySchema,
      answer: logsHistogramSchema,
      handle: async (call) => {
        const { from, to, ...request } = call.body
        const range = rangeOf({ from, to }, nowMs())
        const { startMs, ...found } = await logs.histogram(call.access().scope, { ...request, ...range }, call.signal)
        return { ...found, start: wireTime(startMs), from: wireTime(range.fromMs), to: wireTime(range.toMs) }
      },
    }),
    defineRoute({
      ...read,
      method: 'POST',
      path: `${logsBase}/facets`,
      summary: 'Which values the fields have among the rows that a search finds.',
      query: nothing,
      body: logsFacetsQuerySchema,
      answer: logsFacetsSchema,
      handle: async (call) => {
        const { from, to, ...request } = call.body
        const range = rangeOf({ from, to }, nowMs())
        const found = await logs.facets(call.access().scope, { ...request, ...range }, call.signal)
        return { ...found, from: wireTime(range.fromMs), to: wireTime(range.toMs) }
      },
    }),
  ]
}

function rowRoutes(logs: LogManager): Route[] {
  return [
    defineRoute({
      ...read,
      method: 'GET',
      path: `${logsBase}/row`,
      summary: 'One row by its id.',
      query: logRowQuerySchema,
      body: nothing,
      answer: logRowSchema,
      handle: async (call) => await logs.row(call.access().scope, call.query.id, call.signal),
    }),
    defineRoute({
      ...read,
      method: 'GET',
      path: `${logsBase}/context`,
      summary: 'What came right before and after a row.',
      query: logContextQuerySchema,
      body: nothing,
      answer: logContextSchema,
      handle: async (call) => await logs.context(call.access().scope, call.query, call.signal),
    }),
    defineRoute({
      ...read,
      method: 'GET',
      path: `${logsBase}/fields`,
      summary: 'What can be asked of logs: the fields, and the attributes that occurred within a day.',
      query: nothing,
      body: nothing,
      answer: pageSchema(logFieldSchema),
      handle: async (call) => {
        const { fields, attributes } = await logs.fields(call.access().scope, logAttributesShownMax, call.signal)
        return wholePage([
          ...fields.map(({ name, type, description }) => ({ name, type, description, kind: 'field' as const, rows: null })),
          ...attributes.map(({ value, count }) => ({
            name: value,
            type: 'word' as const,
            description: '',
            kind: 'attribute' as const,
            rows: count,
          })),
        ])
      },
    }),
  ]
}

function toStatus({ policy, changedAtMs, changedBy, rows, oldestMs }: LogRetentionState): LogRetentionStatus {
  return {
    policy: { days: policy.days, severities: policy.severities.map((one) => ({ ...one })) },
    changedAt: wireTimeOrNull(changedAtMs),
    changedBy,
    rows,
    oldestAt: wireTimeOrNull(oldestMs),
  }
}

function retentionRoutes(retention: LogRetention): Route[] {
  const common = { tag: 'Retention', path: `${logsBase}/retention`, query: nothing, answer: logRetentionStatusSchema }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'How long logs of the project are kept, and what there is.',
      access: { kind: 'project', needed: 'read' },
      body: nothing,
      handle: async (call) => toStatus(await retention.get(call.access(), call.signal)),
    }),
    defineRoute({
      ...common,
      method: 'PUT',
      summary: 'Changes it: for what comes in from now on; what would not be kept is hidden at once.',
      access: { kind: 'project', needed: 'admin' },
      body: logRetentionPolicySchema,
      handle: async (call) => toStatus(await retention.put(call.access(), call.body, call.signal)),
    }),
  ]
}
