import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import {
  apiErrorBody,
  apiTokenCreatedSchema,
  auditEntrySchema,
  deadLetterSchema,
  ingestKeySchema,
  memberCreatedSchema,
  memberSchema,
  metricSchema,
  metricTagSchema,
  metricTagValueSchema,
  pageSchema,
  projectSchema,
  refusalRowSchema,
  sessionAnswerSchema,
  sourceRowSchema,
  systemStatusBodySchema,
  targetsBodySchema,
  teamSchema,
  usageRowSchema,
} from '@bellwether/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InjectOptions } from 'fastify'
import { adminPassword, adminToken, nowMs, openApiStack, ours, type ApiStack } from './api-stack.ts'

let stack: ApiStack
let folder = ''
const organization = '/api/0/organizations/default'
const authorization = `Bearer ${adminToken}`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellwether-web-'))
  mkdirSync(join(folder, 'assets'))
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>Bellwether</title><script>start()</script><script type="module" src="/assets/main-a1b2c3d4.js"></script>',
  )
  writeFileSync(join(folder, 'assets', 'main-a1b2c3d4.js'), 'export {}')
  writeFileSync(join(folder, 'assets', 'main-a1b2c3d4.js.gz'), gzipSync('export {}'))
  writeFileSync(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  stack = await openApiStack({ webDir: folder })
  await stack.put(ours, [
    { labels: { __name__: 'http_requests_total', method: 'GET', code: '200' }, timeMs: nowMs, value: 1 },
    { labels: { __name__: 'http_requests_total', method: 'POST', code: '200' }, timeMs: nowMs, value: 1 },
    { labels: { __name__: 'a.name with/odd signs?', kind: 'x' }, timeMs: nowMs, value: 1 },
  ])
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

async function call(
  method: InjectOptions['method'] & string,
  url: string,
  payload?: unknown,
  headers: Record<string, string> = { authorization },
) {
  return await stack.app.inject({ method: method as 'GET', url, headers, ...(payload === undefined ? {} : { payload: payload as object }) })
}

async function signIn(): Promise<string> {
  const answer = await call('POST', '/api/0/auth/sign-in', { email: 'ops@example.org', password: adminPassword }, {})
  expect(answer.statusCode).toBe(200)
  return answer.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ')
}

describe('sign-in', () => {
  test('a session from nothing to sign-out', async () => {
    const before = await call('GET', '/api/0/auth/session', undefined, {})
    expect([before.statusCode, before.json()]).toEqual([200, { session: null }])
    const answer = await call('POST', '/api/0/auth/sign-in', { email: 'ops@example.org', password: adminPassword }, {})
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(/^bellwether\.session_token=.*HttpOnly; SameSite=Lax$/)])
    const { session } = sessionAnswerSchema.parse(answer.json())
    expect(session).toMatchObject({
      caller: { kind: 'user', email: 'ops@example.org' },
      passwordIsSet: true,
      organizations: [{ slug: 'default', role: 'owner', projects: [{ id: '1' }] }],
    })
    const cookie = await signIn()
    expect((await call('GET', '/api/0/auth/session', undefined, { cookie })).json().session.caller.kind).toBe('user')
    const out = await call('POST', '/api/0/auth/sign-out', {}, { cookie })
    expect([out.statusCode, out.payload]).toEqual([204, ''])
    expect((await call('GET', '/api/0/auth/session', undefined, { cookie })).json()).toEqual({ session: null })
  })

  test('a token describes itself; a wrong password and a used link are 401', async () => {
    expect((await call('GET', '/api/0/auth/session')).json().session.caller).toEqual({
      kind: 'token',
      id: 'admin',
      name: 'BELLWETHER_ADMIN_TOKEN',
      email: null,
    })
    const wrong = await call('POST', '/api/0/auth/sign-in', { email: 'ops@example.org', password: 'no' }, {})
    expect([wrong.statusCode, wrong.json().error.code]).toEqual([401, 'accounts.wrong_password'])
    const link = await call('POST', '/api/0/auth/first-run', { token: 'x'.repeat(43) }, {})
    expect([link.statusCode, link.json().error.code]).toEqual([401, 'accounts.link_invalid'])
  })

  test('a member comes in by the link and sets a password', async () => {
    const made = memberCreatedSchema.parse(
      (await call('POST', `${organization}/members`, { email: 'Ana@Example.org', name: 'Ana', role: 'member' })).json(),
    )
    const link = new URL(made.signInLink ?? '')
    expect(`${link.origin}${link.pathname}`).toBe('http://127.0.0.1:4400/first-run')
    const inside = await call('POST', '/api/0/auth/first-run', { token: link.searchParams.get('token') }, {})
    expect(inside.json().session).toMatchObject({ caller: { email: 'ana@example.org' }, passwordIsSet: false })
    const cookie = inside.cookies.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('; ')
    expect(
      (await call('POST', '/api/0/auth/password', { currentPassword: null, newPassword: 'a password of mine' }, { cookie })).statusCode,
    ).toBe(204)
    expect((await call('POST', '/api/0/auth/sign-in', { email: 'ana@example.org', password: 'a password of mine' }, {})).statusCode).toBe(
      200,
    )
    const denied = await call('GET', `${organization}/tokens`, undefined, { cookie })
    expect([denied.statusCode, denied.json().error.code]).toEqual([403, 'accounts.forbidden'])
    const again = await call('POST', `${organization}/members`, { email: 'ana@example.org', name: 'Ana', role: 'viewer' })
    expect([again.statusCode, again.json().error.code]).toEqual([409, 'accounts.conflict'])
    const changed = await call('PATCH', `${organization}/members/${made.member.userId}`, { role: 'viewer' })
    expect(memberSchema.parse(changed.json()).role).toBe('viewer')
    expect((await call('DELETE', `${organization}/members/${made.member.userId}`)).statusCode).toBe(204)
    expect((await call('GET', '/api/0/auth/session', undefined, { cookie })).json().session.organizations).toEqual([])
  })

  test("a page of another site changes nothing with the visitor's cookie", async () => {
    const cookie = await signIn()
    const body = { name: 'evil' }
    const attempts = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'http://127.0.0.1:9999' },
    ]
    for (const headers of attempts) {
      const answer = await call('POST', '/api/0/projects/1/keys', body, { cookie, ...(headers as unknown as Record<string, string>) })
      expect([answer.statusCode, answer.json().error.code]).toEqual([403, 'accounts.cross_origin'])
    }
    const form = await stack.app.inject({
      method: 'POST',
      url: '/api/0/projects/1/keys',
      headers: { cookie, 'content-type': 'text/plain' },
      payload: '{"name":"evil"}',
    })
    expect([form.statusCode, form.json().error.code]).toEqual([415, 'api.unsupported_media_type'])
    for (const headers of [
      { origin: 'http://127.0.0.1:4400' },
      { origin: 'http://box.local:4400', host: 'box.local:4400' },
      { 'sec-fetch-site': 'same-origin' },
    ]) {
      const answer = await call(
        'POST',
        '/api/0/projects/1/keys',
        { name: 'mine' },
        { cookie, ...(headers as unknown as Record<string, string>) },
      )
      expect(answer.statusCode).toBe(201)
    }
  })
})

describe('organization', () => {
  test('projects, teams, tokens, audit', async () => {
    const project = projectSchema.parse((await call('POST', `${organization}/projects`, { name: 'Web shop' })).json())
    expect(project).toMatchObject({ slug: 'web-shop', teamIds: [] })
    expect(
      pageSchema(projectSchema)
        .parse((await call('GET', `${organization}/projects`)).json())
        .items.map(({ slug }) => slug),
    ).toContain('web-shop')
    const team = teamSchema.parse((await call('POST', `${organization}/teams`, { name: 'Shop', projectIds: [project.id] })).json())
    expect(pageSchema(teamSchema).parse((await call('GET', `${organization}/teams`)).json()).items).toEqual([team])
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    const answer = await call('POST', `${organization}/tokens`, { name: 'ci', permissions: ['read'], projectId: project.id, expiresAt })
    expect(answer.statusCode).toBe(201)
    const made = apiTokenCreatedSchema.parse(answer.json())
    expect(made.token).toMatchObject({ name: 'ci', prefix: made.secret.slice(0, 10), projectId: project.id, expiresAt })
    const asToken = { authorization: `Bearer ${made.secret}` }
    expect((await call('GET', `/api/0/projects/${project.id}/metrics`, undefined, asToken)).statusCode).toBe(200)
    expect((await call('DELETE', `${organization}/tokens/${made.token.id}`)).statusCode).toBe(204)
    expect((await call('GET', `/api/0/projects/${project.id}/metrics`, undefined, asToken)).statusCode).toBe(401)
    const audit = pageSchema(auditEntrySchema).parse((await call('GET', `${organization}/audit?limit=2`)).json())
    expect(audit.items.map(({ action }) => action)).toEqual(['token.revoke', 'token.create'])
    const next = pageSchema(auditEntrySchema).parse((await call('GET', `${organization}/audit?limit=1&cursor=${audit.next}`)).json())
    expect(next.items.map(({ action }) => action)).toEqual(['team.create'])
  })

  test('the last owner stays', async () => {
    const members = pageSchema(memberSchema).parse((await call('GET', `${organization}/members`)).json())
    const owner = members.items.find(({ role }) => role === 'owner')
    const answer = await call('DELETE', `${organization}/members/${owner?.userId}`)
    expect([answer.statusCode, answer.json().error.code]).toEqual([409, 'accounts.last_owner'])
  })
})

describe('project', () => {
  test('keys: listed, made, revoked', async () => {
    const made = ingestKeySchema.parse((await call('POST', '/api/0/projects/1/keys', { name: 'Laptop' })).json())
    expect(stack.accounts.ingestKeys.resolve(made.key)).toEqual({ organizationId: 1, projectId: 1 })
    expect((await call('DELETE', `/api/0/projects/1/keys/${made.id}`)).statusCode).toBe(204)
    expect(stack.accounts.ingestKeys.resolve(made.key)).toBeNull()
    const listed = pageSchema(ingestKeySchema).parse((await call('GET', '/api/0/projects/1/keys')).json())
    expect(listed.items.find(({ id }) => id === made.id)?.revokedAt).not.toBeNull()
    expect((await call('DELETE', `/api/0/projects/1/keys/${made.id}`)).statusCode).toBe(404)
  })

  test('usage, sources, refusals, dead letters', async () => {
    const usage = pageSchema(usageRowSchema).parse((await call('GET', `${organization}/usage`)).json())
    expect(usage.items).toEqual([
      expect.objectContaining({ projectId: '1', projectName: 'default', kind: 'metrics', received: 3, stored: 0, queued: 3 }),
    ])
    expect(pageSchema(sourceRowSchema).parse((await call('GET', '/api/0/projects/1/sources')).json()).items).toMatchObject([
      { protocol: 'otlp-http', points: 10 },
    ])
    expect(pageSchema(refusalRowSchema).parse((await call('GET', '/api/0/projects/1/refused')).json()).items).toMatchObject([
      { reason: 'timestamp_too_old' },
    ])
    const letters = pageSchema(deadLetterSchema).parse((await call('GET', '/api/0/projects/1/dead-letters')).json())
    expect(letters.items.map(({ id, rows }) => [id, rows])).toEqual([
      ['ready-0000000000000001', 7],
      ['ready-0000000000000003', 2],
    ])
  })

  test('metrics: list with search and pages, one, tags, values', async () => {
    const all = pageSchema(metricSchema).parse((await call('GET', '/api/0/projects/1/metrics')).json())
    expect(all.items.map(({ name, seriesCount }) => [name, seriesCount])).toEqual([
      ['a.name with/odd signs?', 1],
      ['http_requests_total', 2],
    ])
    const first = pageSchema(metricSchema).parse((await call('GET', '/api/0/projects/1/metrics?limit=1')).json())
    const second = pageSchema(metricSchema).parse(
      (await call('GET', `/api/0/projects/1/metrics?limit=1&cursor=${encodeURIComponent(first.next ?? '')}`)).json(),
    )
    expect([first.items[0]?.name, second.items[0]?.name, second.next]).toEqual(['a.name with/odd signs?', 'http_requests_total', null])
    expect((await call('GET', '/api/0/projects/1/metrics?search=HTTP')).json().items).toHaveLength(1)
    const odd = encodeURIComponent('a.name with/odd signs?')
    expect(metricSchema.parse((await call('GET', `/api/0/projects/1/metrics/${odd}`)).json()).name).toBe('a.name with/odd signs?')
    const tags = pageSchema(metricTagSchema).parse((await call('GET', '/api/0/projects/1/metrics/http_requests_total/tags')).json())
    expect(tags.items).toEqual([
      { name: 'code', valueCount: 1, valueCountIsExact: true },
      { name: 'method', valueCount: 2, valueCountIsExact: true },
    ])
    const values = pageSchema(metricTagValueSchema).parse(
      (await call('GET', '/api/0/projects/1/metrics/http_requests_total/tags/method?limit=1')).json(),
    )
    expect(values).toEqual({ items: [{ value: 'GET' }], next: 'GET' })
    expect((await call('GET', '/api/0/projects/1/metrics/none')).json().error.code).toBe('metrics.not_found')
    expect((await call('GET', '/api/0/projects/1/metrics/none/tags')).statusCode).toBe(404)
  })

  test('the system page', async () => {
    systemStatusBodySchema.parse((await call('GET', '/api/0/system/status')).json())
  })
})

describe('errors', () => {
  test('what is wrong with a body, by field, each with a request id', async () => {
    const answer = await call('POST', `${organization}/tokens`, { name: '', permissions: ['fly'], extra: 1 })
    expect(answer.statusCode).toBe(400)
    const { error } = apiErrorBody.parse(answer.json())
    expect(error).toMatchObject({ code: 'api.bad_request', requestId: answer.headers['x-request-id'] })
    expect(error.message).toMatch(/body\.name: .*body\.permissions\.0: .*extra/)
  })

  test.each([
    ['POST', '/api/0/projects/1/keys', '{"name":', 'application/json', 400, 'api.bad_json'],
    ['POST', '/api/0/projects/1/keys', '', 'application/json', 400, 'api.bad_request'],
    ['POST', '/api/0/projects/1/keys', `{"name":"${'x'.repeat(1_100_000)}"}`, 'application/json', 413, 'api.body_too_large'],
    ['POST', '/api/0/auth/sign-in', `{"email":"${'x'.repeat(17_000)}"}`, 'application/json', 413, 'api.body_too_large'],
    ['POST', '/api/0/projects/1/keys', 'name=x', 'application/x-www-form-urlencoded', 415, 'api.unsupported_media_type'],
    ['PUT', '/api/0/projects/1/keys', '{}', 'application/json', 405, 'api.method_not_allowed'],
    ['GET', '/api/0/nothing', undefined, undefined, 404, 'api.not_found'],
    ['GET', '/api/0/projects/1/metrics?limit=0', undefined, undefined, 400, 'api.bad_request'],
  ])('%s %s is %i', async (method, url, payload, type, status, code) => {
    const headers = { authorization, ...(type === undefined ? {} : { 'content-type': type }) }
    const answer = await stack.app.inject({ method: method as 'GET', url, headers, ...(payload === undefined ? {} : { payload }) })
    expect([answer.statusCode, apiErrorBody.parse(answer.json()).error.code]).toEqual([status, code])
    if (status === 405) expect(answer.headers.allow).toBe('GET, POST')
  })

  test('a body of nobody is not even read', async () => {
    const answer = await stack.app.inject({
      method: 'POST',
      url: '/api/0/projects/1/keys',
      headers: { 'content-type': 'application/json' },
      payload: '{"name":',
    })
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="bellwether"'])
  })
})

describe('description', () => {
  test('OpenAPI has every route below /api/0, with a body or answer of the right shape', async () => {
    const { paths, openapi } = (await call('GET', '/api/0/openapi.json', undefined, {})).json()
    expect(openapi).toBe('3.1.0')
    const described = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const mounted = stack.routes
      .filter(({ url, config }) => url.startsWith('/api/0/') && config?.bellwetherAccess !== 'none')
      .flatMap(({ method, url }) => [method].flat().map((one) => `${one} ${url.replaceAll(/:([A-Za-z]+)/g, '{$1}')}`))
      .filter((route) => !route.startsWith('HEAD ') && !route.startsWith('OPTIONS '))
    expect(mounted.length).toBeGreaterThan(40)
    expect(mounted.filter((route) => !described.includes(route))).toEqual([])
    expect(described.filter((route) => route.includes(' /api/0/') && !mounted.includes(route))).toEqual([])
    expect(paths['/api/0/projects/{project}/keys'].post.requestBody.content['application/json'].schema.required).toEqual(['name'])
    const parameters = paths['/api/0/projects/{project}/metrics'].get.parameters.map(({ name }: { name: string }) => name)
    expect(parameters.join(' ')).toBe('project limit cursor search useCase')
    const ids = Object.values(paths as Record<string, Record<string, { operationId: string }>>).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('/docs is a page without a script', async () => {
    const answer = await call('GET', '/docs', undefined, {})
    expect(answer.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(answer.payload).toContain('/api/0/projects/{project}/keys')
    expect(answer.payload).not.toContain('<script')
  })
})

describe('health and own metrics', () => {
  test('health', async () => {
    expect((await call('GET', '/health/live', undefined, {})).json()).toEqual({ status: 'live' })
    const ready = { status: 'ready', waitingFor: [], degraded: ['writer'] }
    expect((await call('GET', '/health/ready', undefined, {})).json()).toEqual(ready)
  })

  test('own metrics: from this machine without a token, through a proxy only with one', async () => {
    await stack.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = stack.app.server.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/metrics`
    const local = await fetch(url)
    expect([local.status, await local.text()]).toEqual([200, expect.stringContaining('bellwether_queries_running{class="interactive"} 0')])
    expect((await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.1' } })).status).toBe(401)
    expect((await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.1', authorization } })).status).toBe(200)
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/query?query=1`)).status).toBe(401)
  })
})

describe('web app', () => {
  const html = { accept: 'text/html,application/xhtml+xml' }

  test('its page at its own addresses, with a policy that names the inline script', async () => {
    for (const url of ['/', '/explore?range=1h', '/settings/keys', '/index.html']) {
      const answer = await call('GET', url, undefined, html)
      expect([answer.statusCode, answer.headers['cache-control']]).toEqual([200, 'no-cache'])
      expect(answer.headers['content-security-policy']).toMatch(/script-src 'self' 'sha256-/)
      expect(answer.payload).toContain('<title>Bellwether')
    }
  })

  test('never the page where a program asks', async () => {
    for (const url of ['/api/0/nothing', '/api/v1/rules', '/v1/nothing', '/write'])
      expect((await call('GET', url, undefined, html)).statusCode).toBe(404)
    expect((await call('GET', '/explore', undefined, { accept: 'application/json' })).statusCode).toBe(404)
    expect((await call('POST', '/explore', {}, html)).statusCode).toBe(404)
  })

  test('files: hashed ones for ever, others checked; nothing outside the folder', async () => {
    const script = await call('GET', '/assets/main-a1b2c3d4.js', undefined, {})
    expect([script.statusCode, script.headers['cache-control'], script.headers['x-content-type-options']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
      'nosniff',
    ])
    const packed = await call('GET', '/assets/main-a1b2c3d4.js', undefined, { 'accept-encoding': 'gzip' })
    expect([packed.statusCode, packed.headers['content-encoding'], packed.headers['content-type']]).toEqual([
      200,
      'gzip',
      script.headers['content-type'],
    ])
    expect(packed.headers['cache-control']).toBe(script.headers['cache-control'])
    expect((await call('GET', '/icon.svg', undefined, {})).headers['cache-control']).toBe('no-cache')
    expect((await call('GET', '/assets/../../../etc/passwd', undefined, {})).statusCode).toBe(404)
    expect((await call('GET', '/assets/%2e%2e/%2e%2e/etc/passwd', undefined, {})).statusCode).toBe(404)
  })
})

test('targets are those of the project, and the file of targets is for who runs the program', async () => {
  const ours = targetsBodySchema.parse((await call('GET', '/api/0/projects/1/targets')).json())
  expect(ours).toMatchObject({ isConfigured: true, configError: null, jobs: [], targets: [], dropped: [] })
  expect(ours.configPath).toMatch(/scrape\.yml$/)
  const { project, token } = stack.theirs
  const authorizationOfTheirs = { authorization: `Bearer ${token}` }
  const path = `/api/0/projects/${project}/targets`
  const theirs = targetsBodySchema.parse((await stack.app.inject({ method: 'GET', url: path, headers: authorizationOfTheirs })).json())
  expect(theirs).toMatchObject({
    configPath: null,
    jobs: [{ name: 'kestrel', targets: 1, dropped: 1, problems: [] }],
    targets: [{ health: 'unknown', url: 'http://kestrel.invalid/metrics', labels: { instance: 'kestrel.invalid:80', job: 'kestrel' } }],
    dropped: [{ job: 'kestrel', reason: 'Relabelling drops it.' }],
  })
})
