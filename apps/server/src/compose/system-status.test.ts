import { expect, test } from 'vitest'
import { wallTimes } from './system-status.ts'

test('times follow a wall clock that is set, and stand still while it only drifts', () => {
  let nowMs = Date.UTC(2026, 0, 1, 12)
  const wallTime = wallTimes({ nowMs: () => nowMs, monotonicMs: () => 60_000 })
  expect(wallTime(30_000)).toBe('2026-01-01T11:59:30.000Z')
  nowMs += 400
  expect(wallTime(30_000)).toBe('2026-01-01T11:59:30.000Z')
  nowMs -= 3_600_400
  expect(wallTime(30_000)).toBe('2026-01-01T10:59:30.000Z')
})
