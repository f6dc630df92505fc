/** The InfluxDB client for JavaScript, as an application uses it, against the routes: points, default tags, gzip, errors, retries. */
import { HttpError, InfluxDB, Point, setLogger, type WriteOptions, type WritePrecisionType } from '@influxdata/influxdb-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { testKey } from '../../../apps/server/src/protocols/testing/door.ts'
import { type Listening, listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { until } from '../../support/wait.ts'

setLogger({ error: () => undefined, warn: () => undefined })

let to: Listening

beforeAll(async () => {
  to = await listen()
})
afterAll(() => to[Symbol.asyncDispose]())
beforeEach(() => {
  to.it.metrics.rows.length = to.it.refusedSamples.length = 0
  to.it.admissionFailure = null
})

interface Sent {
  readonly failures: readonly unknown[]
}

/** Writes what `fill` adds, and waits until the client is done with it. */
async function write(
  fill: (api: ReturnType<InfluxDB['getWriteApi']>) => void,
  { token = testKey, precision = 'ms', ...options }: Partial<WriteOptions> & { token?: string; precision?: WritePrecisionType } = {},
): Promise<Sent> {
  const failures: unknown[] = []
  const client = new InfluxDB({ url: to.httpUrl, token })
  const api = client.getWriteApi('acme', 'shop', precision, {
    flushInterval: 0,
    maxRetries: 0,
    ...options,
    writeFailed(error) {
      failures.push(error)
    },
  })
  fill(api)
  await api.close().catch((error: unknown) => failures.push(error))
  return { failures }
}

const t = Date.now() - 60_000

test('points of every kind arrive, with default tags, escapes and the bucket', async () => {
  const sent = await write((api) => {
    api.useDefaultTags({ host: 'a b', zone: 'eu=1,x' })
    api.writePoint(
      new Point('cpu load').tag('core', '0').floatField('user', 98.39999999999418).intField('ticks', -7).uintField('big', 18).timestamp(t),
    )
    api.writePoint(
      new Point('up')
        .booleanField('value', true)
        .stringField('version', 'say "1.2"\n')
        .timestamp(new Date(t + 1)),
    )
  })
  expect(sent.failures).toEqual([])
  const labels = 'db="shop",host="a b",zone="eu=1,x"'
  expect(to.it.metrics.rows).toEqual([
    `cpu_load_big{core="0",${labels}} 18 @${t}`,
    `cpu_load_ticks{core="0",${labels}} -7 @${t}`,
    `cpu_load_user{core="0",${labels}} 98.39999999999418 @${t}`,
    `up{${labels}} 1 @${t + 1}`,
  ])
})

test.each([
  ['s', Math.floor(t / 1000), Math.floor(t / 1000) * 1000],
  ['ms', t, t],
  ['us', t * 1000 + 999, t],
  ['ns', `${t}999999`, t],
] as const)('in %s', async (precision, time, expectedMs) => {
  await write((api) => api.writePoint(new Point('m').intField('value', 1).timestamp(String(time))), { precision })
  expect(to.it.metrics.rows).toEqual([`m{db="shop"} 1 @${expectedMs}`])
})

test('thousands of points in batches, with gzip', async () => {
  const points = Array.from({ length: 5000 }, (_unused, i) =>
    new Point('m')
      .tag('i', String(i % 50))
      .intField('value', i)
      .timestamp(t + i),
  )
  const sent = await write((api) => api.writePoints(points), { gzipThreshold: 100, batchSize: 1500 })
  // The client does not wait for batches that it has sent already.
  await until('all points', () => to.it.metrics.rows.length === 5000)
  expect(sent.failures).toEqual([])
})

describe('errors', () => {
  test('by line: the client hears which, and the good lines are there', async () => {
    const { failures } = await write((api) => api.writeRecords([`a value=1i ${t}`, 'b', `c value=2i ${t}`]))
    expect(failures[0]).toBeInstanceOf(HttpError)
    expect(failures[0]).toMatchObject({
      statusCode: 400,
      code: 'invalid',
      json: { code: 'invalid', message: "partial write: unable to parse 'b': missing fields dropped=1", line: 2 },
    })
    expect(to.it.metrics.rows).toHaveLength(2)
  })

  test('of an unknown key are not tried again', async () => {
    const { failures } = await write((api) => api.writeRecord(`a value=1i ${t}`), { token: 'wrong' })
    expect(failures[0]).toMatchObject({ statusCode: 401, code: 'unauthorized' })
  })

  test.each([
    ['limit', 429],
    ['unavailable', 503],
  ] as const)('that pass (%s) are tried again after Retry-After, and nothing is lost', async (kind, status) => {
    to.it.admissionFailure = new AppError({ code: 'ingest.test', kind, publicText: 'Not now.' }, { retryAfterSec: 1 })
    const client = new InfluxDB({ url: to.httpUrl, token: testKey })
    const statuses: unknown[] = []
    const api = client.getWriteApi('acme', 'shop', 'ms', {
      flushInterval: 0,
      maxRetries: 10,
      minRetryDelay: 1,
      maxRetryDelay: 1000,
      retryJitter: 1,
      writeFailed(error) {
        statuses.push(error instanceof HttpError ? error.statusCode : error)
        to.it.admissionFailure = null
      },
    })
    api.writeRecord(`a value=1i ${t}`)
    await api.flush().catch(() => undefined)
    await until('the second attempt', () => to.it.metrics.rows.length === 1)
    expect(statuses).toEqual([status])
    await api.close()
  })
})

test('a version 1 client: user and password in the address, database made first, ping', async () => {
  expect((await fetch(`${to.httpUrl}/ping`)).status).toBe(204)
  const made = await fetch(`${to.httpUrl}/query?u=telegraf&p=${testKey}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'q=CREATE+DATABASE+%22shop%22',
  })
  expect(await made.json()).toEqual({ results: [{ statement_id: 0 }] })
  const written = await fetch(`${to.httpUrl}/write?db=shop&rp=&precision=s&u=telegraf&p=${testKey}`, {
    method: 'POST',
    body: `disk,path=/ free=12i ${Math.floor(t / 1000)}\r\n`,
  })
  expect(written.status).toBe(204)
  expect(to.it.metrics.rows).toEqual([`disk_free{db="shop",path="/"} 12 @${Math.floor(t / 1000) * 1000}`])
})
