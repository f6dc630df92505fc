/** Traces: search, one trace, one span, its logs, comparison, how long they are kept. */
import {
  logsPageSchema,
  spanDetailSchema,
  spansAnswerSchema,
  traceAnswerSchema,
  traceLogsQuerySchema,
  traceQuerySchema,
  traceRetentionSchema,
  tracesAnswerSchema,
  tracesCompareQuerySchema,
  tracesComparisonSchema,
  tracesHistogramSchema,
  tracesQuerySchema,
  type ComparedTraces,
  type TraceColumns,
  type TraceObjects,
  type TracesQuery,
} from '@bellwether/protocol'
import type { Scope } from '../../kernel/scope.ts'
import type { LogAnalysis } from '../../logs/index.ts'
import type { TraceKeeper, TracingSystem } from '../../traces/index.ts'
import { defineRoute, nothing, type Call, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { rangeOf } from './moments.ts'
import { hintsOf } from './search-hints.ts'
import { wireTime } from './times.ts'

const base = '/api/0/projects/:project/traces'
const read = { tag: 'Traces', access: { kind: 'project', needed: 'read' } } as const

type TraceDeps = Pick<ApiDeps, 'traces' | 'traceKeeper' | 'logs' | 'logAnalysis' | 'clock'>

export function traceRoutes({ traces, traceKeeper, logs, logAnalysis, clock }: TraceDeps): Route[] {
  return [
    ...searchRoutes(traces, logAnalysis, () => clock.nowMs()),
    compareRoute(traces, () => clock.nowMs()),
    ...keepingRoutes(traceKeeper),
    ...traceAndSpanRoutes(traces),
    logsRoute(traces, logs),
  ]
}

function searchRoutes(traces: TracingSystem, analysis: LogAnalysis, nowMs: () => number): Route[] {
  const asked = { ...read, method: 'POST', query: nothing, body: tracesQuerySchema } as const
  const answered = async <Page extends { readonly items: readonly unknown[] }>(
    call: Call<null, TracesQuery>,
    find: (searched: Omit<TracesQuery, 'from' | 'to' | 'hints'> & ReturnType<typeof rangeOf>) => Promise<Page>,
  ): Promise<Page & { hints?: string[] }> => {
    const { from, to, hints, ...request } = call.body
    const searched = { ...request, ...rangeOf({ from, to }, nowMs()) }
    const page = await find(searched)
    const { scope } = call.access()
    const said = { scope, signal: 'spans', asked: { ...searched, hints }, found: page.items.length, aborted: call.signal } as const
    return { ...page, ...(await hintsOf(analysis, said)) }
  }
  return [
    defineRoute({
      ...asked,
      path: `${base}/query`,
      summary: 'Spans that a search finds, newest or slowest first, page by page.',
      answer: spansAnswerSchema,
      handle: (call) => answered(call, (asked) => traces.spans(call.access().scope, asked, call.signal)),
    }),
    defineRoute({
      ...asked,
      path: `${base}/search`,
      summary: 'Traces with a span that a search finds, newest or slowest first, page by page.',
      answer: tracesAnswerSchema,
      handle: (call) => answered(call, (asked) => traces.traces(call.access().scope, asked, call.signal)),
    }),
    defineRoute({
      ...asked,
      path: `${base}/histogram`,
      summary: 'Spans that a search finds, by time and by duration.',
      answer: tracesHistogramSchema,
      handle: async (call) => {
        const range = rangeOf(call.body, nowMs())
        const { firstMs, ...found } = await traces.histogram(call.access().scope, { query: call.body.query, ...range }, call.signal)
        return { ...found, first: wireTime(firstMs), from: wireTime(range.fromMs), to: wireTime(range.toMs) }
      },
    }),
  ]
}

function compareRoute(traces: TracingSystem, nowMs: () => number): Route {
  const side = ({ traceId, query, from, to }: ComparedTraces) => ({ traceId, query, ...rangeOf({ from, to }, nowMs()) })
  return defineRoute({
    ...read,
    method: 'POST',
    path: `${base}/compare`,
    summary: 'Two traces, or the traces that two searches find: how long they take, and where the time goes.',
    query: nothing,
    body: tracesCompareQuerySchema,
    answer: tracesComparisonSchema,
    handle: async ({ body, ...call }) =>
      await traces.compare(call.access().scope, { left: side(body.left), right: side(body.right), limit: body.limit }, call.signal),
  })
}

function keepingRoutes(keeper: TraceKeeper): Route[] {
  const daysOf = ({ organizationId, projectIds }: Scope): { keepDays: number } => ({
    keepDays: keeper.keepDays(organizationId, projectIds[0] ?? 0),
  })
  return [
    defineRoute({
      ...read,
      method: 'GET',
      path: `${base}/retention`,
      summary: 'How many days the spans of the project are kept.',
      query: nothing,
      body: nothing,
      answer: traceRetentionSchema,
      handle: async (call) => daysOf(call.access().scope),
    }),
    defineRoute({
      tag: 'Traces',
      access: { kind: 'project', needed: 'admin' },
      method: 'PUT',
      path: `${base}/retention`,
      summary: 'Sets how many days spans are kept. Older ones are not shown from now on.',
      query: nothing,
      body: traceRetentionSchema,
      answer: traceRetentionSchema,
      handle: async (call) => {
        await keeper.set(call.access(), call.body.keepDays)
        return daysOf(call.access().scope)
      },
    }),
  ]
}

function traceAndSpanRoutes(traces: TracingSystem): Route[] {
  return [
    defineRoute({
      ...read,
      method: 'GET',
      path: `${base}/:trace`,
      summary: 'A trace: as whole spans, or in columns for up to 100,000 of them. Clocks that go wrong are corrected, and it is said.',
      query: traceQuerySchema,
      body: nothing,
      answer: traceAnswerSchema,
      handle: async (call): Promise<TraceObjects | TraceColumns> => {
        const [{ scope }, traceId] = [call.access(), call.param('trace')]
        if (call.query.form === 'columns') return await traces.trace(scope, traceId, call.signal)
        return await traces.traceObjects(scope, { traceId, limit: call.query.limit }, call.signal)
      },
    }),
    defineRoute({
      ...read,
      method: 'GET',
      path: `${base}/:trace/spans/:span`,
      summary: 'Everything that one span carries, and how slow it was among the calls of its operation.',
      query: nothing,
      body: nothing,
      answer: spanDetailSchema,
      handle: async (call) =>
        await traces.span(call.access().scope, { traceId: call.param('trace'), spanId: call.param('span') }, call.signal),
    }),
  ]
}

function logsRoute(traces: TracingSystem, logs: ApiDeps['logs']): Route {
  return defineRoute({
    ...read,
    method: 'GET',
    path: `${base}/:trace/logs`,
    summary: 'Log rows of a trace, or of one of its spans, oldest first.',
    query: traceLogsQuerySchema,
    body: nothing,
    answer: logsPageSchema,
    handle: async (call) => {
      const [{ scope }, traceId] = [call.access(), call.param('trace')]
      const range = await traces.timesOf(scope, traceId, call.signal)
      const { spanId, limit, cursor } = call.query
      const query = spanId === null ? `trace_id:${traceId}` : `trace_id:${traceId} span_id:${spanId}`
      const { items, next } = await logs.query(scope, { query, ...range, order: 'oldest', limit, cursor }, call.signal)
      return { items, next, from: wireTime(range.fromMs), to: wireTime(range.toMs) }
    },
  })
}
