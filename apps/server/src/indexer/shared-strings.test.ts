import { expect, test } from 'vitest'
import { firstStoredId, isIndexable } from './limits.ts'
import { sharedStringId, sharedStringOf, sharedStrings } from './shared-strings.ts'

test('both directions are unique, and all ids below those of the database', () => {
  const ids = [...sharedStrings.values()]
  expect(new Set(ids).size).toBe(ids.length)
  for (const [string, id] of sharedStrings) {
    expect(sharedStringOf(id)).toBe(string)
    expect(id).toBeGreaterThan(0)
    expect(id).toBeLessThan(firstStoredId)
  }
  expect(sharedStringId('never heard of')).toBeNull()
  expect(sharedStringOf(firstStoredId)).toBeNull()
})

/** A few of each group: stored rows hold these numbers, so they must never change. */
test.each([
  ['__name__', 1],
  ['environment', 6],
  ['code', 14],
  ['transaction', 100],
  ['session.status', 104],
  ['abnormal_mechanism', 119],
  ['service_name', 200],
  ['server_address', 219],
  ['production', 1000],
  ['GET', 1018],
  ['<< unparameterized >>', 1046],
  ['', 65_535],
])('%j has number %i for ever', (string, id) => expect(sharedStringId(string)).toBe(id))

test.each([
  ['a', true],
  ['ä'.repeat(200), true],
  ['x'.repeat(1000), true],
  ['x'.repeat(1001), false],
  ['€'.repeat(334), false],
  ['€'.repeat(333), true],
  ['a\0b', false],
  ['\ud800', false],
  ['😀', true],
  ['', false],
])('%j gets an id: %s', (string, wanted) => expect(isIndexable(string)).toBe(wanted))
