import { describe, expect, it } from 'vitest'
import { formatAgo, formatAgoMinutes, formatDateTime, formatTick, fromFieldValue, toFieldValue } from './time-format.ts'

const now = Date.parse('2026-11-21T10:00:30.500Z')

describe('formatAgo', () => {
  function f(offsetMs: number, want: string): void {
    expect(formatAgo(now - offsetMs, now)).toBe(want)
  }

  it('uses one unit', () => {
    f(0, 'now')
    f(2000, '2 s ago')
    f(89_000, '89 s ago')
    f(5 * 60_000, '5 min ago')
    f(3 * 3_600_000, '3 h ago')
    f(50 * 3_600_000, '2 d ago')
    f(-300_000, 'in 5 min')
  })
})

describe('formatAgoMinutes', () => {
  it('does not claim seconds it does not know', () => {
    expect(formatAgoMinutes(now - 59_000, now)).toBe('just now')
    expect(formatAgoMinutes(now - 300_000, now)).toBe('5 min ago')
  })
})

describe('zones', () => {
  it('write UTC when asked', () => {
    expect(formatDateTime(now, 'utc')).toBe('21 Nov 2026, 10:00:30')
    expect(formatTick(now, 3_600_000, 'utc')).toBe('10:00')
    expect(formatTick(now, 60_000, 'utc')).toBe('10:00:30')
    expect(formatTick(now, 30 * 86_400_000, 'utc')).toBe('21 Nov')
  })

  it('keep a time through a form field', () => {
    for (const zone of ['utc', 'browser'] as const) {
      expect(fromFieldValue(toFieldValue(now, zone), zone)).toBe(Math.floor(now / 1000) * 1000)
    }
    expect(fromFieldValue('', 'utc')).toBeNull()
  })
})
