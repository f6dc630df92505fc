import { metricAnatomyBodySchema } from '@bellwether/protocol'
import fastify, { type RouteOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import { adminPassword, adminToken, nowMs, openApiStack, ours, theirRule, theirWord, type ApiStack } from './api-stack.ts'
import { requireAccessRules } from '../../../apps/server/src/compose/routes.ts'
import type { MetricsStore } from '../../../apps/server/src/metrics/index.ts'
import { seriesIdOf } from '../../../apps/server/src/metrics/series/series-id.ts'
import { batchOf, ref } from '../metrics/metrics-stack.ts'
import { publicRoutes, sentryRoutes } from './public-routes.ts'
import { scopedCalls } from './scoped-calls.ts'
import { beginImport, routesOf, visit, withoutRule, type Targets, type WalkRoute } from './walk.ts'

let stack: ApiStack
let routes: WalkRoute[]
/** Things of the other organization, by the name of the path parameter. */
let theirTargets: Targets
let nobodies: Record<string, Record<string, string>>

beforeAll(async () => {
  stack = await openApiStack({ withWriter: true })
  const { accounts, theirs } = stack
  await stack.put(theirs.tenant, [{ labels: { __name__: theirWord, [theirWord]: theirWord }, timeMs: nowMs, value: 4711 }])
  const visitors = batchOf(stack.metrics.ingest, [], theirs.tenant)
  visitors.sets.begin(ref(stack.metrics.ingest, theirs.tenant, { __name__: `${theirWord}_visitors`, [theirWord]: theirWord }), nowMs)
  visitors.sets.add(1, 2)
  await stack.metrics.ingest.accept(visitors, 0)
  await stack.put(ours, [{ labels: { __name__: 'ours_total', job: 'shop' }, timeMs: nowMs, value: 1 }])
  routes = routesOf(stack.routes)
  const owner = await accounts.gatekeeper.authenticate({ authorization: `Bearer ${theirs.token}`, cookie: null })
  const access = await accounts.gatekeeper.organization(owner, theirs.organization, 'admin')
  const project = await accounts.gatekeeper.project(owner, theirs.project, 'admin')
  const revoked = await accounts.directory.createToken(access, {
    name: 'revoked',
    permissions: ['admin'],
    projectId: null,
    expiresAtMs: null,
  })
  await accounts.directory.revokeToken(access, revoked.token.id)
  const expired = await accounts.directory.createToken(access, {
    name: 'expired',
    permissions: ['admin'],
    projectId: null,
    expiresAtMs: nowMs - 1000,
  })
  const peer = { address: '192.0.2.2', userAgent: 'test' }
  const left = await accounts.signIn.withPassword('ops@example.org', adminPassword, peer)
  await accounts.signIn.signOut(left.cookie)
  const stranger = await accounts.signIn.withPassword('ops@example.org', adminPassword, peer)
  nobodies = {
    'the administrator of another organization, by token': { authorization: `Bearer ${adminToken}` },
    'the owner of another organization, by cookie': { cookie: stranger.cookie },
    'a revoked token of the organization': { authorization: `Bearer ${revoked.secret}` },
    'an expired token of the organization': { authorization: `Bearer ${expired.secret}` },
    'a session that was signed out': { cookie: left.cookie },
    'no credentials': {},
    'a wrong token beside a good cookie': { authorization: 'Bearer nonsense-nonsense', cookie: theirs.cookie },
  }
  await stack.scrubbing.put(project, {
    secrets: true,
    cards: true,
    emails: true,
    rules: [{ name: 'own', kind: 'field', value: theirWord, enabled: true }],
  })
  theirTargets = {
    organization: theirs.organization,
    project: theirs.project,
    user: (await accounts.directory.members(access))[0]?.userId ?? '',
    token: (await accounts.directory.tokens(access))[0]?.id ?? '',
    key: (await accounts.directory.keys(project))[0]?.id ?? '',
    name: theirWord,
    problem: theirs.problem,
    finding: theirs.finding,
    event: theirs.event,
    file: theirs.file,
    version: theirWord,
    view: theirs.view,
    metric: theirs.metric,
    trace: theirs.trace,
    span: theirs.span,
    service: theirWord,
    tag: theirWord,
    rule: (await stack.cardinality.rules.create(project, theirRule)).id,
    import: await beginImport(stack.app, theirs, theirWord),
  }
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

async function theirAudit(): Promise<unknown> {
  const owner = await stack.accounts.gatekeeper.authenticate({ authorization: `Bearer ${stack.theirs.token}`, cookie: null })
  const access = await stack.accounts.gatekeeper.organization(owner, stack.theirs.organization, 'admin')
  return await stack.accounts.directory.audit(access, { limit: 1000, cursor: null })
}

describe('every route', () => {
  test('there are routes, and each says who may call it', () => {
    expect(routes.length).toBeGreaterThan(50)
    expect(withoutRule(routes)).toEqual([])
  })

  test('a route that forgets its rule is found', () => {
    const app = fastify()
    const seen: RouteOptions[] = []
    app.addHook('onRoute', (route) => void seen.push(route))
    app.get('/api/0/forgotten', async () => 'x')
    expect(withoutRule(routesOf(seen))).toEqual(['GET /api/0/forgotten', 'HEAD /api/0/forgotten'])
  })

  test('the program does not start with a route that forgot its rule', async () => {
    const app = fastify()
    requireAccessRules(app)
    app.get('/api/0/said', { config: { bellwetherAccess: 'public' } }, async () => 'x')
    await app.register(async (scope) => void scope.post('/v1/forgotten', async () => 'x'))
    await expect(app.ready()).rejects.toThrow('routes without an access rule: POST /v1/forgotten')
  })

  test('data comes in by a key in force only, on every ingest route', async () => {
    const ingest = routes.filter(({ access }) => access === 'ingest')
    expect(ingest.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      'POST /api/0/projects/:project/metrics',
      'POST /api/:project/envelope',
      'POST /api/:project/envelope/',
      'POST /api/:project/security',
      'POST /api/:project/security/',
      'POST /api/:project/store',
      'POST /api/:project/store/',
      'POST /api/v1/write',
      'POST /api/v2/write',
      'POST /loki/api/v1/push',
      'POST /query',
      'POST /v1/logs',
      'POST /v1/logs/jsonl',
      'POST /v1/metrics',
      'POST /v1/traces',
      'POST /write',
    ])
    // The own samples are stored now, not while the others knock.
    await stack.metrics.drain()
    const before = stack.metrics.conservation.rows()
    for (const [who, headers] of Object.entries(nobodies)) {
      for (const route of ingest) {
        for (const more of [{ 'x-forwarded-for': '127.0.0.1' }, { origin: 'http://localhost:4400' }]) {
          const seen = await visit(stack.app, route, theirTargets, { ...headers, ...more })
          // Where API tokens count too, one that has no business there is told that there is nothing.
          const isForeignToken = route.url.startsWith('/api/0/') && seen.status === 404
          expect({ who, route: seen.route, status: isForeignToken ? 401 : seen.status }).toEqual({ who, route: seen.route, status: 401 })
        }
      }
    }
    expect(stack.metrics.conservation.rows()).toEqual(before)
  })

  test('only the listed ones are public', () => {
    const open = routes.filter((route) => route.access === 'public' && route.method !== 'HEAD').map(({ method, url }) => `${method} ${url}`)
    expect(open.sort()).toEqual(publicRoutes)
  })

  test('nobody else gets in, by any route and any credentials, and nothing of theirs is in any answer', async () => {
    const before = await theirAudit()
    const targetSets = [theirTargets, { ...theirTargets, organization: `the-${theirWord}` }]
    let visits = 0
    for (const [who, headers] of Object.entries(nobodies)) {
      for (const targets of targetSets) {
        for (const route of routes) {
          if (route.access !== 'project' && route.access !== 'organization') continue
          const seen = await visit(stack.app, route, targets, headers)
          expect({ who, route: seen.route, allowed: [401, 403, 404].includes(seen.status), status: seen.status }).toMatchObject({
            allowed: true,
          })
          expect({ who, route: seen.route, leaks: seen.said.includes(theirWord) }).toMatchObject({ leaks: false })
          visits++
        }
      }
    }
    expect(visits).toBeGreaterThan(700)
    expect(await theirAudit()).toEqual(before)
    expect(stack.replayed).toEqual([])
  })

  test("their things cannot be named through one's own project or organization", async () => {
    const before = await theirAudit()
    const mixed = { ...theirTargets, organization: 'default', project: '1' }
    for (const route of routes.filter(
      ({ url, access }) =>
        access !== 'none' && /:(?:user|token|key|name|tag|problem|event|file|version|finding|view|metric|trace|span)\b/.test(url),
    )) {
      const seen = await visit(stack.app, route, mixed, { authorization: `Bearer ${adminToken}` })
      expect({ route: seen.route, leaks: seen.said.includes(theirWord) }).toEqual({ route: seen.route, leaks: false })
      if (route.method !== 'GET' && route.method !== 'HEAD')
        expect([seen.route, [400, 404].includes(seen.status)]).toEqual([seen.route, true])
    }
    expect(await theirAudit()).toEqual(before)
  })

  test('the other routes say nothing of theirs either, and need what they say', async () => {
    for (const [who, headers] of Object.entries(nobodies)) {
      for (const route of routes) {
        if (['project', 'organization', 'ingest'].includes(route.access ?? '') || (route.access === 'public' && route.method === 'POST'))
          continue
        const seen = await visit(stack.app, route, theirTargets, headers)
        expect({ who, route: seen.route, leaks: seen.said.includes(theirWord) }).toMatchObject({ leaks: false })
        if (route.access === 'none') expect([seen.route, seen.status]).toEqual([seen.route, 405])
      }
    }
  })

  test('the program itself is shown to its first organization only', async () => {
    for (const route of routes.filter(({ access }) => access === 'system')) {
      // A scraper on this machine is let in without a token: say that the request came through a proxy.
      for (const headers of [{ authorization: `Bearer ${stack.theirs.token}` }, { cookie: stack.theirs.cookie }, {}]) {
        const seen = await visit(stack.app, route, theirTargets, { ...headers, 'x-forwarded-for': '192.0.2.9' })
        expect([seen.route, [401, 403, 404].includes(seen.status)]).toEqual([seen.route, true])
      }
      const { status } = await visit(stack.app, route, theirTargets, { authorization: `Bearer ${adminToken}` })
      // Without a body a change is refused for what it lacks, not for who asks.
      expect([route.method, route.url, status]).toEqual([route.method, route.url, route.method === 'POST' ? 400 : 200])
    }
  })

  test('they themselves get in by the same requests, and see their own: the walk is not blind', async () => {
    const seeing: string[] = []
    for (const route of routes) {
      if (route.method !== 'GET' || (route.access !== 'project' && route.access !== 'organization')) continue
      // An answer that goes on for as long as somebody listens.
      if (route.url.endsWith('/logs/tail')) continue
      const seen = await visit(stack.app, route, theirTargets, { authorization: `Bearer ${stack.theirs.token}` })
      expect([seen.route, seen.status]).toEqual([seen.route, 200])
      if (seen.said.includes(theirWord)) seeing.push(route.url)
    }
    expect(seeing).toEqual(
      expect.arrayContaining([
        '/api/0/organizations/:organization/projects',
        '/api/0/organizations/:organization/members',
        '/api/0/organizations/:organization/teams',
        '/api/0/organizations/:organization/tokens',
        '/api/0/organizations/:organization/usage',
        '/api/0/organizations/:organization/audit',
        '/api/0/projects/:project/sources',
        '/api/0/projects/:project/refused',
        '/api/0/projects/:project/dead-letters',
        '/api/0/projects/:project/metrics',
        '/api/0/projects/:project/metrics/:name',
        '/api/0/projects/:project/metrics/:name/anatomy',
        '/api/0/projects/:project/metrics/:name/tags',
        '/api/0/projects/:project/metrics/:name/tags/:tag',
        '/api/v1/query',
        '/api/v1/query_range',
        '/api/v1/series',
        '/api/v1/labels',
        '/api/v1/label/:name/values',
        '/api/0/projects/:project/prometheus/api/v1/query',
        '/api/0/projects/:project/performance/operations',
        '/api/0/projects/:project/performance/findings',
        '/api/0/projects/:project/performance/findings/:finding',
        '/api/0/projects/:project/performance/report',
        '/api/0/projects/:project/deploys',
        '/api/0/projects/:project/problems',
        '/api/0/projects/:project/problems/:problem',
        '/api/0/projects/:project/problems/:problem/events',
        '/api/0/projects/:project/problems/:problem/events/:event',
        '/api/0/projects/:project/feedback',
        '/api/0/projects/:project/releases',
        '/api/0/projects/:project/source-maps',
        ...sentryRoutes,
        '/api/0/projects/:project/logs/row',
        '/api/0/projects/:project/logs/context',
        '/api/0/projects/:project/traces/:trace',
        '/api/0/projects/:project/traces/:trace/spans/:span',
        '/api/0/projects/:project/log-metrics',
        '/api/0/projects/:project/saved-views',
      ]),
    )
  })

  test("a replay of the other organization's dead letter is refused, one of both gives only the own rows", async () => {
    const replay = async (ids: string[] | null) =>
      await stack.app.inject({
        method: 'POST',
        url: '/api/0/projects/1/dead-letters/replay',
        headers: { authorization: `Bearer ${adminToken}` },
        payload: { ids },
      })
    expect((await replay(['ready-0000000000000002'])).statusCode).toBe(404)
    expect(stack.replayed).toEqual([])
    expect((await replay(null)).json()).toEqual({ letters: 2, rows: 9 })
    expect(stack.replayed).toEqual(['ready-0000000000000001', 'ready-0000000000000003'])
  })
})

describe('everything that takes a scope', () => {
  /** Reads from the engine alone. */
  let cold: MetricsStore
  beforeAll(async () => {
    cold = await stack.coldStore()
  })

  /** Methods of an object, wherever they are defined. */
  function methodsOf(target: object): string[] {
    const own = Object.keys(target).filter((name) => typeof Reflect.get(target, name) === 'function')
    const inherited = Object.getOwnPropertyNames(Object.getPrototypeOf(target)).filter((name) => name !== 'constructor')
    const plain = Object.getPrototypeOf(target) === Object.prototype
    return plain ? own : inherited
  }

  async function scopeOf(token: string, project: string): Promise<Access> {
    const caller = await stack.accounts.gatekeeper.authenticate({ authorization: `Bearer ${token}`, cookie: null })
    return await stack.accounts.gatekeeper.project(caller, project, 'admin')
  }

  const calls = (access: Access): Record<string, Record<string, () => unknown>> => scopedCalls(stack, { access, cold })

  test('the anatomy of a metric counts the own rows in the engine, under a name that both have', async () => {
    const both = { __name__: 'of_both' }
    await stack.put(ours, [{ labels: both, timeMs: nowMs, value: 1 }])
    await stack.put(
      stack.theirs.tenant,
      [1, 2, 3].map((value) => ({ labels: both, timeMs: nowMs + value, value })),
    )
    await stack.coldStore()
    const headers = { authorization: `Bearer ${adminToken}` }
    const answer = await stack.app.inject({ url: '/api/0/projects/1/metrics/of_both/anatomy', headers })
    const { example, tables } = metricAnatomyBodySchema.parse(answer.json())
    expect(tables.find(({ table }) => table === 'samples')).toMatchObject({ rows: 1, bytesPerRow: expect.any(Number) as number })
    const id = { low: 0, high: 0 }
    seriesIdOf(ours, [['__name__', 'of_both']], id)
    expect(BigInt(example?.seriesId ?? 0)).toBe((BigInt(id.high >>> 0) << 32n) | BigInt(id.low >>> 0))
  })

  test('has a call here', async () => {
    const table = calls(await scopeOf(adminToken, '1'))
    expect(Object.keys(table['query'] ?? {}).sort()).toEqual(methodsOf(stack.query).sort())
    expect(Object.keys(table['store'] ?? {}).sort()).toEqual(methodsOf(stack.metrics.store).sort())
    expect(Object.keys(table['uniques'] ?? {}).sort()).toEqual(methodsOf(stack.metrics.uniques).sort())
    expect(Object.keys(table['catalog'] ?? {}).sort()).toEqual(methodsOf(stack.metrics.catalog).sort())
    const { logs, traces } = stack.signals
    const domains = {
      logs: logs.manager,
      traces: traces.system,
      performance: stack.performance.desk,
      problems: stack.problems.problems,
      logAnalysis: logs.analysis.desk,
    }
    for (const [group, target] of Object.entries(domains)) {
      const methods = methodsOf(target)
      expect({ group, isBlind: methods.length < 4 }).toEqual({ group, isBlind: false })
      const called = Object.keys(table[group] ?? {})
      expect({ group, without: methods.filter((method) => !called.includes(method)) }).toEqual({ group, without: [] })
    }
  })

  test('answers from its own scope alone', async () => {
    const own = calls(await scopeOf(adminToken, '1'))
    const foreign = calls(await scopeOf(stack.theirs.token, stack.theirs.project))
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, part: unknown) => (ArrayBuffer.isView(part) ? Array.from(part as Float64Array) : part)) ?? ''
    /** Who is bound to see the own word: otherwise the walk would be blind there. */
    const sees: Readonly<Record<string, readonly string[]>> = {
      query: ['instant', 'range', 'series'],
      store: ['select', 'scan', 'grid'],
      cold: ['select'],
      uniques: ['countUnique', 'isSet'],
      catalog: ['metrics'],
      scrubbing: ['get'],
      cardinality: ['overview', 'metric', 'rules'],
      ingest: ['letters'],
      performance: ['operations', 'report', 'findings', 'finding', 'deploys', 'changeFinding'],
      logs: ['query', 'histogram', 'facets', 'row', 'context', 'values'],
      traces: [
        'trace',
        'traceObjects',
        'span',
        'spans',
        'traces',
        'timesOf',
        'histogram',
        'compare',
        'services',
        'operations',
        'series',
        'map',
      ],
      logAnalysis: ['patterns', 'difference', 'complete', 'views', 'metrics'],
      problems: ['list', 'detail', 'events', 'event', 'releases', 'feedback', 'sourceMaps', 'told', 'toldOne', 'before'],
    }
    for (const [group, functions] of Object.entries(own)) {
      for (const [name, call] of Object.entries(functions)) {
        const said = text(await call())
        expect({ group, name, leaks: said.includes(theirWord) || said.includes('4711') }).toEqual({ group, name, leaks: false })
        const theirSaid = text(await foreign[group]?.[name]?.())
        expect({ group, name, leaks: theirSaid.includes('ours_total') }).toEqual({ group, name, leaks: false })
        if (sees[group]?.includes(name) === true)
          expect({ group, name, sees: theirSaid.includes(theirWord) }).toEqual({ group, name, sees: true })
      }
    }
  })
})
