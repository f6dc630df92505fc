import { expect, test } from 'vitest'
import { hasMoreJsonThan } from './json-extent.ts'

test.each([
  ['', 0],
  ['[1,2,"a"]', 1],
  ['{"a":1,"b":[{}]}', 5],
  ['["[{:","\\"[:","\\\\",[]]', 2],
  ['["\\\\\\"[",[]', 2],
  ['"[[[', 0],
  ['{},{},', 2],
])('%s has %d objects, arrays and members', (text, count) => {
  const body = Buffer.from(text)
  expect([hasMoreJsonThan(body, count), hasMoreJsonThan(body, count - 1)]).toEqual([false, count > 0])
})
