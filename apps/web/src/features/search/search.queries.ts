/** A search asked about: is it right, what can be typed, which part of it finds nothing. */
import { searchCheckSchema, searchCompletionSchema, searchPartsSchema, type SearchSignal } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import type { CompleteSearch } from '../../ui/use-search-completion.ts'

/** What is wrong with a search, and the names in it that nothing has. */
export function searchCheckQuery(projectPath: string, signal: SearchSignal, text: string) {
  return queryOptions({
    queryKey: ['search-check', projectPath, signal, text],
    queryFn: (call) =>
      request(`${projectPath}/search/check`, searchCheckSchema, { method: 'POST', body: { signal, text }, signal: call.signal }),
    // What is wrong stays wrong; which names there are changes slowly.
    staleTime: 300_000,
    enabled: text !== '',
    retry: false,
  })
}

export function completeSearchOf(projectPath: string, signal: SearchSignal): CompleteSearch {
  return (text, cursor, abort) =>
    request(`${projectPath}/search/complete`, searchCompletionSchema, { method: 'POST', body: { signal, text, cursor }, signal: abort })
}

export function searchPartsQuery(projectPath: string, signal: SearchSignal, asked: ResolvedRange & { readonly query: string }) {
  const { query, fromMs, toMs } = asked
  return queryOptions({
    queryKey: ['search-parts', projectPath, signal, query, fromMs, toMs],
    queryFn: (call) =>
      request(`${projectPath}/search/parts`, searchPartsSchema, {
        method: 'POST',
        body: { signal, query, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
        signal: call.signal,
      }),
    staleTime: 60_000,
    retry: false,
  })
}
