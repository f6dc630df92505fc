/** The HTTP routes: content types, keys, encodings, answers and errors as each protocol's clients expect them. */
import Fastify, { type FastifyInstance } from 'fastify'
import { gzipSync } from 'node:zlib'
import { compressSync } from 'snappy'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../kernel/errors.ts'
import { processorMs } from '../kernel/testing/processor-time.ts'
import { authorizationKey } from './http.ts'
import { registerOtlpRoutes } from './otlp/routes.ts'
import { ProtoCursor } from './protobuf/cursor.ts'
import { registerRemoteWriteRoutes } from './remote-write/routes.ts'
import { type TestDoor, createTestDoor, testKey, testNowMs, testTenant } from './testing/door.ts'
import { otlpJson, otlpProtobuf } from './testing/otlp-bodies.ts'
import { remoteWrite1, remoteWrite2 } from './testing/remote-write-bodies.ts'

const t = testNowMs - 1000
const resource = { metrics: [{ kind: 'gauge', name: 'g', points: [{ timeMs: t, int: 1n }] }] } as const
const partly = {
  metrics: [
    {
      kind: 'gauge',
      name: 'g',
      points: [
        { timeMs: t, int: 1n },
        { timeMs: 0, int: 1n },
      ],
    },
  ],
} as const
const limit = { code: 'ingest.log_full', kind: 'limit', publicText: 'The log is full.' } as const
const rateLimited = { code: 'ingest.rate_limited', kind: 'limit', publicText: 'Too fast.' } as const

let app: FastifyInstance
let it: TestDoor

beforeEach(async () => {
  it = createTestDoor({ compressedBytesMax: 100_000 })
  app = Fastify()
  app.post('/mine', (request) => ({ got: request.body }))
  await registerOtlpRoutes(app, it.door)
  await registerRemoteWriteRoutes(app, it.door)
  await app.ready()
})
afterEach(() => app.close())

interface Answer {
  readonly statusCode: number
  readonly body: string
  readonly rawPayload: Buffer
  readonly headers: Record<string, unknown>
}

async function post(url: string, payload: Buffer | string, headers: Record<string, string> = {}): Promise<Answer> {
  const { statusCode, body, rawPayload, headers: answered } = await app.inject({ method: 'POST', url, payload, headers })
  return { statusCode, body, rawPayload, headers: answered }
}

const protobuf = { 'content-type': 'application/x-protobuf' }
const json = { 'content-type': 'application/json' }

/** The fields of a protobuf message: numbers for varints, text for bytes. */
function fieldsOf(bytes: Uint8Array): Record<number, unknown> {
  const cursor = new ProtoCursor()
  cursor.reset(bytes)
  const fields: Record<number, unknown> = {}
  while (cursor.pos < cursor.end) {
    const tag = cursor.readTag()
    if ((tag & 7) === 0) fields[tag >>> 3] = cursor.readVarint()
    else {
      const length = cursor.readLength()
      fields[tag >>> 3] = Buffer.from(cursor.bytes.subarray(cursor.pos, cursor.pos + length))
      cursor.pos += length
    }
  }
  return fields
}

describe('OTLP', () => {
  test('protobuf answers protobuf, JSON answers JSON', async () => {
    const first = await post('/v1/metrics', otlpProtobuf(resource), protobuf)
    expect([first.statusCode, first.headers['content-type'], first.rawPayload.length]).toEqual([200, 'application/x-protobuf', 0])
    const second = await post('/v1/metrics', otlpJson(resource), { 'content-type': 'application/json; charset=utf-8' })
    expect([second.statusCode, second.headers['content-type'], second.body]).toEqual([200, 'application/json', '{}'])
    expect(it.metrics.rows).toEqual([`g 1 @${t}`, `g 1 @${t}`])
    expect(first.headers['x-request-id']).toBeTruthy()
  })

  test('an empty body is an empty request', async () => {
    expect((await post('/v1/metrics', '', protobuf)).statusCode).toBe(200)
  })

  test.each(['gzip', 'deflate', 'snappy', 'zstd'])('%s is understood or refused by its bytes', async (encoding) => {
    const bytes =
      encoding === 'gzip'
        ? gzipSync(otlpProtobuf(resource))
        : encoding === 'snappy'
          ? compressSync(otlpProtobuf(resource))
          : Buffer.from('nonsense')
    const { statusCode } = await post('/v1/metrics', bytes, { ...protobuf, 'content-encoding': encoding })
    expect(statusCode).toBe(encoding === 'gzip' || encoding === 'snappy' ? 200 : 400)
  })

  test('partial success', async () => {
    const { statusCode, body } = await post('/v1/metrics', otlpJson(partly), json)
    expect(statusCode).toBe(200)
    expect(JSON.parse(body)).toEqual({
      partialSuccess: {
        rejectedDataPoints: '1',
        errorMessage: expect.stringMatching(/1 of 2 data points were refused: timestamp_out_of_range \(1\); for example: g: the time 1970/),
      },
    })
    const { rawPayload } = await post('/v1/metrics', otlpProtobuf(partly), protobuf)
    const partial = fieldsOf(fieldsOf(rawPayload)[1] as Buffer)
    expect(partial[1]).toBe(1)
    expect(String(partial[2])).toContain('timestamp_out_of_range')
    expect(it.refusedSamples[0]).toContain('otlp-http timestamp_out_of_range g: the time 1970')
  })

  test('errors are google.rpc.Status in the content type of the request', async () => {
    const { statusCode, rawPayload, headers } = await post('/v1/metrics', Buffer.from([0xff]), protobuf)
    expect([statusCode, headers['content-type']]).toEqual([400, 'application/x-protobuf'])
    expect(fieldsOf(rawPayload)[1]).toBe(3)
    expect(String(fieldsOf(rawPayload)[2])).toContain('cannot be read')
    const inJson = await post('/v1/metrics', '{"resourceMetrics":[{"scopeMetrics":3}]}', json)
    expect(inJson.statusCode).toBe(400)
    expect(JSON.parse(inJson.body)).toEqual({
      code: 3,
      message: expect.stringContaining('resourceMetrics[0].scopeMetrics: it is not an array'),
      details: [],
    })
    expect(Object.fromEntries(it.conservation.counts)).toEqual({ received: 2, 'refused malformed': 2 })
  })

  const refusedJson: [string, string][] = [
    ['not JSON', '{'],
    ['not an object', '[]'],
    ['a string for a number', '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"asDouble":"x"}]}}]}]}]}'],
    [
      'half a number for an integer',
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"timeUnixNano":1.5}]}}]}]}]}',
    ],
    ['an unknown temporality', '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"aggregationTemporality":"SOMETIMES"}}]}]}]}'],
    [
      'a bad trace id',
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"exemplars":[{"traceId":"xyz"}]}]}}]}]}]}',
    ],
    [
      'a scale beyond 32 bits',
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"exponentialHistogram":{"dataPoints":[{"scale":5000000000}]}}]}]}]}',
    ],
    ['very deep', `{"resourceMetrics":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    [
      'a temporality like a method name',
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"aggregationTemporality":"constructor"}}]}]}]}',
    ],
  ]
  test.each(refusedJson)('JSON: %s', async (_name, body) => {
    const { statusCode } = await post('/v1/metrics', body, json)
    expect(statusCode).toBe(400)
  })

  test('JSON: snake_case, enum names, numbers as text, unknown fields and nulls', async () => {
    const point = { time_unix_nano: `${t}000000`, asDouble: 'Infinity', unknown: { a: [1] }, attributes: null }
    const metrics = [
      { name: 's', sum: { data_points: [point], aggregation_temporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE', is_monotonic: true } },
    ]
    await post('/v1/metrics', JSON.stringify({ resource_metrics: [{ scope_metrics: [{ metrics }] }] }), json)
    expect(it.metrics.rows).toEqual([`s_total Infinity @${t}`])
  })

  test('invalid UTF-8 in JSON', async () => {
    expect(
      (await post('/v1/metrics', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]), json)).statusCode,
    ).toBe(400)
  })

  const failures: [string, () => void, number, number][] = [
    ['the log is full', () => (it.metrics.failure = new AppError(limit, { retryAfterSec: 7 })), 429, 8],
    ['the log is broken', () => (it.metrics.failure = new AppError({ ...limit, kind: 'unavailable' })), 503, 14],
    ['the door says wait', () => (it.admissionFailure = new AppError(rateLimited)), 429, 8],
    ['a bug', () => (it.metrics.failure = new TypeError('undefined is not a function')), 500, 13],
  ]
  test.each(failures)('%s', async (_name, arrange, status, code) => {
    arrange()
    const { statusCode, headers, body } = await post('/v1/metrics', otlpJson(resource), json)
    expect(statusCode).toBe(status)
    const parsed = JSON.parse(body) as { code: number; details: unknown[] }
    expect(parsed.code).toBe(code)
    expect(headers['retry-after'] !== undefined).toBe(status !== 500)
    expect(parsed.details).toHaveLength(status === 500 ? 0 : 1)
    expect(body).not.toContain('undefined is not')
  })

  test('the body is too large', async () => {
    const { statusCode, body } = await post('/v1/metrics', Buffer.alloc(100_001), json)
    expect(statusCode).toBe(413)
    expect(JSON.parse(body)).toMatchObject({ code: 3 })
    const bomb = await post('/v1/metrics', gzipSync(Buffer.alloc(65 * 1024 * 1024)), { ...protobuf, 'content-encoding': 'gzip' })
    expect(bomb.statusCode).toBe(413)
  })

  test('a small body does not become millions of objects', async () => {
    const many = gzipSync(`{"resourceMetrics":[${'{},'.repeat(2_000_000)}{}]}`)
    const roomy = createTestDoor()
    const startedMs = processorMs()
    await expect(roomy.send('otlpJson', many, 'gzip')).rejects.toMatchObject({
      code: 'body.too_large',
      publicText: 'The JSON body has more than 500000 objects and arrays.',
    })
    expect(processorMs() - startedMs).toBeLessThan(1500)
  })

  test('bodies over the default limit of Fastify are taken', async () => {
    const roomy = createTestDoor()
    const other = Fastify()
    await registerOtlpRoutes(other, roomy.door)
    const padding = ' '.repeat(3 * 1024 * 1024)
    const { statusCode } = await other.inject({
      method: 'POST',
      url: '/v1/metrics',
      payload: otlpJson(resource).toString() + padding,
      headers: json,
    })
    expect(statusCode).toBe(200)
    await other.close()
  })

  test('more at the same time than is good is told to come again, before it has sent its body', async () => {
    const small = createTestDoor({ inFlightBytesMax: 1500 })
    const lease = small.door.intake.budget.lease(testTenant)
    expect(lease.take(900)).toBe(true)
    await expect(small.send('otlpProtobuf', otlpProtobuf(resource))).resolves.toMatchObject({ pointsReceived: 1 })
    lease.hold(100)
    await expect(small.send('otlpProtobuf', otlpProtobuf(resource))).rejects.toMatchObject({ code: 'protocols.busy', retryAfterSec: 1 })
    lease[Symbol.dispose]()
    await expect(small.send('otlpProtobuf', otlpProtobuf(resource))).resolves.toMatchObject({ pointsReceived: 1 })
    expect(small.door.intake.budget.takenBytes).toBe(0)
  })

  test('other content types and encodings', async () => {
    expect((await post('/v1/metrics', 'x', { 'content-type': 'text/plain' })).statusCode).toBe(415)
    expect((await post('/v1/metrics', 'x', {})).statusCode).toBe(415)
    expect((await post('/v1/metrics', 'x', { ...protobuf, 'content-encoding': 'br' })).statusCode).toBe(415)
  })

  test('logs and traces do not exist yet, and other routes keep their own bodies', async () => {
    expect((await post('/v1/logs', 'x', protobuf)).statusCode).toBe(404)
    expect((await post('/mine', '{"a":1}', json)).body).toBe('{"got":{"a":1}}')
    expect((await post('/mine', 'x', protobuf)).statusCode).toBe(415)
  })
})

describe('keys and addresses', () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const cases: [string, Record<string, string>, string | null][] = [
    ['none', {}, null],
    ['bearer', { authorization: `Bearer ${testKey}` }, testKey],
    ['basic user', { authorization: basic(`${testKey}:`) }, testKey],
    ['basic password', { authorization: basic(`:${testKey}`) }, testKey],
    ['header', { 'x-bellwether-key': testKey }, testKey],
    ['header before bearer', { 'x-bellwether-key': testKey, authorization: 'Bearer other' }, testKey],
    ['another scheme', { authorization: 'Digest x' }, null],
  ]
  test.each(cases)('%s', async (_name, headers, key) => {
    const { statusCode } = await post('/v1/metrics', otlpProtobuf(resource), { ...protobuf, ...headers })
    expect(statusCode).toBe(200)
    expect(it.admissions).toEqual([{ key, remoteAddress: '127.0.0.1', sizeBytes: otlpProtobuf(resource).length }])
  })

  test('a wrong key', async () => {
    const { statusCode, body, headers } = await post('/v1/metrics', otlpJson(resource), { ...json, authorization: 'Bearer wrong' })
    expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Bearer'])
    expect(JSON.parse(body)).toMatchObject({ code: 16 })
    expect((await post('/api/v1/write', '', { authorization: 'Bearer wrong' })).statusCode).toBe(401)
  })

  test('a header never makes a sender this machine', async () => {
    await post('/v1/metrics', otlpProtobuf(resource), { ...protobuf, 'x-forwarded-for': '203.0.113.9, 127.0.0.1' })
    await post('/v1/metrics', otlpProtobuf(resource), { ...protobuf, origin: 'http://evil.example' })
    expect(it.admissions.map(({ remoteAddress }) => remoteAddress)).toEqual(['forwarded', 'web page'])
  })

  test('malformed authorization is no key', () => {
    expect(authorizationKey('Bearer')).toBeNull()
    expect(authorizationKey('Basic %%%')).toBe('')
  })
})

describe('remote write', () => {
  const series = [{ labels: [['__name__', 'up']] as const, samples: [[1, t]] as const }]
  const partSeries = [...series, { labels: [['__name__', 'x']] as const, samples: [[1, 5]] as const }]
  const v1 = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }
  const v2 = { ...v1, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' }

  test('both versions answer 204 and what was written', async () => {
    const first = await post('/api/v1/write', compressSync(remoteWrite1(series)), v1)
    expect([first.statusCode, first.headers['x-prometheus-remote-write-samples-written']]).toEqual([204, '1'])
    const second = await post('/api/v1/write', compressSync(remoteWrite2(series)), v2)
    expect(second).toMatchObject({ statusCode: 204 })
    expect(second.headers).toMatchObject({
      'x-prometheus-remote-write-samples-written': '1',
      'x-prometheus-remote-write-histograms-written': '0',
      'x-prometheus-remote-write-exemplars-written': '0',
    })
    expect(it.metrics.rows).toEqual([`up 1 @${t}`, `up 1 @${t}`])
  })

  test('a partial write keeps the good part and answers 400 in words', async () => {
    const { statusCode, body, headers } = await post('/api/v1/write', compressSync(remoteWrite2(partSeries)), v2)
    expect([statusCode, headers['x-prometheus-remote-write-samples-written']]).toEqual([400, '1'])
    expect(body).toMatch(/^1 of 2 samples were refused \(timestamp_out_of_range: 1\); the others are stored.\n.*1970/)
    expect(it.metrics.rows).toEqual([`up 1 @${t}`])
  })

  const types: [string, number][] = [
    ['application/x-protobuf', 204],
    ['application/x-protobuf; proto=prometheus.WriteRequest', 204],
    ['application/x-protobuf;proto="prometheus.WriteRequest"', 204],
    ['application/x-protobuf;proto=io.prometheus.write.v3.Request', 415],
    ['application/x-protobuf;proto=constructor', 415],
    ['application/json', 415],
    ['text/plain', 415],
  ]
  test.each(types)('%s → %d', async (type, status) => {
    const { statusCode, body } = await post('/api/v1/write', compressSync(remoteWrite1(series)), { ...v1, 'content-type': type })
    expect(statusCode).toBe(status)
    if (status === 415) expect(body).toContain('not supported')
  })

  test('encodings', async () => {
    expect((await post('/api/v1/write', compressSync(remoteWrite1(series)), protobuf)).statusCode).toBe(204)
    expect((await post('/api/v1/write', remoteWrite1(series), { ...v1, 'content-encoding': 'identity' })).statusCode).toBe(204)
    expect((await post('/api/v1/write', remoteWrite1(series), { ...v1, 'content-encoding': 'br' })).statusCode).toBe(415)
    expect((await post('/api/v1/write', Buffer.from('nonsense'), v1)).statusCode).toBe(400)
    expect((await post('/api/v1/write', compressSync(Buffer.from([0xff])), v1)).statusCode).toBe(400)
  })

  test('what may succeed later is 503, but 429 for a project over its own limit', async () => {
    it.metrics.failure = new AppError(limit, { retryAfterSec: 7 })
    const full = await post('/api/v1/write', compressSync(remoteWrite1(series)), v1)
    expect([full.statusCode, full.headers['retry-after'], full.headers['content-type']]).toEqual([503, '7', 'text/plain; charset=utf-8'])
    expect(full.body).toBe('The log is full.\n')
    it.admissionFailure = new AppError(rateLimited)
    const fast = await post('/api/v1/write', compressSync(remoteWrite1(series)), v1)
    expect([fast.statusCode, fast.headers['retry-after']]).toEqual([429, '5'])
  })
})
