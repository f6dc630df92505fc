import { expect, test } from 'vitest'
import { exactTime, lineOf, listTime, markWords, prettyBody, timeMsOf, withoutControls, wordsOf } from './log-text.ts'

test('a row without a message shows its attributes', () => {
  expect(lineOf({ body: 'hello', attributes: { a: '1' } })).toBe('hello')
  expect(lineOf({ body: ' ', attributes: { a: '1', b: 'x y' } })).toBe('a=1 b=x y')
  expect(lineOf({ body: 'x'.repeat(5000), attributes: {} })).toHaveLength(2000)
})

test('terminal colours and control characters', () => {
  expect(withoutControls('\u001b[31mred\u001b[0m')).toBe('red')
  expect(withoutControls('a\u0000b\nc\td')).toBe('a\ufffdb\nc\td')
})

test.each([
  ['', []],
  ['timeout', ['timeout']],
  ['"card expired" service:cart -debug NOT info', ['card expired']],
  ['a1 OR b2', ['a1', 'b2']],
  ['level:error conn*refused', ['conn', 'refused']],
  ['a 503', ['503']],
])('words of %s', (query, words) => expect(wordsOf(query)).toEqual(words))

test('found words are marked in any case', () => {
  const parts = markWords('Timeout after timeout.', ['timeout'])
  expect(parts.map(({ text, isFound }) => (isFound ? `[${text}]` : text)).join('')).toBe('[Timeout] after [timeout].')
  expect(markWords('a+b', ['+'])).toEqual([
    { text: 'a', isFound: false },
    { text: '+', isFound: true },
    { text: 'b', isFound: false },
  ])
  expect(markWords('plain', [])).toEqual([{ text: 'plain', isFound: false }])
})

test('times keep what the sender said', () => {
  expect(timeMsOf('2026-11-21T09:04:05.123456789Z')).toBe(Date.UTC(2026, 10, 21, 9, 4, 5, 123))
  expect(exactTime('2026-11-21T09:04:05.123456000Z', 'utc')).toBe('21 Nov 2026, 09:04:05.123456')
  expect(exactTime('2026-11-21T09:04:05.000000000Z', 'utc')).toBe('21 Nov 2026, 09:04:05')
  expect(listTime('2026-11-21T09:04:05.120000000Z', 'utc', false)).toBe('09:04:05.120')
  expect(listTime('2026-11-21T09:04:05.120000000Z', 'utc', true)).toBe('21 Nov 09:04:05.120')
})

test('JSON is indented, the rest stays', () => {
  expect(prettyBody('{"a":1}')).toEqual({ text: '{\n  "a": 1\n}', isJson: true })
  expect(prettyBody('{cut')).toEqual({ text: '{cut', isJson: false })
  expect(prettyBody('text')).toEqual({ text: 'text', isJson: false })
})
