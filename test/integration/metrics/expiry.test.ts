import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../../apps/server/src/kernel/clock.ts'
import type { Labels, Matcher } from '../../../apps/server/src/metrics/index.ts'
import { fileEngine } from './file-engine.ts'
import { batchOf, budget, live, openStack, scope, tenant, toText, wipe, type Stack, type StackOptions } from './metrics-stack.ts'

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 10, 20, 10)

const home = fileEngine()

/** The wall and monotonic clock of what is seen, moved by the test. */
class MovedClock implements Clock {
  aheadMs = startMs - Date.now()
  readonly #firstMs = this.aheadMs
  readonly after = systemClock.after
  readonly every = systemClock.every
  readonly sleep = systemClock.sleep
  nowMs(): number {
    return systemClock.nowMs() + this.aheadMs
  }
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.aheadMs - this.#firstMs
  }
}

function open(options: Partial<StackOptions> = {}): Promise<Stack> {
  return openStack({ engine: home.engine, logDir: home.freshLog(), unseenMinutesMax: 60, ...options })
}

const hosts = ['a', 'b', 'c', 'dé', 'e f', "g'h\\"]

/** Samples of six hosts and two metrics over two hours. */
async function fill(stack: Stack): Promise<void> {
  const samples = ['up', 'down'].flatMap((name) =>
    hosts.flatMap((host, h) =>
      Array.from({ length: 5 }, (_, i) => ({
        labels: { __name__: name, host, job: `j${h % 2}`, ...(h === 2 ? {} : { zone: 'z' }) },
        timeMs: startMs + i * 1_000_000 + h,
        value: i + h / 10,
      })),
    ),
  )
  await stack.ingest.accept(batchOf(stack.ingest, samples), 1000)
  await stack.drain()
}

/** Nothing is in the head any more, and everything was last seen hours ago: all series leave. */
async function expireAll(stack: Stack, clock: MovedClock): Promise<void> {
  clock.aheadMs += 12 * hourMs
  for (let i = 0; i < 100 && stack.head.sampleCount > 0; i++) stack.head.relieve()
  expect(stack.head.sampleCount).toBe(0)
  expect(stack.expire().expired).toBeGreaterThan(0)
  expect(stack.registry.seriesCount).toBe(0)
  // A bench of 12 resting series: their numbers are given out.
  clock.aheadMs += hourMs
  expect(stack.expire().released).toBeGreaterThan(0)
}

const select = (stack: Stack, matchers: readonly Matcher[], fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, of = scope) =>
  stack.store.select(of, { matchers, fromMs, toMs }, { ...budget, signal: live }).then(toText)

/** The same whatever numbers the series have. */
const sorted = (answer: Record<string, unknown>): [string, unknown][] => Object.entries(answer).sort(([a], [b]) => (a < b ? -1 : 1))
const sets = (found: readonly Labels[]): string[] => found.map((labels) => JSON.stringify(labels)).sort()

const matchers: readonly (readonly Matcher[])[] = [
  [{ name: '__name__', op: '=', value: 'up' }],
  [{ name: 'host', op: '=', value: "g'h\\" }],
  [
    { name: 'host', op: '=~', value: 'a|dé|none' },
    { name: '__name__', op: '!=', value: 'up' },
  ],
  [{ name: 'host', op: '!~', value: '[a-c]' }],
  [{ name: 'zone', op: '=', value: '' }],
  [
    { name: 'zone', op: '!=', value: '' },
    { name: 'job', op: '=~', value: 'j.' },
  ],
  [{ name: 'zone', op: '!=', value: 'z' }],
  [{ name: 'none', op: '=~', value: '.*' }],
]

describe('series that left memory', () => {
  test('answer queries of their time exactly as before, by whatever matchers', async () => {
    const clock = new MovedClock()
    await using stack = await open({ clock })
    await fill(stack)
    const ask = async (): Promise<unknown[]> => {
      const answers: unknown[] = []
      for (const one of matchers)
        answers.push(sorted(await select(stack, one)), sorted(await select(stack, one, startMs + 10, startMs + 1_500_000)))
      return answers
    }
    const before = await ask()
    expect(before[0]).toHaveLength(6)
    await expireAll(stack, clock)
    expect(await ask()).toEqual(before)
    expect(await ask()).toEqual(before)
    // Each way from nothing, since what one brought in another may use.
    for (const [i, one] of matchers.entries()) {
      await expireAll(stack, clock)
      expect(sorted(await select(stack, one))).toEqual(before[i * 2])
    }
  })

  test('are in lists of their time, and not in those of later ones', async () => {
    const clock = new MovedClock()
    await using stack = await open({ clock })
    await fill(stack)
    const past = { fromMs: startMs, toMs: startMs + hourMs, limit: 100 }
    const ask = async () => ({
      names: await stack.catalog.allLabelNames(scope, { ...past, matchers: [] }, live),
      hosts: await stack.catalog.allLabelValues(scope, { label: 'host', ...past, matchers: [] }, live),
      metrics: await stack.catalog.allLabelValues(scope, { label: '__name__', ...past, matchers: [] }, live),
      some: await stack.catalog.allLabelValues(scope, { label: 'host', ...past, matchers: [matchers[2]!, matchers[4]!] }, live),
      series: sets(await stack.catalog.allSeries(scope, { ...past, matchers: [] }, live)),
      two: await stack.catalog.allLabelValues(scope, { label: 'host', ...past, matchers: [], limit: 2 }, live),
      summary: (await stack.catalog.allMetrics(scope, live)).map(({ name, seriesCount }) => [name, seriesCount]),
    })
    const before = await ask()
    expect(before).toMatchObject({
      names: ['__name__', 'host', 'job', 'zone'],
      metrics: ['down', 'up'],
      summary: [
        ['down', 6],
        ['up', 6],
      ],
    })
    await expireAll(stack, clock)
    const empty = { fromMs: clock.nowMs() - hourMs, toMs: clock.nowMs(), limit: 100, matchers: [] }
    expect(await stack.catalog.allLabelNames(scope, empty, live)).toEqual([])
    expect(stack.registry.seriesCount).toBe(0)
    expect(await ask()).toEqual(before)
  })

  test('are in no list while they are being deleted, nor past retention', async () => {
    const clock = new MovedClock()
    await using stack = await open({ clock })
    await fill(stack)
    const { hidden } = stack.keeping
    const past = { fromMs: startMs, toMs: startMs + hourMs, limit: 100, matchers: [] }
    const ask = async () => ({
      names: await stack.catalog.allLabelNames(scope, past, live),
      hosts: await stack.catalog.allLabelValues(scope, { label: 'host', ...past }, live),
      metrics: await stack.catalog.allLabelValues(scope, { label: '__name__', ...past }, live),
      summary: (await stack.catalog.allMetrics(scope, live)).map(({ name, seriesCount }) => [name, seriesCount]),
    })
    await expireAll(stack, clock)
    const deletion = { id: 1, tenant, beforeMs: clock.nowMs() }
    const host: Matcher = { name: 'host', op: '!~', value: 'a|b' }
    hidden.addDeletion({ ...deletion, match: [[{ name: '__name__', op: '=', value: 'up' }], [host]] })
    expect(await ask()).toMatchObject({ hosts: ['a', 'b'], metrics: ['down'], summary: [['down', 6]] })
    hidden.endDeletion({ ...deletion, match: [] })
    await expireAll(stack, clock)
    expect((await ask()).hosts).toHaveLength(hosts.length)
    clock.aheadMs += 60 * hourMs
    hidden.setPolicy(tenant, { days: 1, rollupDays: null, rules: [] })
    expect(await ask()).toEqual({ names: [], hosts: [], metrics: [], summary: [] })
  })

  test('are found by their own project alone, and count against the budget of the query', async () => {
    const clock = new MovedClock()
    await using stack = await open({ clock })
    await fill(stack)
    const foreign = { organizationId: 2, projectId: 1 }
    await stack.ingest.accept(
      batchOf(stack.ingest, [{ labels: { __name__: 'up', host: 'theirs' }, timeMs: startMs, value: 1 }], foreign),
      10,
    )
    await stack.drain()
    await expireAll(stack, clock)
    expect(JSON.stringify(await select(stack, matchers[0]!))).not.toContain('theirs')
    expect(stack.registry.seriesCount).toBe(6)
    await expireAll(stack, clock)
    const request = { matchers: matchers[0]!, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
    await expect(stack.store.select(scope, request, { ...budget, seriesMax: 5, signal: live })).rejects.toMatchObject({
      code: 'query.too_many_series',
    })
  })

  test('come back with their next sample as the same series, old and new samples together', async () => {
    const clock = new MovedClock()
    await using stack = await open({ clock })
    await fill(stack)
    await expireAll(stack, clock)
    const labels = { __name__: 'up', host: 'a', job: 'j0', zone: 'z' }
    await stack.ingest.accept(batchOf(stack.ingest, [{ labels, timeMs: clock.nowMs(), value: 9 }]), 10)
    const want: Matcher[] = [
      { name: '__name__', op: '=', value: 'up' },
      { name: 'host', op: '=', value: 'a' },
    ]
    const [answer] = Object.values(await select(stack, want))
    expect(answer?.map(([, value]) => value)).toEqual([0, 1, 2, 3, 4, 9])
    await stack.drain()
    expect(Object.values(await select(stack, want))[0]).toEqual(answer)
  })

  test('that a request found before they left are stored as themselves', async () => {
    const clock = new MovedClock()
    await using stack = await open({ clock })
    await fill(stack)
    const labels = { __name__: 'up', host: 'a', job: 'j0', zone: 'z' }
    const batch = batchOf(stack.ingest, [{ labels, timeMs: startMs + 99, value: 9 }])
    clock.aheadMs += 12 * hourMs
    for (let i = 0; i < 100 && stack.head.sampleCount > 0; i++) stack.head.relieve()
    expect(stack.expire().expired).toBe(12)
    await stack.ingest.accept(batch, 10)
    expect(stack.registry.seriesCount).toBe(1)
    await stack.drain()
    const [answer] = Object.values(
      await select(stack, [
        { name: 'host', op: '=', value: 'a' },
        { name: '__name__', op: '=', value: 'up' },
      ]),
    )
    expect(answer?.map(([timeMs]) => timeMs - startMs)).toEqual([0, 99, 1_000_000, 2_000_000, 3_000_000, 4_000_000])
  })
})

describe('rollups', () => {
  test('are made of series that left memory before their buckets were closed, and of late samples of them, once', async () => {
    const clock = new MovedClock()
    const timing = { graceMs: 0, quietMs: 0, lateMsMax: 0 }
    await using stack = await open({ clock, rollups: { clock, timing } })
    await stack.rollups.roller.open()
    await fill(stack)
    clock.aheadMs += 12 * hourMs
    for (let i = 0; i < 100 && stack.head.sampleCount > 0; i++) stack.head.relieve()
    expect(stack.expire().expired).toBe(12)
    while (await stack.rollups.roller.round());
    expect(stack.registry.seriesCount).toBe(0)
    const hint = { func: 'count_over_time', startMs: startMs + hourMs, endMs: startMs + 2 * hourMs, stepMs: hourMs, windowMs: hourMs }
    const counts = async (): Promise<number[]> => {
      const request = { matchers: [{ name: 'host', op: '=', value: 'a' }] as const, fromMs: 0, toMs: startMs + 2 * hourMs, hint }
      const grid = await stack.store.grid?.(scope, request, { ...budget, signal: live })
      return Array.from(grid?.values ?? [])
    }
    // Samples at 1000, 2000 and 3000 s of two series. The second hour has the newest sample, which memory covers.
    expect(await counts()).toEqual([3, 3])
    await expireAll(stack, clock)
    const late = { labels: { __name__: 'up', host: 'a', job: 'j0', zone: 'z' }, timeMs: startMs + 1_500_000, value: 1 }
    await stack.ingest.accept(batchOf(stack.ingest, [late]), 1)
    await stack.drain()
    for (let i = 0; i < 100 && stack.head.sampleCount > 0; i++) stack.head.relieve()
    clock.aheadMs += 12 * hourMs
    stack.expire()
    while (await stack.rollups.roller.round());
    expect((await counts()).sort()).toEqual([3, 4])
    expect(await stack.rollups.roller.round()).toBe(false)
  })
})

describe('a start', () => {
  test('reads only series seen lately; others are found by queries of their time, and samples in the log find theirs', async () => {
    const clock = new MovedClock()
    const logDir = home.freshLog()
    {
      await using first = await open({ clock, logDir })
      await fill(first)
      clock.aheadMs += 48 * hourMs
      const late = [{ labels: { __name__: 'late', host: 'x' }, timeMs: clock.nowMs(), value: 1 }]
      await first.ingest.accept(batchOf(first.ingest, late), 10)
      await first.drain()
    }
    {
      // A sample of a known series whose row is long in the engine waits in the log.
      await using second = await open({ clock, logDir, withoutWriter: true, unseenMinutesMax: 10_000_000 })
      const known = [{ labels: { __name__: 'up', host: 'b', job: 'j1', zone: 'z' }, timeMs: startMs + 5_000_000, value: 7 }]
      await second.ingest.accept(batchOf(second.ingest, known), 10)
    }
    await using third = await open({ clock, logDir })
    expect(third.registry.seriesCount).toBe(2)
    expect(third.head.sampleCount).toBe(1)
    const all = await select(third, [{ name: '__name__', op: '=~', value: 'up|late' }])
    expect(Object.keys(all)).toHaveLength(7)
    expect(all['__name__=up,host=b,job=j1,zone=z']?.map(([, value]) => value)).toEqual([0.1, 1.1, 2.1, 3.1, 4.1, 7])
  })

  test('reads no more rows than there is room for', async () => {
    const clock = new MovedClock()
    {
      await using first = await open({ clock })
      const samples = Array.from({ length: 40 }, (_, i) => ({
        labels: { __name__: 'up', host: `${i}` },
        timeMs: startMs - i * hourMs,
        value: i,
      }))
      await first.ingest.accept(batchOf(first.ingest, samples), 10)
      await first.drain()
    }
    await using second = await open({ clock, unseenMinutesMax: 100_000, loadRowsMax: 10 })
    expect(second.registry.seriesCount).toBe(10)
    expect(Object.keys(await select(second, matchers[0]!, startMs - 3 * hourMs))).toHaveLength(4)
    expect(Object.keys(await select(second, matchers[0]!))).toHaveLength(40)
  })
})

test('any mix of writing, expiry and asking gives what was written', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('write' as const), host: fc.nat(7), agoMs: fc.nat(20 * hourMs) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('expire' as const), hours: fc.constantFrom(0, 1, 5) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('ask' as const), fromAgoMs: fc.nat(40 * hourMs), not: fc.boolean() }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await wipe(home.engine)
      const clock = new MovedClock()
      await using stack = await open({ clock })
      const model = new Map<string, Map<number, number>>()
      let value = 0
      for (const one of steps) {
        if (one.type === 'write') {
          const timeMs = Math.floor(clock.nowMs()) - one.agoMs
          await stack.ingest.accept(
            batchOf(stack.ingest, [{ labels: { __name__: 'up', host: `${one.host}` }, timeMs, value: ++value }], tenant),
            1,
          )
          const known = model.get(`${one.host}`) ?? new Map<number, number>()
          if (!known.has(timeMs)) known.set(timeMs, value)
          model.set(`${one.host}`, known)
        } else if (one.type === 'expire') {
          clock.aheadMs += one.hours * hourMs
          await stack.drain()
          for (let i = 0; i < 100 && stack.head.sampleCount > 0; i++) stack.head.relieve()
          stack.expire()
        } else {
          const fromMs = Math.floor(clock.nowMs()) - one.fromAgoMs
          const toMs = Math.floor(clock.nowMs())
          const found = await select(
            stack,
            [
              { name: '__name__', op: '=', value: 'up' },
              { name: 'host', op: one.not ? '!=' : '=~', value: one.not ? '3' : '[0-4]' },
            ],
            fromMs,
            toMs,
          )
          const want = [...model]
            .filter(([host]) => (one.not ? host !== '3' : Number(host) < 5))
            .map(
              ([host, samples]) =>
                [
                  `__name__=up,host=${host}`,
                  [...samples].filter(([timeMs]) => timeMs >= fromMs && timeMs <= toMs).sort((a, b) => a[0] - b[0]),
                ] as const,
            )
            .filter(([, samples]) => samples.length > 0)
          expect(sorted(found)).toEqual(sorted(Object.fromEntries(want)))
        }
      }
    }),
    { numRuns: 12 },
  )
})
