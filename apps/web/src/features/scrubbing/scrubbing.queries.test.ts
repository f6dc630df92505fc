/** A policy as it is typed, and a text with its marks. */
import { describe, expect, test } from 'vitest'
import { markedPieces, policyOf } from './scrubbing.queries.ts'

const base = { secrets: true, cards: true, emails: false }
const rule = { name: 'customer', kind: 'field' as const, value: ' customer.* ', enabled: true }

describe('a policy', () => {
  test('is trimmed, and empty rows are left out', () => {
    expect(policyOf({ ...base, rules: [rule, { name: '', kind: 'pattern', value: '', enabled: true }] })).toEqual({
      ...base,
      rules: [{ ...rule, value: 'customer.*' }],
    })
  })

  test.each([
    [[{ ...rule, value: '' }], 'The rule customer needs a field or a pattern.'],
    [[{ ...rule, name: '' }], 'The rule for customer.* needs a name'],
    [[{ ...rule, name: 'Customer Name' }], 'Customer Name needs a name of small letters'],
    [[rule, rule], 'Two rules have the name customer.'],
  ])('%j is not one', (rules, problem) => {
    expect(policyOf({ ...base, rules })).toContain(problem)
  })
})

test('a text in pieces', () => {
  expect(markedPieces('a [scrubbed:email] b[scrubbed:own_1]').map(({ text, isMark }) => [text, isMark])).toEqual([
    ['a ', false],
    ['[scrubbed:email]', true],
    [' b', false],
    ['[scrubbed:own_1]', true],
  ])
})
