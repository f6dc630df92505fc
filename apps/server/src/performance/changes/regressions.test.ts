/** Regressions on the labelled set, and months of operations where nothing happens: precision, recall and false alarms, printed. */
import { describe, expect, test } from 'vitest'
import { alarmsOf, labelledChanges, lookedAt, shapeOf, shapes } from '../testing/labelled-series.ts'
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
  test.each(Object.keys(shapes))('%s: at most one false alarm', { timeout: 120_000 }, (name) => {
    const alarms = alarmsOf(shapeOf(name, 77), 30, 10)
    if (alarms.length > 0) console.log(name, alarms)
    expect(alarms.length).toBeLessThanOrEqual(1)
  })
})
