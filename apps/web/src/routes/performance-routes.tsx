/** The page of performance. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { readPerformanceSearch } from '../features/performance/performance-search.ts'
import { projectRoute } from './project-route.tsx'

const getParentRoute = () => projectRoute

export const performanceRoute = createRoute({
  getParentRoute,
  path: '/performance',
  validateSearch: readPerformanceSearch,
  component: lazyRouteComponent(() => import('../features/performance/PerformancePage.tsx'), 'PerformancePage'),
})
