/** Regressions on the labelled set, and months of operations where nothing happens: precision, recall and false alarms, printed. */
import { describe, expect, test } from 'vitest'
import { alarmsOf, labelledChanges, lookedAt, shapeOf } from '../testing/labelled-series.ts'
import { latestChange, significant, type ChangeSettings } from './change-point.ts'
import type { RegressionKind } from './regressions.ts'

const kinds: readonly RegressionKind[] = ['latency_regression', 'error_regression', 'throughput_drop']
/** How far from the change its moment is said, at most. */
const toleranceMs = { slow: 8 * 3_600_000, fast: 45 * 60_000, deploy: 10 * 60_000 }

describe('the labelled set', () => {
  test('precision and recall are at least 0.9 for each kind', { timeout: 120_000 }, () => {
    const counts = new Map(kinds.map((kind) => [kind, { hit: 0, missed: 0, falseAlarms: 0, minutes: [] as number[] }]))
    const otherwise: string[] = []
    let seed = 1
    for (const labelled of labelledChanges) {
      for (const name of labelled.shapes) {
        const { found, changeMs } = lookedAt(labelled, shapeOf(name, seed++))
        for (const kind of kinds) {
          const count = counts.get(kind)
          const looked = found.get(kind)
          if (count === undefined) continue
          const isRight = looked !== undefined && Math.abs(looked.regression.changeMs - changeMs) <= toleranceMs[labelled.pace]
          if (labelled.label === kind && isRight) {
            count.hit++
            count.minutes.push(looked.afterMs / 60_000)
          } else if (labelled.label === kind) count.missed++
          if (looked !== undefined && (labelled.label !== kind || !isRight)) count.falseAlarms++
          if ((labelled.label === kind) !== isRight || (looked !== undefined && labelled.label !== kind))
            otherwise.push(`${kind}: ${labelled.name}, ${name}${looked === undefined ? '' : ` ${JSON.stringify(looked)}`}`)
        }
      }
    }
    const lines = Array.from(counts, ([kind, { hit, missed, falseAlarms, minutes }]) => ({
      kind,
      regressions: hit + missed,
      others: seed - 1 - hit - missed,
      precision: hit / (hit + falseAlarms),
      recall: hit / (hit + missed),
      'minutes until found, median': minutes.sort((a, b) => a - b)[Math.floor(minutes.length / 2)],
    }))
    console.table(lines)
    console.log(`judged otherwise than labelled:\n${otherwise.join('\n')}`)
    for (const { kind, precision, recall } of lines) expect([kind, precision >= 0.9, recall >= 0.9]).toEqual([kind, true, true])
  })
})

describe('a month of nothing', () => {
  test.each(['noisy', 'seasonal', 'heavy-tailed', 'nightly job', 'wandering'])(
    '%s: at most one false alarm',
    { timeout: 120_000 },
    (name) => {
      const alarms = alarmsOf(shapeOf(name, 77), 30, 10)
      console.log(`${name}: ${alarms.length} false alarms in 30 days`)
      if (alarms.length > 0) console.log(name, alarms)
      expect(alarms.length).toBeLessThanOrEqual(1)
    },
  )
})

describe('one change', () => {
  const settings: ChangeSettings = { beforeMin: 10, afterMin: 5, shiftMin: 0.3, noiseFactorMin: 1, probabilityMax: 0.001 }
  const noise = (i: number): number => (((i * 7919) % 101) / 101 - 0.5) * 0.4
  const seriesOf = (count: number, level: (i: number) => number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => level(i) + noise(i))

  test('is placed where it is, with both levels', () => {
    const change = latestChange(
      seriesOf(120, (i) => (i < 80 ? 1 : 2)),
      settings,
    )
    expect(change).toMatchObject({ index: 80, before: expect.closeTo(1, 0.1) as number, after: expect.closeTo(2, 0.1) as number })
    expect(change?.probability).toBeLessThan(1e-4)
  })

  test.each<[string, (i: number) => number]>([
    ['nothing', () => 1],
    ['a slope', (i) => i / 60],
    ['a burst that is over', (i) => (i >= 50 && i < 90 ? 2 : 1)],
    ['a burst as there were others', (i) => (i % 40 >= 30 ? 2 : 1)],
    ['too little', (i) => (i < 80 ? 1 : 1.2)],
  ])('%s is none', (_name, level) => {
    expect(latestChange(seriesOf(120, level), settings)).toBe(null)
  })

  test('the last of several is told, against the level just before it', () => {
    const change = latestChange(
      seriesOf(180, (i) => (i < 60 ? 5 : i < 140 ? 1 : 2)),
      settings,
    )
    expect(change).toMatchObject({ index: 140, before: expect.closeTo(1, 0.1) as number })
  })

  test('among many tests only what is surer counts (Benjamini and Hochberg)', () => {
    const found = [0.04, 0.001, 0.03, 0.00001].map((probability) => ({ probability }))
    expect(significant(found, 4, 0.05)).toHaveLength(4)
    expect(significant(found, 100, 0.05).map(({ probability }) => probability)).toEqual([0.00001, 0.001])
    expect(significant(found, 100_000, 0.05)).toEqual([])
  })
})
