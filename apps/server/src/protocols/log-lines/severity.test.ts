/** Severities of words, numbers and lines. */
import { expect, test } from 'vitest'
import { SeverityMemo, severityOfLine } from './severity.ts'

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

test.each<[string, number]>([
  ['2026-11-21 08:00:00 ERROR could not connect', 17],
  ['[WARN] slow', 13],
  ['INFO: started', 9],
  ['level=debug msg=x', 5],
  ['ts=1 lvl=eror msg="x"', 17],
  ['level="warn" x', 13],
  ['INFORMATION about errors', 0],
  ['an ERRORS list', 0],
  ['error in lower case', 0],
  [`${'x'.repeat(200)} ERROR`, 0],
  ['', 0],
])('line: %s', (line, severity) => {
  const bytes = Buffer.from(line)
  expect(severityOfLine(bytes, 0, bytes.length)).toBe(severity)
})
