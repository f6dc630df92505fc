/** What is asked beyond rows: patterns, differences, metrics from logs, saved views. */
import {
  differenceSchema,
  logMetricSchema,
  logPatternsSchema,
  pageSchema,
  savedViewSchema,
  type DifferenceQuery,
  type LogMetric,
  type LogMetricInput,
  type SavedView,
  type SavedViewInput,
} from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ApiError, request, requestJson } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'

/** Patterns read at most. */
export const patternsMax = 200
/** Fields that differ, shown at most. */
const fieldsMax = 25

const savedViews = pageSchema(savedViewSchema)
const logMetrics = pageSchema(logMetricSchema)

/** The server refused the search itself; the field says what is wrong with it, so nothing else has to. */
export function isSearchError(error: unknown): boolean {
  return error instanceof ApiError && error.code.startsWith('search.')
}

/** `from` and `to` as requests say them. */
export function rangeBody({ fromMs, toMs }: ResolvedRange): { from: string; to: string } {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

export function patternsQuery(projectPath: string, query: string, range: ResolvedRange) {
  return queryOptions({
    queryKey: ['log-patterns', projectPath, query, range.fromMs, range.toMs],
    queryFn: ({ signal }) =>
      request(`${projectPath}/logs/patterns`, logPatternsSchema, {
        method: 'POST',
        body: { query, ...rangeBody(range), limit: patternsMax },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  })
}

export function differenceQuery(projectPath: string, sets: Pick<DifferenceQuery, 'selected' | 'baseline'>) {
  return queryOptions({
    queryKey: ['log-difference', projectPath, JSON.stringify(sets)],
    queryFn: ({ signal }) =>
      request(`${projectPath}/difference`, differenceSchema, {
        method: 'POST',
        body: { signal: 'logs', ...sets, limit: fieldsMax },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
}

export function savedViewsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['saved-views', projectPath, 'logs'],
    queryFn: ({ signal }) => request(`${projectPath}/saved-views?signal=logs`, savedViews, { signal }),
    staleTime: 30_000,
    retry: false,
  })
}

export function createSavedView(projectPath: string, view: SavedViewInput): Promise<SavedView> {
  return request(`${projectPath}/saved-views`, savedViewSchema, { method: 'POST', body: view })
}

export function replaceSavedView(projectPath: string, id: string, view: SavedViewInput): Promise<SavedView> {
  return request(`${projectPath}/saved-views/${encodeURIComponent(id)}`, savedViewSchema, { method: 'PUT', body: view })
}

export async function deleteSavedView(projectPath: string, id: string): Promise<void> {
  await requestJson(`${projectPath}/saved-views/${encodeURIComponent(id)}`, { method: 'DELETE' })
}

export function logMetricsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['log-metrics', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/log-metrics`, logMetrics, { signal }),
    staleTime: 5000,
    retry: false,
  })
}

/** Makes a rule, or replaces the one with `id`. */
export function saveLogMetric(projectPath: string, id: string | null, input: LogMetricInput): Promise<LogMetric> {
  return id === null
    ? request(`${projectPath}/log-metrics`, logMetricSchema, { method: 'POST', body: input })
    : request(`${projectPath}/log-metrics/${encodeURIComponent(id)}`, logMetricSchema, { method: 'PUT', body: input })
}

export async function deleteLogMetric(projectPath: string, id: string): Promise<void> {
  await requestJson(`${projectPath}/log-metrics/${encodeURIComponent(id)}`, { method: 'DELETE' })
}
