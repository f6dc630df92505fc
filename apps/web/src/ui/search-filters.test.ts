import { expect, test } from 'vitest'
import {
  addCondition,
  filterState,
  quoteSearch,
  readField,
  valuesAsked,
  withFilter,
  withOnly,
  withoutFilter,
  writeField,
  writePresence,
} from './search-filters.ts'

const quoted: [string, string][] = [
  ['checkout', 'checkout'],
  ['web-1.eu', 'web-1.eu'],
  ['a b', '"a b"'],
  ['', '""'],
  ['say "hi"\\', '"say \\"hi\\"\\\\"'],
  ['OR', '"OR"'],
  ['*', '"*"'],
  ['-1', '"-1"'],
  ['two\nlines', '"two\\nlines"'],
  ['größe', 'größe'],
  ['/api/v1/', '"/api/v1/"'],
  ['1..5', '"1..5"'],
  ['1.4.2', '1.4.2'],
  ['a/b@c', 'a/b@c'],
]
test.each(quoted)('%j is written %s', (text, wanted) => expect(quoteSearch(text)).toBe(wanted))

test('names of fields', () => {
  expect(writeField('http.status_code')).toBe('http.status_code')
  expect(writeField('user name')).toBe('"user name"')
  expect(writeField('@service')).toBe('@service')
  expect(writeField('ends.')).toBe('"ends."')
  expect(writeField('größe')).toBe('"größe"')
})

const added: [query: string, field: string, value: string, exclude: boolean, wanted: string][] = [
  ['', 'service', 'cart', false, 'service:cart'],
  ['timeout', 'service', 'cart', false, 'timeout service:cart'],
  ['service:cart', 'service', 'cart', false, 'service:cart'],
  ['service:cart x', 'service', 'checkout', false, 'service:(cart OR checkout) x'],
  ['service:(a OR b)', 'service', 'c d', false, 'service:(a OR b OR "c d")'],
  ['service:cart', 'service', 'cart', true, '-service:cart'],
  ['-service:cart', 'service', 'cart', false, 'service:cart'],
  ['-host:a', 'host', 'b', true, '-host:a -host:b'],
  ['a OR b', 'host', 'x', false, '(a OR b) host:x'],
  ['NOT service:cart', 'service', 'cart', false, 'NOT service:cart service:cart'],
  ['service:c*', 'service', 'cart', false, 'service:c* service:cart'],
]
test.each(added)('%s with %s %s (left out: %s)', (query, field, value, exclude, wanted) =>
  expect(withFilter(query, { field, value, exclude })).toBe(wanted),
)

const removed: [query: string, value: string, wanted: string][] = [
  ['service:cart', 'cart', ''],
  ['a service:cart b', 'cart', 'a b'],
  ['service:(cart OR x)', 'cart', 'service:x'],
  ['-service:cart -service:cart', 'cart', ''],
  ['service:"cart"', 'cart', ''],
  ['other:cart', 'cart', 'other:cart'],
]
test.each(removed)('%s without %s', (query, value, wanted) => expect(withoutFilter(query, 'service', value)).toBe(wanted))

test('whether a field is there at all', () => {
  expect(writePresence('user name', true)).toBe('"user name":*')
  expect(writePresence('@release', false)).toBe('-@release:*')
  expect(readField('"user \\"name"')).toBe('user "name')
  expect(readField('@release')).toBe('@release')
})

test('what a search says of a value', () => {
  expect(filterState('service:(a OR "b c") -host:h', 'service', 'b c')).toBe('only')
  expect(filterState('service:(a OR "b c") -host:h', 'host', 'h')).toBe('not')
  expect(filterState('service:a OR host:h', 'host', 'h')).toBeNull()
  expect(filterState('"service":a', 'service', 'a')).toBe('only')
  expect(valuesAsked('x service:(a OR b) -service:c', 'service')).toEqual(['a', 'b'])
})

test('one value instead of others', () => {
  expect(withOnly('x service:(a OR b) y', 'service', 'c')).toBe('x y service:c')
})

test('conditions beside a search with alternatives', () => {
  expect(addCondition('a OR b', 'pattern:12')).toBe('(a OR b) pattern:12')
  expect(addCondition(' ', 'pattern:12')).toBe('pattern:12')
})

test('any value goes in and out again', () => {
  for (const value of ['', ' ', '"', '\\', '\\"', 'a:b', '(x)', '*', "it's", '`', 'a OR b', '-x', 'tab\there', 'line\nline', '\\n']) {
    const query = withFilter('before', { field: 'key', value, exclude: false })
    expect(filterState(query, 'key', value)).toBe('only')
    expect(withoutFilter(query, 'key', value)).toBe('before')
  }
})
