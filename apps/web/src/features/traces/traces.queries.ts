/** Traces: what is asked of the server. */
import {
  differenceSchema,
  logsPageSchema,
  spanDetailSchema,
  traceColumnsSchema,
  traceRetentionSchema,
  tracesAnswerSchema,
  tracesComparisonSchema,
  tracesHistogramSchema,
  type ComparedTraces,
  type TraceOrder,
  type TraceRetention,
} from '@bellwether/protocol'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { ApiError, request } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import { columnsOf } from './model/span-columns.ts'
import { modelOf } from './model/trace-model.ts'

/** Traces a page of the list. */
const tracesPerPage = 50
/** Logs of one span that its panel shows; the log explorer has all. */
const spanLogsMax = 100
/** Nothing is kept longer. */
export const daysMax = 3650
/** Of a comparison; the rest changed less. */
const comparedMax = 200

function isWrong(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429
}

/** A request that is wrong stays wrong. */
const retry = (count: number, error: unknown): boolean => count < 2 && !isWrong(error)

export interface TracesAsked extends ResolvedRange {
  readonly query: string
}

function bodyOf({ query, fromMs, toMs }: TracesAsked): { query: string; from: string; to: string } {
  return { query, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

export function tracesQuery(projectPath: string, asked: TracesAsked, order: TraceOrder) {
  return infiniteQueryOptions({
    queryKey: ['traces', projectPath, asked.query, asked.fromMs, asked.toMs, order],
    queryFn: ({ signal, pageParam }) =>
      request(`${projectPath}/traces/search`, tracesAnswerSchema, {
        method: 'POST',
        body: { ...bodyOf(asked), order, limit: tracesPerPage, cursor: pageParam, hints: false },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: (before) => before,
    retry,
  })
}

export function tracesHistogramQuery(projectPath: string, asked: TracesAsked) {
  return queryOptions({
    queryKey: ['traces-histogram', projectPath, asked.query, asked.fromMs, asked.toMs],
    queryFn: ({ signal }) =>
      request(`${projectPath}/traces/histogram`, tracesHistogramSchema, { method: 'POST', body: bodyOf(asked), signal }),
    placeholderData: (before) => before,
    retry,
  })
}

/** A trace with everything computed of it; a new one may still grow, so it is asked again when the page is opened again. */
export function traceQuery(projectPath: string, traceId: string) {
  return queryOptions({
    queryKey: ['trace', projectPath, traceId],
    queryFn: async ({ signal }) => {
      const answer = await request(`${projectPath}/traces/${encodeURIComponent(traceId)}?form=columns`, traceColumnsSchema, { signal })
      const { traceId: id, start, durationMs, spanCount, errorCount, services, isPartial, note, skews } = answer
      const facts = { traceId: id, start, durationMs, spanCount, errorCount, services, isPartial, note, skews }
      return { facts, model: modelOf(columnsOf(answer)) }
    },
    // Large and made of typed arrays: comparing it with the one before costs more than drawing it.
    structuralSharing: false,
    gcTime: 60_000,
    staleTime: 10_000,
    retry,
  })
}

export function spanQuery(projectPath: string, traceId: string, spanId: string) {
  return queryOptions({
    queryKey: ['span', projectPath, traceId, spanId],
    queryFn: ({ signal }) => request(`${projectPath}/traces/${traceId}/spans/${spanId}`, spanDetailSchema, { signal }),
    staleTime: 60_000,
    retry,
  })
}

/** The search for the logs of a trace, or of one span of it. */
export function logsSearchOf(traceId: string, spanId?: string): string {
  return `trace_id:${traceId}${spanId === undefined ? '' : ` span_id:${spanId}`}`
}

export function spanLogsQuery(projectPath: string, traceId: string, spanId: string) {
  return queryOptions({
    queryKey: ['span-logs', projectPath, traceId, spanId],
    queryFn: ({ signal }) =>
      request(`${projectPath}/traces/${traceId}/logs?spanId=${spanId}&limit=${spanLogsMax}`, logsPageSchema, { signal }),
    staleTime: 10_000,
    retry,
  })
}

export function compareQuery(projectPath: string, left: ComparedTraces, right: ComparedTraces) {
  return queryOptions({
    queryKey: ['traces-compare', projectPath, JSON.stringify([left, right])],
    queryFn: ({ signal }) =>
      request(`${projectPath}/traces/compare`, tracesComparisonSchema, {
        method: 'POST',
        body: { left, right, limit: comparedMax },
        signal,
      }),
    placeholderData: (before) => before,
    retry,
  })
}

/** Fields of a difference; the rest tells less. */
const differentFieldsMax = 12

/** What tells the spans of the right side from those of the left. Sides that are one trace have too few spans for that. */
export function differenceQuery(projectPath: string, left: ComparedTraces, right: ComparedTraces) {
  const setOf = ({ query, from, to }: ComparedTraces): { query: string; from: string; to: string } => ({ query, from, to })
  return queryOptions({
    queryKey: ['spans-difference', projectPath, JSON.stringify([left, right])],
    queryFn: ({ signal }) =>
      request(`${projectPath}/difference`, differenceSchema, {
        method: 'POST',
        body: { signal: 'spans', selected: setOf(right), baseline: setOf(left), limit: differentFieldsMax },
        signal,
      }),
    enabled: left.traceId === null && right.traceId === null,
    staleTime: 60_000,
    retry,
  })
}

export function traceRetentionQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['trace-retention', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/traces/retention`, traceRetentionSchema, { signal }),
  })
}

export function saveTraceRetention(projectPath: string, retention: TraceRetention): Promise<TraceRetention> {
  return request(`${projectPath}/traces/retention`, traceRetentionSchema, { method: 'PUT', body: retention })
}

/** How many spans are older than so many days: what a retention of that length would hide. */
export function olderSpansQuery(projectPath: string, days: number) {
  return queryOptions({
    queryKey: ['older-spans', projectPath, days],
    queryFn: async ({ signal }) => {
      const body = { query: '', from: `now-${daysMax}d`, to: `now-${days}d` }
      const { total } = await request(`${projectPath}/traces/histogram`, tracesHistogramSchema, { method: 'POST', body, signal })
      return total
    },
    staleTime: 60_000,
    retry,
  })
}
