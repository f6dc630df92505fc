/** Searches that need not read all spans, on the real engine: by the counts of operations, and by the index of attributes' values. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { searchedSpans } from '../../../apps/server/src/compose/log-analysis.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { createScope } from '../../../apps/server/src/kernel/scope.ts'
import { SearchHelp } from '../../../apps/server/src/logs/analysis/search-help.ts'
import { numbersIn } from '../../../apps/server/src/signals/index.ts'
import { createTraceReads, spanSearch } from '../../../apps/server/src/traces/reads.ts'
import { client, id, requests, server, trace } from './shop-requests.ts'
import { openTracesStack, type TestSpan, type TracesStack } from './traces-stack.ts'

const ours = { organizationId: 1, projectId: 1 }
const scope = createScope(1, [1])
const { signal } = new AbortController()

let stack: TracesStack

beforeAll(async () => {
  stack = await openTracesStack()
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

describe('what the counts of operations can tell is what the spans say', () => {
  const minute = 60_000
  const span = (number: number, atMs: number, forMs: number): TestSpan => ({
    trace: trace(0x400 + number),
    id: id(0x4000 + number),
    service: 'counted',
    name: number % 3 === 0 ? 'rare' : 'often',
    kind: number % 2 === 0 ? server : client,
    atMs,
    forMs,
    isError: number % 5 === 0,
    state: number % 7 === 0 ? 'ot=th:8' : '',
  })
  // Hours of them; the slowest of all minutes are of about one length, and some lie outside of every range that is asked for.
  const all = Array.from({ length: 400 }, (_, i) =>
    span(i, -i * minute + (i % 11) * 1000, 1 + ((i * 7919) % 400) + (i % 40 === 0 ? 5000 : 0)),
  )
  const wide = (): { fromMs: number; toMs: number } => ({ fromMs: stack.startMs - 380 * minute, toMs: stack.startMs - 5 * minute })
  // The same, and a condition that is true of every span and that no count has.
  const asSpans = (query: string): string => `${query} duration>=0ns`
  const queries = [
    'service:counted',
    'service:counted status:error',
    'service:counted -status:error kind:server',
    'service:count* name:rare',
  ]
  beforeAll(async () => {
    await stack.put(ours, all.slice(0, 250))
    await stack.put(ours, all.slice(250))
  })

  test('histograms', async () => {
    for (const query of queries) {
      const counted = await stack.system.histogram(scope, { query, ...wide() }, signal)
      const scanned = await stack.system.histogram(scope, { query: asSpans(query), ...wide() }, signal)
      expect(counted.total).toBeGreaterThan(50)
      expect({ query, ...counted }).toEqual({ query, ...scanned })
    }
  })

  test('the slowest spans and traces, page by page', async () => {
    for (const query of queries) {
      const pages = async (text: string): Promise<unknown[]> => {
        const seen: unknown[] = []
        let [spansCursor, tracesCursor]: [string | null, string | null] = [null, null]
        for (let page = 0; page < 2; page++) {
          const asked = { query: text, order: 'slowest', limit: 6, ...wide() } as const
          const found = await stack.system.spans(scope, { ...asked, cursor: spansCursor }, signal)
          const traces = await stack.system.traces(scope, { ...asked, cursor: tracesCursor }, signal)
          seen.push(found.items.map(({ spanId, durationMs }) => [spanId, durationMs]))
          seen.push(traces.items.map(({ traceId, matched }) => [traceId, matched]))
          ;[spansCursor, tracesCursor] = [found.next, traces.next]
          expect([query, spansCursor, tracesCursor]).toEqual([query, expect.any(String), expect.any(String)])
        }
        return seen
      }
      expect({ query, pages: await pages(query) }).toEqual({ query, pages: await pages(asSpans(query)) })
    }
  })

  test('histograms of ranges that begin and end within a minute, and within an hour', async () => {
    const random = (number: number): number => ((number * 2_654_435_761) % 2 ** 32) / 2 ** 32
    // Days of them, oldest first.
    const spread = Array.from({ length: 900 }, (_, i): TestSpan => ({
      ...span(5000 + i, Math.floor((i - 900 + random(i + 1)) * 11 * minute), 1 + (i % 300)),
      service: 'ragged',
    }))
    await stack.put(ours, spread)
    const timeOf = (at: number): number => stack.startMs + (spread[Math.min(at, 899)]?.atMs ?? 0)
    for (let i = 0; i < 12; i++) {
      // One span is just before the range, another one just behind it, both in its outermost steps: of minutes, and of hours.
      const first = Math.floor(random(i + 1000) * 300)
      const asked = {
        fromMs: timeOf(first) + 1,
        toMs: timeOf(first + [7, 20, 90, 270, 340, 540][i % 6]!),
        query: ['service:ragged', 'service:ragged status:error', 'name:rare'][i % 3]!,
      }
      // Of some a part is past its days, and that begins within an hour too.
      stack.keepDays = i < 6 ? 30 : 4
      const counted = await stack.system.histogram(scope, asked, signal)
      const scanned = await stack.system.histogram(scope, { ...asked, query: asSpans(asked.query) }, signal)
      expect({ asked, ...counted }).toEqual({ asked, ...scanned })
      if (i % 3 > 0) continue
      // Some of them stand for two.
      const { items } = await stack.system.spans(scope, { ...asked, order: 'newest', limit: 500, cursor: null }, signal)
      expect(items.length).toBeLessThan(500)
      expect(counted.total).toBe(items.reduce((sum, { weight }) => sum + weight, 0))
    }
    stack.keepDays = 30
  })

  test('a name that reads like a condition is looked for as it is', async () => {
    const service = 'a __status__ = 2 b'
    await stack.put(
      ours,
      [span(8001, 0, 5), span(8002, 10, 5)].map((one) => ({ ...one, service })),
    )
    const asked = { fromMs: stack.startMs - 100 * minute, toMs: stack.startMs + minute }
    const literals = ['service:"a __status__ = 2 b"', 'service:/a __status__ = 2 b.*/', 'service:*b* -name:"__status__ = 2"']
    for (const query of [...literals, 'service:*b -name:__not_counted__']) {
      const counted = await stack.system.histogram(scope, { query, ...asked }, signal)
      expect({ query, ...counted }).toEqual({
        query,
        ...(await stack.system.histogram(scope, { query: asSpans(query), ...asked }, signal)),
      })
      expect(counted.total).toBeGreaterThanOrEqual(2)
      const { items } = await stack.system.spans(scope, { query, ...asked, order: 'slowest', limit: 500, cursor: null }, signal)
      expect(items.length).toBeGreaterThanOrEqual(2)
    }
  })

  test('counts of before failed ones had durations leave it to the spans', async () => {
    await stack.engine.command(
      "ALTER TABLE operations UPDATE failed_durations = map() WHERE service = 'counted' SETTINGS mutations_sync = 1",
    )
    for (const query of queries) {
      const counted = await stack.system.histogram(scope, { query, ...wide() }, signal)
      expect(counted).toEqual(await stack.system.histogram(scope, { query: asSpans(query), ...wide() }, signal))
      const slowest = async (text: string): Promise<string[]> => {
        const { items } = await stack.system.spans(scope, { query: text, order: 'slowest', limit: 10, cursor: null, ...wide() }, signal)
        return items.map(({ spanId }) => spanId)
      }
      expect(await slowest(query)).toEqual(await slowest(asSpans(query)))
    }
  })

  test('operations that are counted without their names leave it to the spans', async () => {
    const named = Array.from({ length: 2100 }, (_, i): TestSpan => ({
      ...span(1000 + i, -(i % 300) * minute, 10 + i),
      service: 'many',
      name: `operation ${i}`,
    }))
    await stack.put(ours, named)
    const asked = { query: 'name:operation*', ...wide() }
    const counted = await stack.system.histogram(scope, asked, signal)
    expect(counted).toEqual(await stack.system.histogram(scope, { ...asked, query: asSpans(asked.query) }, signal))
    const { items } = await stack.system.spans(scope, { ...asked, order: 'slowest', limit: 5, cursor: null }, signal)
    expect(items.map(({ name }) => name)).toEqual([2099, 2098, 2097, 2096, 2095].map((number) => `operation ${number}`))
  })
})

test('a value of an attribute is looked for in the parts that may have it, also where resources could have it', async () => {
  await stack.put(ours, requests(20).asking)
  const range = { fromMs: stack.startMs - 60_000, toMs: stack.startMs + 240_000 }
  for (const query of ['@user:u7', 'user:u7']) {
    const found = await stack.system.spans(scope, { query, order: 'newest', limit: 5, cursor: null, ...range }, signal)
    expect(found.items.map(({ spanId }) => spanId)).toEqual([id(114)])
    // The engine refuses to read more rows than that; without the index it would read all spans.
    const where = spanSearch(scope, query.replace('u7', 'nobody'), stack.startMs).sql()
    const sql = `SELECT toUInt32(count()) AS spans FROM spans WHERE org = 1 AND project IN (1) AND bucket > 1 AND ${where} SETTINGS max_rows_to_read = 100`
    for await (const block of stack.engine.queryNative({ sql, class: 'interactive' })) expect(numbersIn(block, 'spans')[0]).toBe(0)
    await expect(stack.engine.command(sql.replace(where, "name != 'no such'"))).rejects.toMatchObject({ code: 'engine.too_many_rows' })
  }
})

describe('names that a search asks for', () => {
  const minute = 60_000
  const crowd = { organizationId: 7, projectId: 7 }
  const reader = createScope(7, [7])
  const one = (number: number, atMs: number, attributes: Record<string, string>): TestSpan => ({
    trace: trace(0x900 + number),
    id: id(0x9000 + number),
    service: 'crowd',
    name: 'op',
    atMs,
    forMs: 1,
    attributes,
  })
  beforeAll(async () => {
    await stack.put(crowd, [one(1, -20 * minute, { 'common.first': 'x', 'common.other': 'y' })])
    // More rows than are looked at for their names, and more than that of names.
    await stack.engine.command('INSERT INTO spans SELECT one.* FROM spans AS one CROSS JOIN numbers(60000) AS times WHERE org = 7')
    await stack.put(crowd, [one(2, -50 * minute, { 'customer.tier': 'gold' }), one(3, 4 * minute, { 'basket.size': '3' })])
  })

  const spans = () => {
    const reads = createTraceReads({ clock: systemClock, keeping: { keepDays: () => 30 } })
    return searchedSpans(stack.engine, reads, systemClock)
  }

  test('of the newest rows are offered first', async () => {
    const names = await spans().values(reader, signal).attributes('', 10)
    expect(names.map(({ value }) => value).toSorted()).toEqual(['basket.size', 'common.first', 'common.other'])
  })

  test('are unknown only where no row of the asked range has them', async () => {
    const rows = spans()
    // All the time in the world: each look at the clock finds it a minute earlier.
    let [clockMs, stepMs] = [0, -60_000]
    const clock = { nowMs: () => systemClock.nowMs(), monotonicMs: () => (clockMs += stepMs) }
    const help = new SearchHelp({ engine: stack.engine, rows: { spans: rows, logs: rows }, clock })
    const unknown = async (text: string, fromMs: number): Promise<unknown> => {
      const asked = { signal: 'spans', text, hasNames: true, fromMs, toMs: stack.startMs + 10 * minute } as const
      const answer = await help.check(reader, asked, signal)
      return answer.unknown.map(({ name, meant }) => [name, meant.map(({ insert }) => insert)])
    }
    const text = 'customer.tier:gold @customer.tier:gold has:customer.tier basket.siz:3 basket.size:3'
    expect(await unknown(text, stack.startMs - 60 * minute)).toEqual([['basket.siz', ['basket.size']]])
    expect(await unknown('customer.tier:gold', stack.startMs - 30 * minute)).toEqual([['customer.tier', []]])
    // Where there is no time to look, nothing is said.
    stepMs = 60_000
    expect(await unknown('customer.tier:gold', stack.startMs - 30 * minute)).toEqual([])
  })
})
