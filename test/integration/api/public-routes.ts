/** Addresses that answer everyone: a new one is a decision, made here. */
export const publicRoutes = [
  'GET /api/0/auth/session',
  'GET /api/0/openapi.json',
  'GET /docs',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /ping',
  'OPTIONS /api/0/projects/:project/metrics',
  'OPTIONS /api/:project/envelope',
  'OPTIONS /api/:project/envelope/',
  'OPTIONS /api/:project/security',
  'OPTIONS /api/:project/security/',
  'OPTIONS /api/:project/store',
  'OPTIONS /api/:project/store/',
  'POST /api/0/auth/first-run',
  'POST /api/0/auth/sign-in',
  'POST /api/0/auth/sign-out',
]

/** Addresses that Sentry's tools read, each with something of the project in its answer. */
export const sentryRoutes = [
  '/api/0/organizations/:organization/projects/',
  '/api/0/organizations/:organization/releases/',
  '/api/0/organizations/:organization/releases/:version/',
  '/api/0/organizations/:organization/releases/:version/deploys/',
  '/api/0/projects/:organization/:project/releases/',
  '/api/0/projects/:organization/:project/releases/:version/',
]
