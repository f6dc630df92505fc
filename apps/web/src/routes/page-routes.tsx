/** The pages of a project. Each is its own chunk, loaded when its link is pointed at. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { OverviewPage } from '../features/overview/index.ts'
import { readLogsSearch } from '../features/logs/logs-search.ts'
import { readExploreSearch } from '../features/metrics/explore-search.ts'
import { readTargetsSearch } from '../features/targets/targets-search.ts'
import { choiceOf, oneOf } from '../lib/search-params.ts'
import { projectRoute } from './project-route.tsx'

const getParentRoute = () => projectRoute

function readSelection(search: Record<string, unknown>): { open?: string } {
  const open = oneOf(search['open'])
  return open === undefined ? {} : { open }
}

export const overviewRoute = createRoute({ getParentRoute, path: '/', component: OverviewPage })

export const exploreMetricsRoute = createRoute({
  getParentRoute,
  path: '/explore/metrics',
  validateSearch: readExploreSearch,
  component: lazyRouteComponent(() => import('../features/metrics/ExplorePage.tsx'), 'ExplorePage'),
})

export const exploreLogsRoute = createRoute({
  getParentRoute,
  path: '/explore/logs',
  validateSearch: readLogsSearch,
  component: lazyRouteComponent(() => import('../features/logs/LogsPage.tsx'), 'LogsPage'),
})

export const startRoute = createRoute({
  getParentRoute,
  path: '/start',
  validateSearch: (search: Record<string, unknown>): { with?: string } => {
    const chosen = oneOf(search['with'])
    return chosen === undefined ? {} : { with: chosen }
  },
  component: lazyRouteComponent(() => import('../features/start/StartPage.tsx'), 'StartPage'),
})

export const sourcesRoute = createRoute({
  getParentRoute,
  path: '/data/sources',
  component: lazyRouteComponent(() => import('../features/sources/SourcesPage.tsx'), 'SourcesPage'),
})

export const targetsRoute = createRoute({
  getParentRoute,
  path: '/data/targets',
  validateSearch: readTargetsSearch,
  component: lazyRouteComponent(() => import('../features/targets/TargetsPage.tsx'), 'TargetsPage'),
})

export const usageRoute = createRoute({
  getParentRoute,
  path: '/data/usage',
  component: lazyRouteComponent(() => import('../features/usage/UsagePage.tsx'), 'UsagePage'),
})

export const refusedRoute = createRoute({
  getParentRoute,
  path: '/data/refused',
  component: lazyRouteComponent(() => import('../features/refused/RefusedPage.tsx'), 'RefusedPage'),
})

export const importRoute = createRoute({
  getParentRoute,
  path: '/data/import',
  component: lazyRouteComponent(() => import('../features/import/ImportPage.tsx'), 'ImportPage'),
})

export const cardinalityRoute = createRoute({
  getParentRoute,
  path: '/data/cardinality',
  validateSearch: (search: Record<string, unknown>): { open?: string; order?: 'active' | 'new' | 'samples' } => {
    const order = choiceOf(search['order'], ['active', 'new', 'samples'] as const)
    return { ...readSelection(search), ...(order === undefined ? {} : { order }) }
  },
  component: lazyRouteComponent(() => import('../features/cardinality/CardinalityPage.tsx'), 'CardinalityPage'),
})

export const scrubbingRoute = createRoute({
  getParentRoute,
  path: '/data/scrubbing',
  component: lazyRouteComponent(() => import('../features/scrubbing/ScrubbingPage.tsx'), 'ScrubbingPage'),
})

export const retentionRoute = createRoute({
  getParentRoute,
  path: '/settings/retention',
  component: lazyRouteComponent(() => import('../features/retention/RetentionPage.tsx'), 'RetentionPage'),
})

export const dataModelRoute = createRoute({
  getParentRoute,
  path: '/data/model',
  validateSearch: (search: Record<string, unknown>): { metric?: string } => {
    const metric = oneOf(search['metric'])
    return metric === undefined ? {} : { metric }
  },
  component: lazyRouteComponent(() => import('../features/data-model/DataModelPage.tsx'), 'DataModelPage'),
})

export const projectsRoute = createRoute({
  getParentRoute,
  path: '/settings/project',
  component: lazyRouteComponent(() => import('../features/projects/ProjectsPage.tsx'), 'ProjectsPage'),
})

export const keysRoute = createRoute({
  getParentRoute,
  path: '/settings/keys',
  component: lazyRouteComponent(() => import('../features/keys/KeysPage.tsx'), 'KeysPage'),
})

export const membersRoute = createRoute({
  getParentRoute,
  path: '/settings/members',
  component: lazyRouteComponent(() => import('../features/members/MembersPage.tsx'), 'MembersPage'),
})

export const tokensRoute = createRoute({
  getParentRoute,
  path: '/settings/tokens',
  component: lazyRouteComponent(() => import('../features/tokens/TokensPage.tsx'), 'TokensPage'),
})

export const auditRoute = createRoute({
  getParentRoute,
  path: '/settings/audit',
  validateSearch: readSelection,
  component: lazyRouteComponent(() => import('../features/audit/AuditPage.tsx'), 'AuditPage'),
})

export const accountRoute = createRoute({
  getParentRoute,
  path: '/settings/account',
  component: lazyRouteComponent(() => import('../features/account/AccountPage.tsx'), 'AccountPage'),
})

export const systemRoute = createRoute({
  getParentRoute,
  path: '/system',
  component: lazyRouteComponent(() => import('../features/system/SystemPage.tsx'), 'SystemPage'),
})

export const lanesRoute = createRoute({
  getParentRoute,
  path: '/system/lanes',
  component: lazyRouteComponent(() => import('../features/lanes/LanesPage.tsx'), 'LanesPage'),
})
