/** Everything below `/p/<project>`: needs a session and a project of it, keeps the time range from page to page. */
import { useQuery } from '@tanstack/react-query'
import { createRoute, Outlet, redirect, retainSearchParams, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { RangeProvider } from '../features/range/index.ts'
import { findPlace, PlaceProvider, sessionQuery } from '../features/session/index.ts'
import { Shell } from '../features/shell/index.ts'
import { rememberProject } from '../lib/preferences.ts'
import { oneOf } from '../lib/search-params.ts'
import { NotFound, rootRoute } from './root-route.tsx'

export interface RangeSearch {
  readonly from?: string
  readonly to?: string
  readonly refresh?: string
}

export function readRangeSearch(search: Record<string, unknown>): RangeSearch {
  const [from, to, refresh] = [oneOf(search['from']), oneOf(search['to']), oneOf(search['refresh'])]
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(refresh === undefined ? {} : { refresh }),
  }
}

export const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/p/$project',
  validateSearch: readRangeSearch,
  search: { middlewares: [retainSearchParams<RangeSearch>(['from', 'to', 'refresh'])] },
  beforeLoad: async ({ context, location, params }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (session === null) throw redirect({ to: '/sign-in', search: { next: location.href } })
    if (!session.passwordIsSet && session.caller.kind === 'user') throw redirect({ to: '/first-run', search: {} })
    if (findPlace(session, params.project) !== null) rememberProject(params.project)
  },
  component: function ProjectRoute() {
    const { project } = projectRoute.useParams()
    const { from, to, refresh } = projectRoute.useSearch()
    const session = useQuery(sessionQuery).data ?? null
    const navigate = useNavigate()
    const change = useCallback(
      (next: RangeSearch) => void navigate({ to: '.', search: (search) => ({ ...search, ...next }), replace: next.refresh !== undefined }),
      [navigate],
    )
    const place = session === null ? null : findPlace(session, project)
    if (session === null || place === null) return <NotFound />
    return (
      <PlaceProvider place={place} session={session}>
        <RangeProvider from={from} to={to} refresh={refresh} onChange={change}>
          <Shell>
            <Outlet />
          </Shell>
        </RangeProvider>
      </PlaceProvider>
    )
  },
})
