import { expect, test } from 'vitest'
import { searchTokens, topTerms } from './search-tokens.ts'

const kinds: [string, string][] = [
  ['', ''],
  ['timeout', 'text'],
  ['service:checkout', 'field operator text'],
  ['-service:"a b" x', 'operator field operator string space text'],
  ['duration:>=100ms', 'field operator number'],
  ['a OR (b AND NOT c)', 'text space operator space bracket text space operator space operator space text bracket'],
  ['"the name":*', 'field operator text'],
  ['"not closed', 'string'],
  ['"a \\" b" c', 'string space text'],
  ['web-1', 'text'],
  ['host:web-1', 'field operator text'],
]
test.each(kinds)('%s is %s', (text, wanted) => {
  const tokens = searchTokens(text)
  expect(tokens.map(({ kind }) => kind).join(' ')).toBe(wanted)
})

test('pieces cover the whole text, whatever it is', () => {
  for (const text of ['::', '((', '-', '!', "it's", 'a:b:c', '>5', '\\', 'ünï:cödé "日本"', 'a:"\\']) {
    const tokens = searchTokens(text)
    expect(tokens.map(({ from, to }) => text.slice(from, to)).join('')).toBe(text)
    expect(tokens.every(({ from, to }) => to > from)).toBe(true)
  }
})

const terms: [string, string[]][] = [
  ['a:1  (b OR c) -d:"x y"', ['a:1', '(b OR c)', '-d:"x y"']],
  ['service:(a OR b) text', ['service:(a OR b)', 'text']],
  ['(a b', ['(a b']],
  ['a) b', ['a)', 'b']],
]
test.each(terms)('conditions of %s', (text, wanted) => expect(topTerms(text).map((term) => term.text)).toEqual(wanted))
