/** Requests about metrics: names, tags, and queries through the Prometheus API of the project. */
import { metricSchema, metricTagSchema, metricTagValueSchema, pageSchema, type Metric } from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'
import { decodeInstant, decodeRange, type Grid } from './prometheus.ts'

/** Names read at most for the list; a project with more is searched on the server. */
export const metricsListMax = 10_000
/** Values offered when completing a label. */
export const tagValuesMax = 1000

const metricPage = pageSchema(metricSchema)
const tagPage = pageSchema(metricTagSchema)
const valuePage = pageSchema(metricTagValueSchema)

export function prometheusPath(projectPath: string): string {
  return `${projectPath}/prometheus/api/v1`
}

/** Metrics by name; `search` is part of a name, '' for all. */
export function metricsQuery(projectPath: string, search = '') {
  return queryOptions({
    queryKey: ['metrics', projectPath, search],
    queryFn: async ({ signal }) =>
      request(`${projectPath}/metrics?limit=${metricsListMax}${search === '' ? '' : `&search=${encodeURIComponent(search)}`}`, metricPage, {
        signal,
      }),
    staleTime: 15_000,
  })
}

export function metricQuery(projectPath: string, name: string) {
  return queryOptions({
    queryKey: ['metric', projectPath, name],
    queryFn: ({ signal }): Promise<Metric> => request(`${projectPath}/metrics/${encodeURIComponent(name)}`, metricSchema, { signal }),
    staleTime: 15_000,
  })
}

export function tagsQuery(projectPath: string, name: string) {
  return queryOptions({
    queryKey: ['metric-tags', projectPath, name],
    queryFn: ({ signal }) => request(`${projectPath}/metrics/${encodeURIComponent(name)}/tags`, tagPage, { signal }),
    staleTime: 30_000,
    enabled: name !== '',
  })
}

export function tagValuesQuery(projectPath: string, name: string, tag: string) {
  return queryOptions({
    queryKey: ['metric-tag-values', projectPath, name, tag],
    queryFn: ({ signal }) =>
      request(`${projectPath}/metrics/${encodeURIComponent(name)}/tags/${encodeURIComponent(tag)}?limit=${tagValuesMax}`, valuePage, {
        signal,
      }),
    staleTime: 30_000,
    enabled: name !== '' && tag !== '',
  })
}

/** A range query on a grid, asked anew when `nowMs` moves. Keeps showing the last answer while the next one loads. */
export function rangeQuery(projectPath: string, query: string, grid: Grid & { readonly nowMs: number }) {
  return queryOptions({
    queryKey: ['range', projectPath, query, grid.fromMs, grid.toMs, grid.stepMs, grid.nowMs],
    queryFn: async ({ signal }) => {
      const form = new URLSearchParams({
        query,
        start: String(grid.fromMs / 1000),
        end: String(grid.toMs / 1000),
        step: String(grid.stepMs / 1000),
      })
      return decodeRange(await requestJson(`${prometheusPath(projectPath)}/query_range`, { method: 'POST', form, signal }), grid)
    },
    enabled: query.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  })
}

export function instantQuery(projectPath: string, query: string, timeMs: number) {
  return queryOptions({
    queryKey: ['instant', projectPath, query, timeMs],
    queryFn: async ({ signal }) => {
      const form = new URLSearchParams({ query, time: String(timeMs / 1000) })
      return decodeInstant(await requestJson(`${prometheusPath(projectPath)}/query`, { method: 'POST', form, signal }))
    },
    enabled: query.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    gcTime: 60_000,
    retry: false,
  })
}
