import { expect, test } from 'vitest'
import { readSeverity, severityName, severityText } from './severity.ts'

test.each([
  [0, 'unknown', '—'],
  [1, 'trace', 'TRACE'],
  [4, 'trace', 'TRACE4'],
  [5, 'debug', 'DEBUG'],
  [9, 'info', 'INFO'],
  [13, 'warn', 'WARN'],
  [17, 'error', 'ERROR'],
  [18, 'error', 'ERROR2'],
  [24, 'fatal', 'FATAL4'],
  [25, 'unknown', '—'],
])('%d', (severity, name, text) => {
  expect(severityName(severity)).toBe(name)
  expect(severityText(severity)).toBe(text)
})

test.each([
  ['ERROR', 'error'],
  ['warn', 'warn'],
  ['17', 'error'],
  ['', 'unknown'],
  ['odd', 'unknown'],
])('%s', (text, name) => expect(readSeverity(text)).toBe(name))
