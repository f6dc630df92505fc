/** Performance: what is asked of the server. */
import {
  deploySchema,
  operationsAnswerSchema,
  pageSchema,
  performanceFindingSchema,
  performanceReportSchema,
  type OperationName,
  type OperationOrder,
  type PerformanceFinding,
} from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import type { ShownState } from './performance-search.ts'

const findingPage = pageSchema(performanceFindingSchema)
const deployPage = pageSchema(deploySchema)
const findingsMax = 200

function rangeOf({ fromMs, toMs }: ResolvedRange): Record<string, string> {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

export interface OperationsAsked extends ResolvedRange {
  readonly order: OperationOrder
  readonly find: string
}

export function operationsQuery(projectPath: string, { order, find, ...range }: OperationsAsked) {
  const search = new URLSearchParams({ ...rangeOf(range), order, ...(find === '' ? {} : { search: find }) })
  return queryOptions({
    queryKey: ['performance', projectPath, 'operations', range.fromMs, range.toMs, order, find],
    queryFn: ({ signal }) => request(`${projectPath}/performance/operations?${search}`, operationsAnswerSchema, { signal }),
    placeholderData: keepPreviousData,
  })
}

/** One operation, to be drawn. */
export function operationQuery(projectPath: string, { service, operation, kind }: OperationName, range: ResolvedRange) {
  const search = new URLSearchParams({ ...rangeOf(range), service, operation, kind, limit: '1' })
  return queryOptions({
    queryKey: ['performance', projectPath, 'operation', service, operation, kind, range.fromMs, range.toMs],
    queryFn: ({ signal }) => request(`${projectPath}/performance/operations?${search}`, operationsAnswerSchema, { signal }),
    placeholderData: keepPreviousData,
  })
}

export function findingsQuery(projectPath: string, state: ShownState) {
  return queryOptions({
    queryKey: ['performance', projectPath, 'findings', state],
    queryFn: ({ signal }) => request(`${projectPath}/performance/findings?state=${state}&limit=${findingsMax}`, findingPage, { signal }),
    placeholderData: keepPreviousData,
  })
}

export function findingsOfQuery(projectPath: string, { service, operation }: Pick<OperationName, 'service' | 'operation'>) {
  const search = new URLSearchParams({ state: 'open', service, operation })
  return queryOptions({
    queryKey: ['performance', projectPath, 'findings-of', service, operation],
    queryFn: ({ signal }) => request(`${projectPath}/performance/findings?${search}`, findingPage, { signal }),
  })
}

export function findingQuery(projectPath: string, id: string) {
  return queryOptions({
    queryKey: ['performance', projectPath, 'finding', id],
    queryFn: ({ signal }) => request(`${projectPath}/performance/findings/${encodeURIComponent(id)}`, performanceFindingSchema, { signal }),
    retry: false,
  })
}

export function changeFinding(projectPath: string, id: string, state: 'known' | 'resolved'): Promise<PerformanceFinding> {
  return request(`${projectPath}/performance/findings/${encodeURIComponent(id)}`, performanceFindingSchema, {
    method: 'PATCH',
    body: { state },
  })
}

export function reportQuery(projectPath: string, range: ResolvedRange) {
  return queryOptions({
    queryKey: ['performance', projectPath, 'report', range.fromMs, range.toMs],
    queryFn: ({ signal }) =>
      request(`${projectPath}/performance/report?${new URLSearchParams(rangeOf(range))}`, performanceReportSchema, { signal }),
    placeholderData: keepPreviousData,
  })
}

/** `service` null: of all services. */
export function deploysQuery(projectPath: string, service: string | null, range: ResolvedRange) {
  const search = new URLSearchParams({ ...rangeOf(range), ...(service === null ? {} : { service }) })
  return queryOptions({
    queryKey: ['deploys', projectPath, service, range.fromMs, range.toMs],
    queryFn: ({ signal }) => request(`${projectPath}/deploys?${search}`, deployPage, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
}
