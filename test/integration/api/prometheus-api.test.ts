import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminToken, nowMs, openApiStack, ours, theirWord, type ApiStack } from './api-stack.ts'

let stack: ApiStack
const authorization = `Bearer ${adminToken}`
const nowSec = nowMs / 1000

beforeAll(async () => {
  stack = await openApiStack()
  const samples = []
  for (let step = 10; step >= 0; step--) {
    const timeMs = nowMs - step * 15_000
    samples.push({ labels: { __name__: 'requests_total', job: 'shop', path: '/a"b\\c\n' }, timeMs, value: 1000 - step * 10 })
    samples.push({ labels: { __name__: 'requests_total', job: 'desk', path: '/' }, timeMs, value: 0.1 + step })
  }
  samples.push({ labels: { __name__: 'odd.name', 'http.method': 'GET' }, timeMs: nowMs, value: Number.POSITIVE_INFINITY })
  await stack.put(ours, samples)
  await stack.put(stack.theirs.tenant, [{ labels: { __name__: `${theirWord}_total`, [theirWord]: theirWord }, timeMs: nowMs, value: 4711 }])
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

async function get(path: string, query: Record<string, string | string[]> = {}, headers: Record<string, string> = { authorization }) {
  return await stack.app.inject({ method: 'GET', url: path, query, headers })
}

describe('instant queries', () => {
  test('a vector has label sets, time in seconds and values as text', async () => {
    const answer = await get('/api/v1/query', { query: 'requests_total', time: String(nowSec) })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.json()).toEqual({
      status: 'success',
      data: {
        resultType: 'vector',
        result: expect.arrayContaining([
          { metric: { __name__: 'requests_total', job: 'shop', path: '/a"b\\c\n' }, value: [nowSec, '1000'] },
          { metric: { __name__: 'requests_total', job: 'desk', path: '/' }, value: [nowSec, '0.1'] },
        ]),
      },
    })
  })

  test('scalars, strings, infinities and an empty result', async () => {
    expect((await get('/api/v1/query', { query: '1e-7', time: '1.5' })).json().data).toEqual({
      resultType: 'scalar',
      result: [1.5, '0.0000001'],
    })
    expect((await get('/api/v1/query', { query: '"a\\"b"', time: '1' })).json().data).toEqual({ resultType: 'string', result: [1, 'a"b'] })
    expect((await get('/api/v1/query', { query: '{"odd.name"}', time: String(nowSec) })).json().data.result[0].value[1]).toBe('+Inf')
    expect((await get('/api/v1/query', { query: 'nothing_here' })).json()).toEqual({
      status: 'success',
      data: { resultType: 'vector', result: [] },
    })
  })

  test('a form may be posted; RFC 3339 times; limit cuts and says so; stats', async () => {
    const form = new URLSearchParams({ query: 'requests_total', time: new Date(nowMs).toISOString(), limit: '1', stats: 'all' })
    const answer = await stack.app.inject({
      method: 'POST',
      url: '/api/v1/query',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      payload: form.toString(),
    })
    expect(answer.json()).toMatchObject({
      status: 'success',
      warnings: ['results truncated due to limit'],
      data: { stats: { timings: { execTotalTime: expect.any(Number) } } },
    })
    expect(answer.json().data.result).toHaveLength(1)
  })
})

describe('range queries', () => {
  test('a matrix over the grid', async () => {
    const answer = await get('/api/v1/query_range', {
      query: 'requests_total{job="shop"}',
      start: String(nowSec - 30),
      end: String(nowSec),
      step: '15s',
    })
    expect(answer.json().data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'requests_total', job: 'shop', path: '/a"b\\c\n' },
          values: [
            [nowSec - 30, '980'],
            [nowSec - 15, '990'],
            [nowSec, '1000'],
          ],
        },
      ],
    })
  })

  test('a long answer is sent in pieces and is one JSON text', async () => {
    const answer = await get('/api/v1/query_range', {
      query: 'requests_total or vector(1)',
      start: String(nowSec - 10_000),
      end: String(nowSec),
      step: '1',
    })
    const { result } = answer.json().data
    expect(answer.payload.length).toBeGreaterThan(150_000)
    expect(result.flatMap((series: { values: unknown[] }) => series.values).length).toBeGreaterThan(10_000)
  })

  test.each([
    [
      { query: 'up', start: '0', end: '11001', step: '1' },
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    ],
    [
      { query: 'up', start: '0', end: '10', step: '0' },
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [{ query: 'up', start: '10', end: '0', step: '1' }, 'invalid parameter "end": end timestamp must not be before start time'],
    [{ query: 'up', start: 'x', end: '0', step: '1' }, 'invalid parameter "start": cannot parse "x" to a valid timestamp'],
    [{ query: 'up', start: '1', end: '2', step: 'x' }, 'invalid parameter "step": cannot parse "x" to a valid duration'],
    [{ query: 'up', start: '1', end: '2', step: '1', timeout: 'y' }, 'invalid parameter "timeout": cannot parse "y" to a valid duration'],
  ])('%j is 400 bad_data', async (query, error) => {
    const answer = await get('/api/v1/query_range', query)
    expect([answer.statusCode, answer.json()]).toEqual([400, { status: 'error', errorType: 'bad_data', error }])
  })

  test('a long answer is packed for who is far away and takes it', async () => {
    const query = { query: 'vector(1)', start: String(nowSec - 10_000), end: String(nowSec), step: '1' }
    const request = { method: 'GET', url: '/api/v1/query_range', query } as const
    const plain = await stack.app.inject({ ...request, headers: { authorization } })
    const headers = { authorization, 'accept-encoding': 'gzip, br' }
    const far = await stack.app.inject({ ...request, headers, remoteAddress: '192.0.2.1' })
    expect(far.headers['content-encoding']).toBe('gzip')
    expect(far.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3)
    expect(gunzipSync(far.rawPayload).toString('utf8')).toBe(plain.payload)
    expect((await stack.app.inject({ ...request, headers })).headers['content-encoding']).toBeUndefined()
  })

  test('11,000 steps are allowed', async () => {
    expect((await get('/api/v1/query_range', { query: '1', start: '0', end: '11000', step: '1' })).statusCode).toBe(200)
  })
})

describe('errors', () => {
  test('a query that does not parse is 400 with the place; one that cannot be evaluated is 422', async () => {
    const parse = await get('/api/v1/query', { query: 'sum(' })
    expect(parse.statusCode).toBe(400)
    expect(parse.json()).toMatchObject({
      status: 'error',
      errorType: 'bad_data',
      error: expect.stringMatching(/^invalid parameter "query": 1:\d+: parse error: /),
    })
    const many = await get('/api/v1/query', { query: 'requests_total * on(__name__) requests_total', time: String(nowSec) })
    expect([many.statusCode, many.json().errorType]).toEqual([422, 'execution'])
  })

  test('nobody, a wrong method and another address', async () => {
    const nobody = await get('/api/v1/query', { query: '1' }, {})
    expect([nobody.statusCode, nobody.json().status]).toEqual([401, 'error'])
    const method = await stack.app.inject({ method: 'DELETE', url: '/api/v1/series', headers: { authorization } })
    expect([method.statusCode, method.headers.allow]).toEqual([405, 'GET, POST'])
    expect((await get('/api/v1/rules')).statusCode).toBe(404)
  })
})

describe('metadata', () => {
  test('labels, with and without match[]', async () => {
    expect((await get('/api/v1/labels')).json().data).toEqual(['__name__', 'http.method', 'job', 'path'])
    expect((await get('/api/v1/labels', { 'match[]': '{"odd.name"}' })).json().data).toEqual(['__name__', 'http.method'])
    const form = await stack.app.inject({
      method: 'POST',
      url: '/api/v1/labels',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'match%5B%5D=requests_total&start=0',
    })
    expect(form.json().data).toEqual(['__name__', 'job', 'path'])
  })

  test('values of a label, escaped UTF-8 names too; limit', async () => {
    expect((await get('/api/v1/label/job/values')).json().data).toEqual(['desk', 'shop'])
    expect((await get('/api/v1/label/U__http_2e_method/values')).json().data).toEqual(['GET'])
    expect((await get('/api/v1/label/http.method/values')).json().data).toEqual(['GET'])
    expect((await get('/api/v1/label/job/values', { limit: '1' })).json()).toEqual({
      status: 'success',
      data: ['desk'],
      warnings: ['results truncated due to limit'],
    })
  })

  test('series need match[]', async () => {
    const answer = await get('/api/v1/series', { 'match[]': ['requests_total{job="desk"}', '{"odd.name"}'] })
    expect(answer.json().data).toEqual(
      expect.arrayContaining([
        { __name__: 'requests_total', job: 'desk', path: '/' },
        { __name__: 'odd.name', 'http.method': 'GET' },
      ]),
    )
    expect((await get('/api/v1/series')).json()).toEqual({ status: 'error', errorType: 'bad_data', error: 'no match[] parameter provided' })
    expect((await get('/api/v1/series', { 'match[]': '{job=""}' })).statusCode).toBe(400)
    expect((await get('/api/v1/series', { 'match[]': 'a b' })).json()).toEqual({
      status: 'error',
      errorType: 'bad_data',
      error: expect.stringMatching(/^invalid parameter "match\[\]": 1:\d+: parse error/),
    })
  })

  test('buildinfo, format_query and parse_query', async () => {
    expect((await get('/api/v1/status/buildinfo')).json().data).toMatchObject({
      version: expect.stringMatching(/^3\./),
      application: 'Bellwether',
    })
    expect((await get('/api/v1/format_query', { query: 'sum by(job)(requests_total)' })).json().data).toBe('sum by (job) (requests_total)')
    expect((await get('/api/v1/parse_query', { query: 'requests_total' })).json().data).toMatchObject({
      type: 'vectorSelector',
      name: 'requests_total',
    })
  })
})

describe('project', () => {
  test('below a project, by header, or the first of the caller', async () => {
    const below = await get('/api/0/projects/1/prometheus/api/v1/labels')
    expect(below.json().data).toContain('job')
    const token = `Bearer ${stack.theirs.token}`
    const first = await get('/api/v1/labels', {}, { authorization: token })
    expect(first.json().data).toEqual(['__name__', theirWord])
    const byHeader = await get('/api/v1/labels', {}, { authorization: token, 'x-bellwether-project': '1' })
    expect(byHeader.statusCode).toBe(404)
    expect(byHeader.json()).toMatchObject({ status: 'error', errorType: 'not_found' })
  })
})
