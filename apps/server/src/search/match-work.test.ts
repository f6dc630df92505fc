import { expect, test } from 'vitest'
import { compileSearch } from './compile.ts'
import { MatchWork, TooMuchWork } from './match-work.ts'
import type { RowView } from './ports.ts'
import { searchFields } from './testing/search-cases.ts'

const fields = searchFields(true)
const options = { nowMs: 0 }

test('in rows as they come in they are smaller than in the engine', () => {
  const large = compileSearch('/(a{30}){30}[0-9]{200}/', fields, options)
  expect(large.sql()).toContain('match(')
  expect(() => large.matcher()).toThrow(/search\.pattern/)
})

test('the work of every test is counted, and nothing is said of a row it does not reach for', () => {
  const body = `one two ${'é,'.repeat(5000)}`
  for (const text of ['/\\bzz/', '/é{3}z/', 'three', '"one three"', '*x*', 'service:a*', '@a:b', '@a:>1', '*:zz', 'status:>1', 'NOT zz']) {
    const matches = compileSearch(text, fields, options).matcher()
    const row: RowView = {
      text: () => body,
      number: () => 0,
      attribute: () => body,
      someAttribute: (see) => see('a', body),
      resourceAttribute: () => null,
    }
    const enough = new MatchWork(10_000_000)
    const found = matches(row, enough)
    const spent = 10_000_000 - enough.left
    expect(spent, text).toBeGreaterThan(0)
    expect(matches(row, new MatchWork(spent)), text).toBe(found)
    expect(() => matches(row, new MatchWork(spent / 3)), text).toThrow(TooMuchWork)
  }
})
