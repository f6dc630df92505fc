/** Searches that need not read all spans, on the real engine: by the counts of operations, and by the index of attributes' values. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScope } from '../../../apps/server/src/kernel/scope.ts'
import { numbersIn } from '../../../apps/server/src/signals/index.ts'
import { spanSearch } from '../../../apps/server/src/traces/reads.ts'
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
