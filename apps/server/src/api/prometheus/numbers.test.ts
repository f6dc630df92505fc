import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatSampleValue, formatScalarValue, formatTimeSec } from './numbers.ts'

describe('sample values, as Prometheus writes them', () => {
  test.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [0.1, '0.1'],
    [0.000001, '0.000001'],
    [0.00000099, '9.9e-07'],
    [1e-7, '1e-07'],
    [-2.5e-10, '-2.5e-10'],
    [5e-324, '5e-324'],
    [123456789012345680000, '123456789012345680000'],
    [1e21, '1e+21'],
    [-1.7976931348623157e308, '-1.7976931348623157e+308'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [Number.NaN, 'NaN'],
  ])('%d is %s', (value, text) => {
    expect(formatSampleValue(value)).toBe(text)
  })

  test('every number reads back as itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => Object.is(Number(formatSampleValue(value)), value)),
    )
  })
})

describe('scalars never have an exponent', () => {
  test.each([
    [1e-7, '0.0000001'],
    [-2.5e-10, '-0.00000000025'],
    [1e21, '1000000000000000000000'],
    [-1.5e22, '-15000000000000000000000'],
    [42, '42'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
  ])('%d is %s', (value, text) => {
    expect(formatScalarValue(value)).toBe(text)
  })

  test('and read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = formatScalarValue(value)
        return !text.includes('e') && Object.is(Number(text), value)
      }),
    )
  })
})

describe('times in seconds', () => {
  test.each([
    [0, '0'],
    [1000, '1'],
    [1_700_000_000_050, '1700000000.050'],
    [1, '0.001'],
    [-1500, '-1.500'],
    [-1, '-0.001'],
  ])('%d ms is %s', (timeMs, text) => {
    expect(formatTimeSec(timeMs)).toBe(text)
  })
})
