/** Operations on metrics over the real engine and the whole path from observation to answer. */
import {
  metricDetailSchema,
  metricOperationAnswerSchema,
  metricSchema,
  metricTagSchema,
  metricTagValueSchema,
  pageSchema,
  type MetricOperationAnswer,
} from '@bellwether/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { createAggregates, hashMember, normalizeLabels, type AggregateType } from '../../../apps/server/src/metrics/index.ts'
import { adminToken, nowMs, openApiStack, ours, type ApiStack } from './api-stack.ts'

let stack: ApiStack

/** The minute that holds everything, and its whole answer. */
const range = { from: new Date(nowMs - 3_600_000).toISOString(), to: new Date(nowMs + 3_600_000).toISOString(), interval: '1h' }

async function ask(body: Record<string, unknown>): Promise<MetricOperationAnswer> {
  const answer = await post(body)
  expect(answer.statusCode, answer.payload).toBe(200)
  return metricOperationAnswerSchema.parse(answer.json())
}

function post(body: Record<string, unknown>): Promise<Awaited<ReturnType<ApiStack['app']['inject']>>> {
  return stack.app.inject({
    method: 'POST',
    url: '/api/0/projects/1/metrics/query',
    headers: { authorization: `Bearer ${adminToken}` },
    payload: { ...range, ...body },
  })
}

/** What one group says over the whole range. */
async function total(metric: string, operation: string | null, more: Record<string, unknown> = {}): Promise<unknown> {
  return (await ask({ metric, operation, ...more })).groups[0]?.total ?? null
}

type Tags = Record<string, string>
type Observation = readonly [type: AggregateType, name: string, tags: Tags, values: readonly (number | string)[], unit?: string]

const observations: Observation[] = [
  ['counter', 'orders', { city: 'Oslo', paid: 'yes' }, [1, 1, 1, 1, 1, 1, 1]],
  ['counter', 'orders', { city: 'Oslo', paid: 'no' }, [2]],
  ['counter', 'orders', { city: 'Bergen' }, [4]],
  ['counter', 'orders', { city: 'a|b.*"\\' }, [1]],
  ['gauge', 'queue', { host: 'a' }, [5, 3]],
  ['distribution', 'transaction.duration', { 'transaction.status': 'ok' }, [100, 200, 250, 290], 'millisecond'],
  ['distribution', 'transaction.duration', { 'transaction.status': 'internal_error' }, [900, 5000], 'millisecond'],
  ['set', 'transaction.user', { satisfaction: 'satisfied' }, ['ada', 'bob', 'eve']],
  ['set', 'transaction.user', { satisfaction: 'frustrated' }, ['eve']],
  ['counter', 'session.started', { 'session.status': 'init' }, [20]],
  ['counter', 'session.started', { 'session.status': 'crashed' }, [1]],
  ['counter', 'session.started', { 'session.status': 'abnormal' }, [2]],
  ['counter', 'session.started', { 'session.status': 'errored' }, [5]],
  ['set', 'session.user', { 'session.status': 'init' }, ['ada', 'bob', 'eve', 'dan']],
  ['set', 'session.user', { 'session.status': 'crashed' }, ['eve']],
]

async function observe(): Promise<void> {
  const { ingest } = stack.metrics
  await using aggregates = createAggregates({ ingest, clock: systemClock, logger: silentLogger, flushIntervalMs: 10_000 })
  const project = aggregates.of(ours)
  for (const [type, name, tags, values, unit] of observations) {
    const normal = normalizeLabels([['__name__', name], ...Object.entries(tags)])
    if (normal.type !== 'ok') throw new Error(normal.detail)
    const found = project.find(type, normal.labels, unit)
    if (found.type !== 'ok') throw new Error(found.detail)
    for (const value of values) {
      const hash = { low: 0, high: 0 }
      if (type === 'set') hashMember(String(value), hash)
      if (type === 'counter') project.increment(found.handle, Number(value))
      else if (type === 'gauge') project.setGauge(found.handle, Number(value))
      else if (type === 'distribution') project.observe(found.handle, Number(value), 1)
      else project.addMember(found.handle, hash.low, hash.high)
    }
    await project.commit()
  }
}

beforeAll(async () => {
  stack = await openApiStack({ withWriter: true })
  await observe()
  const bucket = (le: string, value: number) => ({ labels: { __name__: 'old_seconds_bucket', le }, timeMs: nowMs, value })
  const zero = (name: string, le?: string) => ({
    labels: { __name__: name, ...(le === undefined ? {} : { le }) },
    timeMs: nowMs - 60_000,
    value: 0,
  })
  await stack.put(ours, [
    zero('old_seconds_bucket', '0.5'),
    zero('old_seconds_bucket', '1'),
    zero('old_seconds_bucket', '+Inf'),
    zero('old_seconds_count'),
    zero('old_seconds_sum'),
    bucket('0.5', 8),
    bucket('1', 10),
    bucket('+Inf', 10),
    { labels: { __name__: 'old_seconds_count' }, timeMs: nowMs, value: 10 },
    { labels: { __name__: 'old_seconds_sum' }, timeMs: nowMs, value: 4 },
  ])
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

describe('one number', () => {
  const rows: [metric: string, operation: string | null, want: unknown, more?: Record<string, unknown>][] = [
    ['orders', 'sum', 14],
    ['orders', 'count', 14],
    ['c:custom/orders@none', 'sum', 14],
    ['orders', 'sum', 9, { where: [{ tag: 'city', value: 'Oslo' }] }],
    ['orders', 'sum', 5, { where: [{ tag: 'city', op: '!=', value: 'Oslo' }] }],
    ['orders', 'sum', 5, { where: [{ tag: 'city', op: 'in', value: ['Bergen', 'a|b.*"\\'] }] }],
    ['orders', 'sum', 1, { where: [{ tag: 'city', op: '=', value: 'a|b.*"\\' }] }],
    ['orders', 'sum', 13, { where: [{ tag: 'city', op: 'not_in', value: ['Rome', 'a|b.*"\\'] }] }],
    ['orders', 'sum', 4, { where: [{ tag: 'city', op: 'prefix', value: 'Be' }] }],
    ['orders', 'sum', null, { where: [{ tag: 'city', op: 'prefix', value: '.' }] }],
    ['orders', 'sum', 5, { where: [{ tag: 'paid', op: '=', value: '' }] }],
    ['queue', 'last', 3],
    ['transaction.duration', 'count', 6],
    ['transaction.duration', 'sum', 6740],
    ['d:transactions/duration@second', 'sum', 6.74],
    ['transaction.duration', 'avg', 6740 / 6],
    ['transaction.failure_rate', null, 2 / 6],
    ['transaction.duration', 'failure_count', 2],
    ['transaction.user', 'count_unique', 3],
    ['transaction.user', 'user_misery', (1 + 5.8875) / (3 + 117.75)],
    ['session.crash_free_rate', null, 0.95],
    ['session.started', 'crash_free_rate', 0.95],
    ['session.crashed', 'crashed', 1],
    ['session.errored', null, 2],
    ['session.healthy', null, 15],
    ['session.crash_free_user_rate', null, 0.75],
    ['s:sessions/user@none', 'crashed_user', 1],
    ['old_seconds', 'count', 10],
    ['old_seconds', 'avg', 0.4],
    ['old_seconds', 'p50', 0.3125],
    ['old_seconds', 'apdex', 1, { threshold: 1 }],
    // Nothing yet, but its name says what it is.
    ['d:spans/duration@millisecond', 'p95', null],
  ]
  test.each(rows)('%s %s is %s %j', async (metric, operation, want, more = {}) => {
    const found = await total(metric, operation, more)
    if (typeof want === 'number') expect(found).toBeCloseTo(want, 9)
    else expect(found).toBe(want)
  })

  test('quantiles, extremes and Apdex of a distribution are within 1 %', async () => {
    const rows: [string, number][] = [
      ['min', 100],
      ['max', 5000],
      ['p99', 5000],
    ]
    for (const [operation, want] of rows) {
      const found = await total('transaction.duration', operation)
      expect(Math.abs(Number(found) / want - 1), operation).toBeLessThan(0.01)
    }
    // 4 of 6 satisfy, 1 is tolerated, 1 is not.
    expect(Number(await total('transaction.apdex', null))).toBeCloseTo((4 + 0.5) / 6, 2)
  })
})

describe('groups', () => {
  test('the largest first, each with its total and its points', async () => {
    const answer = await ask({ metric: 'orders', operation: 'sum', groupBy: ['city'] })
    expect(answer.groups.map(({ by, total, isOther }) => [by['city'], total, isOther])).toEqual([
      ['Oslo', 9, false],
      ['Bergen', 4, false],
      ['a|b.*"\\', 1, false],
    ])
    expect(answer).toMatchObject({ mri: 'c:custom/orders@none', name: 'orders', isExact: true, intervalSec: 3600, warnings: [] })
    for (const { total, values } of answer.groups) {
      expect(values).toHaveLength(answer.intervals.length)
      expect(values.reduce<number>((sum, value) => sum + Number(value), 0)).toBe(total)
    }
  })

  test('are ranked by the operation that is asked for, those without a value last', async () => {
    const ranked = async (operation: string, more: Record<string, unknown> = {}) =>
      (await ask({ metric: 'transaction.duration', operation, groupBy: ['transaction.status'], ...more })).groups.map(
        ({ by, isOther }) => by['transaction.status'] ?? (isOther && 'other'),
      )
    expect(await ranked('count')).toEqual(['ok', 'internal_error'])
    for (const operation of ['p95', 'max', 'avg', 'sum', 'failure_count', 'failure_rate'])
      expect([operation, await ranked(operation)]).toEqual([operation, ['internal_error', 'ok']])
    expect(await ranked('apdex')).toEqual(['ok', 'internal_error'])
    expect(await ranked('p95', { limit: 1 })).toEqual(['internal_error', 'other'])
    const hasNone = { metric: 'session.started', operation: 'crash_rate', groupBy: ['session.status'] }
    expect((await ask(hasNone)).groups.map(({ total }) => total)).toEqual([0, null, null, null])
  })

  test('beyond the limit they are one, of one tag, of several, and of sets', async () => {
    const one = await ask({ metric: 'orders', operation: 'sum', groupBy: ['city'], limit: 1 })
    expect(one.groups.map(({ by, total, isOther }) => [by, total, isOther])).toEqual([
      [{ city: 'Oslo' }, 9, false],
      [{}, 5, true],
    ])
    const several = await ask({ metric: 'orders', operation: 'sum', groupBy: ['city', 'paid'], limit: 2 })
    expect(several.groups.map(({ by, total }) => [by, total])).toEqual([
      [{ city: 'Oslo', paid: 'yes' }, 7],
      [{ city: 'Bergen', paid: '' }, 4],
      [{}, 3],
    ])
    const percentile = await ask({ metric: 'transaction.duration', operation: 'p99', groupBy: ['transaction.status'], limit: 1 })
    expect(percentile.groups.map(({ by, isOther }) => [by, isOther])).toEqual([
      [{ 'transaction.status': 'internal_error' }, false],
      [{}, true],
    ])
    for (const [i, want] of [5000, 290].entries()) expect(Math.abs(Number(percentile.groups[i]?.total) / want - 1)).toBeLessThan(0.01)
    const members = await ask({ metric: 'transaction.user', operation: 'count_unique', groupBy: ['satisfaction'], limit: 1 })
    expect(members.groups.map(({ by, total }) => [by, total])).toEqual([
      [{ satisfaction: 'satisfied' }, 3],
      [{}, 1],
    ])
  })

  test('a histogram of as many buckets as are wanted', async () => {
    const [group] = (await ask({ metric: 'transaction.duration', operation: 'histogram', buckets: 5 })).groups
    const buckets = Array.isArray(group?.total) ? group.total : []
    expect(buckets).toHaveLength(5)
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBeCloseTo(6, 9)
    expect(buckets[0]?.count).toBeCloseTo(5, 1)
    const [classic] = (await ask({ metric: 'old_seconds', operation: 'histogram', buckets: 2 })).groups
    expect(classic?.total).toEqual([
      { lower: 0, upper: 0.5, count: 8 },
      { lower: 0.5, upper: 1, count: 2 },
    ])
  })
})

describe('points', () => {
  test('empty ones are 0 where nothing happened, null where nothing can be said', async () => {
    const counted = await ask({ metric: 'orders', operation: 'sum', interval: '1m' })
    expect(counted.intervals).toHaveLength(120)
    const values = counted.groups[0]?.values ?? []
    expect(values.filter((value) => value !== 0).length).toBeLessThan(5)
    expect(values.reduce<number>((sum, value) => sum + Number(value), 0)).toBe(14)
    const averages = (await ask({ metric: 'transaction.duration', operation: 'avg', interval: '1m' })).groups[0]?.values ?? []
    expect(averages.filter((value) => value !== null).length).toBeGreaterThan(0)
    expect(averages.filter((value) => value === null).length).toBeGreaterThan(100)
  })

  test('a rate is for a second of the interval it stands for', async () => {
    const { groups, from, to } = await ask({ metric: 'orders', operation: 'rate' })
    expect(groups[0]?.total).toBeCloseTo(14 / ((Date.parse(to) - Date.parse(from)) / 1000), 12)
    expect(groups[0]?.values.reduce<number>((sum, value) => sum + Number(value) * 3600, 0)).toBeCloseTo(14, 9)
  })

  test('units say what the numbers are', async () => {
    expect((await ask({ metric: 'transaction.duration', operation: 'avg' })).unit).toEqual({
      name: 'millisecond',
      family: 'duration',
      reference: 'nanosecond',
      toReference: 1e6,
      perSecond: false,
    })
    expect((await ask({ metric: 'orders', operation: 'rate' })).unit).toMatchObject({ name: 'none', perSecond: true })
    expect((await ask({ metric: 'session.crash_free_rate', operation: null })).unit).toMatchObject({ name: 'ratio', family: 'fraction' })
  })
})

describe('what cannot be asked', () => {
  const rows: [Record<string, unknown>, number, string, RegExp][] = [
    [{ metric: 'orders', operation: 'p95' }, 400, 'naming.operation_not_allowed', /count, sum, rate/],
    [{ metric: 'queue', operation: 'sum_of_squares' }, 400, 'naming.operation_not_allowed', /count, sum, avg, min, max, last/],
    [{ metric: 'transaction.user', operation: 'sum' }, 400, 'naming.operation_not_allowed', /count_unique/],
    [{ metric: 'orders', operation: null }, 400, 'query.bad_operation_query', /operation is missing/],
    [{ metric: 'session.crash_free_rate', operation: 'sum' }, 400, 'query.bad_operation_query', /only operation is crash_free_rate/],
    [{ metric: 'd:custom/orders@none', operation: 'sum' }, 400, 'query.bad_operation_query', /stored as type c/],
    [{ metric: 'd:transactions/duration@byte', operation: 'sum' }, 400, 'query.bad_operation_query', /cannot be said in byte/],
    [{ metric: 'c:shop/orders@none', operation: 'sum' }, 400, 'naming.bad_mri', /namespace/],
    [{ metric: 'e:custom/nothing@none', operation: null }, 404, 'metrics.not_found', /no derived metric/],
    [{ metric: 'nothing', operation: 'sum' }, 404, 'metrics.not_found', /no metric nothing/],
    [{ metric: 'orders', operation: 'sum', interval: '1ms' }, 400, 'query.bad_operation_query', /interval/],
    [{ metric: 'orders', operation: 'sum', from: 'now-30d', to: 'now', interval: '10s' }, 400, 'query.bad_operation_query', /10000/],
    [{ metric: 'orders', operation: 'sum', from: 'yesterday' }, 400, 'query.bad_operation_query', /no time/],
    [{ metric: 'orders', operation: 'sum', from: 'now', to: 'now-1h' }, 400, 'query.bad_operation_query', /empty/],
    [{ metric: 'orders', operation: 'sum', groupBy: ['__name__'] }, 400, 'query.bad_operation_query', /no tag/],
    [{ metric: 'orders', operation: 'sum', groupBy: ['city', 'city'] }, 400, 'query.bad_operation_query', /twice/],
    [
      { metric: 'orders', operation: 'sum', where: [{ tag: 'city', op: '=', value: ['a', 'b'] }] },
      400,
      'query.bad_operation_query',
      /2 values/,
    ],
    [
      { metric: 'transaction.user', operation: 'count_unique', interval: '90s' },
      400,
      'query.bad_operation_query',
      /whole minutes|by the minute/,
    ],
    [{ metric: 'orders', operation: 'sum', nonsense: 1 }, 400, 'api.bad_request', /nonsense/],
  ]
  test.each(rows)('%j', async (body, status, code, why) => {
    const answer = await post(body)
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code])
    expect(answer.json().error.message).toMatch(why)
  })

  test('nothing of another organization', async () => {
    const answer = await stack.app.inject({
      method: 'POST',
      url: '/api/0/projects/1/metrics/query',
      headers: { authorization: `Bearer ${stack.theirs.token}` },
      payload: { metric: 'orders', operation: 'sum' },
    })
    expect(answer.statusCode).toBe(404)
  })
})

describe('metadata', () => {
  const get = (path: string) =>
    stack.app.inject({ url: `/api/0/projects/1/metrics${path}`, headers: { authorization: `Bearer ${adminToken}` } })

  test('says what each metric is called and may be asked', async () => {
    const rows: [string, string | null, string, string][] = [
      ['orders', 'c:custom/orders@none', 'custom', 'count sum rate failure_count failure_rate http_error_count http_error_rate'],
      ['queue', 'g:custom/queue@none', 'custom', 'count sum avg min max last'],
      ['transaction.user', 's:transactions/user@none', 'transactions', 'count_unique miserable_user user_misery'],
    ]
    const { items } = pageSchema(metricSchema).parse((await get('')).json())
    for (const [name, mri, useCase, operations] of rows) {
      const found = items.find((item) => item.name === name)
      expect({ ...found, operations: found?.operations.join(' ') }).toMatchObject({ name, mri, useCase, operations })
    }
    const sessions = pageSchema(metricSchema).parse((await get('?useCase=sessions')).json())
    expect(sessions.items.map(({ name }) => name)).toEqual(['session.started', 'session.user'])
  })

  test('one, by its name or its MRI, with its tags and their values', async () => {
    for (const name of ['orders', 'c:custom/orders@none']) {
      const at = `/${encodeURIComponent(name)}`
      expect(metricDetailSchema.parse((await get(at)).json())).toMatchObject({ name: 'orders', seriesCount: 4, tags: ['city', 'paid'] })
      expect(pageSchema(metricTagSchema).parse((await get(`${at}/tags`)).json()).items).toEqual([
        { name: 'city', valueCount: 3, valueCountIsExact: true },
        { name: 'paid', valueCount: 2, valueCountIsExact: true },
      ])
      const values = pageSchema(metricTagValueSchema).parse((await get(`${at}/tags/paid`)).json())
      expect(values.items).toEqual([{ value: 'no' }, { value: 'yes' }])
    }
    expect((await get('/nothing')).statusCode).toBe(404)
    expect((await get(`/${encodeURIComponent('c:nowhere/x@none')}`)).statusCode).toBe(400)
  })
})
