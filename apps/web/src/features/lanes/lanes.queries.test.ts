/** Words of the lanes page. */
import { expect, test } from 'vitest'
import { formatBudget, moveText, projectLabel } from './lanes.queries.ts'

test.each([
  [0, '0 %'],
  [0.00001, '< 0.01 %'],
  [0.0012, '0.12 %'],
  [0.034, '3.4 %'],
  [0.2, '20 %'],
  [1.256, '126 %'],
])('%d s/s is %s', (value, text) => expect(formatBudget(value)).toBe(text))

test.each([
  ['added', 'budget', 'to low priority: over its budget'],
  ['removed', 'eligible', 'back to normal: under its budget again'],
  ['removed', 'something new', 'back to normal: something new'],
] as const)('%s %s', (change, reason, text) => expect(moveText({ change, reason })).toBe(text))

test('a project without a name has its number', () => {
  expect(projectLabel({ projectId: '7', name: null })).toBe('Project 7')
  expect(projectLabel({ projectId: '7', name: 'Shop' })).toBe('Shop')
})
