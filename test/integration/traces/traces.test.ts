/** Spans on the real engine: one trace whatever is wrong with it, search, services, the map, comparison, retention, tenants. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScope } from '../../../apps/server/src/kernel/scope.ts'
import type { FoundTrace } from '../../../apps/server/src/traces/search/found-traces.ts'
import { client, consumer, id, producer, requests, server, trace } from './shop-requests.ts'
import { openTracesStack, type TestSpan, type TracesStack } from './traces-stack.ts'

const ours = { organizationId: 1, projectId: 1 }
const theirs = { organizationId: 2, projectId: 2 }
const scope = createScope(1, [1])
const { signal } = new AbortController()

let stack: TracesStack
const range = (): { fromMs: number; toMs: number } => ({ fromMs: stack.startMs - 60_000, toMs: stack.startMs + 240_000 })

beforeAll(async () => {
  stack = await openTracesStack()
  const { asking, answering } = requests(20)
  await stack.put(ours, asking)
  await stack.put(ours, answering)
  // Somebody else's trace with the same id.
  await stack.put(theirs, [{ trace: trace(1), id: id(99), service: 'secret', name: 'secret', atMs: 0, forMs: 1 }])
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

describe('one trace', () => {
  test('has its spans by start with their parents, and nobody else’s', async () => {
    const found = await stack.system.trace(scope, trace(1), signal)
    expect(found).toMatchObject({ spanCount: 4, errorCount: 0, isPartial: false, note: null, count: 4, loops: [], missing: [], skews: [] })
    expect(found.spanIds).toBe([17, 18, 19, 20].map(id).join(''))
    expect(found.parents).toEqual([-1, 0, 1, 2])
    expect(found.startNs).toEqual([0, 5_000_000, 10_000_000, 12_000_000])
    expect(found.service.map((number) => found.serviceNames[number])).toEqual(['web', 'web', 'cart', 'cart'])
    expect(found.durationMs).toBe(50)
    await expect(stack.system.trace(createScope(2, [1]), trace(1), signal)).rejects.toMatchObject({ code: 'traces.not_found' })
    await expect(stack.system.trace(scope, 'zz', signal)).rejects.toMatchObject({ code: 'traces.bad_id' })
  })

  test('as whole spans, and one of them', async () => {
    const whole = await stack.system.traceObjects(scope, { traceId: trace(1), limit: 3 }, signal)
    expect(whole).toMatchObject({ spanCount: 4, isPartial: true })
    expect(whole.spans.map(({ name }) => name)).toEqual(['GET /', 'GET', 'GET /cart'])
    expect(whole.spans[1]).toMatchObject({
      parentSpanId: id(17),
      kind: 'client',
      status: 'unset',
      attributes: { user: 'u1' },
      durationMs: 40,
    })
    const span = await stack.system.span(scope, { traceId: trace(5), spanId: id(83) }, signal)
    expect(span).toMatchObject({ status: 'error', statusMessage: 'failed', resource: { 'service.name': 'cart' } })
    await expect(stack.system.span(scope, { traceId: trace(5), spanId: id(1) }, signal)).rejects.toMatchObject({
      code: 'traces.span_not_found',
    })
  })

  test('of large spans is cut by size, and it is said; a list of them goes on behind', async () => {
    const large = Array.from({ length: 160 }, (_, i): TestSpan => ({
      trace: trace(70_001),
      id: id(7_000_000 + i),
      service: 'large',
      name: `large ${i}`,
      atMs: 200_000 + i,
      forMs: 1,
      attributes: Object.fromEntries(Array.from({ length: 16 }, (__, at) => [`text${at}`, 'x'.repeat(4000)])),
    }))
    await stack.put(ours, large)
    const whole = await stack.system.traceObjects(scope, { traceId: trace(70_001), limit: 10_000 }, signal)
    expect(JSON.stringify(whole).length).toBeLessThan(8.1 * 1024 * 1024)
    expect(whole).toMatchObject({ spanCount: 160, isPartial: true })
    expect(whole.note).toMatch(/^The trace has 160 spans; here are the \d+ that began first; .* 8 MiB\.$/)
    expect(whole.spans.map(({ name }) => name)).toEqual(large.slice(0, whole.spans.length).map(({ name }) => name))
    expect(whole.spans.length).toBeGreaterThan(100)
    for (const order of ['newest', 'slowest'] as const) {
      const request = { ...range(), query: 'service:large', order, limit: 500 }
      const first = await stack.system.spans(scope, { ...request, cursor: null }, signal)
      const second = await stack.system.spans(scope, { ...request, cursor: first.next }, signal)
      expect(first.items.length).toBeLessThan(160)
      expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(large.map(({ name }) => name).reverse())
      expect(second.next).toBeNull()
    }
  })

  test('with a span that is its own parent, a circle, and parents that never came', async () => {
    const one = { trace: trace(0x100), service: 's', name: 'n', forMs: 1 }
    await stack.put(ours, [
      { ...one, id: id(1), parent: id(1), atMs: 0 },
      { ...one, id: id(2), parent: id(3), atMs: 1 },
      { ...one, id: id(3), parent: id(4), atMs: 2 },
      { ...one, id: id(4), parent: id(2), atMs: 3 },
      { ...one, id: id(5), parent: id(0xdead), atMs: 4 },
      { ...one, id: id(6), parent: id(0xdead), atMs: 5 },
      { ...one, id: id(7), parent: id(6), atMs: 6 },
    ])
    const found = await stack.system.trace(scope, trace(0x100), signal)
    expect(found.missing).toEqual([id(0xdead)])
    expect(found.loops).toEqual([0, 3])
    expect(found.parents).toEqual([-1, 2, 3, -1, 7, 7, 5])
    const whole = await stack.system.traceObjects(scope, { traceId: trace(0x100), limit: 10 }, signal)
    expect(whole.spans.map(({ isLooped }) => isLooped)).toEqual([true, false, false, true, false, false, false])
    expect(whole.spans.map(({ isParentMissing }) => isParentMissing)).toEqual([false, false, false, false, true, true, false])
  })

  test('a clock that is wrong is found and put right, and what was asked by it too', async () => {
    const one = { trace: trace(0x101) }
    const hour = 3_600_000
    await stack.put(ours, [
      { ...one, id: id(1), service: 'a', host: 'ha', name: 'root', kind: server, atMs: 0, forMs: 100 },
      { ...one, id: id(2), parent: id(1), service: 'a', host: 'ha', name: 'ask b', kind: client, atMs: 10, forMs: 80 },
      // An hour behind; in truth between 10 and 90.
      { ...one, id: id(3), parent: id(2), service: 'b', host: 'hb', name: 'b', kind: server, atMs: 20 - hour, forMs: 60 },
      { ...one, id: id(4), parent: id(3), service: 'b', host: 'hb', name: 'ask c', kind: client, atMs: 30 - hour, forMs: 20 },
      // On the clock of a.
      { ...one, id: id(5), parent: id(4), service: 'c', host: 'ha', name: 'c', kind: server, atMs: 32, forMs: 10 },
    ])
    const found = await stack.system.trace(scope, trace(0x101), signal)
    expect(found.skews).toEqual([{ service: 'b', host: 'hb', shiftMs: hour, spans: 2 }])
    expect(found.startNs.map((ns) => ns / 1e6)).toEqual([0, 10, 20, 30, 32])
    expect(found.shift.map((place) => (found.shiftsNs[place] ?? 0) / 1e6)).toEqual([0, 0, hour, hour, 0])
    expect([found.durationMs, found.start]).toEqual([100, new Date(stack.startMs).toISOString().replace('Z', '000000Z')])
  })

  test('of a million spans is cut to a hundred thousand, and it is said', async () => {
    const at = BigInt(stack.startMs) * 1_000_000n
    const bucket = Math.floor(stack.startMs / 600_000)
    await stack.engine.command(`INSERT INTO spans (org, project, bucket, keep, trace_id, ts, duration, span_id, parent_id, service, name)
      SELECT 1, 1, ${bucket}, 30, unhex('${trace(0x102)}'), ${at} + number, 1000, toFixedString(reinterpretAsString(number + 1), 8),
        toFixedString(if(number = 0, unhex('0000000000000000'), reinterpretAsString(toUInt64(1))), 8), 's', 'n' FROM numbers(1000000)`)
    await stack.engine.command(`INSERT INTO traces (org, project, trace_a, trace_b, week, keep, marker, first_bucket, last_bucket, spans)
      SELECT 1, 1, reinterpretAsUInt64(unhex('aaaaaaaaaaaaaaaa')), reinterpretAsUInt64(unhex('${trace(0x102).slice(16)}')), ${Math.floor(bucket / 1008)}, 30, '', ${bucket}, ${bucket}, 1000000`)
    const found = await stack.system.trace(scope, trace(0x102), signal)
    expect(found).toMatchObject({ count: 100_000, spanCount: 1_000_000, isPartial: true })
    expect(found.note).toBe('The trace has 1,000,000 spans; here are the 100,000 that began first.')
    expect(found.parents.slice(0, 3)).toEqual([-1, 0, 0])
    await stack.engine.command(`DELETE FROM spans WHERE trace_id = unhex('${trace(0x102)}')`)
  })
})

describe('search', () => {
  const spans = async (query: string, order: 'newest' | 'slowest' = 'newest', limit = 50): Promise<string[]> => {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: { items: { spanId: string }[]; next: string | null } = await stack.system.spans(
        scope,
        { query, order, limit, cursor, ...range() },
        signal,
      )
      seen.push(...page.items.map(({ spanId }) => spanId))
      cursor = page.next
    } while (cursor !== null)
    return seen
  }

  test('by attribute, kind, status and duration, newest first', async () => {
    expect(await spans('@user:u7')).toEqual([id(114)])
    expect(await spans('service:cart kind:server status:error')).toEqual([20, 15, 10, 5].map((number) => id(number * 16 + 3)))
    expect(await spans('db_system:postgresql duration>=28ms')).toEqual([20, 19, 18].map((number) => id(number * 16 + 4)))
    expect(await spans('service:secret')).toEqual([])
    expect(await spans('service.name:cart -has:parent_id')).toEqual([])
  })

  test('pages of any size are the same list, by time and by duration', async () => {
    const newest = await spans('service:web')
    expect(newest.length).toBe(40)
    expect(await spans('service:web', 'newest', 7)).toEqual(newest)
    const slowest = await spans('db_system:postgresql', 'slowest', 3)
    expect(slowest).toEqual(Array.from({ length: 20 }, (_, i) => id((20 - i) * 16 + 4)))
  })

  test('traces with their roots, services and what was found in them', async () => {
    const { items, next } = await stack.system.traces(
      scope,
      { query: 'status:error', order: 'newest', limit: 3, cursor: null, ...range() },
      signal,
    )
    expect(items.map(({ traceId }) => traceId)).toEqual([20, 15, 10].map(trace))
    expect(items[0]).toMatchObject({ service: 'web', name: 'GET /', hasRoot: true, spans: 4, errors: 1, durationMs: 50, matched: 1 })
    expect(items[0]?.services).toEqual([
      { service: 'web', spans: 2, errors: 0 },
      { service: 'cart', spans: 2, errors: 1 },
    ])
    expect(items[0]?.matches).toMatchObject([{ spanId: id(323), service: 'cart', name: 'GET /cart', status: 'error' }])
    const rest = await stack.system.traces(scope, { query: 'status:error', order: 'newest', limit: 3, cursor: next, ...range() }, signal)
    expect([rest.items.map(({ traceId }) => traceId), rest.next]).toEqual([[trace(5)], null])
  })

  test('a trace whose spans are far apart is listed once, with all that was found of it', async () => {
    const minute = 60_000
    const long = { service: 'long', name: 'op', forMs: 1 }
    // All lie in each other; those of the second kind reach over the edges of several windows, those of the third have one span.
    const traces = Array.from({ length: 30 }, (_, i): TestSpan[] => {
      const own = { ...long, trace: trace(0x200 + i) }
      const later = i % 3 === 0 ? 5 * minute : 45 * minute
      const first = { ...own, id: id(0x2000 + i * 2), atMs: -50 * minute + i * 1000 }
      return i % 3 === 2 ? [first] : [first, { ...own, id: id(0x2001 + i * 2), parent: id(0x2000 + i * 2), atMs: first.atMs + later }]
    })
    await stack.put(ours, traces.flat())
    const asked = { query: 'service:long', order: 'newest', fromMs: stack.startMs - 3_600_000, toMs: stack.startMs + minute } as const
    const newest = traces
      .map((spans) => ({ traceId: spans[0]?.trace ?? '', matched: spans.length, lastMs: spans.at(-1)?.atMs ?? 0 }))
      .sort((a, b) => b.lastMs - a.lastMs)
    for (const limit of [4, 7, 100]) {
      const seen: { traceId: string; matched: number }[] = []
      let cursor: string | null = null
      do {
        const page: { items: FoundTrace[]; next: string | null } = await stack.system.traces(scope, { ...asked, limit, cursor }, signal)
        seen.push(...page.items.map(({ traceId, matched }) => ({ traceId, matched })))
        cursor = page.next
      } while (cursor !== null && seen.length < 100)
      expect({ limit, seen }).toEqual({ limit, seen: newest.map(({ traceId, matched }) => ({ traceId, matched })) })
    }
  })

  test('counts by time and duration', async () => {
    const found = await stack.system.histogram(scope, { query: 'service:cart kind:server', ...range() }, signal)
    expect([found.total, found.errors.reduce((sum, each) => sum + each, 0)]).toEqual([20, 4])
    expect(found.uppersMs).toEqual([32.768])
  })

  test('a wrong query, a wrong cursor, a range that ends before it begins', async () => {
    const { fromMs, toMs } = range()
    const backwards = stack.system.services(scope, { range: { fromMs: toMs, toMs: fromMs }, environment: '' }, signal)
    await expect(backwards).rejects.toMatchObject({ code: 'traces.bad_range' })
    await expect(spans('(status:error')).rejects.toMatchObject({ code: 'search.invalid' })
    const asked = { query: '', order: 'newest', limit: 1, cursor: 'x; DROP', ...range() } as const
    await expect(stack.system.spans(scope, asked, signal)).rejects.toMatchObject({ code: 'traces.bad_cursor' })
  })
})

describe('services', () => {
  test('with what they answer', async () => {
    const { items, environments } = await stack.system.services(scope, { range: range(), environment: '' }, signal)
    const [cart] = items.filter(({ service }) => service === 'cart')
    expect(cart).toMatchObject({ isEntry: true, count: 20, errors: 4, errorRate: 0.2, averageMs: 30, operations: 2, releases: ['1'] })
    expect(cart?.failed).toMatchObject({ durationMs: 30 })
    expect(cart?.p95Ms ?? 0).toBeGreaterThan(28)
    expect(cart?.p95Ms ?? 0).toBeLessThan(31.5)
    expect(environments).toEqual(['test'])
    expect(items.map(({ service }) => service)).not.toContain('secret')
    const none = await stack.system.services(scope, { range: range(), environment: 'other' }, signal)
    expect(none.items).toEqual([])
  })

  test('their operations, and a series with traces that show it', async () => {
    const { items } = await stack.system.operations(scope, { service: 'cart', range: range(), environment: '' }, signal)
    expect(items.map(({ operation, kind, count }) => [operation, kind, count])).toEqual([
      ['GET /cart', 'server', 20],
      ['SELECT carts', 'client', 20],
    ])
    const asked = { service: 'cart', operation: 'SELECT carts', kind: 'client', range: range(), environment: '', points: 100 } as const
    const series = await stack.system.series(scope, asked, signal)
    expect(series.steps.stepSec).toBe(60)
    expect(series.count.reduce((sum, each) => sum + each, 0)).toBe(20)
    expect(series.exemplars).toMatchObject([{ isError: false, trace: { traceId: trace(20), spanId: id(324), durationMs: 30 } }])
  })

  test('the map: who answered comes with another segment, databases and queues are nodes of their own', async () => {
    const one = { trace: trace(0x103), forMs: 5 }
    const topic = { 'messaging.system': 'kafka', 'messaging.destination.name': 'orders' }
    await stack.put(ours, [
      { ...one, id: id(1), service: 'cart', name: 'orders publish', kind: producer, atMs: 0, attributes: topic },
      { ...one, id: id(2), parent: id(1), service: 'mailer', name: 'orders process', kind: consumer, atMs: 10, attributes: topic },
      {
        ...one,
        id: id(3),
        parent: id(2),
        service: 'mailer',
        name: 'POST',
        kind: client,
        atMs: 11,
        attributes: { 'url.full': 'https://smtp.example/send' },
      },
    ])
    const { nodes, edges } = await stack.system.map(scope, { range: range(), environment: '' }, signal)
    const drawn = edges
      .filter(({ from }) => from !== 'a' && from !== 'b')
      .map(({ from, to, kind, figures }) => [from, to, kind, figures.count])
    expect(drawn.sort()).toEqual([
      ['cart', 'database:shop', 'database', 20],
      ['cart', 'queue:orders', 'message', 1],
      ['mailer', 'external:smtp.example', 'call', 1],
      ['queue:orders', 'mailer', 'message', 1],
      ['web', 'cart', 'call', 20],
    ])
    expect(nodes.find((node) => node.id === 'database:shop')).toMatchObject({ name: 'shop', kind: 'database', system: 'postgresql' })
    expect(nodes.find((node) => node.id === 'cart')?.figures.count).toBe(20)
  })

  test('the map counts the asked minutes alone', async () => {
    const minute = 60_000
    const calls = [-7, -6, -5, -1, 0, 1].map((at, i) => ({
      trace: trace(0x180 + i),
      id: id(0x180 + i),
      service: 'minutes',
      name: 'op',
      kind: server,
      atMs: at * minute,
      forMs: 10,
    }))
    await stack.put(ours, calls)
    const countOf = async (fromMin: number, toMin: number): Promise<number | undefined> => {
      const asked = { fromMs: stack.startMs + fromMin * minute, toMs: stack.startMs + toMin * minute }
      const { nodes } = await stack.system.map(scope, { range: asked, environment: '' }, signal)
      return nodes.find(({ id: node }) => node === 'minutes')?.figures.count
    }
    expect([await countOf(-5, 2), await countOf(-1, 2), await countOf(0, 1), await countOf(-7, 60)]).toEqual([4, 3, 1, 6])
  })

  test('a sampled span counts as all it stands for', async () => {
    const sampled = { trace: trace(0x104), service: 'sampled', name: 'op', kind: server, atMs: 0, forMs: 10, state: 'ot=th:c' }
    await stack.put(ours, [
      { ...sampled, id: id(1) },
      { ...sampled, id: id(2), isError: true },
      { ...sampled, id: id(3), state: '' },
    ])
    const { items } = await stack.system.operations(scope, { service: 'sampled', range: range(), environment: '' }, signal)
    expect(items).toMatchObject([{ operation: 'op', count: 9, errors: 4, totalMs: 90 }])
    const found = await stack.system.histogram(scope, { query: 'service:sampled', ...range() }, signal)
    expect(found.total).toBe(9)
  })

  test('names without end are counted together', async () => {
    const many = Array.from({ length: 2500 }, (_, i) => ({
      trace: trace(0x105),
      id: id(i + 1),
      service: 'many',
      name: `op ${i}`,
      atMs: i / 100,
      forMs: 1,
    }))
    await stack.put(ours, many)
    const { items, isPartial } = await stack.system.operations(scope, { service: 'many', range: range(), environment: '' }, signal)
    expect(items.find(({ operation }) => operation === '(other)')?.count).toBe(500)
    expect([items.length, isPartial]).toEqual([500, true])
  })

  test('counts stay the same when their rows are merged', async () => {
    const before = await stack.system.services(scope, { range: range(), environment: '' }, signal)
    for (const table of ['operations', 'operations_1h', 'edges', 'edges_1h', 'traces'])
      await stack.engine.command(`OPTIMIZE TABLE ${table} FINAL`)
    expect(await stack.system.services(scope, { range: range(), environment: '' }, signal)).toEqual(before)
    expect((await stack.system.trace(scope, trace(1), signal)).spanCount).toBe(4)
  })
})

describe('comparison', () => {
  test('of two traces and of two groups says where the time went', async () => {
    const one = (traceId: string) => ({ traceId, query: '', ...range() })
    const two = await stack.system.compare(scope, { left: one(trace(1)), right: one(trace(20)), limit: 10 }, signal)
    expect(two.operations.slice(0, 2).map(({ operation, changeMs }) => [operation, changeMs])).toEqual([
      ['SELECT carts', 19],
      // Its own time shrinks by what the query runs on within it.
      ['GET /cart', -17],
    ])
    expect([two.left.traces, two.right.errors, two.leftCounts, two.rightCounts]).toEqual([1, 1, [1], [1]])
    const group = (query: string) => ({ traceId: null, query, ...range() })
    const groups = await stack.system.compare(
      scope,
      { left: group('service:cart status:error'), right: group('service:web'), limit: 10 },
      signal,
    )
    expect([groups.left.traces, groups.left.tracesTotal, groups.right.traces]).toEqual([4, 4, 20])
    expect(groups.operations.find(({ operation }) => operation === 'SELECT carts')).toMatchObject({
      left: { spans: 1, averageMs: 22.5 },
      right: { spans: 1, averageMs: 20.5 },
    })
  })
})

test('fewer days hide what is older at once', async () => {
  const day = 86_400_000
  await stack.put(ours, [{ trace: trace(0x106), id: id(1), service: 'old', name: 'old', atMs: -5 * day, forMs: 1 }])
  const seen = async (): Promise<number> => {
    const list = {
      query: 'service:old',
      order: 'newest',
      limit: 5,
      cursor: null,
      fromMs: stack.startMs - 10 * day,
      toMs: stack.startMs,
    } as const
    return (await stack.system.spans(scope, list, signal)).items.length
  }
  expect(await seen()).toBe(1)
  stack.keepDays = 3
  expect(await seen()).toBe(0)
  const { items } = await stack.system.services(
    scope,
    { range: { fromMs: stack.startMs - 10 * day, toMs: stack.startMs }, environment: '' },
    signal,
  )
  expect(items.map(({ service }) => service)).not.toContain('old')
  stack.keepDays = 30
})
