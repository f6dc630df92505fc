/** What the palette finds by name besides pages and metrics: services, operations, problems, saved views. */
import { operationsAnswerSchema, pageSchema, problemListSchema, savedViewSchema, servicesAnswerSchema } from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import { itemsPerGroupMax } from './palette-model.ts'

const savedViews = pageSchema(savedViewSchema)
const staleMs = 60_000

/** Services that were called within a day. */
export function namedServicesQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['palette-services', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/services?from=now-24h&to=now`, servicesAnswerSchema, { signal }),
    staleTime: staleMs,
    retry: false,
  })
}

export function namedViewsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['saved-views', projectPath, 'logs'],
    queryFn: ({ signal }) => request(`${projectPath}/saved-views?signal=logs`, savedViews, { signal }),
    staleTime: staleMs / 2,
    retry: false,
  })
}

/** Operations of the last hours with the word in their name, those with the most time first. */
export function namedOperationsQuery(projectPath: string, word: string) {
  const asked = new URLSearchParams({ from: 'now-6h', to: 'now', search: word, limit: String(itemsPerGroupMax) }).toString()
  return queryOptions({
    queryKey: ['palette-operations', projectPath, word],
    queryFn: ({ signal }) => request(`${projectPath}/performance/operations?${asked}`, operationsAnswerSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: staleMs,
    retry: false,
  })
}

/** Problems of two weeks with the word in them, whatever was decided about them. */
export function namedProblemsQuery(projectPath: string, word: string) {
  const asked = new URLSearchParams({ from: 'now-14d', to: 'now', state: 'all', text: word }).toString()
  return queryOptions({
    queryKey: ['palette-problems', projectPath, word],
    queryFn: ({ signal }) => request(`${projectPath}/problems?${asked}`, problemListSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: staleMs,
    retry: false,
  })
}
