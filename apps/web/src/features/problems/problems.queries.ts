/** Problems: what is asked of the server, and the words for what it answers. */
import {
  decidedSchema,
  feedbackListSchema,
  problemDetailSchema,
  problemEventListSchema,
  problemEventSchema,
  problemListSchema,
  pageSchema,
  releaseListSchema,
  sourceMapFileSchema,
  type ProblemDecision,
  type ProblemState,
} from '@bellwether/protocol'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import type { Tone } from '../../ui/StatusMark.tsx'
import type { ProblemsSearch } from './problems-search.ts'

function rangeOf({ fromMs, toMs }: ResolvedRange): Record<string, string> {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

export function problemsQuery(projectPath: string, search: ProblemsSearch, range: ResolvedRange) {
  const { state = 'open', order = 'last', q = '', release = '', environment = '', service = '' } = search
  const asked = new URLSearchParams({ state, order, text: q, release, environment, service, ...rangeOf(range) })
  return queryOptions({
    queryKey: ['problems', projectPath, 'list', asked.toString()],
    queryFn: ({ signal }) => request(`${projectPath}/problems?${asked.toString()}`, problemListSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 2000,
  })
}

export function problemQuery(projectPath: string, id: string, range: ResolvedRange) {
  const asked = new URLSearchParams(rangeOf(range)).toString()
  return queryOptions({
    queryKey: ['problems', projectPath, 'one', id, asked],
    queryFn: ({ signal }) => request(`${projectPath}/problems/${encodeURIComponent(id)}?${asked}`, problemDetailSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 2000,
    retry: false,
  })
}

/** `event` is an id, or `latest`. */
export function eventQuery(projectPath: string, id: string, event: string) {
  return queryOptions({
    queryKey: ['problems', projectPath, 'event', id, event],
    queryFn: ({ signal }) =>
      request(`${projectPath}/problems/${encodeURIComponent(id)}/events/${encodeURIComponent(event)}`, problemEventSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: event === 'latest' ? 5000 : 60_000,
    retry: false,
  })
}

const eventsAtOnce = 50

export function eventsQuery(projectPath: string, id: string) {
  return infiniteQueryOptions({
    queryKey: ['problems', projectPath, 'events', id],
    queryFn: ({ signal, pageParam }) => {
      const asked = new URLSearchParams({ limit: `${eventsAtOnce}`, ...(pageParam === null ? {} : { cursor: pageParam }) })
      return request(`${projectPath}/problems/${encodeURIComponent(id)}/events?${asked.toString()}`, problemEventListSchema, { signal })
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: 5000,
  })
}

export function releasesQuery(projectPath: string, range: ResolvedRange) {
  const asked = new URLSearchParams(rangeOf(range)).toString()
  return queryOptions({
    queryKey: ['releases', projectPath, asked],
    queryFn: ({ signal }) => request(`${projectPath}/releases?${asked}`, releaseListSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 5000,
  })
}

export function feedbackQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['feedback', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/feedback?limit=50`, feedbackListSchema, { signal }),
    staleTime: 5000,
  })
}

const sourceMapPage = pageSchema(sourceMapFileSchema)

export function sourceMapsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['source-maps', projectPath],
    queryFn: async ({ signal }) => (await request(`${projectPath}/source-maps`, sourceMapPage, { signal })).items,
    staleTime: 5000,
  })
}

export async function deleteSourceMap(projectPath: string, id: string): Promise<void> {
  await requestJson(`${projectPath}/source-maps/${encodeURIComponent(id)}`, { method: 'DELETE' })
}

export function decide(projectPath: string, ids: readonly string[], decision: ProblemDecision): Promise<{ decided: number }> {
  return request(`${projectPath}/problems/decide`, decidedSchema, { method: 'POST', body: { ids, decision } })
}

const tones: Readonly<Record<ProblemState, Tone>> = {
  new: 'down',
  regressed: 'warn',
  ongoing: 'unknown',
  resolved: 'ok',
  ignored: 'paused',
}

export function stateTone(state: ProblemState): Tone {
  return tones[state]
}

/** What can be done about a problem in this state. */
export function decisionsFor(state: ProblemState): readonly ProblemDecision[] {
  return state === 'resolved' || state === 'ignored' ? ['reopened'] : ['resolved', 'ignored']
}

const verbs: Readonly<Record<ProblemDecision, string>> = { resolved: 'Resolve', ignored: 'Ignore', reopened: 'Reopen' }

export function decisionVerb(decision: ProblemDecision): string {
  return verbs[decision]
}

/** "99.3 %", cut rather than rounded up: 100 % is said of nothing that crashed. */
export function shareText(share: number | null): string {
  if (share === null) return '—'
  if (share === 1) return '100 %'
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)} %`
}
