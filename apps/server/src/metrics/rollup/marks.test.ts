import { expect, test } from 'vitest'
import { RollupMarks } from './marks.ts'

const hourMs = 3_600_000
const minuteMs = 60_000
const tenant = { organizationId: 1, projectId: 2 }
const rested = { quietMs: 0, atMostMs: 0 }

function marksAt(closedHour: number) {
  const clock = { now: 0, monotonicMs: () => clock.now }
  const owner = { index: 0, tenant }
  // The marks need no more of a series than its owner.
  const registry = { tenantOf: () => owner } as unknown as ConstructorParameters<typeof RollupMarks>[0]['registry']
  const marks = new RollupMarks({ registry, clock })
  marks.close(closedHour * hourMs)
  return { marks, clock, note: (timeMs: number) => marks.note(Uint32Array.of(0), Float64Array.of(timeMs), 1) }
}

/** Notes what was not noted in the engine. */
function write(marks: RollupMarks): void {
  marks.written(marks.unwritten())
}

test('only samples up to what is closed are late; a sample on an edge is in the bucket before it', () => {
  const { marks, note } = marksAt(10)
  note(10 * hourMs + 1)
  expect(marks.lateCount).toBe(0)
  note(10 * hourMs)
  note(8 * hourMs + 1)
  expect(marks.unwritten()).toEqual([
    { tenant, hour: 9, mask: 1 << 11 },
    { tenant, hour: 8, mask: 1 },
  ])
})

test('clean is what lies before the first marked bucket, whether it waits or is being made', () => {
  const { marks, note } = marksAt(10)
  expect(marks.cleanUntilMs(tenant, 0, 20 * hourMs)).toBe(10 * hourMs)
  note(8 * hourMs + 6 * minuteMs)
  expect(marks.cleanUntilMs(tenant, 0, 20 * hourMs)).toBe(8 * hourMs + 5 * minuteMs)
  expect(marks.cleanUntilMs({ ...tenant, projectId: 3 }, 0, 20 * hourMs)).toBe(10 * hourMs)
  expect(marks.cleanUntilMs(tenant, 8 * hourMs + 10 * minuteMs, 20 * hourMs)).toBe(10 * hourMs)
  write(marks)
  expect(marks.take(rested, 9)).toHaveLength(1)
  expect(marks.cleanUntilMs(tenant, 0, 20 * hourMs)).toBe(8 * hourMs + 5 * minuteMs)
  marks.made()
  expect(marks.cleanUntilMs(tenant, 0, 20 * hourMs)).toBe(10 * hourMs)
})

test('a mark is taken when it is written and has rested, and a sample that comes while it is made marks anew', () => {
  const { marks, clock, note } = marksAt(10)
  const rest = { quietMs: 30_000, atMostMs: 100_000 }
  note(5 * hourMs)
  clock.now = 50_000
  expect(marks.take(rest, 9)).toEqual([])
  write(marks)
  expect(marks.hasUnwritten).toBe(false)
  for (clock.now = 60_000; clock.now < 100_000; clock.now += 10_000) {
    note(5 * hourMs)
    expect(marks.take(rest, 9)).toEqual([])
  }
  expect(marks.take(rest, 9)).toHaveLength(1)
  note(5 * hourMs)
  expect(marks.hasUnwritten).toBe(true)
  marks.made()
  expect(marks.lateCount).toBe(1)
  expect(marks.hasUnwritten).toBe(true)
})

test('what a failed round took waits again and is written again: its notes may be struck out', () => {
  const { marks, note } = marksAt(10)
  note(5 * hourMs)
  note(6 * hourMs)
  write(marks)
  marks.take(rested, 9)
  note(6 * hourMs)
  marks.giveBack()
  expect(marks.lateCount).toBe(2)
  const both = [
    { tenant, hour: 4, mask: 1 << 11 },
    { tenant, hour: 5, mask: 1 << 11 },
  ]
  expect(marks.unwritten()).toEqual(both)
  expect(marks.take(rested, 9)).toEqual([])
  write(marks)
  expect(marks.hasUnwritten).toBe(false)
  expect(marks.take(rested, 9)).toEqual(both)
})

test('marks that are restored count as written, even those that were not', () => {
  const { marks, note } = marksAt(10)
  note(5 * hourMs)
  marks.restore({ tenant, hour: 4, mask: 1 << 11 })
  expect(marks.hasUnwritten).toBe(false)
  expect(marks.take(rested, 9)).toEqual([{ tenant, hour: 4, mask: 1 << 11 }])
})
