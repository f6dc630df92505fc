/** The metrics collector over HTTP: what is recorded, refused, repeated; who may, and from where. */
import { gzipSync } from 'node:zlib'
import {
  collectedAnswerSchema,
  metricOperationAnswerSchema,
  pageSchema,
  refusalRowSchema,
  type CollectedAnswer,
} from '@bellwether/protocol'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { createAggregates, normalizeLabels } from '../../../apps/server/src/metrics/index.ts'
import { adminToken, openApiStack, ours, type ApiStack } from './api-stack.ts'

let stack: ApiStack
let key: string
const url = '/api/0/projects/1/metrics'
const token = { authorization: `Bearer ${adminToken}` }

beforeAll(async () => {
  stack = await openApiStack({ withWriter: true })
  const made = await stack.app.inject({ method: 'POST', url: '/api/0/projects/1/keys', headers: token, payload: { name: 'collector' } })
  key = made.json().key
  for (let tries = 0; tries < 200 && stack.accounts.ingestKeys.resolve(key) === null; tries++) await new Promise(setImmediate)
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

function post(
  payload: unknown,
  headers: Record<string, string> = { 'x-bellwether-key': key },
  at = url,
): Promise<Awaited<ReturnType<ApiStack['app']['inject']>>> {
  const body = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload)
  return stack.app.inject({ method: 'POST', url: at, headers: { 'content-type': 'application/json', ...headers }, payload: body })
}

async function record(payload: unknown, headers?: Record<string, string>): Promise<CollectedAnswer> {
  const answer = await post(payload, headers)
  expect(answer.statusCode, answer.payload).toBe(200)
  return collectedAnswerSchema.parse(answer.json())
}

async function ask(metric: string, operation: string): Promise<unknown> {
  const request: InjectOptions = {
    method: 'POST',
    url: `${url}/query`,
    headers: token,
    payload: { metric, operation, from: 'now-1h', interval: '1h' },
  }
  return metricOperationAnswerSchema.parse((await stack.app.inject(request)).json()).groups[0]?.total
}

function counted(): Record<string, number> {
  const rows = stack.metrics.conservation.rows().filter(({ projectId }) => projectId === ours.projectId)
  const refused = Object.assign({}, ...rows.map((row) => row.refused)) as Record<string, number>
  return { ...refused, received: rows.reduce((sum, { received }) => sum + received, 0) }
}

describe('recording', () => {
  test('every type, by name and MRI, is there to be asked as soon as it is answered', async () => {
    const answer = await record([
      { name: 'cart.items', type: 'counter', values: [1, 2, 3], tags: { shop: 'Oslo' } },
      { mri: 'd:custom/render@millisecond', values: [10, 20, 30] },
      { name: 'queue', type: 'gauge', value: 5 },
      { mri: 's:custom/visitors@none', values: ['ada', 'bob', 'ada'] },
      { name: 'cart.items', value: 4, tags: { shop: 'Oslo' } },
      { name: 'transaction.duration', value: 12 },
    ])
    expect(answer).toEqual({ accepted: 12, refused: 0, refusals: [], repeated: false })
    expect(await ask('cart.items', 'sum')).toBe(10)
    expect(await ask('c:custom/cart.items@none', 'sum')).toBe(10)
    expect(await ask('render', 'count')).toBe(3)
    expect(await ask('render', 'sum')).toBe(60)
    expect(await ask('queue', 'last')).toBe(5)
    expect(await ask('visitors', 'count_unique')).toBe(2)
    expect(await ask('transaction.duration', 'max')).toBeCloseTo(12, 0)
  })

  test('compressed, as an object, with times for gauges', async () => {
    const timestamp = new Date(Date.now() - 1_800_000).toISOString()
    const body = JSON.stringify({ metrics: [{ name: 'past', type: 'gauge', value: 7, timestamp }] })
    expect(await record(gzipSync(body), { 'x-bellwether-key': key, 'content-encoding': 'gzip' })).toMatchObject({ accepted: 1 })
    const series = await stack.collectors.of(ours).getMetrics('past', { fromMs: Date.now() - 3_600_000, toMs: Date.now() })
    expect(series).toEqual([{ tags: {}, points: [{ timeMs: expect.any(Number), value: 7 }] }])
    expect(Math.abs((series[0]?.points[0]?.timeMs ?? 0) - Date.parse(timestamp))).toBeLessThan(60_000)
  })

  test('a batch with an id counts once, however often it comes, also at the same time', async () => {
    const headers = { 'x-bellwether-key': key, 'x-bellwether-batch-id': 'b-1' }
    const batch = [{ name: 'once', type: 'counter', value: 5 }]
    const answers = await Promise.all([record(batch, headers), record(batch, headers), record(batch, headers)])
    expect(answers.map(({ repeated }) => repeated).sort()).toEqual([false, true, true])
    expect(await record(batch, headers)).toMatchObject({ accepted: 1, repeated: true })
    expect(await ask('once', 'sum')).toBe(5)
    await record(batch, { ...headers, 'x-bellwether-batch-id': 'b-2' })
    expect(await ask('once', 'sum')).toBe(10)
    const bad = await post(batch, { ...headers, 'x-bellwether-batch-id': 'é' })
    expect([bad.statusCode, bad.json().error.code]).toEqual([400, 'body.bad_batch_id'])
  })
})

describe('a unit', () => {
  test('is that of the first value; others of its family are converted, the rest is refused and shown', async () => {
    await record([{ mri: 'd:custom/lat@millisecond', value: 500 }])
    expect(await record([{ mri: 'd:custom/lat@second', value: 5 }])).toMatchObject({ accepted: 1 })
    expect(await record([{ name: 'lat', value: 1 }])).toMatchObject({ accepted: 1 })
    expect(await ask('lat', 'sum')).toBe(5501)
    await record([{ mri: 'c:custom/disk@gigabyte', value: 1 }])
    await record([{ mri: 'c:custom/disk@byte', values: [1, 1] }])
    expect(await ask('c:custom/disk@byte', 'sum')).toBeCloseTo(1_000_000_002, 3)
    await record([{ mri: 'c:custom/parcels@none', value: 1 }])
    const { refusals, accepted } = await record([
      { mri: 'c:custom/parcels@second', value: 1 },
      { mri: 'd:custom/lat@byte', value: 1 },
      { mri: 'zz', value: 1 },
    ])
    expect([accepted, refusals.map(({ reason, message }) => `${reason}: ${message}`)]).toEqual([
      0,
      [
        'unit_invalid: parcels is in none, and came in second',
        'unit_invalid: lat is in millisecond, and came in byte',
        'mri_invalid: zz is no MRI (type:namespace/name@unit)',
      ],
    ])
    expect(await ask('parcels', 'sum')).toBe(1)
    const shown = pageSchema(refusalRowSchema).parse((await stack.app.inject({ url: '/api/0/projects/1/refused', headers: token })).json())
    expect(shown.items.map(({ reason }) => reason)).toContain('unit_invalid')
  })

  test('is the described one, in whatever words another protocol said it, and stays so', async () => {
    const { ingest } = stack.metrics
    await using aggregates = createAggregates({ ingest, clock: systemClock, logger: silentLogger, flushIntervalMs: 10_000 })
    const labels = normalizeLabels([
      ['__name__', 'took'],
      ['from', 'statsd'],
    ])
    if (labels.type !== 'ok') throw new Error(labels.detail)
    const project = aggregates.of(ours)
    const found = project.find('distribution', labels.labels, 'milliseconds')
    if (found.type !== 'ok') throw new Error(found.detail)
    project.observe(found.handle, 1, 1)
    await project.commit()
    await record([{ name: 'took', value: 2 }])
    await record([{ mri: 'd:custom/took@second', value: 3 }])
    expect(await ask('d:custom/took@millisecond', 'sum')).toBe(3003)
  })
})

describe('what is wrong', () => {
  test('is refused item by item, counted by reason, and shown; the rest is recorded', async () => {
    const before = counted()
    const answer = await record([
      { name: 'good', type: 'counter', value: 1 },
      { name: 'n'.repeat(201), value: 1 },
      { name: 'good', type: 'counter', value: -1 },
      { name: 'good', type: 'gauge', value: 1 },
      { name: 'bad', value: null },
      { name: 'bad', value: 'seven' },
      { name: 'bad', value: 1, unit: 'µs' },
      { name: 'bad', value: 1, tags: { t: 'v'.repeat(201) } },
      { name: 'bad', value: 1, tags: { t: null } },
      { name: 'bad', value: 1, type: 'histogram' },
      { name: 'bad' },
      { value: 1 },
      7,
      { mri: 'c:nowhere/x@none', value: 1 },
      { name: 'bad', value: 1, timestamp: 'yesterday' },
    ])
    const reasons = [
      'name_too_long',
      'counter_negative',
      'type_changed',
      'value_not_finite',
      'value_not_a_number',
      'unit_invalid',
      'tag_value_too_long',
      'tag_value_invalid',
      'type_unknown',
      'value_missing',
      'name_missing',
      'item_invalid',
      'mri_invalid',
      'timestamp_out_of_range',
    ]
    expect(answer.refusals.map(({ index, reason }) => [index, reason])).toEqual(reasons.map((reason, i) => [i + 1, reason]))
    expect([answer.accepted, answer.refused]).toEqual([1, 14])
    const after = counted()
    for (const reason of reasons) expect([reason, (after[reason] ?? 0) - (before[reason] ?? 0)]).toEqual([reason, 1])
    expect((after['received'] ?? 0) - (before['received'] ?? 0)).toBe(15)
    const shown = pageSchema(refusalRowSchema).parse((await stack.app.inject({ url: '/api/0/projects/1/refused', headers: token })).json())
    expect(shown.items.filter(({ protocol }) => protocol === 'collector').map(({ reason }) => reason)).toContain('name_too_long')
  })

  test.each([
    ['no JSON', '[{', 400, 'body.malformed'],
    ['no list', '{"name":"x"}', 400, 'body.malformed'],
    ['no UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 400, 'body.malformed'],
    ['too many', JSON.stringify(Array.from({ length: 10_001 }, () => 1)), 400, 'body.malformed'],
  ])('%s', async (_name, body, status, code) => {
    const answer = await post(body)
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code])
  })
})

describe('who may, and from where', () => {
  const batch = [{ name: 'mine', type: 'counter', value: 1 }]

  test('a key of the project, in a header or the address; a token that may write', async () => {
    for (const headers of [{ 'x-bellwether-key': key }, { authorization: `Bearer ${key}` }, token]) {
      expect(await record(batch, headers)).toMatchObject({ accepted: 1 })
    }
    const beacon = await post(batch, { 'content-type': 'text/plain' }, `${url}?key=${key}&batch=beacon-1`)
    expect(beacon.json()).toMatchObject({ accepted: 1 })
    expect(await ask('mine', 'sum')).toBe(4)
  })

  test('nobody else', async () => {
    const theirs = `/api/0/projects/${stack.theirs.project}/metrics`
    const rows: [Record<string, string>, string, number][] = [
      [{ 'x-bellwether-key': 'f'.repeat(32) }, url, 401],
      [{ authorization: 'Bearer nonsense' }, url, 401],
      [{ 'x-bellwether-key': key }, theirs, 403],
      [token, theirs, 404],
      [{ authorization: `Bearer ${stack.theirs.token}` }, url, 404],
    ]
    for (const [headers, at, status] of rows) expect([at, (await post(batch, headers, at)).statusCode]).toEqual([at, status])
    expect(await ask('mine', 'sum')).toBe(4)
  })

  test('pages of any origin, without cookies', async () => {
    const asked = await stack.app.inject({
      method: 'OPTIONS',
      url,
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' },
    })
    expect([asked.statusCode, asked.headers['access-control-allow-origin'], asked.headers['access-control-allow-methods']]).toEqual([
      204,
      '*',
      'POST',
    ])
    expect(asked.headers['access-control-allow-headers']).toContain('x-bellwether-key')
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined()
    const sent = await post(batch, { 'x-bellwether-key': key, origin: 'https://shop.example' })
    expect([sent.statusCode, sent.headers['access-control-allow-origin']]).toEqual([200, '*'])
    const refused = await post(batch, { 'x-bellwether-key': 'nonsense', origin: 'https://shop.example' })
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([401, '*'])
  })

  test('other methods are told what the address takes', async () => {
    const answer = await stack.app.inject({ method: 'DELETE', url, headers: token })
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, POST'])
  })
})
