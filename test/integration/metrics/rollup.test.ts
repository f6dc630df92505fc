import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { STALE, type GridHint } from '../../../apps/server/src/metrics/index.ts'
import { batchOf, live, openEngine, openStack, wipe, type EngineHome, type Stack, type TestSample } from './metrics-stack.ts'
import { expectSame, functions, hourMs, minuteMs, refsOf, seriesOf, someGrids } from './rollup-cases.ts'

let home: EngineHome
const startMs = Date.UTC(2026, 10, 20, 10)
const hours = 8
const timing = { graceMs: 0, quietMs: 0, lateMsMax: 0 }

beforeAll(async () => {
  home = await openEngine()
})

afterEach(async () => {
  await wipe(home.engine)
})

afterAll(async () => {
  await home[Symbol.asyncDispose]()
})

let logs = 0

/** A stack whose wall clock stands where the test puts it. */
async function stackAt(clock: { nowMs: number }, logDir = join(home.dataDir, `log-${logs++}`)): Promise<Stack> {
  return openStack({ engine: home.engine, logDir, rollups: { clock: { ...systemClock, nowMs: () => clock.nowMs }, timing } })
}

async function send(stack: Stack, samples: readonly TestSample[]): Promise<void> {
  for (let at = 0; at < samples.length; at += 500) await stack.ingest.accept(batchOf(stack.ingest, samples.slice(at, at + 500)), 10)
}

/** Everything acknowledged is in the engine, and every bucket that can be made is made. */
async function settle(stack: Stack): Promise<void> {
  await stack.drain()
  while (await stack.rollups.roller.round());
}

async function expectAllSame(stack: Stack, stepsMin: number): Promise<void> {
  for (const grid of someGrids(startMs, hours)) {
    for (const func of functions) {
      const steps = await expectSame(stack, { ...grid, func })
      const all = Math.floor((grid.endMs - grid.startMs) / grid.stepMs) + 1
      expect(steps, `${func} ${JSON.stringify(grid)}`).toBeGreaterThanOrEqual(Math.min(stepsMin, all))
    }
  }
}

const all = Array.from({ length: 24 }, (_, index) => seriesOf(index, startMs, startMs + hours * hourMs))

test('samples that were there before: every function at every aligned grid is what the evaluator computes from samples', async () => {
  const clock = { nowMs: startMs }
  const logDir = join(home.dataDir, 'log-before')
  {
    await using first = await openStack({ engine: home.engine, logDir })
    for (const series of all) await send(first, series)
    await first.drain()
  }
  clock.nowMs = startMs + (hours + 1) * hourMs
  await using stack = await stackAt(clock, logDir)
  await settle(stack)
  await expectAllSame(stack, Infinity)
})

test('samples that come as time passes, some late by hours, and a restart: the same', async () => {
  const clock = { nowMs: startMs }
  const logDir = join(home.dataDir, 'log-live')
  const late: TestSample[] = []
  let stack = await stackAt(clock, logDir)
  try {
    for (let i = 0; i < hours * 4; i++) {
      const fromMs = startMs + i * 15 * minuteMs
      const now = all.flat().filter(({ timeMs }) => timeMs > fromMs && timeMs <= fromMs + 15 * minuteMs)
      await send(
        stack,
        now.filter(({ timeMs }, k) => (k + timeMs) % 40 !== 0),
      )
      late.push(...now.filter(({ timeMs }, k) => (k + timeMs) % 40 === 0))
      clock.nowMs = fromMs + 15 * minuteMs + 1000
      if (i % 8 === 5) await send(stack, late.splice(0, late.length / 2))
      if (i === 17) {
        await stack[Symbol.asyncDispose]()
        stack = await stackAt(clock, logDir)
      }
      if (i % 3 === 0) await settle(stack)
    }
    await send(stack, late)
    await expectAllSame(stack, 0)
    await settle(stack)
    await expectAllSame(stack, Infinity)
  } finally {
    await stack[Symbol.asyncDispose]()
  }
})

test('a late sample is in the answer at once, and in the rollup once it is made again', async () => {
  const clock = { nowMs: startMs + hours * hourMs }
  await using stack = await stackAt(clock)
  const at = (minute: number, value: number): TestSample => ({
    labels: { __name__: 'c', s: '0' },
    timeMs: startMs + minute * minuteMs,
    value,
  })
  await send(stack, [at(1, 1), at(2, 2), at(31, 3), at(32, 4), at(121, 9)])
  await settle(stack)
  const hint = { func: 'sum_over_time', startMs: startMs + hourMs, endMs: startMs + 3 * hourMs, stepMs: hourMs, windowMs: hourMs }
  const read = async (): Promise<number[] | null> => {
    const got = await stack.rollups.store.read(refsOf(stack, hint.func), hint, live)
    return got === null ? null : [...got.values]
  }
  expect(await read()).toEqual([10, STALE, 9])
  await send(stack, [at(90, 100)])
  expect(await read()).toEqual([10])
  await stack.drain()
  expect(await read()).toEqual([10])
  await settle(stack)
  expect(await read()).toEqual([10, 100, 9])
})

test('two values of one time, and grids that are not made of whole buckets, are left to the samples', async () => {
  const clock = { nowMs: startMs + hours * hourMs }
  await using stack = await stackAt(clock)
  const sample = { labels: { __name__: 'c', s: '0' }, timeMs: startMs + 1, value: 1 }
  await send(stack, [sample, { ...sample, timeMs: startMs + minuteMs }])
  await settle(stack)
  const five = 5 * minuteMs
  const hint = { func: 'rate', startMs: startMs + five, endMs: startMs + hourMs, stepMs: five, windowMs: five }
  const steps = (change: Partial<GridHint>): number => stack.rollups.store.coveredSteps(refsOf(stack, hint.func), { ...hint, ...change })
  expect(steps({})).toBe(12)
  expect(steps({ startMs: startMs + five + 1 })).toBe(0)
  expect(steps({ stepMs: five + 1 })).toBe(0)
  expect(steps({ windowMs: minuteMs })).toBe(0)
  expect(steps({ func: 'irate' })).toBe(0)
  expect(steps({ withoutRollups: true })).toBe(0)
  expect(steps({ endMs: clock.nowMs + hourMs })).toBe(hours * 12)
  const read = async (func: string): Promise<unknown> => stack.rollups.store.read(refsOf(stack, func), { ...hint, func }, live)
  expect(await read('rate')).not.toBeNull()
  await send(
    stack,
    [0, 1, 0, 1, 0].map((value, i) => ({ ...sample, timeMs: startMs + (i + 2) * 20_000, value })),
  )
  await settle(stack)
  expect(await read('rate')).toBeNull()
  expect(await read('delta')).not.toBeNull()
  await home.engine.command('INSERT INTO samples SELECT org, project, metric, hour, series, ts, i + 1, f FROM samples LIMIT 1')
  stack.rollups.marks.restore({ tenant: { organizationId: 1, projectId: 1 }, hour: startMs / hourMs, mask: 1 })
  await settle(stack)
  expect(await read('delta')).toBeNull()
})
