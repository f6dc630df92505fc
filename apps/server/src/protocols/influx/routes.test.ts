/** The Influx routes: keys in their places, precisions, encodings, answers and errors as InfluxDB's clients expect them. */
import Fastify, { type FastifyInstance } from 'fastify'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { MetricsBatch } from '../../metrics/index.ts'
import { type TestDoor, createTestDoor, testKey, testNowMs, testTenant } from '../testing/door.ts'
import { registerInfluxRoutes } from './routes.ts'

let app: FastifyInstance
let it: TestDoor

beforeEach(async () => {
  it = createTestDoor({ compressedBytesMax: 100_000 })
  app = Fastify()
  await registerInfluxRoutes(app, it.door)
  await app.ready()
})
afterEach(() => app.close())

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Record<string, unknown>
}

async function post(url: string, payload: Buffer | string, headers: Record<string, string> = {}): Promise<Answer> {
  const { statusCode, body, headers: answered } = await app.inject({ method: 'POST', url, payload, headers })
  return { status: statusCode, body: body === '' ? null : (JSON.parse(body) as unknown), headers: answered }
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

describe('keys', () => {
  const old = '/write?db=d'
  const now = '/api/v2/write?org=o&bucket=b'
  test.each<[string, string, Record<string, string>]>([
    ['Token', now, { authorization: `Token ${testKey}` }],
    ['Token with a user, as version 1.8 has it', now, { authorization: `Token any:${testKey}` }],
    ['Bearer', now, { authorization: `Bearer ${testKey}` }],
    ['our own header', old, { 'x-bellwether-key': testKey }],
    ['Basic, the password', old, { authorization: basic(`telegraf:${testKey}`) }],
    ['Basic, the user', old, { authorization: basic(`${testKey}:`) }],
    ['Basic, the user beside another password', old, { authorization: basic(`${testKey}:x`) }],
    ['u and p', `${old}&u=telegraf&p=${testKey}`, {}],
    ['u alone', `${old}&u=${testKey}`, {}],
  ])('in %s', async (_name, url, headers) => {
    expect((await post(url, 'm value=1', headers)).status).toBe(204)
    expect(it.admissions.map(({ key }) => key)).toEqual([testKey])
  })

  test('that are unknown are refused as each version does', async () => {
    expect(await post(`${old}&u=a&p=wrong`, 'm value=1')).toMatchObject({ status: 401, body: { error: 'The ingest key is not known.' } })
    expect(await post(now, 'm value=1', { authorization: 'Token wrong' })).toMatchObject({
      status: 401,
      body: { code: 'unauthorized', message: 'The ingest key is not known.' },
    })
  })
})

describe('what is written', () => {
  test.each([
    ['/write?db=d&precision=s', `m value=1 ${testNowMs / 1000}`],
    ['/write?db=d&rp=autogen&precision=ms', `m value=1 ${testNowMs}`],
    ['/write?db=d&precision=n', `m value=1 ${testNowMs}000000`],
    ['/write?db=d&precision=u', `m value=1 ${testNowMs}000`],
    ['/write?db=d', `m value=1`],
    ['/api/v2/write?org=o&bucket=d&precision=us', `m value=1 ${testNowMs}000`],
    ['/api/v2/write?org=o&bucket=d', `m value=1 ${testNowMs}000000`],
  ])('%s', async (url, line) => {
    expect((await post(url, line)).status).toBe(204)
    expect(it.metrics.rows).toEqual([`m{db="d"} 1 @${testNowMs}`])
    expect(it.sources).toEqual(['influx 1'])
  })

  test('a retention policy is part of the label, as in the name of its bucket', async () => {
    await post('/write?db=d&rp=month', 'm value=1')
    expect(it.metrics.rows).toEqual([`m{db="d/month"} 1 @${testNowMs}`])
  })

  test('with gzip', async () => {
    expect((await post('/write?db=d', gzipSync('m value=1'), { 'content-encoding': 'gzip' })).status).toBe(204)
    expect(it.metrics.rows).toHaveLength(1)
  })

  test('an empty body is no error', async () => {
    expect((await post('/write?db=d', '')).status).toBe(204)
    expect((await post('/write?db=d', '\n# nothing\n')).status).toBe(204)
  })

  test('strings are accepted, left out, counted, and shown once', async () => {
    for (let i = 0; i < 3; i++) expect((await post('/write?db=d', 'm s="x",value=1\n')).status).toBe(204)
    expect(it.conservation.counts).toEqual(
      new Map([
        // Of the others the sum is counted where they are stored.
        ['received', 3],
        ['dropped string_field', 3],
      ]),
    )
    expect(it.refusedSamples).toEqual([expect.stringMatching(/^influx string_field a string is not a number.*m s="x"/)])
  })
})

describe('errors', () => {
  const lines = 'a value=1\nb value=x\nc\nd value=2'
  const told = `unable to parse 'b value=x': invalid boolean\nunable to parse 'c': missing fields`

  test('by line: the good ones are stored', async () => {
    expect(await post('/write?db=d', lines)).toMatchObject({ status: 400, body: { error: `partial write: ${told} dropped=2` } })
    expect(it.metrics.rows).toHaveLength(2)
    expect(await post('/api/v2/write?bucket=d', lines)).toMatchObject({
      status: 400,
      body: { code: 'invalid', message: `partial write: ${told} dropped=2`, line: 2 },
    })
    expect(it.refusedSamples[0]).toBe("influx malformed_line unable to parse 'b value=x': invalid boolean")
  })

  test('of a body with nothing good in it', async () => {
    const answer = await post('/write?db=d', 'c')
    expect(answer).toMatchObject({ status: 400, body: { error: "unable to parse 'c': missing fields" } })
    expect(answer.headers['x-influxdb-error']).toBe("unable to parse 'c': missing fields")
  })

  test('are few words for many lines', async () => {
    const { body } = await post('/api/v2/write?bucket=d', 'c\n'.repeat(1000))
    expect(body).toMatchObject({
      message: expect.stringMatching(/^(unable to parse 'c': missing fields\n){5}and 995 more \(malformed_line: 1000\)$/),
      line: 1,
    })
  })

  test.each<[string, AppError, number, Record<string, unknown>, string | undefined]>([
    [
      'too fast',
      new AppError({ code: 'ingest.rate_limited', kind: 'limit', publicText: 'Too fast.' }, { retryAfterSec: 7 }),
      429,
      { code: 'too many requests' },
      '7',
    ],
    ['busy', new AppError({ code: 'protocols.busy', kind: 'unavailable', publicText: 'Busy.' }), 503, { code: 'unavailable' }, '5'],
  ])('that pass: %s', async (_name, failure, status, body, retryAfter) => {
    it.admissionFailure = failure
    const answer = await post('/api/v2/write?bucket=d', 'm value=1')
    expect(answer).toMatchObject({ status, body: { ...body, message: failure.publicText } })
    expect(answer.headers['retry-after']).toBe(retryAfter)
    expect((await post('/write?db=d', 'm value=1')).body).toEqual({ error: failure.publicText })
  })

  test('of size, encoding and precision', async () => {
    expect(await post('/api/v2/write?bucket=d', 'x'.repeat(100_001))).toMatchObject({ status: 413, body: { code: 'request too large' } })
    expect(await post('/write?db=d', 'x', { 'content-encoding': 'br' })).toMatchObject({ status: 415 })
    expect(await post('/write?db=d&precision=days', 'm value=1')).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('invalid precision "days"') },
    })
    expect(await post('/write?db=d', 'no gzip', { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 })
  })
})

test('a body of the raw lanes is logged with what its request said, and read later to the same samples', async () => {
  it.lane = 'raw'
  expect(
    (
      await post('/write?db=d&precision=s', gzipSync(`m value=1,s="x"\nm value=2 ${testNowMs / 1000 - 5}\nbad\n`), {
        'content-encoding': 'gzip',
      })
    ).status,
  ).toBe(204)
  const [logged] = it.rawRecords
  if (logged === undefined) throw new Error('nothing was logged')
  expect(logged.record.rows).toBe(4)
  it.nowMs += 3_600_000
  const batch = new MetricsBatch()
  batch.reset(testTenant)
  it.door.decodeRaw(logged.record, batch)
  expect([...batch.timesMs.subarray(0, batch.sampleCount)]).toEqual([testNowMs, testNowMs - 5000])
  expect([...batch.refused]).toEqual([['malformed_line', 1]])
  expect(it.conservation.counts.get('dropped string_field')).toBe(1)
})

test('what clients ask before they write', async () => {
  const ping = await app.inject({ method: 'GET', url: '/ping' })
  expect([ping.statusCode, ping.headers['x-influxdb-version']]).toEqual([204, '1.8.10'])
  expect((await app.inject({ method: 'HEAD', url: '/ping' })).statusCode).toBe(204)
  expect((await app.inject({ method: 'GET', url: '/health' })).json()).toMatchObject({ name: 'influxdb', status: 'pass' })
  expect((await post('/query', 'q=CREATE+DATABASE+%22d%22', { 'content-type': 'application/x-www-form-urlencoded' })).body).toEqual({
    results: [{ statement_id: 0 }],
  })
  expect((await post('/query?q=SELECT%201', '')).status).toBe(400)
})
