import type { UsageRow } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { lastingGaps, lostIn, noGaps, watchGaps } from './gaps.ts'

const row = (missing: number, kind = 'metrics'): UsageRow => ({
  projectId: '1',
  projectName: 'web',
  kind,
  received: 100 + missing,
  stored: 100,
  refused: {},
  dropped: {},
  queued: 0,
  bytes: 1,
  leftOut: {},
})

describe('a gap', () => {
  /** Points lost after reads `everyMs` apart with these gaps. */
  function f(gaps: readonly number[], everyMs: number): number {
    let watch = noGaps
    gaps.forEach((missing, index) => (watch = watchGaps(watch, [row(missing), row(0, 'logs')], 1_000_000 + index * everyMs)))
    return lostIn([row(gaps.at(-1) ?? 0)], lastingGaps(watch))
  }

  it('is none while a request is under way', () => {
    expect(f([], 5000)).toBe(0)
    expect(f([7], 5000)).toBe(0)
    expect(f([7, 7], 60_000)).toBe(0)
    expect(f([7, 7, 7, 7], 2000)).toBe(0)
    expect(f([7, 0, 7, 7], 5000)).toBe(0)
    expect(f([9, 8, 7, 6, 5], 5000)).toBe(0)
    expect(f([3, -3, 3, -3], 5000)).toBe(0)
  })

  it('is a loss when it lasts without shrinking', () => {
    expect(f([7, 7, 7], 5000)).toBe(7)
    expect(f([7, 7, 8, 9, 9, 9], 2000)).toBe(9)
    expect(f([0, -2, -2, -2], 5000)).toBe(2)
  })

  it('is counted only in the rows asked for', () => {
    let watch = noGaps
    for (const readAtMs of [10_000, 15_000, 20_000]) watch = watchGaps(watch, [row(4), row(-1, 'logs')], readAtMs)
    const lasting = lastingGaps(watch)
    expect(lostIn([row(4), row(-1, 'logs')], lasting)).toBe(5)
    expect(lostIn([row(-1, 'logs')], lasting)).toBe(1)
  })
})
