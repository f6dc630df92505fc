import { describe, expect, test } from 'vitest'
import { createMetricsCollector } from './collector.ts'
import type { Leave, Platform } from './platform.ts'
import type { MetricsCollectorOptions, Refusal } from './types.ts'

interface Sent {
  readonly url: string
  readonly id: string | null
  readonly headers: Headers
  readonly keepalive: boolean
  readonly items: { name: string; values: unknown[]; tags?: unknown; type?: string; unit?: string; timestamp?: number }[]
}

type Answer = Response | Error | 'pending'

function ok(accepted: number, refusals: unknown[] = []): Response {
  return new Response(JSON.stringify({ accepted, refused: refusals.length, refusals, repeated: false }))
}

/** Requests are answered as told, timers run when told: nothing here waits. */
class Stage implements Platform {
  readonly sent: Sent[] = []
  readonly beacons: { url: string; body: string }[] = []
  readonly pauses: number[] = []
  answers: Answer[] = []
  timers = new Map<number, { run: () => void; atMs: number }>()
  now = 0
  held = 0
  leave: Leave | null = null
  beacon: Platform['beacon'] = null
  isBrowser = false
  random = (): number => 1
  #next = 0

  readonly fetch: typeof fetch = async (url, init) => {
    const headers = new Headers(init?.headers)
    const items = typeof init?.body === 'string' ? (JSON.parse(init.body) as Sent['items']) : []
    this.sent.push({
      url: new Request(url).url,
      id: headers.get('x-bellwether-batch-id'),
      headers,
      items,
      keepalive: init?.keepalive === true,
    })
    const answer = this.answers.shift() ?? ok(Array.isArray(items) ? items.reduce((sum, { values }) => sum + values.length, 0) : 0)
    if (answer instanceof Error) throw answer
    return answer === 'pending' ? await new Promise(() => undefined) : answer
  }
  readonly nowMs = (): number => this.now
  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const id = this.#next++
    this.pauses.push(delayMs)
    this.timers.set(id, { run, atMs: this.now + delayMs })
    return () => void this.timers.delete(id)
  }
  readonly hold = (): (() => void) => {
    this.held++
    return () => void this.held--
  }
  readonly onExit = (leave: Leave): (() => void) => {
    this.leave = leave
    return () => void (this.leave = null)
  }

  /** Goes to the next timer and lets everything it set off come to rest. */
  async tick(): Promise<void> {
    const first = [...this.timers].sort(([, a], [, b]) => a.atMs - b.atMs)[0]
    if (first === undefined) return
    this.timers.delete(first[0])
    this.now = first[1].atMs
    first[1].run()
    await rest()
  }
}

async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function open(stage: Stage, options: Partial<MetricsCollectorOptions> = {}) {
  return createMetricsCollector({ url: 'http://there/', project: 1, key: 'k', ...options }, stage)
}

describe('batches', () => {
  test('go at the end of the interval, values of one metric and its tags together', async () => {
    const stage = new Stage()
    const collector = open(stage, { tags: { app: 'shop' } })
    collector.recordMetric('orders', 1, { city: 'Oslo' })
    collector.recordMetric('orders', 2, { city: 'Oslo' })
    collector.recordMetric('orders', 3, { city: 'Bergen', app: 'other' })
    collector.record({ name: 'size', value: 9, type: 'gauge', unit: 'byte', time: new Date(5) })
    expect(stage.sent).toEqual([])
    await stage.tick()
    expect(stage.sent).toHaveLength(1)
    expect(stage.sent[0]?.url).toBe('http://there/api/0/projects/1/metrics')
    expect(stage.sent[0]?.headers.get('x-bellwether-key')).toBe('k')
    expect(stage.sent[0]?.items).toEqual([
      { name: 'orders', values: [1, 2], tags: { app: 'shop', city: 'Oslo' } },
      { name: 'orders', values: [3], tags: { app: 'other', city: 'Bergen' } },
      { name: 'size', values: [9], tags: { app: 'shop' }, type: 'gauge', unit: 'byte', timestamp: 5 },
    ])
    expect(collector.stats()).toEqual({ buffered: 0, accepted: 4, refused: 0, dropped: 0 })
  })

  test('go at once when they are full, each with an id of its own', async () => {
    const stage = new Stage()
    const collector = open(stage, { batchSize: 2 })
    for (let value = 0; value < 5; value++) collector.recordMetric('n', value)
    await rest()
    expect(stage.sent.map(({ items }) => items[0]?.values)).toEqual([
      [0, 1],
      [2, 3],
    ])
    await collector.flush()
    expect(stage.sent.map(({ items }) => items[0]?.values)).toEqual([[0, 1], [2, 3], [4]])
    expect(new Set(stage.sent.map(({ id }) => id)).size).toBe(3)
    expect(stage.sent[0]?.id).toMatch(/^[0-9a-f]{32}$/)
  })

  test('are bounded: what does not fit is dropped and counted, also while one is under way', async () => {
    const stage = new Stage()
    stage.answers = ['pending']
    const collector = open(stage, { batchSize: 2, bufferMax: 3 })
    const taken = [1, 2, 3, 4, 5].map((value) => collector.recordMetric('n', value))
    expect(taken).toEqual([true, true, true, false, false])
    expect(collector.stats()).toEqual({ buffered: 3, accepted: 0, refused: 0, dropped: 2 })
  })
})

describe('failures', () => {
  test('are repeated with growing pauses and the same id; Retry-After is kept to', async () => {
    const stage = new Stage()
    const told: string[] = []
    stage.answers = [
      new Error('no way there'),
      new Response('{}', { status: 503, headers: { 'retry-after': '7' } }),
      new Response('{}', { status: 500 }),
    ]
    const collector = open(stage, { retryFirstMs: 100, onError: (error) => told.push(error.message) })
    collector.recordMetric('n', 1)
    const flushed = collector.flush()
    await rest()
    for (let repetition = 0; repetition < 3; repetition++) await stage.tick()
    await flushed
    // The first pause is that of the interval; chance is 1, so the others are whole.
    expect(stage.pauses).toEqual([5000, 100, 7000, 400])
    expect(new Set(stage.sent.map(({ id }) => id)).size).toBe(1)
    expect(stage.sent).toHaveLength(4)
    expect(told).toEqual(['no way there', expect.stringContaining('503'), expect.stringContaining('500')])
    expect(collector.stats()).toMatchObject({ accepted: 1, dropped: 0 })
  })

  test('pauses are left to chance between a half and the whole, and have an end', async () => {
    const stage = new Stage()
    stage.random = () => 0
    stage.answers = Array.from({ length: 6 }, () => new Error('away'))
    const collector = open(stage, { retryFirstMs: 100, retryMaxMs: 400 })
    collector.recordMetric('n', 1)
    void collector.flush()
    await rest()
    for (let repetition = 0; repetition < 5; repetition++) await stage.tick()
    expect(stage.pauses.slice(1, 6)).toEqual([50, 100, 200, 200, 200])
  })

  test('that no repetition mends lose the batch, and say so', async () => {
    const stage = new Stage()
    const told: string[] = []
    stage.answers = [new Response('{"error":{"message":"This ingest key is not known."}}', { status: 401 })]
    const collector = open(stage, { onError: (error) => told.push(error.message) })
    collector.recordMetric('n', 1)
    await collector.flush()
    expect(told).toEqual(['Bellwether answered 401: This ingest key is not known.'])
    expect(collector.stats()).toEqual({ buffered: 0, accepted: 0, refused: 0, dropped: 1 })
  })

  test('are given up after a time', async () => {
    const stage = new Stage()
    stage.answers = Array.from({ length: 10 }, () => new Error('away'))
    const collector = open(stage, { retryFirstMs: 1000, giveUpMs: 2500 })
    collector.recordMetric('n', 1)
    const flushed = collector.flush()
    await rest()
    await stage.tick()
    await flushed
    expect(stage.sent).toHaveLength(2)
    expect(collector.stats().dropped).toBe(1)
  })

  test('refused values are told by name', async () => {
    const stage = new Stage()
    const told: Refusal[] = []
    stage.answers = [ok(1, [{ index: 1, reason: 'value_not_finite', message: 'b: a value is null' }])]
    const collector = open(stage, { onRefused: (refusals) => told.push(...refusals) })
    collector.recordMetric('a', 1)
    collector.recordMetric('b', NaN)
    await collector.flush()
    expect(told).toMatchObject([{ name: 'b', reason: 'value_not_finite' }])
    expect(collector.stats()).toMatchObject({ accepted: 1, refused: 1 })
  })
})

describe('the end', () => {
  test('close sends what is left and takes nothing more', async () => {
    const stage = new Stage()
    const collector = open(stage, { flushOnExit: true })
    collector.recordMetric('n', 1)
    await collector.close()
    expect(stage.sent).toHaveLength(1)
    expect(collector.recordMetric('n', 2)).toBe(false)
    expect([stage.leave, stage.held, stage.timers.size]).toEqual([null, 0, 0])
    await collector.close()
  })

  test('close gives up in time what nobody takes', async () => {
    const stage = new Stage()
    stage.answers = [new Error('away')]
    const collector = open(stage, { batchSize: 1, closeMs: 1000, retryFirstMs: 60_000, retryMaxMs: 60_000 })
    for (const value of [1, 2, 3]) collector.recordMetric('n', value)
    const closed = collector.close()
    await rest()
    await stage.tick()
    await closed
    expect(collector.stats()).toEqual({ buffered: 0, accepted: 0, refused: 0, dropped: 3 })
    expect(stage.held).toBe(0)
  })

  test('a program flushes when it is asked to', async () => {
    const stage = new Stage()
    open(stage)
    expect(stage.leave).toBeNull()
    const collector = open(stage, { flushOnExit: true })
    collector.recordMetric('n', 1)
    await stage.leave?.(true)
    expect(collector.stats().accepted).toBe(1)
  })

  test('a page that is left hands over what it has, and what is under way once more by its id', async () => {
    const stage = new Stage()
    stage.isBrowser = true
    stage.answers = ['pending']
    stage.beacon = (url, body) => stage.beacons.push({ url, body }) > 0
    const collector = open(stage, { batchSize: 2 })
    for (const value of [1, 2, 3]) collector.recordMetric('n', value)
    await rest()
    expect(stage.sent[0]?.keepalive).toBe(true)
    await stage.leave?.(true)
    expect(stage.beacons.map(({ body }) => JSON.parse(body)[0].values)).toEqual([[1, 2], [3]])
    const [again, rest_] = stage.beacons.map(({ url }) => new URL(url).searchParams)
    expect([again?.get('key'), again?.get('batch'), rest_?.get('batch') === again?.get('batch')]).toEqual(['k', stage.sent[0]?.id, false])
  })

  test('a page that is hidden keeps what the browser has no room for, in its order, and drops it only when it is left for good', async () => {
    const stage = new Stage()
    stage.isBrowser = true
    let roomBytes = 65_536
    stage.beacon = (url, body) => {
      const sizeBytes = Buffer.byteLength(body)
      if (sizeBytes > roomBytes) return false
      roomBytes -= sizeBytes
      return stage.beacons.push({ url, body }) > 0
    }
    const collector = open(stage, { batchSize: 10_000, tags: { app: 'shop' } })
    for (let i = 0; i < 2000; i++) collector.recordMetric('page.render', i, { route: `/products/${i}`, browser: 'Firefox 145 on Linux' })
    await stage.leave?.(false)
    const { accepted, buffered, dropped } = collector.stats()
    expect([accepted > 0, buffered > 0, accepted + buffered, dropped]).toEqual([true, true, 2000, 0])
    await collector.flush()
    const values = [...stage.beacons.map(({ body }) => JSON.parse(body) as Sent['items']), ...stage.sent.map(({ items }) => items)]
    expect(values.flat().flatMap((item) => item.values)).toEqual(Array.from({ length: 2000 }, (_unused, i) => i))
    for (let i = 0; i < 2000; i++) collector.recordMetric('page.render', i)
    roomBytes = 0
    await stage.leave?.(true)
    expect(collector.stats()).toEqual({ buffered: 0, accepted: 2000, refused: 0, dropped: 2000 })
  })

  test('values of one metric that are put back come before those after them', async () => {
    const stage = new Stage()
    stage.isBrowser = true
    stage.beacon = () => false
    const collector = open(stage)
    for (let i = 0; i < 900; i++) collector.recordMetric('n', i)
    await stage.leave?.(false)
    collector.recordMetric('n', 900)
    await collector.flush()
    expect(stage.sent.map(({ items }) => items)).toEqual([[{ name: 'n', values: Array.from({ length: 901 }, (_unused, i) => i) }]])
  })

  test('what a page sends is measured in bytes, and goes without keepalive where the browser refuses', async () => {
    const stage = new Stage()
    stage.isBrowser = true
    stage.answers = [ok(200), new TypeError('Failed to fetch')]
    const collector = open(stage)
    for (let i = 0; i < 200; i++) collector.recordMetric('n', 1, { page: '商品一覧'.repeat(20) + String(i), query: '検索'.repeat(20) })
    await collector.flush()
    collector.recordMetric('n', 1)
    const flushed = collector.flush()
    await rest()
    await stage.tick()
    await flushed
    expect(stage.sent.map(({ keepalive }) => keepalive)).toEqual([false, true, false])
    expect(collector.stats().dropped).toBe(0)
  })

  test('the last repetition comes while the server still knows the batch', async () => {
    const stage = new Stage()
    stage.answers = Array.from({ length: 1000 }, () => new Error('away'))
    const collector = open(stage)
    collector.recordMetric('n', 1)
    const flushed = collector.flush()
    await rest()
    while (collector.stats().buffered > 0) await stage.tick()
    await flushed
    expect(stage.now).toBeLessThan(600_000 - 10_000)
    expect(stage.sent.length).toBeGreaterThan(10)
  })
})
