import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StatsdLine } from './line.ts'
import { readNumber } from './number.ts'

function read(text: string): Record<string, unknown> | string {
  const bytes = Buffer.from(`before\n${text}\nafter`)
  const line = new StatsdLine()
  const fault = line.read(bytes, 7, bytes.length - 6)
  if (fault !== null) return fault
  const part = (start: number, end: number): string => bytes.toString('utf8', start, end)
  const all = {
    name: part(line.nameStart, line.nameEnd),
    value: part(line.valueStart, line.valueEnd),
    type: line.type,
    rate: part(line.rateStart, line.rateEnd),
    tags: part(line.tagsStart, line.tagsEnd),
    container: part(line.containerStart, line.containerEnd),
    time: part(line.timeStart, line.timeEnd),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
}

test.each<[string, Record<string, unknown> | string]>([
  ['a:1|c', { name: 'a', value: '1', type: 0 }],
  ['a:+1|g', { name: 'a', value: '+1', type: 1 }],
  ['a:1|ms|@0.1', { name: 'a', value: '1', type: 2, rate: '0.1' }],
  ['a:1|h|#b:c,d', { name: 'a', value: '1', type: 3, tags: 'b:c,d' }],
  ['a:1:2:3|d|#b:c|@0.5', { name: 'a', value: '1:2:3', type: 4, tags: 'b:c', rate: '0.5' }],
  ['a:x:y|s|c:ci-12|T1700000000', { name: 'a', value: 'x:y', type: 5, container: 'ci-12', time: '1700000000' }],
  ['a:1|c|e:it-false,cn-x|card:low|later:1', { name: 'a', value: '1', type: 0 }],
  ['a:1|c||#', { name: 'a', value: '1', type: 0 }],
  ['größe;a=b:1|g', { name: 'größe;a=b', value: '1', type: 1 }],
  ['a', 'malformed'],
  ['a:1', 'malformed'],
  ['', 'malformed'],
  [':1|c', 'metric_name_missing'],
  ['a:|c', 'value_missing'],
  ['a:1|', 'type_unknown'],
  ['a:1|m', 'type_unknown'],
  ['a:1|cc', 'type_unknown'],
])('%j', (text, wanted) => {
  expect(read(text)).toEqual(wanted)
})

function number(text: string): number {
  const bytes = Buffer.from(`9${text}9`)
  return readNumber(bytes, 1, bytes.length - 1)
}

describe('numbers', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['-1', -1],
    ['+1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['-0.001', -0.001],
    ['1e3', 1000],
    ['1E-3', 0.001],
    ['123456789012345', 123456789012345],
    ['0.1234567890123456789', Number('0.1234567890123456789')],
    ['1e308', 1e308],
    ['1e999', Infinity],
    ['-1e999', -Infinity],
    ['inf', Infinity],
    ['-Infinity', Infinity],
    ['NaN', Infinity],
    ['', NaN],
    ['-', NaN],
    ['.', NaN],
    ['1.2.3', NaN],
    ['0x10', NaN],
    ['1_000', NaN],
    [' 1', NaN],
    ['1 ', NaN],
    ['--1', NaN],
    ['1e', NaN],
    ['1,5', NaN],
    ['9'.repeat(401), NaN],
  ])('%j', (text, wanted) => {
    expect(number(text)).toBe(wanted)
  })

  test('every finite number comes back as it is written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => Object.is(number(String(value)), value) || value === 0),
    )
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 12 }),
        (value, places) => number((value / 10 ** 5).toFixed(places)) === Number((value / 10 ** 5).toFixed(places)),
      ),
    )
  })
})
