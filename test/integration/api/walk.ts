/** Walks every route that Fastify has with somebody's credentials, aimed at somebody else's things. */
// The rule on a route's config is declared with the API.
import type {} from '../../../apps/server/src/api/index.ts'
import type { FastifyInstance, InjectOptions, RouteOptions } from 'fastify'

export interface WalkRoute {
  readonly method: string
  readonly url: string
  readonly access: string | null
}

/** One entry a method; a route without an access rule has `access: null`. */
export function routesOf(routes: readonly RouteOptions[]): WalkRoute[] {
  return routes.flatMap(({ method, url, config }) =>
    (typeof method === 'string' ? [method] : method).map((one) => ({ method: one, url, access: config?.bellwetherAccess ?? null })),
  )
}

/** Routes that say who may call them: all, or the walk is blind there. */
export function withoutRule(routes: readonly WalkRoute[]): string[] {
  return routes.filter((route) => route.access === null).map(({ method, url }) => `${method} ${url}`)
}

/** What stands behind the parameters of a path. */
export type Targets = Readonly<Record<string, string>>

export function fill(url: string, targets: Targets): string {
  return url.replaceAll(/:([A-Za-z]+)/g, (_, name: string) => {
    const target = targets[name]
    if (target === undefined) throw new Error(`the walk knows no value for :${name} of ${url}`)
    return encodeURIComponent(target)
  })
}

export interface Visit {
  readonly route: string
  readonly status: number
  /** Everything sent back: headers and body. */
  readonly said: string
}

/** A few minutes around now: where the walked data are. */
function rangeNow(): { start: string; end: string; step: string } {
  const nowSec = Math.floor(Date.now() / 60_000) * 60
  return { start: String(nowSec - 1800), end: String(nowSec + 60), step: '60' }
}

export async function visit(app: FastifyInstance, route: WalkRoute, targets: Targets, headers: Record<string, string>): Promise<Visit> {
  const hasBody = route.method !== 'GET' && route.method !== 'HEAD'
  const isProm = route.url.includes('/api/v1/')
  const request: InjectOptions = {
    method: route.method as NonNullable<InjectOptions['method']>,
    url: fill(route.url, targets),
    headers: { ...headers, ...(isProm ? { 'x-bellwether-project': targets['project'] ?? '' } : {}) },
    query: route.url.includes('/logs/')
      ? { id: targets['event'] ?? '', seconds: '0' }
      : isProm
        ? { query: '{__name__=~".+"}', 'match[]': '{__name__=~".+"}', ...rangeNow() }
        : {},
    ...(hasBody && !isProm ? { payload: {} } : {}),
    ...(hasBody && isProm
      ? {
          payload: '',
          headers: { ...headers, 'x-bellwether-project': targets['project'] ?? '', 'content-type': 'application/x-www-form-urlencoded' },
        }
      : {}),
  }
  const answer = await app.inject(request)
  return { route: `${route.method} ${route.url}`, status: answer.statusCode, said: `${JSON.stringify(answer.headers)}\n${answer.payload}` }
}

/** Begins an import of a file of that name; gives its id. */
export async function beginImport(
  app: FastifyInstance,
  whose: { readonly project: string; readonly token: string },
  file: string,
): Promise<string> {
  const answer = await app.inject({
    method: 'POST',
    url: `/api/0/projects/${whose.project}/metrics/import?more=true&file=${file}`,
    headers: { authorization: `Bearer ${whose.token}`, 'content-type': 'text/csv' },
    payload: '',
  })
  return answer.json<{ id: string }>().id
}
