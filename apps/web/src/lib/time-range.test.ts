import { afterEach, describe, expect, it, vi } from 'vitest'
import { alignRange, niceStepMs, parseDuration, parseMoment, rangeForServer, resolveRange, writeDuration, zoomOut } from './time-range.ts'

const now = Date.parse('2026-11-21T10:00:30.500Z')

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('parseMoment', () => {
  function f(text: string, want: string | null): void {
    const moment = parseMoment(text, now)
    expect(moment === null ? null : new Date(moment).toISOString(), text).toBe(want)
  }

  it('reads relative, absolute and numeric times', () => {
    f('now', '2026-11-21T10:00:30.500Z')
    f('now-1h', '2026-11-21T09:00:30.500Z')
    f('now-1h30m', '2026-11-21T08:30:30.500Z')
    f('now+5m', '2026-11-21T10:05:30.500Z')
    f('2026-11-20T00:00:00Z', '2026-11-20T00:00:00.000Z')
    f('1795255200', '2026-11-21T10:00:00.000Z')
    f('1795255200000', '2026-11-21T10:00:00.000Z')
  })

  it('rounds to hours, days and weeks of the zone in which times are shown', () => {
    const cases: [zone: string, text: string, browser: string, utc: string][] = [
      ['UTC', 'now/d', '2026-11-21T00:00:00.000Z', '2026-11-21T00:00:00.000Z'],
      ['UTC', 'now/w', '2026-11-16T00:00:00.000Z', '2026-11-16T00:00:00.000Z'],
      ['Asia/Kolkata', 'now/h', '2026-11-21T09:30:00.000Z', '2026-11-21T10:00:00.000Z'],
      ['Asia/Kolkata', 'now-1d/d', '2026-11-19T18:30:00.000Z', '2026-11-20T00:00:00.000Z'],
      ['America/New_York', 'now/d', '2026-11-21T05:00:00.000Z', '2026-11-21T00:00:00.000Z'],
      ['Pacific/Kiritimati', 'now/d', '2026-11-21T10:00:00.000Z', '2026-11-21T00:00:00.000Z'],
      ['Pacific/Kiritimati', 'now+2d/w', '2026-11-22T10:00:00.000Z', '2026-11-23T00:00:00.000Z'],
      ['America/New_York', 'now+3d/w', '2026-11-23T05:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ]
    for (const [zone, text, browser, utc] of cases) {
      vi.stubEnv('TZ', zone)
      const found = (['browser', 'utc'] as const).map((shown) => new Date(parseMoment(text, now, shown) ?? 0).toISOString())
      expect(found, `${text} in ${zone}`).toEqual([browser, utc])
    }
  })

  it('refuses what is no time', () => {
    for (const text of ['', 'yesterday', 'now-', 'now-1x', '12', '2026-99-99T00:00:00Z', 'now-1h; drop']) f(text, null)
  })
})

describe('ranges', () => {
  it('are refused when empty or backwards', () => {
    expect(resolveRange({ from: 'now', to: 'now' }, now)).toBeNull()
    expect(resolveRange({ from: 'now', to: 'now-1h' }, now)).toBeNull()
    expect(resolveRange({ from: 'now-1h', to: 'now' }, now)).toEqual({ fromMs: now - 3_600_000, toMs: now })
  })

  it('are told the server without what it cannot read', () => {
    const resolved = { fromMs: Date.parse('2026-11-21T00:00:00Z'), toMs: now }
    const absolute = { from: '2026-11-21T00:00:00.000Z', to: '2026-11-21T10:00:30.500Z' }
    expect(rangeForServer({ from: 'now-1h30m', to: 'now' }, resolved)).toEqual({ from: 'now-1h30m', to: 'now' })
    expect(rangeForServer(absolute, resolved)).toEqual(absolute)
    for (const from of ['now/d', 'now-1d/d', '1795219200', '1795219200000'])
      expect(rangeForServer({ from, to: 'now' }, resolved)).toEqual(absolute)
  })

  it('zoom out around their middle and never past now', () => {
    const wider = resolveRange(zoomOut({ fromMs: now - 3_600_000, toMs: now }, now), now)
    expect(wider).toEqual({ fromMs: now - 7_200_000, toMs: now })
  })

  it('align to the step, so that a refresh keeps the points it had', () => {
    const first = alignRange({ fromMs: now - 3_600_000, toMs: now }, 15_000)
    const later = alignRange({ fromMs: now + 7_000 - 3_600_000, toMs: now + 7_000 }, 15_000)
    expect(first.fromMs % 15_000).toBe(0)
    expect((later.fromMs - first.fromMs) % 15_000).toBe(0)
    expect(first.toMs).toBeLessThanOrEqual(now)
    expect(alignRange({ fromMs: now - 3_600_000, toMs: now }, 15_000, true).toMs - first.toMs).toBe(15_000)
  })
})

describe('steps and durations', () => {
  it('keep the number of points below the limit', () => {
    for (const range of [300_000, 3_600_000, 86_400_000, 30 * 86_400_000, 3650 * 86_400_000]) {
      expect(range / niceStepMs(range, 300)).toBeLessThanOrEqual(300)
    }
    expect(niceStepMs(3_600_000, 300)).toBe(15_000)
  })

  it('read and write the same durations', () => {
    for (const text of ['5m', '1h30m', '90s', '500ms', '2d']) {
      expect(parseDuration(writeDuration(parseDuration(text) ?? -1))).toBe(parseDuration(text))
    }
    expect(parseDuration('5')).toBeNull()
    expect(parseDuration('5m!')).toBeNull()
  })
})
