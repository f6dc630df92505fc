/** Rows of logs and what is counted of them. */
import {
  logContextSchema,
  logFieldSchema,
  logRetentionStatusSchema,
  logRowSchema,
  logsFacetsSchema,
  logsHistogramSchema,
  logsPageSchema,
  logTailEndSchema,
  logTailEventSchema,
  pageSchema,
  type LogContextKind,
  type LogRetentionPolicy,
  type LogTailEnd,
  type LogTailEvent,
} from '@bellwether/protocol'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import { rangeBody } from './log-analysis.queries.ts'

/** Rows of a page; the next is asked for before the end is in sight. */
const pageRows = 200
/** Bars of the histogram, about. */
const intervalsMax = 90
/** Values of a facet at first, and when more are asked for. */
export const facetValues = 8
const facetValuesMax = 100

const fieldsPage = pageSchema(logFieldSchema)

export function rowsQuery(projectPath: string, query: string, range: ResolvedRange) {
  return infiniteQueryOptions({
    queryKey: ['log-rows', projectPath, query, range.fromMs, range.toMs],
    queryFn: ({ signal, pageParam }) =>
      request(`${projectPath}/logs/query`, logsPageSchema, {
        method: 'POST',
        body: { query, ...rangeBody(range), order: 'newest', limit: pageRows, cursor: pageParam, hints: false },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
}

export function histogramQuery(projectPath: string, query: string, range: ResolvedRange) {
  return queryOptions({
    queryKey: ['log-histogram', projectPath, query, range.fromMs, range.toMs],
    queryFn: ({ signal }) =>
      request(`${projectPath}/logs/histogram`, logsHistogramSchema, {
        method: 'POST',
        body: { query, ...rangeBody(range), intervals: intervalsMax, by: 'severity' },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
}

export function facetsQuery(projectPath: string, query: string, range: ResolvedRange) {
  return queryOptions({
    queryKey: ['log-facets', projectPath, query, range.fromMs, range.toMs],
    queryFn: ({ signal }) =>
      request(`${projectPath}/logs/facets`, logsFacetsSchema, {
        method: 'POST',
        body: { query, ...rangeBody(range), fields: null, limit: facetValues },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
}

/** More values of one field. */
export function facetQuery(projectPath: string, query: string, range: ResolvedRange & { readonly field: string }) {
  return queryOptions({
    queryKey: ['log-facet', projectPath, query, range.field, range.fromMs, range.toMs],
    queryFn: ({ signal }) =>
      request(`${projectPath}/logs/facets`, logsFacetsSchema, {
        method: 'POST',
        body: { query, ...rangeBody(range), fields: [range.field], limit: facetValuesMax },
        signal,
      }),
    staleTime: 60_000,
    retry: false,
  })
}

export function rowQuery(projectPath: string, id: string) {
  return queryOptions({
    queryKey: ['log-row', projectPath, id],
    queryFn: ({ signal }) => request(`${projectPath}/logs/row?id=${encodeURIComponent(id)}`, logRowSchema, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
}

export interface ContextOf {
  readonly id: string
  readonly of: LogContextKind
  readonly before: number
  readonly after: number
}

export function contextQuery(projectPath: string, { id, of, before, after }: ContextOf) {
  const search = new URLSearchParams({ id, of, before: String(before), after: String(after) })
  return queryOptions({
    queryKey: ['log-context', projectPath, id, of, before, after],
    queryFn: ({ signal }) => request(`${projectPath}/logs/context?${search.toString()}`, logContextSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  })
}

/** What rows can be asked for by: fields, and the attributes of the last day. */
export function fieldsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['log-fields', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/logs/fields`, fieldsPage, { signal }),
    staleTime: 60_000,
    retry: false,
  })
}

/** Address of the live tail. */
export function tailPath(projectPath: string, query: string): string {
  return `${projectPath}/logs/tail?${new URLSearchParams({ query }).toString()}`
}

/** What an event of the tail says; null for one that cannot be read. */
export function readTailEvent(text: string): LogTailEvent | null {
  try {
    return logTailEventSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Why a tail ended; null for what cannot be read. */
export function readTailEnd(text: string): LogTailEnd | null {
  try {
    return logTailEndSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** How much there is of logs at all. */
export function storedQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['log-retention', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/logs/retention`, logRetentionStatusSchema, { signal }),
    staleTime: 1000,
    retry: false,
  })
}

/** Rows older than so many days, by severity. */
export function olderQuery(projectPath: string, days: number) {
  return queryOptions({
    queryKey: ['log-older', projectPath, days],
    queryFn: ({ signal }) =>
      request(`${projectPath}/logs/histogram`, logsHistogramSchema, {
        method: 'POST',
        body: { query: '', from: 'now-3651d', to: `now-${days}d`, intervals: 1, by: 'severity' },
        signal,
      }),
    staleTime: 10_000,
    retry: false,
  })
}

export async function saveLogRetention(projectPath: string, policy: LogRetentionPolicy): Promise<void> {
  await requestJson(`${projectPath}/logs/retention`, { method: 'PUT', body: policy })
}
