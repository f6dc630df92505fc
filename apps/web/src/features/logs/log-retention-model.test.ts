import type { LogsHistogram } from '@bellwether/protocol'
import { expect, test } from 'vitest'
import { hiddenRows, lengthsOf, retentionFields, retentionPolicy } from './log-retention-model.ts'

const policy = {
  days: 30,
  severities: [
    { severity: 'debug' as const, days: 3 },
    { severity: 'error' as const, days: 90 },
  ],
}

test('a policy goes into the form and out again', () => {
  expect(retentionPolicy(retentionFields(policy))).toEqual(policy)
  expect(lengthsOf(policy)).toEqual([30, 3, 90])
})

test.each([
  ['', /1 to 3,650/],
  ['0', /1 to 3,650/],
  ['3651', /1 to 3,650/],
  ['1.5', /1 to 3,650/],
  ['many', /1 to 3,650/],
])('%j days', (days, message) => expect(retentionPolicy({ ...retentionFields(policy), days })).toMatch(message))

test('a wrong severity is named', () => {
  const fields = retentionFields(policy)
  expect(retentionPolicy({ ...fields, severities: { ...fields.severities, warn: 'x' } })).toMatch(/severity warn/)
})

test('what would be hidden: each severity older than its own length', () => {
  const counted = (totals: Record<string, number>): LogsHistogram => ({
    from: '',
    to: '',
    stepSec: 1,
    start: '',
    intervals: 1,
    series: Object.entries(totals).map(([value, total]) => ({ value, isRest: false, total, values: [total] })),
    total: 0,
    isByMinute: false,
  })
  const olderThan = new Map([
    [30, counted({ info: 100, debug: 50, error: 7 })],
    [3, counted({ info: 900, debug: 800, error: 20 })],
    [90, counted({ info: 10, debug: 5, error: 1 })],
  ])
  expect(hiddenRows(policy, olderThan)).toBe(100 + 800 + 1)
})
