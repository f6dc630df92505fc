import { expect, test } from 'vitest'
import { fieldsOf, policyOf, type PolicyFields } from './retention.queries.ts'

const fields = (change: Partial<PolicyFields>): PolicyFields => ({ days: '', rollupDays: '', rules: [], ...change })

test.each([
  [fields({}), { days: null, rollupDays: null, rules: [] }],
  [fields({ days: '30', rollupDays: '400' }), { days: 30, rollupDays: 400, rules: [] }],
  [
    fields({
      rules: [
        { pattern: ' debug_* ', days: '7' },
        { pattern: '', days: '' },
      ],
    }),
    { days: null, rollupDays: null, rules: [{ pattern: 'debug_*', days: 7 }] },
  ],
  [fields({ days: '0' }), 'Days are whole numbers from 1 to 36500.'],
  [fields({ days: '1.5' }), 'Days are whole numbers from 1 to 36500.'],
  [fields({ rollupDays: 'x' }), 'Days of rollups are whole numbers from 1 to 36500.'],
  [fields({ days: '30', rollupDays: '7' }), 'Rollups are kept at least as long as samples.'],
  [fields({ rules: [{ pattern: 'a', days: '' }] }), 'a needs its days.'],
  [fields({ rules: [{ pattern: '', days: '3' }] }), 'Each row needs a pattern.'],
])('%j is %j', (typed, want) => {
  expect(policyOf(typed)).toEqual(want)
  if (typeof want !== 'string') expect(policyOf(fieldsOf(want))).toEqual(want)
})
