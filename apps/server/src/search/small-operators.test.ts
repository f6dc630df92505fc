import { expect, test } from 'vitest'
import { smallOperators } from './small-operators.ts'

test.each<[string, string[]]>([
  ['error and timeout', ['and@6']],
  ['error or timeout Or retry', ['or@6', 'Or@17']],
  ['not error', ['not@0']],
  ['level:error (service:a or service:b)', ['or@23']],
  ['a OR (b and c)', ['and@8']],
  ['-(a or b)', ['or@4']],
  ['error AND timeout', []],
  ['error "and" timeout', []],
  ['and', []],
  ['and error', []],
  ['error not', []],
  ['body:and x', []],
  ['salt and* pepper', []],
  ['android or', []],
  ['', []],
])('%j: %j', (text, want) => {
  expect(smallOperators(text).map(({ word, from }) => `${word}@${from}`)).toEqual(want)
})
