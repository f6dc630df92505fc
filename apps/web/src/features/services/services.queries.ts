/** Services: what is asked of the server. */
import {
  redSeriesSchema,
  serviceMapSchema,
  serviceOperationsAnswerSchema,
  servicesAnswerSchema,
  type OperationKind,
} from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'

/** Points of a chart of a service. */
const seriesPoints = 90

export interface ServicesAsked extends ResolvedRange {
  /** '' for all. */
  readonly environment: string
}

function searchOf({ fromMs, toMs, environment }: ServicesAsked): string {
  const search = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
  if (environment !== '') search.set('environment', environment)
  return search.toString()
}

function keyOf({ fromMs, toMs, environment }: ServicesAsked): readonly (string | number)[] {
  return [fromMs, toMs, environment]
}

export function servicesQuery(projectPath: string, asked: ServicesAsked) {
  return queryOptions({
    queryKey: ['services', projectPath, ...keyOf(asked)],
    queryFn: ({ signal }) => request(`${projectPath}/services?${searchOf(asked)}`, servicesAnswerSchema, { signal }),
    placeholderData: (before) => before,
  })
}

export function operationsQuery(projectPath: string, service: string, asked: ServicesAsked) {
  return queryOptions({
    queryKey: ['service-operations', projectPath, service, ...keyOf(asked)],
    queryFn: ({ signal }) =>
      request(`${projectPath}/services/${encodeURIComponent(service)}/operations?${searchOf(asked)}`, serviceOperationsAnswerSchema, {
        signal,
      }),
    placeholderData: (before) => before,
  })
}

export interface SeriesAsked extends ServicesAsked {
  /** Null: all that the service answers. */
  readonly operation: string | null
  readonly kind: OperationKind | null
}

export function seriesQuery(projectPath: string, service: string, asked: SeriesAsked) {
  const search = new URLSearchParams(searchOf(asked))
  search.set('points', String(seriesPoints))
  if (asked.operation !== null) search.set('operation', asked.operation)
  if (asked.kind !== null) search.set('kind', asked.kind)
  return queryOptions({
    queryKey: ['service-series', projectPath, service, asked.operation, asked.kind, ...keyOf(asked)],
    queryFn: ({ signal }) =>
      request(`${projectPath}/services/${encodeURIComponent(service)}/series?${search.toString()}`, redSeriesSchema, { signal }),
    placeholderData: (before) => before,
  })
}

export function mapQuery(projectPath: string, asked: ServicesAsked) {
  return queryOptions({
    queryKey: ['service-map', projectPath, ...keyOf(asked)],
    queryFn: ({ signal }) => request(`${projectPath}/service-map?${searchOf(asked)}`, serviceMapSchema, { signal }),
    placeholderData: (before) => before,
  })
}
