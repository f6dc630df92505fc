import { describe, expect, test } from 'vitest'
import { isUnit, knownUnits, referenceUnitOf, unitFactor, unitFamilyOf, unitOfSender, type UnitFamily } from './units.ts'

describe('families and references', () => {
  const rows: [string, UnitFamily, string][] = [
    ['nanosecond', 'duration', 'nanosecond'],
    ['week', 'duration', 'nanosecond'],
    ['bit', 'information', 'bit'],
    ['exbibyte', 'information', 'bit'],
    ['ratio', 'fraction', 'ratio'],
    ['percent', 'fraction', 'percent'],
    ['none', 'none', 'none'],
    ['', 'none', ''],
    ['potato', 'custom', 'potato'],
    ['Second', 'custom', 'Second'],
    ['constructor', 'custom', 'constructor'],
  ]
  test.each(rows)('%j is of %s, counted in %s', (unit, family, reference) => {
    expect([unitFamilyOf(unit), referenceUnitOf(unit)]).toEqual([family, reference])
  })
})

describe('factors', () => {
  const rows: [string, string, number | null][] = [
    ['second', 'millisecond', 1000],
    ['millisecond', 'second', 0.001],
    ['week', 'day', 7],
    ['hour', 'nanosecond', 3600e9],
    ['byte', 'bit', 8],
    ['kibibyte', 'byte', 1024],
    ['kilobyte', 'byte', 1000],
    ['exbibyte', 'gibibyte', 2 ** 30],
    ['gigabyte', 'gigabyte', 1],
    ['percent', 'percent', 1],
    ['percent', 'ratio', null],
    ['second', 'byte', null],
    ['none', 'second', null],
    ['potato', 'potato', 1],
    ['potato', 'turnip', null],
  ]
  test.each(rows)('%s to %s: %s', (from, to, factor) => expect(unitFactor(from, to)).toBe(factor))

  test('there and back is the same, over every pair of a family', () => {
    for (const from of knownUnits) {
      for (const to of knownUnits) {
        const factor = unitFactor(from, to)
        if (factor !== null) expect(factor * (unitFactor(to, from) ?? 0)).toBeCloseTo(1, 12)
      }
    }
  })
})

describe('words of senders', () => {
  const rows: [string, string][] = [
    ['', 'none'],
    ['1', 'none'],
    ['{request}', 'none'],
    ['ms', 'millisecond'],
    ['s', 'second'],
    ['seconds', 'second'],
    ['Seconds', 'second'],
    ['By', 'byte'],
    ['bytes', 'byte'],
    ['KiBy', 'kibibyte'],
    ['%', 'percent'],
    ['ratio', 'ratio'],
    ['By/s', 'By_s'],
    ['{packet}/s', 's'],
    ['celsius', 'celsius'],
    ['constructor', 'constructor'],
    ['°', 'none'],
    ['u'.repeat(50), 'u'.repeat(30)],
  ]
  test.each(rows)('%j is %s', (text, unit) => {
    expect(unitOfSender(text)).toBe(unit)
    expect(isUnit(unit)).toBe(true)
  })
})
