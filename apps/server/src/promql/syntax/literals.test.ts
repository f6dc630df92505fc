import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { durationOrNull, formatDuration, formatNumber, formatPlain, numberOrNull, quote, unquote } from './literals.ts'

describe('durationOrNull', () => {
  const check = (text: string, ms: number | null): void => {
    test(`${text}`, () => {
      expect(durationOrNull(text)).toBe(ms)
    })
  }
  check('5m', 300_000)
  check('1h30m', 5_400_000)
  check('1y2w3d4h5m6s7ms', 31_536_000_000 + 2 * 604_800_000 + 3 * 86_400_000 + 4 * 3_600_000 + 5 * 60_000 + 6007)
  check('0', 0)
  check('', null)
  check('5', null)
  check('5mm', null)
  check('1m1h', null)
  check('1.5h', null)
  check('99999999999999y', null)
})

describe('formatDuration', () => {
  const check = (ms: number, text: string): void => {
    test(`${text}`, () => {
      expect(formatDuration(ms)).toBe(text)
    })
  }
  check(0, '0s')
  check(90_000, '1m30s')
  check(604_800_000, '1w')
  check(604_800_000 + 3_600_000, '7d1h')
  check(31_536_000_000, '1y')
  check(-1500, '-1s500ms')
})

test('a duration printed reads back as itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (ms) => {
      expect(durationOrNull(formatDuration(ms))).toBe(ms)
    }),
  )
})

describe('numberOrNull', () => {
  const check = (text: string, value: number | null): void => {
    test(`${text}`, () => {
      expect(numberOrNull(text)).toBe(value)
    })
  }
  check('1_000', 1000)
  check('0x1f', 31)
  check('017', 15)
  check('089', 89)
  check('1e3', 1000)
  check('2.', 2)
  check('.5', 0.5)
  check('+Inf', Infinity)
  check('nAn', NaN)
  check('x', null)
  check('', null)
})

describe('numbers as Prometheus writes them', () => {
  const check = (value: number, short: string, plain: string): void => {
    test(`${short}`, () => {
      expect(formatNumber(value)).toBe(short)
      expect(formatPlain(value)).toBe(plain)
    })
  }
  check(1.5, '1.5', '1.5')
  check(-0, '-0', '-0')
  check(0.00001, '1e-05', '0.00001')
  check(1.25e-7, '1.25e-07', '0.000000125')
  check(1e21, '1e+21', '1000000000000000000000')
  check(-1.5e22, '-1.5e+22', '-15000000000000000000000')
  check(Infinity, '+Inf', '+Inf')
  check(NaN, 'NaN', 'NaN')
})

describe('unquote', () => {
  const check = (text: string, value: string | null): void => {
    test(`${text}`, () => {
      expect(unquote(text)).toBe(value)
    })
  }
  check('"a\\n\\t\\\\\\""', 'a\n\t\\"')
  check("'it\\'s'", "it's")
  check('`raw\\n`', 'raw\\n')
  check('"\\u00e4\\U0001F600"', 'ä😀')
  check('"\\xc3\\xa4"', 'ä')
  check('"\\303\\244"', 'ä')
  check('"\\xff"', '\udcff')
  check('"\\q"', null)
  check('"\\x4"', null)
  check('"\\\'"', null)
  check('"\\ud800"', null)
})

test('a quoted text reads back as itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(unquote(quote(text))).toBe(text)
    }),
  )
})
