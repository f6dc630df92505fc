import { expect, test } from 'vitest'
import { chanceText, comparedSets, timesText } from './compare-model.ts'

const range = { fromMs: Date.UTC(2026, 10, 21, 9), toMs: Date.UTC(2026, 10, 21, 10) }

test('the rest of a search, and nothing for a search for everything', () => {
  expect(comparedSets({ query: 'a OR b', range, against: 'rest', other: '' })?.baseline).toEqual({
    query: 'NOT (a OR b)',
    from: '2026-11-21T09:00:00.000Z',
    to: '2026-11-21T10:00:00.000Z',
  })
  expect(comparedSets({ query: ' ', range, against: 'rest', other: '' })).toBeNull()
})

test.each([
  ['before', '2026-11-21T08:00:00.000Z', '2026-11-21T09:00:00.000Z'],
  ['day', '2026-11-20T09:00:00.000Z', '2026-11-20T10:00:00.000Z'],
  ['week', '2026-11-14T09:00:00.000Z', '2026-11-14T10:00:00.000Z'],
] as const)('the same search %s', (against, from, to) => {
  expect(comparedSets({ query: 'x', range, against, other: '' })?.baseline).toEqual({ query: 'x', from, to })
})

test('another search of the same time', () => {
  const sets = comparedSets({ query: 'release:2', range, against: 'search', other: 'release:1' })
  expect(sets?.baseline.query).toBe('release:1')
  expect(sets?.baseline.from).toBe(sets?.selected.from)
})

test.each([
  [0.5, 0, 'only here'],
  [0, 0.5, 'only there'],
  [0, 0, ''],
  [0.5, 0.5, 'the same'],
  [0.6, 0.02, '30 times as often'],
  [0.1, 0.15, '1.5 times as rare'],
])('%d against %d', (selected, baseline, text) => expect(timesText(selected, baseline)).toBe(text))

test.each([
  [0.0001, 'sure'],
  [0.005, 'almost sure'],
  [0.04, 'likely'],
  [0.5, 'may be chance'],
])('chance %d', (chance, text) => expect(chanceText(chance)).toBe(text))
