/** The pages of traces and services. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { readMapSearch, readServiceSearch, readServicesSearch } from '../features/services/services-search.ts'
import { readTraceSearch } from '../features/traces/trace-search.ts'
import { readCompareSearch, readTracesSearch } from '../features/traces/traces-search.ts'
import { projectRoute } from './project-route.tsx'

const getParentRoute = () => projectRoute

export const tracesRoute = createRoute({
  getParentRoute,
  path: '/explore/traces',
  validateSearch: readTracesSearch,
  component: lazyRouteComponent(() => import('../features/traces/TracesPage.tsx'), 'TracesPage'),
})

export const compareTracesRoute = createRoute({
  getParentRoute,
  path: '/explore/traces/compare',
  validateSearch: readCompareSearch,
  component: lazyRouteComponent(() => import('../features/traces/ComparePage.tsx'), 'ComparePage'),
})

export const traceRoute = createRoute({
  getParentRoute,
  path: '/explore/traces/$traceId',
  validateSearch: readTraceSearch,
  component: lazyRouteComponent(() => import('../features/traces/TracePage.tsx'), 'TracePage'),
})

export const servicesRoute = createRoute({
  getParentRoute,
  path: '/services',
  validateSearch: readServicesSearch,
  component: lazyRouteComponent(() => import('../features/services/ServicesPage.tsx'), 'ServicesPage'),
})

export const serviceRoute = createRoute({
  getParentRoute,
  path: '/services/$service',
  validateSearch: readServiceSearch,
  component: lazyRouteComponent(() => import('../features/services/ServicePage.tsx'), 'ServicePage'),
})

export const serviceMapRoute = createRoute({
  getParentRoute,
  path: '/service-map',
  validateSearch: readMapSearch,
  component: lazyRouteComponent(() => import('../features/services/ServiceMapPage.tsx'), 'ServiceMapPage'),
})
