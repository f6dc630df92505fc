import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { ABSENT, createPromqlEngine, type QueryValue, type RangeSeries, type SampleSource } from '../../../apps/server/src/promql/index.ts'
import { STALE, warmHead, type GridHint } from '../../../apps/server/src/metrics/index.ts'
import {
  batchOf,
  budget,
  live,
  openEngine,
  openStack,
  scope,
  tenant,
  wipe,
  type EngineHome,
  type Stack,
  type TestSample,
} from './metrics-stack.ts'

let home: EngineHome
let stack: Stack

const startMs = Date.UTC(2026, 10, 20, 10)
const functions = ['last', 'rate', 'increase', 'delta', 'irate', 'idelta'] as const

/** Repeatable numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Counters and gauges with resets, gaps, jitter, stale markers and samples exactly on window edges. */
function seriesOf(index: number): TestSample[] {
  const next = random(index + 1)
  const isCounter = index % 2 === 0
  const out: TestSample[] = []
  let value = isCounter ? 0 : next() * 100
  for (let i = 0; i < 400; i++) {
    if (next() < 0.02) value = 0
    else value += (isCounter ? next() : next() - 0.5) * (index % 3 === 0 ? 10.5 : 7)
    if (index % 4 === 1) value = Math.round(value)
    if (next() < 0.1) continue
    const timeMs = startMs + i * 15_000 + (index % 5 === 0 ? 0 : Math.floor(next() * 4_000))
    out.push({ labels: { __name__: 'm', s: `${index}` }, timeMs, value: next() < 0.02 ? STALE : value })
  }
  return out
}

beforeAll(async () => {
  home = await openEngine()
  {
    await using first = await openStack({ engine: home.engine, logDir: join(home.dataDir, 'log') })
    for (let index = 0; index < 40; index++) await first.ingest.accept(batchOf(first.ingest, seriesOf(index)), 10)
    await first.drain()
  }
  stack = await openStack({ engine: home.engine, logDir: join(home.dataDir, 'log') })
})

afterAll(async () => {
  await stack[Symbol.asyncDispose]()
  await wipe(home.engine)
  await home[Symbol.asyncDispose]()
})

const matchers = [{ name: '__name__', op: '=', value: 'm' }] as const

/** The same from samples, by the evaluator without push-down. */
async function evaluated(hint: GridHint): Promise<Map<string, number[]>> {
  const steps = Math.floor((hint.endMs - hint.startMs) / hint.stepMs) + 1
  const query = hint.func === 'last' ? 'm' : `${hint.func}(m[${hint.windowMs}ms])`
  const source = {
    select: (request: Parameters<typeof stack.store.select>[1], signal: AbortSignal) =>
      stack.store.select(scope, request, { ...budget, signal }),
  }
  const limits = { samplesMax: 1e8, seriesMax: 1e6, timeoutMs: 60_000, stepsMax: 1e6, lookbackMs: hint.windowMs }
  const outcome = await createPromqlEngine({ clock: systemClock }).range(
    { query, startMs: hint.startMs, endMs: hint.endMs, stepMs: hint.stepMs },
    source,
    limits,
    live,
  )
  const out = new Map<string, number[]>()
  const series: readonly RangeSeries[] = outcome.value.type === 'matrix' ? outcome.value.series : []
  for (const one of series) {
    const row = Array.from({ length: steps }, () => ABSENT)
    one.timesMs.forEach((time, i) => (row[(time - hint.startMs) / hint.stepMs] = one.values[i]!))
    out.set(new Map(one.labels).get('s') ?? '', row)
  }
  return out
}

async function expectSame(hint: GridHint): Promise<void> {
  const request = { matchers, fromMs: hint.startMs - hint.windowMs, toMs: hint.endMs }
  const grid = await stack.store.grid?.(scope, { ...request, hint }, { ...budget, signal: live })
  if (grid === undefined || grid === null) throw new Error(`${hint.func} was not pushed down`)
  const want = await evaluated(hint)
  expect(new Set(grid.labels.map((labels) => new Map(labels).get('s')))).toEqual(new Set(want.keys()))
  grid.labels.forEach((labels, s) => {
    const name = new Map(labels).get('s') ?? ''
    want.get(name)?.forEach((value, i) => {
      const got = grid.values[s * grid.steps + i]!
      const where = `${hint.func} series ${name} step ${i}: ${got} for ${value}`
      if (value === ABSENT || got === ABSENT) expect(got, where).toBe(value)
      else expect(Math.abs(got - value), where).toBeLessThanOrEqual(1e-12 * Math.max(Math.abs(value), 1))
    })
  })
}

for (const func of functions) {
  test(`${func}: the engine's grid is what the evaluator computes from samples`, async () => {
    for (const [windowMs, stepMs, offsetMs] of [
      [60_000, 15_000, 0],
      [300_000, 60_000, 7],
      [30_000, 7_000, 1_234],
      [45_500, 10_500, 500],
      [14_999, 15_000, 0],
    ] as const) {
      const from = startMs + 120_000 + offsetMs
      await expectSame({ func, startMs: from, endMs: from + 5_000_000, stepMs, windowMs })
    }
    await expectSame({ func, startMs: startMs + 900_000, endMs: startMs + 900_000, stepMs: 60_000, windowMs: 120_000 })
  })
}

const hint: GridHint = { func: 'rate', startMs: startMs + 600_000, endMs: startMs + 1_200_000, stepMs: 60_000, windowMs: 120_000 }
const request = { matchers, fromMs: hint.startMs - hint.windowMs, toMs: hint.endMs }

test('a sample that came twice into the engine changes nothing', async () => {
  await home.engine.command(`INSERT INTO samples SELECT * FROM samples WHERE ts % 3 = 0`)
  for (const func of functions) await expectSame({ ...hint, func })
})

test('wherever the watermark is: memory, engine and what lies across it give what samples alone give', async () => {
  await using warm = await openStack({ engine: home.engine, logDir: join(home.dataDir, 'log-of-the-seam') })
  await using warming = warmHead({ engine: home.engine, registry: warm.registry, head: warm.head, logger: silentLogger, hours: 1 })
  await warming.done
  const hourMs = startMs + 3_600_000
  expect(warm.head.coversFromMs).toBe(hourMs)
  const limits = { samplesMax: 1e8, seriesMax: 1e6, timeoutMs: 60_000, stepsMax: 1e6, lookbackMs: 300_000 }
  const range = { startMs: startMs + 1_800_000, endMs: startMs + 5_700_000, stepMs: 37_000 }
  const asked: string[] = []
  const samplesOnly: SampleSource = {
    select: (one, signal) => (asked.push('samples'), warm.store.select(scope, one, { ...budget, signal })),
  }
  const inParts: SampleSource = {
    ...samplesOnly,
    scan: (one) => (asked.push('memory'), warm.store.scan?.(scope, one, budget) ?? null),
    grid: (one, hintOf, signal) => (
      asked.push('grid'),
      warm.store.grid?.(scope, { ...one, hint: hintOf }, { ...budget, signal }) ?? Promise.resolve(null)
    ),
  }
  const engine = createPromqlEngine({ clock: systemClock })
  for (const coversFromMs of [hourMs, hourMs + 180_007, hourMs + 1_200_000, hourMs + 86_400_000]) {
    warm.head.coverFrom(coversFromMs)
    for (const query of ['m', 'rate(m[2m])', 'sum by (s) (irate(m[90s]))', 'max_over_time(m[3m])', 'avg(increase(m[5m] offset 1m))']) {
      const want = await engine.range({ query, ...range }, samplesOnly, limits, live)
      asked.length = 0
      const got = await engine.range({ query, ...range }, inParts, limits, live)
      if (!query.startsWith('max')) expect(asked, query).toContain('grid')
      const rows = (value: QueryValue): unknown =>
        value.type === 'matrix' &&
        value.series.map((one) => [JSON.stringify(one.labels), Array.from(one.timesMs), Array.from(one.values, (x) => x.toPrecision(11))])
      expect(rows(got.value), `${query} with the watermark at ${coversFromMs - startMs}`).toEqual(rows(want.value))
    }
  }
})

test('steps the head covers, waiting samples and values out of the ordinary are not pushed down', async () => {
  const grid = (one: GridHint): Promise<unknown> | undefined =>
    stack.store.grid?.(scope, { ...request, hint: one }, { ...budget, signal: live })
  expect(await grid(hint)).not.toBeNull()
  const { coversFromMs } = stack.head
  expect(await grid({ ...hint, startMs: coversFromMs, endMs: coversFromMs + 60_000 })).toBeNull()
  // The steps at, and one after, the watermark are left out.
  const across = { ...hint, startMs: coversFromMs - 120_000, endMs: coversFromMs + 60_000 }
  expect(await grid(across)).toMatchObject({ steps: 2 })
  expect(await grid({ ...hint, startMs: hint.startMs + 0.5 })).toBeNull()
  await expect(stack.store.grid?.(scope, { ...request, hint }, { ...budget, samplesMax: 100, signal: live })).rejects.toMatchObject({
    code: 'query.too_many_samples',
  })
  await stack.ingest.accept(batchOf(stack.ingest, [{ labels: { __name__: 'm', s: '0' }, timeMs: hint.startMs + 1, value: 5 }], tenant), 10)
  expect(await grid(hint)).toBeNull()
  await stack.ingest.accept(
    batchOf(stack.ingest, [{ labels: { __name__: 'odd', s: '0' }, timeMs: hint.startMs + 1, value: NaN }], tenant),
    10,
  )
  await stack.drain()
  const odd = { ...request, matchers: [{ name: '__name__', op: '=', value: 'odd' } as const] }
  expect(await stack.store.grid?.(scope, { ...odd, hint }, { ...budget, signal: live })).toBeNull()
})
