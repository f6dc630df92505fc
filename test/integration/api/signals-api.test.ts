/**
 * What is made of logs and spans over the API. Policies of scrubbing: what holds before anyone chose, changing it, trying it, what is refused;
 * problems and releases: ranges and counts; deploys.
 */
import { apiErrorBody, problemDetailSchema, problemListSchema, releaseListSchema } from '@bellwether/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiStack, adminToken, openApiStack } from './api-stack.ts'

let stack: ApiStack
beforeAll(async () => {
  stack = await openApiStack()
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const path = '/api/0/projects/1/scrubbing'
const policy = {
  secrets: true,
  cards: false,
  emails: true,
  rules: [
    { name: 'customer', kind: 'field', value: 'customer.*', enabled: true },
    { name: 'order', kind: 'pattern', value: 'ord-\\d+', enabled: true },
  ],
}

async function call(method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${adminToken}` }
  const answer = await stack.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  return { status: answer.statusCode, body: answer.json() }
}

describe('the policy of a project', () => {
  test('is everything, until someone chooses', async () => {
    expect(await call('GET', path)).toEqual({
      status: 200,
      body: { policy: { secrets: true, cards: true, emails: true, rules: [] }, changedAt: null, changedBy: null },
    })
  })

  test('is changed, kept and audited', async () => {
    expect(await call('PUT', path, policy)).toMatchObject({ status: 200, body: { policy } })
    expect(await call('GET', path)).toMatchObject({ status: 200, body: { policy, changedBy: expect.any(String) as string } })
    const { body } = await call('GET', '/api/0/organizations/default/audit')
    expect(JSON.stringify(body)).toContain('"scrubbing.change"')
  })

  test.each([
    ['a pattern that is none', { ...policy, rules: [{ name: 'x', kind: 'pattern', value: '(', enabled: true }] }],
    ['a pattern that is too large', { ...policy, rules: [{ name: 'x', kind: 'pattern', value: '(a{1000}){1000}', enabled: true }] }],
    ['a name with blanks', { ...policy, rules: [{ name: 'x y', kind: 'field', value: 'a', enabled: true }] }],
    ['something missing', { secrets: true }],
  ])('is refused with %s, and stays as it was', async (_name, bad) => {
    const { status } = await call('PUT', path, bad)
    expect(status).toBe(400)
    expect(await call('GET', path)).toMatchObject({ body: { policy } })
  })
})

test('a policy is tried on a line, taken apart as at the door', async () => {
  const text = '{"msg":"ord-17 of a@b.cd with 4111111111111111","customer.name":"Ada","customer":{"id":5},"password":"x","n":1}'
  expect(await call('POST', `${path}/try`, { policy, text })).toEqual({
    status: 200,
    body: {
      text: '[scrubbed:order] of [scrubbed:email] with 4111111111111111',
      attributes: { 'customer.name': '[scrubbed:customer]', 'customer.id': '[scrubbed:customer]', password: '[scrubbed:secret]', n: '1' },
      kinds: ['secret', 'email', 'rule'],
    },
  })
})

describe('problems', () => {
  const api = '/api/0/projects/1'

  test('ranges are times or relative to now', async () => {
    for (const path of ['problems', 'releases']) {
      const answer = await call('GET', `${api}/${path}?from=now-2h&to=now-1h`)
      expect([path, answer.status]).toEqual([path, 200])
      const { from, to } = answer.body as { from: string; to: string }
      // Problems say the whole hours that they count: those of the range and what it touches.
      const hours = (Date.parse(to) - Date.parse(from)) / 3_600_000
      expect(path === 'releases' ? [1] : [1, 2]).toContain(hours)
      expect((await call('GET', `${api}/${path}?from=yesterday`)).status).toBe(400)
    }
  })

  test('counts of sampled events are whole numbers', async () => {
    const id = '00000000000000aa'
    const atMs = Date.now() - 60_000
    await stack.engine.command(
      `INSERT INTO problem_hours (org, project, problem, hour, release, environment, service, count, first, last, severity, type, title, place, user_hashes)
        VALUES (1, 1, 0x${id}, ${Math.floor(atMs / 3_600_000)}, 'r1', '', '', 3205.77, ${atMs}, ${atMs}, 17, 'E', 'sampled', '', [1])`,
    )
    const { items } = problemListSchema.parse((await call('GET', `${api}/problems?state=all`)).body)
    expect(items).toMatchObject([{ id, count: 3206 }])
    const detail = problemDetailSchema.parse((await call('GET', `${api}/problems/${id}`)).body)
    expect(detail).toMatchObject({ count: 3206, totalCount: 3206, releases: [{ count: 3206 }] })
    expect(detail.spark.every(Number.isInteger)).toBe(true)
    const releases = releaseListSchema.parse((await call('GET', `${api}/releases`)).body)
    expect(releases.items.map(({ errors }) => errors)).toEqual([3206])
  })

  test('a deploy is marked at a time relative to now', async () => {
    const answer = await call('POST', `${api}/deploys`, { version: '1.2.3', at: 'now-1h' })
    expect(answer.status).toBe(201)
    expect(Math.abs(Date.parse((answer.body as { at: string }).at) - (Date.now() - 3_600_000))).toBeLessThan(600_000)
  })
})

test('a signal that is not taken says which are', async () => {
  const answer = await call('POST', '/v1development/profiles', {})
  expect([answer.status, apiErrorBody.parse(answer.body).error]).toMatchObject([
    404,
    { code: 'api.signal_not_taken', message: 'Bellwether takes metrics, logs and traces; profiles are not taken.' },
  ])
})

describe('hints of a search', () => {
  const misspelt = 'No row of the range has servcie. Did you mean service?'
  const small = '"or" is looked for as a word; conditions are joined by OR, in capitals.'

  test.each([
    ['logs/query', 'servcie:cart', [misspelt]],
    ['logs/query', 'gone or lost', [small]],
    ['logs/query', 'gone OR lost', undefined],
    ['logs/query', '', undefined],
    ['traces/query', 'servcie:cart', [misspelt]],
    ['traces/search', 'servcie:cart or status:error', [misspelt, small]],
    ['traces/search', 'service:cart', undefined],
  ])('%s of %j', async (route, query, hints) => {
    const url = `/api/0/projects/1/${route}`
    const answer = await call('POST', url, { query })
    expect([answer.status, (answer.body as { hints?: unknown }).hints]).toEqual([200, hints])
    expect((await call('POST', url, { query, hints: false })).body).not.toHaveProperty('hints')
  })
})

test('the check of a search tells where small operators stand, where names were asked for', async () => {
  const body = { signal: 'logs', text: 'gone or lost' }
  const checked = (await call('POST', '/api/0/projects/1/search/check', body)).body
  expect(checked).toMatchObject({ problem: null, smallOperators: [{ word: 'or', operator: 'OR', from: 5, to: 7 }] })
  const short = (await call('POST', '/api/0/projects/1/search/check', { ...body, names: false })).body
  expect(short).toMatchObject({ smallOperators: [] })
})
