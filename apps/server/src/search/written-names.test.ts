import { expect, test } from 'vitest'
import { checkSearch, compileSearch } from './compile.ts'
import { writtenAttribute, writtenResource } from './field-table.ts'
import { searchFields } from './testing/search-cases.ts'

const fields = searchFields(true)
const options = { nowMs: Date.UTC(2026, 0, 1) }

test.each(['took_ms', 'user name', 'service', 'a"b', 'x\\y', 'line\nbreak', 'has', '@at'])('the attribute %j is read as itself', (key) => {
  expect(compileSearch(`${writtenAttribute(key)}:v`, fields, options).names).toEqual([key])
  expect(compileSearch(`${writtenResource(key)}:v`, fields, options).names).toEqual([key])
})

test('signs that would be AND and OR are written so that they are read as before', () => {
  const { canonical } = checkSearch('\\&&* x\\||*', fields, options)
  expect(canonical).toBe('\\&\\&* x\\|\\|*')
  expect(checkSearch(canonical ?? '', fields, options)).toEqual({ problem: null, canonical })
})
