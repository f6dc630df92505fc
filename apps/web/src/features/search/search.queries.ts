/** A search asked about: is it right, what can be typed, which part of it finds nothing. */
import { searchCheckSchema, searchCompletionSchema, searchPartsSchema, type SearchCheckBody, type SearchSignal } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import { readZone } from '../../lib/preferences.ts'
import { resolveRange, type ResolvedRange, type TimeRange } from '../../lib/time-range.ts'
import type { UnknownSearchName } from '../../ui/SearchInput.tsx'
import type { CompleteSearch } from '../../ui/use-search-completion.ts'

/** What is wrong with a search. */
export function searchCheckQuery(projectPath: string, signal: SearchSignal, text: string) {
  return queryOptions({
    queryKey: ['search-check', projectPath, signal, text],
    queryFn: (call) =>
      request(`${projectPath}/search/check`, searchCheckSchema, {
        method: 'POST',
        body: { signal, text, names: false },
        signal: call.signal,
      }),
    // What is wrong stays wrong.
    staleTime: Infinity,
    enabled: text !== '',
    retry: false,
  })
}

function rangeTexts({ fromMs, toMs }: ResolvedRange): TimeRange {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

/** Names in a search that nothing in the range has, and words that were meant to join its conditions, in their order. For a search that finds nothing: rows are looked through for it. */
export function unknownNamesQuery(projectPath: string, signal: SearchSignal, asked: TimeRange & { readonly text: string }) {
  const { text, from, to } = asked
  return queryOptions({
    // Not by the moments that the range means now: which names there are changes slowly.
    queryKey: ['search-names', projectPath, signal, text, from, to],
    queryFn: async (call): Promise<UnknownSearchName[]> => {
      const resolved = resolveRange(asked, Date.now(), readZone())
      if (resolved === null) return []
      const body = { signal, text, names: true, ...rangeTexts(resolved) }
      const checked = await request(`${projectPath}/search/check`, searchCheckSchema, { method: 'POST', body, signal: call.signal })
      return unknownOf(checked)
    },
    staleTime: 300_000,
    enabled: text !== '',
    retry: false,
  })
}

/** What stands in a search and was probably meant otherwise. */
export function unknownOf({ unknown, smallOperators }: Pick<SearchCheckBody, 'unknown' | 'smallOperators'>): UnknownSearchName[] {
  const small = smallOperators.map(({ word, operator, from, to }) => {
    return { name: word, from, to, meant: [{ name: operator, insert: operator }], isWord: true }
  })
  return [...unknown, ...small].toSorted((a, b) => a.from - b.from)
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
        body: { signal, query, ...rangeTexts({ fromMs, toMs }) },
        signal: call.signal,
      }),
    staleTime: 60_000,
    retry: false,
  })
}
