/** When a start time deserves a zero, and what is remembered of series. */
import { describe, expect, test } from 'vitest'
import { defaultProtocolLimits } from '../limits.ts'
import { SeriesMemory } from './series-memory.ts'

const t = Date.UTC(2026, 10, 21)
const hour = 3_600_000

describe('SeriesMemory', () => {
  const memory = new SeriesMemory({ ...defaultProtocolLimits, rememberedSeriesMax: 5000 })
  const cases: [name: string, startMs: number, timeMs: number, lastMs: number, want: boolean][] = [
    ['never seen', t - 1000, t, 0, true],
    ['newer than the last sample', t - 1000, t, t - 2000, true],
    ['at the last sample', t - 1000, t, t - 1000, false],
    ['before the last sample', t - 1000, t, t - 500, false],
    ['at its own sample', t, t, 0, false],
    ['after its own sample', t + 1, t, 0, false],
    ['an hour ago', t - hour, t, 0, true],
    ['over an hour ago', t - hour - 1, t, 0, false],
    ['unknown', 0, t, 0, false],
    ['before 1990', Date.UTC(1989, 11, 31, 23, 59), Date.UTC(1990, 0, 1), 0, false],
  ]
  test.each(cases)('start %s', (_name, startMs, timeMs, lastMs, want) => {
    expect(memory.isFreshStart(startMs, timeMs, lastMs)).toBe(want)
  })

  test('remembers by ref, up to its bound', () => {
    for (const ref of [0, 1, 2047, 2048, 4999]) {
      memory.setLastMs(ref, t + ref)
      expect(memory.addToTotal(ref, ref)).toBe(ref)
      expect(memory.addToTotal(ref, 1)).toBe(ref + 1)
    }
    for (const ref of [0, 1, 2047, 2048, 4999]) expect(memory.lastMs(ref)).toBe(t + ref)
    expect(memory.lastMs(3)).toBe(0)
    expect([memory.remembers(4999), memory.remembers(5000)]).toEqual([true, false])
    memory.setLastMs(5000, t)
    expect(memory.lastMs(5000)).toBe(0)
  })
})
