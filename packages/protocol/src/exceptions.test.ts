import { expect, test } from 'vitest'
import { exceptionIn } from './exceptions.ts'

const stack = 'TypeError: no cart\n    at total (/srv/cart.js:1:2)'
const within = (attributes: Readonly<Record<string, string>>): ReturnType<typeof exceptionIn> =>
  exceptionIn((name) => attributes[name] ?? '')

test.each([
  [{ 'err.type': 'TypeError', 'err.message': 'no cart', 'err.stack': stack }, ['TypeError', 'no cart', 'err.stack']],
  [{ 'error.name': 'E', 'error.stack': stack }, ['E', '', 'error.stack']],
  [{ 'error.type': 'E', 'error.message': 'no', 'error.stack': 'none' }, ['E', 'no', '']],
  [{ 'error.type': '500', 'exception.stacktrace': 'one line' }, ['', '', 'exception.stacktrace']],
  [{ 'error.type': '500', stack }, ['', '', 'stack']],
  [{ 'error.type': '500', stack: 'production' }, null],
  [{ level: 'error' }, null],
])('%j', (attributes, expected) => {
  const found = within(attributes)
  expect(found === null ? null : [found.type, found.message, found.stackName]).toEqual(expected)
})
