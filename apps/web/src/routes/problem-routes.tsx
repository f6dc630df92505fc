/** The pages of problems and releases. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { readProblemSearch, readProblemsSearch } from '../features/problems/problems-search.ts'
import { projectRoute } from './project-route.tsx'

const getParentRoute = () => projectRoute

export const problemsRoute = createRoute({
  getParentRoute,
  path: '/problems',
  validateSearch: readProblemsSearch,
  component: lazyRouteComponent(() => import('../features/problems/ProblemsPage.tsx'), 'ProblemsPage'),
})

export const problemRoute = createRoute({
  getParentRoute,
  path: '/problems/$problem',
  validateSearch: readProblemSearch,
  component: lazyRouteComponent(() => import('../features/problems/ProblemPage.tsx'), 'ProblemPage'),
})

export const releasesRoute = createRoute({
  getParentRoute,
  path: '/releases',
  component: lazyRouteComponent(() => import('../features/problems/ReleasesPage.tsx'), 'ReleasesPage'),
})
