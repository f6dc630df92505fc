/** Words of performance: input, then what is wanted. */
import type { FindingFact, OperationFigures } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { changeOf, factText, periodText, rateText } from './performance-words.ts'

test.each<[number | null, number | null, boolean, ReturnType<typeof changeOf>]>([
  [120, 100, true, { text: '+20 %', tone: 'worse' }],
  [300, 100, true, { text: '3×', tone: 'worse' }],
  [60, 100, true, { text: '−40 %', tone: 'better' }],
  [102, 100, true, { text: '±0 %', tone: 'same' }],
  [50, 100, false, { text: '−50 %', tone: 'worse' }],
  [null, 100, true, null],
  [5, 0, true, null],
])('%s after %s', (now, before, isLessBetter, wanted) => {
  expect(changeOf(now, before, isLessBetter)).toEqual(wanted)
})

test.each<[FindingFact, string]>([
  [{ name: '', value: 1234, unit: 'ms' }, '1.23 s'],
  [{ name: '', value: 0.05, unit: 'ratio' }, '5 %'],
  [{ name: '', value: 12, unit: 'count' }, '12'],
  [{ name: '', value: 2.5, unit: 'count' }, '2.5'],
  [{ name: '', value: 3 * 1024 * 1024, unit: 'bytes' }, '3 MiB'],
  [{ name: '', value: 0.00001, unit: 'probability' }, 'one in 100 k'],
  [{ name: '', value: 1e-12, unit: 'probability' }, 'less than one in a billion'],
])('fact %o', (fact, wanted) => {
  expect(factText(fact)).toBe(wanted)
})

test('rates are by minute where they are low', () => {
  expect([rateText(3), rateText(120)]).toEqual(['3/min', '2/s'])
})

test('a period is told beside the one before', () => {
  const figures: OperationFigures = {
    count: 100,
    perMinute: 1,
    errorRate: 0,
    averageMs: 10,
    p50Ms: 10,
    p90Ms: 20,
    p95Ms: 30,
    p99Ms: 40,
    apdex: 1,
    totalMs: 1000,
  }
  expect(periodText(figures, null)).toBe('100 calls, 0 % failed, p95 30 ms, Apdex 1.00. There is nothing before to compare with.')
  expect(periodText({ ...figures, p95Ms: 90 }, figures)).toContain('(now 3×)')
  expect(periodText({ ...figures, count: 0 }, figures)).toBe('Nothing was called in this time.')
})
