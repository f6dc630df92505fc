/** All routes in one tree, and how addresses are read and written. */
import type { QueryClient } from '@tanstack/react-query'
import { createRouter } from '@tanstack/react-router'
import { parseSearch, writeSearch } from './lib/search-params.ts'
import {
  accountRoute,
  auditRoute,
  cardinalityRoute,
  retentionRoute,
  scrubbingRoute,
  dataModelRoute,
  exploreLogsRoute,
  exploreMetricsRoute,
  importRoute,
  keysRoute,
  lanesRoute,
  membersRoute,
  overviewRoute,
  projectsRoute,
  refusedRoute,
  sourcesRoute,
  startRoute,
  systemRoute,
  targetsRoute,
  tokensRoute,
  usageRoute,
} from './routes/page-routes.tsx'
import { problemRoute, problemsRoute, releasesRoute } from './routes/problem-routes.tsx'
import { performanceRoute } from './routes/performance-routes.tsx'
import { projectRoute } from './routes/project-route.tsx'
import { NotFound, PageError, rootRoute } from './routes/root-route.tsx'
import { firstRunRoute, indexRoute, signInRoute } from './routes/session-routes.tsx'
import { compareTracesRoute, serviceMapRoute, serviceRoute, servicesRoute, traceRoute, tracesRoute } from './routes/trace-routes.tsx'
import { Loading } from './ui/states.tsx'

const routeTree = rootRoute.addChildren([
  indexRoute,
  signInRoute,
  firstRunRoute,
  projectRoute.addChildren([
    overviewRoute,
    exploreMetricsRoute,
    exploreLogsRoute,
    tracesRoute,
    compareTracesRoute,
    traceRoute,
    servicesRoute,
    serviceRoute,
    serviceMapRoute,
    performanceRoute,
    problemsRoute,
    problemRoute,
    releasesRoute,
    startRoute,
    sourcesRoute,
    targetsRoute,
    usageRoute,
    refusedRoute,
    importRoute,
    cardinalityRoute,
    retentionRoute,
    scrubbingRoute,
    dataModelRoute,
    projectsRoute,
    keysRoute,
    membersRoute,
    tokensRoute,
    auditRoute,
    accountRoute,
    systemRoute,
    lanesRoute,
  ]),
])

function PagePending() {
  return (
    <div className="bw-page">
      <Loading label="the page" rows={6} />
    </div>
  )
}

export function createAppRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    context: { client },
    parseSearch: (text) => parseSearch(text.replace(/^\?/, '')),
    stringifySearch: writeSearch,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NotFound,
    defaultPendingComponent: PagePending,
    defaultPendingMs: 300,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
