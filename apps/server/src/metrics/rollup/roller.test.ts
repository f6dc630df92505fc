import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import { createRollupInstruments } from './instruments.ts'
import type { HourRun } from './maker.ts'
import { RollupMarks, type HourMask } from './marks.ts'
import { wholeHourMask } from './spans.ts'
import { RollupRoller, type RollerDeps } from './roller.ts'

const hourMs = 3_600_000
const tenant = { organizationId: 1, projectId: 2 }

/** A roller whose engine can make so many buckets in one statement, and never those of `brokenHour`. */
function rollerAt(closedMs: number, nowMs: number, bucketsMax: number, brokenHour = -1, hoursWithSamples: readonly HourMask[] = []) {
  const clock = new ManualClock(nowMs)
  const registry = { tenantOf: () => ({ index: 0, tenant }) } as unknown as ConstructorParameters<typeof RollupMarks>[0]['registry']
  const marks = new RollupMarks({ registry, clock })
  const made: HourRun[] = []
  const maker = {
    makeSmall: (run: HourRun) => {
      const buckets = run.masks.reduce((sum, mask) => sum + mask.toString(2).replaceAll('0', '').length, 0)
      if (buckets > bucketsMax || (run.tenant !== null && run.fromHour === brokenHour)) return Promise.reject(new Error('too much'))
      made.push(run)
      return Promise.resolve({ rows: 1, hourRows: 0, samples: 1 })
    },
    makeHours: () => Promise.resolve({ rows: 0, hourRows: 1, samples: 0 }),
  }
  const nothing = (): Promise<void> => Promise.resolve()
  const store = {
    load: () => Promise.resolve({ seq: 1, closedMs, late: [] }),
    snapshot: nothing,
    begin: nothing,
    mark: nothing,
    done: nothing,
  }
  const deps = {
    marks,
    store,
    maker,
    hoursWithSamples: () => Promise.resolve(hoursWithSamples),
    log: { backlog: () => ({ segments: 0, oldestMs: 0 }) },
    clock,
    logger: silentLogger,
    instruments: createRollupInstruments(new Registry(), marks, clock),
    timing: { graceMs: 0, quietMs: 0, lateMsMax: 0 },
  } as unknown as RollerDeps
  return { roller: new RollupRoller(deps), marks, made }
}

/** Rounds until nothing is left to do, at most `most`; how many failed. */
async function rounds(roller: RollupRoller, most: number): Promise<number> {
  let failed = 0
  for (let round = 0; round < most; round++) {
    try {
      if (!(await roller.round())) break
    } catch {
      failed++
    }
  }
  return failed
}

test('what is too much for one statement is made in smaller rounds, down to single buckets', async () => {
  const { roller, marks } = rollerAt(100 * hourMs, 124 * hourMs, 1)
  await roller.open()
  const failed = await rounds(roller, 2000)
  expect(marks.closedMs).toBe(124 * hourMs)
  expect(failed).toBeGreaterThan(0)
})

test('a day is closed in a few rounds when nothing fails', async () => {
  const { roller, marks, made } = rollerAt(100 * hourMs, 124 * hourMs, 1000)
  await roller.open()
  expect(await rounds(roller, 6)).toBe(0)
  expect(marks.closedMs).toBe(124 * hourMs)
  expect(made).toHaveLength(4)
})

test('late hours that cannot be made do not hold back what is to be closed', async () => {
  const { roller, marks } = rollerAt(100 * hourMs, 110 * hourMs, 1000, 90)
  await roller.open()
  marks.note(Uint32Array.of(0), Float64Array.of(90 * hourMs + 1000), 1)
  await rounds(roller, 30)
  expect(marks.closedMs).toBe(110 * hourMs)
  expect(marks.lateCount).toBe(1)
})

test('a clock that was in 1970 leaves hours with samples to be made, and not half a million without', async () => {
  const nowHour = 490_000
  const withSamples = [2, nowHour - 3, nowHour - 1].map((hour) => ({ tenant, hour, mask: wholeHourMask }))
  const { roller, marks, made } = rollerAt(hourMs, nowHour * hourMs, 1000, -1, withSamples)
  await roller.open()
  expect(await rounds(roller, 10)).toBe(0)
  expect(marks.closedMs).toBe(nowHour * hourMs)
  expect(marks.lateCount).toBe(0)
  expect(made.flatMap(({ tenant: of, fromHour }) => (of === null ? [] : [fromHour]))).toEqual([2, nowHour - 3, nowHour - 1])
  expect(made.length).toBeLessThan(6)
})
