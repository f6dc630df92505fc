/** Severities of words and numbers. */
import { expect, test } from 'vitest'
import { SeverityMemo } from './severity.ts'

test.each<[string, number]>([
  ['info', 9],
  ['INFO', 9],
  ['Information', 9],
  ['warn', 13],
  ['err', 17],
  ['critical', 21],
  ['7', 5],
  ['0', 24],
  ['30', 9],
  ['60', 21],
  ['', 0],
  ['green', 0],
  ['informationally', 0],
  ['999', 0],
])('%s', (word, severity) => {
  const memo = new SeverityMemo()
  const bytes = Buffer.from(`..${word}..`)
  expect([memo.of(bytes, 2, 2 + word.length), memo.of(bytes, 2, 2 + word.length)]).toEqual([severity, severity])
})
