/**
 * Sentry's command line tool and the bundler plugins that run it, request by request as versions 2.58 and 3.8 were seen to send them: who may,
 * releases and their deploys, source maps in bundles, what is wrong with each, and the frames of an error that came of it.
 */
import zlib from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Access } from '../../../apps/server/src/accounts/index.ts'
import { bundleOf } from '../../../apps/server/src/problems/uploads/testing/made-bundle.ts'
import { adminToken, openApiStack, ours, type ApiStack } from './api-stack.ts'
import { base, build, form, mapText, sentryTool, sha1, type Answer, type Sent, type SentryTool } from './sentry-tool.ts'

let stack: ApiStack
let tool: SentryTool
let readToken: string

const debugId = 'fd0fa740-597b-5402-91b9-d294cad139c6'

beforeAll(async () => {
  stack = await openApiStack()
  const { gatekeeper, directory } = stack.accounts
  const admin = await gatekeeper.authenticate({ authorization: `Bearer ${adminToken}`, cookie: null })
  const access = await gatekeeper.organization(admin, 'default', 'admin')
  await directory.createProject(access, { name: 'Second' })
  const token = async (permission: 'read' | 'write', projectId: string | null): Promise<string> =>
    (await directory.createToken(access, { name: `ci ${permission}`, permissions: [permission], projectId, expiresAtMs: null })).secret
  const uploadToken = await token('write', '1')
  readToken = await token('read', null)
  // It may write in the first project alone, and read nothing.
  tool = sentryTool(stack, uploadToken)
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const ok = { status: 200, body: { state: 'ok', missingChunks: [], detail: null } }

describe('who calls', () => {
  test('a token says what it may do; the words are those of the tool', async () => {
    const { status, body } = await tool.call('GET', '/api/0/')
    expect([status, body]).toEqual([
      200,
      {
        version: '0',
        auth: { scopes: ['project:releases', 'org:ci', 'project:write', 'event:write'] },
        user: { id: expect.stringMatching(/^token-\d+$/) as string, name: 'ci write', email: 'ci write' },
      },
    ])
    expect((await tool.call('GET', '/api/0/', { token: readToken })).body['auth']).toEqual({
      scopes: ['org:read', 'project:read', 'event:read'],
    })
    expect((await tool.call('GET', '/api/0/organizations/', { token: readToken })).body).toMatchObject([{ id: '1', slug: 'default' }])
    const projects = await tool.call('GET', `${base}/projects/?cursor=`, { token: readToken })
    expect(projects.body).toMatchObject([{ slug: 'default' }, { slug: 'second', name: 'Second' }])
    expect((await tool.call('GET', `${base}/repos/?cursor=`, { token: readToken })).body).toEqual([])
  })

  test.each<[string, () => Promise<Answer>, number, string]>([
    ['a wrong token', () => tool.call('GET', '/api/0/', { token: 'sntrys_nonsense' }), 401, 'unknown, has expired or was revoked'],
    ['a wrong organization', () => tool.call('GET', '/api/0/organizations/acme/chunk-upload/'), 404, 'no organization of this name'],
    ['a wrong project', () => tool.assemble([Buffer.from('x')], { projects: ['shop'] }), 400, 'no project of this name'],
    [
      'a project that the token is not for',
      () => tool.assemble([Buffer.from('x')], { projects: ['second'] }),
      400,
      'no project of this name',
    ],
    ['a token that only reads', () => tool.assemble([Buffer.from('x')], { token: readToken }), 403, 'needs the permission "write"'],
    ['a token that only writes', () => tool.call('GET', `${base}/releases/`), 403, 'needs the permission "read"'],
    ['no project', () => tool.assemble([Buffer.from('x')], { projects: [] }), 400, 'Name at least one project'],
    ['a release that nobody told of', () => tool.call('PUT', `${base}/releases/gone/`, { body: {} }), 404, 'no such release'],
    [
      'a version that is none',
      () => tool.call('POST', `${base}/releases/`, { body: { version: 'a\nb', projects: ['1'] } }),
      400,
      'control characters',
    ],
  ])('%s is told so', async (_, ask, status, text) => {
    const answer = await ask()
    expect(answer).toEqual({ status, body: { detail: expect.stringContaining(text) as string } })
  })

  test('a cookie is no token here', async () => {
    const session = await stack.app.inject({ url: `${base}/repos/`, headers: { cookie: stack.theirs.cookie } })
    expect(session.statusCode).toBe(401)
  })
})

describe('releases', () => {
  const release = 'shop@1.0.0+build/7'
  const path = `${base}/releases/${encodeURIComponent(release)}/`

  test('are told of, get commits, are released and forgotten, at both addresses', async () => {
    const made = await tool.call('POST', `${base}/releases/`, {
      body: { version: release, projects: ['default'], dateStarted: '2026-11-22T00:56:34.251162428Z' },
    })
    expect(made).toMatchObject({
      status: 201,
      body: { version: release, status: 'open', dateStarted: '2026-11-22T00:56:34.251Z', dateReleased: null, commitCount: 0 },
    })
    const commits = [
      {
        patch_set: [{ path: 'a', type: 'A' }],
        repository: 'shop',
        author_name: 'Ada',
        message: 'a \u0000 \ud800first\nmore',
        id: '6b3b7147',
      },
    ]
    expect((await tool.call('PUT', path, { body: { commits } })).body).toMatchObject({ commitCount: 1, lastCommit: { id: '6b3b7147' } })
    const byProject = `/api/0/projects/default/default/releases/${encodeURIComponent(release)}/`
    const released = await tool.call('PUT', byProject, { body: { projects: ['default'], dateReleased: '2026-11-22T01:00:00Z' } })
    expect(released.body).toMatchObject({ dateReleased: '2026-11-22T01:00:00.000Z', commitCount: 1, projects: [{ slug: 'default' }] })
    await tool.call('POST', '/api/0/projects/default/1/releases/', { body: { version: 'shop@1.1.0' } })
    const read = { token: readToken }
    expect((await tool.call('GET', `${base}/releases/shop@1.1.0/previous-with-commits/`, read)).body).toMatchObject({ version: release })
    expect((await tool.call('GET', `${path}previous-with-commits/`, read)).body).toEqual({})
    const listed = await tool.call('GET', '/api/0/projects/default/default/releases/', read)
    expect(listed.body).toMatchObject([{ version: 'shop@1.1.0' }, { version: release, url: null }])
    await tool.call('POST', `${base}/releases/`, { body: { version: release, projects: [], status: 'archived' } })
    expect((await tool.call('GET', path, read)).body).toMatchObject({ status: 'archived', commitCount: 1 })
    expect((await tool.call('DELETE', path)).status).toBe(204)
    expect((await tool.call('GET', path, read)).status).toBe(404)
  })

  test('what was told of a release stands with how it does, also before anything came of it', async () => {
    const commits = [{ id: 'abc123', author_name: 'Ada', message: 'cart: a total' }, { id: 'def456' }]
    await tool.call('POST', `${base}/releases/`, { body: { version: 'told@1', projects: ['1'], url: 'https://ci.example/1', commits } })
    const { body } = await tool.call('GET', '/api/0/projects/1/releases', { token: readToken })
    expect((body['items'] as { release: string }[]).find(({ release: name }) => name === 'told@1')).toMatchObject({
      environment: '',
      errors: 0,
      crashFreeSessions: null,
      told: {
        releasedAt: null,
        url: 'https://ci.example/1',
        commits: 2,
        commit: { id: 'abc123', author: 'Ada', message: 'cart: a total' },
      },
    })
    const before = await tool.call('GET', '/api/0/projects/1/releases?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z', {
      token: readToken,
    })
    expect(before.body['items']).toEqual([])
    await tool.call('DELETE', `${base}/releases/told@1/`)
  })

  test('a deploy is a marker of ours, in each project of the release', async () => {
    await tool.call('POST', `${base}/releases/`, { token: adminToken, body: { version: 'shop@2', projects: ['default', 'second'] } })
    const body = {
      environment: 'production',
      name: 'blue',
      url: null,
      dateStarted: '2026-11-22T00:00:00Z',
      dateFinished: '2026-11-22T00:00:30Z',
    }
    const made = await tool.call('POST', `${base}/releases/shop@2/deploys/`, { token: adminToken, body })
    expect(made).toMatchObject({ status: 201, body: { environment: 'production', name: 'blue', dateFinished: '2026-11-22T00:00:30.000Z' } })
    const range = 'from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z'
    const second = (await tool.call('GET', `${base}/projects/`, { token: readToken })).body as unknown as { id: string }[]
    for (const { id } of second) {
      const { body: listed } = await tool.call('GET', `/api/0/projects/${id}/deploys?${range}`, { token: readToken })
      expect(listed['items']).toMatchObject([
        { version: 'shop@2', environment: 'production', at: '2026-11-22T00:00:30.000Z', note: 'blue' },
      ])
    }
    expect((await tool.call('GET', `${base}/releases/shop@2/deploys/`, { token: readToken })).body).toMatchObject([{ name: 'blue' }])
    expect((await tool.call('POST', `${base}/releases/shop@3/deploys/`, { body })).status).toBe(404)
  })
})

describe('bundles of source maps', () => {
  test('what may be sent is asked first; what is missing is said, then sent in pieces and put together', async () => {
    const options = await tool.call('GET', `${base}/chunk-upload/`)
    expect(options.body).toMatchObject({ url: 'organizations/default/chunk-upload/', hashAlgorithm: 'sha1', compression: ['gzip'] })
    const bundle = bundleOf(build('assets/app.js', { 'debug-id': debugId }))
    const chunks = [bundle.subarray(0, 100), bundle.subarray(100, 230), bundle.subarray(230)]
    expect((await tool.assemble(chunks, { version: 'web@1' })).body).toEqual({
      state: 'not_found',
      missingChunks: chunks.map(sha1),
      detail: null,
    })
    await tool.sendChunks(chunks.slice(1))
    expect((await tool.assemble(chunks, { version: 'web@1' })).body).toMatchObject({ missingChunks: [sha1(chunks[0]!)] })
    await tool.sendChunks(chunks.slice(0, 1))
    expect(await tool.assemble(chunks, { version: 'web@1' })).toEqual(ok)
    // Who asks again is told the same, though the pieces are gone.
    expect(await tool.assemble(chunks, { version: 'web@1' })).toEqual(ok)
    expect(await tool.filesOf()).toContainEqual({ release: 'web@1', name: '~/assets/app.js', debugId: debugId.replaceAll('-', '') })
    const { body: kept } = await tool.call('GET', '/api/0/projects/1/source-maps', { token: adminToken })
    for (const { id } of kept['items'] as { id: string }[])
      await tool.call('DELETE', `/api/0/projects/1/source-maps/${id}`, { token: adminToken })
    // Unless what came of it was deleted: then it is wanted again.
    expect((await tool.assemble(chunks, { version: 'web@1' })).body).toMatchObject({ state: 'not_found', missingChunks: chunks.map(sha1) })
    const audit = await tool.call('GET', `${base}/audit`, { token: adminToken })
    expect(audit.body['items']).toContainEqual(
      expect.objectContaining({
        action: 'source_maps.upload',
        actor: expect.objectContaining({ name: 'ci write' }) as unknown,
        detail: { release: 'web@1', files: '1' },
      }),
    )
  })

  test('builds without a release keep the maps of each other, and go to every project named, by slug or id', async () => {
    const ids = ['a', 'b'].map((digit) => digit.repeat(32))
    for (const id of ids)
      expect(await tool.upload(bundleOf(build('index.js', { 'debug-id': id })), { projects: [1, 'second'], token: adminToken })).toEqual(ok)
    for (const project of ['1', (await secondProject()).scope.projectIds[0]])
      for (const id of ids) expect(await tool.filesOf(String(project))).toContainEqual({ release: '', name: '~/index.js', debugId: id })
  })

  test('older tools name the release in the address; its projects get the maps', async () => {
    await tool.call('POST', `${base}/releases/`, { body: { version: 'old@1', projects: ['default'] } })
    const bundle = bundleOf(build('old.js'))
    await tool.sendChunks([bundle])
    const body = { checksum: sha1(bundle), chunks: [sha1(bundle)] }
    expect(await tool.call('POST', `${base}/releases/old@1/assemble/`, { body })).toEqual(ok)
    expect(await tool.filesOf()).toContainEqual({ release: 'old@1', name: '~/old.js', debugId: null })
    expect((await tool.call('POST', `${base}/releases/old@2/assemble/`, { body })).status).toBe(404)
  })

  test('nobody puts together what another token sent, or learns that it is there', async () => {
    const bundle = bundleOf(build('mine.js'))
    await tool.sendChunks([bundle])
    expect((await tool.assemble([bundle], { token: adminToken, version: '1' })).body).toMatchObject({
      state: 'not_found',
      missingChunks: [sha1(bundle)],
    })
    expect(await tool.assemble([bundle], { version: '1' })).toEqual(ok)
  })

  test.each<[string, () => Buffer, string]>([
    ['no archive', () => Buffer.from('no archive'), 'no zip archive'],
    [
      'a map that is none',
      () => bundleOf([{ path: 'a.js.map', type: 'source_map', content: '{"version":2}' }]),
      '1 of 1 source maps were refused',
    ],
    ['a map without debug id and release', () => bundleOf(build('a.js')), 'Say release and name'],
    [
      'a bomb',
      () => bundleOf([{ path: 'a.js.map', type: 'source_map', content: Buffer.alloc(33 << 20, ' ') }]),
      'at most 33554432 are read',
    ],
  ])('%s: nothing is kept, and why is said once for each try', async (_, bundle, text) => {
    const before = await tool.filesOf()
    for (const _try of [1, 2]) {
      const { status, body } = await tool.upload(bundle())
      expect([status, body['state'], body['missingChunks']]).toEqual([200, 'error', []])
      expect(body['detail']).toContain(text)
    }
    expect(await tool.filesOf()).toEqual(before)
  })

  test('a good map comes in though another of its bundle is bad', async () => {
    const bundle = bundleOf([...build('good.js', { 'debug-id': debugId }), { path: 'bad.js.map', type: 'source_map', content: '{}' }])
    expect((await tool.upload(bundle, { version: 'mixed@1' })).body).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('1 of 2 source maps were refused, the first: ~/bad.js:') as string,
    })
    expect((await tool.filesOf()).filter(({ release }) => release === 'mixed@1')).toHaveLength(1)
  })

  test.each<[string, () => Sent, string]>([
    [
      'another content than its name',
      () => form([{ name: 'file', fileName: '0'.repeat(40), content: Buffer.from('x') }]),
      'another content',
    ],
    ['no hash for a name', () => form([{ name: 'file', fileName: 'app.js', content: Buffer.from('x') }]), 'named by its SHA-1'],
    ['no gzip', () => form([{ name: 'file_gzip', fileName: '0'.repeat(40), content: Buffer.from('x') }]), 'no gzip'],
    [
      'a bomb',
      () => form([{ name: 'file_gzip', fileName: '0'.repeat(40), content: zlib.gzipSync(Buffer.alloc((8 << 20) + 1)) }]),
      'more than 8388608 bytes',
    ],
    ['another field', () => form([{ name: 'image', fileName: '0'.repeat(40), content: Buffer.from('x') }]), 'file or file_gzip'],
  ])('a piece with %s is refused', async (_, sent, text) => {
    const { status, body } = await tool.call('POST', `${base}/chunk-upload/`, sent())
    expect([status, body]).toEqual([400, { detail: expect.stringContaining(text) as string }])
  })
})

describe('bounds', () => {
  test('names that cannot be kept are refused, and the other source maps of the bundle are kept', async () => {
    const { body } = await tool.upload(bundleOf([...build('kept.js'), ...build('no\u0000ne.js')]), { version: 'names@1' })
    expect(body).toMatchObject({ state: 'ok', detail: expect.stringContaining('no control characters') as string })
    expect((await tool.filesOf())[0]).toEqual({ release: 'names@1', name: '~/kept.js', debugId: null })
  })

  test('a source map of a few bytes cannot ask for memory without end', async () => {
    const map = { version: 3, sections: [{ offset: { line: 300_000_000, column: 0 }, map: JSON.parse(mapText) as object }] }
    const files = [{ path: 'far.js.map', type: 'source_map' as const, content: JSON.stringify(map) }]
    const { body } = await tool.upload(bundleOf(files), { version: 'far@1' })
    expect(body).toMatchObject({ state: 'error', detail: expect.stringContaining('at most 1000000 lines') as string })
  })

  const owner = `${ours.organizationId}, ${ours.projectId}`

  test('a build drops the oldest source maps of a full project; one by hand is refused', async () => {
    await stack.sql(
      `insert into source_maps (organization_id, project_id, release, dist, name, size_bytes, sha256, uploaded_by, uploaded_at)
        select ${owner}, 'full@1', '', '~/' || n || '.js', 10, 'none', 'test', now() - interval '1 year' - n * interval '1 second'
          from generate_series(1, 5000 - (select count(*)::int from source_maps where project_id = ${ours.projectId})) n`,
    )
    const oldest = (await tool.filesOf()).at(-1)
    const byHand = { release: 'full@2', name: '~/a.js', map: mapText }
    expect((await tool.call('POST', '/api/0/projects/1/source-maps', { body: byHand })).status).toBe(429)
    expect(await tool.upload(bundleOf(build('full.js')), { version: 'full@2' })).toEqual(ok)
    const files = await tool.filesOf()
    expect([files.length, files[0]?.name, oldest?.release]).toEqual([5000, '~/full.js', 'full@1'])
    expect(files).not.toContainEqual(oldest)
    await stack.sql(`delete from source_maps where release like 'full@%'`)
  })

  test('what waits to be put together has an end, and pieces that nobody asks for go', async () => {
    const put = (sizeBytes: number, ago: string): Promise<void> =>
      stack.sql(
        `insert into upload_chunks (organization_id, owner, sha1, size_bytes, content, uploaded_at)
          values (${ours.organizationId}, 'user:nobody', '${'d'.repeat(40)}', ${sizeBytes}, '', now() - interval '${ago}')`,
      )
    await stack.sql('delete from upload_chunks')
    expect((await tool.sendChunks([Buffer.from('there already')])).status).toBe(200)
    await put((1 << 30) - 'there already'.length, '1 minute')
    // It takes no more room when it is sent again.
    expect((await tool.sendChunks([Buffer.from('there already')])).status).toBe(200)
    expect(await tool.sendChunks([Buffer.from('one more')])).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('Too much') as string },
    })
    await stack.sql(`delete from upload_chunks where owner = 'user:nobody'`)
    await put(1 << 30, '3 hours')
    expect((await tool.sendChunks([Buffer.from('one more')])).status).toBe(200)
  })

  test('a bundle has so many pieces, a request too, and a body so many bytes', async () => {
    const many = Array.from({ length: 257 }, () => Buffer.from('x'))
    expect((await tool.assemble(many)).body['detail']).toBe('A bundle has 1 to 256 chunks.')
    expect((await tool.sendChunks(many.slice(0, 17))).body['detail']).toBe('A form has at most 16 parts here.')
    const large = form([{ name: 'file', fileName: '0'.repeat(40), content: Buffer.alloc(17 << 20) }])
    expect((await tool.call('POST', `${base}/chunk-upload/`, large)).status).toBe(413)
    const piece = Buffer.alloc((8 << 20) + 1)
    const { body } = await tool.call('POST', `${base}/chunk-upload/`, form([{ name: 'file', fileName: sha1(piece), content: piece }]))
    expect(body['detail']).toBe('A chunk has at most 8388608 bytes.')
  })

  test('the newest releases stay, with so many commits', async () => {
    await stack.sql(
      `insert into releases (organization_id, project_id, version, created_at, created_by)
        select ${owner}, 'many@' || n, now() - interval '1 year' - n * interval '1 second', 'test' from generate_series(1, 2000) n`,
    )
    const commits = Array.from({ length: 300 }, (_, index) => ({ id: `${index}` }))
    const made = await tool.call('POST', `${base}/releases/`, { body: { version: 'newest@1', projects: ['1'], commits } })
    expect(made.body).toMatchObject({ commitCount: 200, lastCommit: { id: '0' } })
    expect((await tool.call('GET', `${base}/releases/many@2000/`, { token: readToken })).status).toBe(404)
    expect((await tool.call('GET', `${base}/releases/many@1/`, { token: readToken })).status).toBe(200)
    const listed = (await tool.call('GET', `${base}/releases/`, { token: readToken })).body as unknown as unknown[]
    expect(listed).toHaveLength(100)
  })
})

test('frames of an error are read by the map of its debug id, whatever its release and path', async () => {
  const { organizationId, projectId } = ours
  const id = 'cccc0000cccc0000'
  const atMs = Date.now() - 60_000
  const file = 'https://shop.example/deep/other-name.js'
  await tool.upload(bundleOf(build('deep/other-name.js', { 'debug-id': 'c'.repeat(32) })), { version: 'never-seen@1' })
  const frame = { function: 'a', module: '', file, line: 1, column: 1, isInApp: true, before: [], source: '', after: [] }
  const chain = JSON.stringify([{ type: 'Error', message: 'x', mechanism: '', isHandled: null, frames: [frame] }])
  const debugIds = JSON.stringify({ [file]: 'c'.repeat(32) })
  await stack.engine.command(
    `INSERT INTO logs (org, project, bucket, keep, ts, batch, row, source, release, body, problem, attributes)
      VALUES (${organizationId}, ${projectId}, ${Math.floor(atMs / 600_000)}, 30, ${atMs} * 1000000, 7, 0, 'sentry', 'web@9', 'x', 0x${id},
        map('exception.chain', '${chain}', 'debug_ids', '${debugIds}'))`,
  )
  await stack.engine.command(
    `INSERT INTO problem_hours (org, project, problem, hour, release, environment, service, count, first, last, severity, type, title, place, user_hashes)
      VALUES (${organizationId}, ${projectId}, 0x${id}, ${Math.floor(atMs / 3_600_000)}, 'web@9', '', '', 1, ${atMs}, ${atMs}, 17, 'E', 'E', '', [])`,
  )
  const { body } = await tool.call('GET', `/api/0/projects/1/problems/${id}/events/latest`, { token: readToken })
  expect(body['errors']).toMatchObject([{ frames: [{ file: 'src/app.ts', line: 1, unresolved: null, raw: `${file}:1:1` }] }])
})

async function secondProject(): Promise<Access> {
  const { gatekeeper } = stack.accounts
  const admin = await gatekeeper.authenticate({ authorization: `Bearer ${adminToken}`, cookie: null })
  const [second] = await gatekeeper.projects(admin, { organization: 'default', projects: ['second'] }, 'read')
  if (second === undefined) throw new Error('there is no second project')
  return second
}
