import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BadMri, formatMri, looksLikeMri, metricNameLengthMax, parseMri, parseMriOrNull, type Mri, type MriPart } from './mri.ts'
import { useCaseIds } from './use-case.ts'

const long = 'n'.repeat(metricNameLengthMax + 1)

describe('parseMri', () => {
  const good: [string, Mri][] = [
    ['d:transactions/duration@millisecond', { type: 'd', namespace: 'transactions', name: 'duration', unit: 'millisecond' }],
    ['c:sessions/session@none', { type: 'c', namespace: 'sessions', name: 'session', unit: 'none' }],
    ['s:sessions/user@none', { type: 's', namespace: 'sessions', name: 'user', unit: 'none' }],
    ['g:system/memory.used@byte', { type: 'g', namespace: 'system', name: 'memory.used', unit: 'byte' }],
    ['e:sessions/user.crash_free_rate@ratio', { type: 'e', namespace: 'sessions', name: 'user.crash_free_rate', unit: 'ratio' }],
    ['c:custom/orders@potato', { type: 'c', namespace: 'custom', name: 'orders', unit: 'potato' }],
    // Names of people hold the marks that also part an MRI.
    ['g:custom/job:cpu:rate5m@none', { type: 'g', namespace: 'custom', name: 'job:cpu:rate5m', unit: 'none' }],
    ['g:custom/a/b c?é@none', { type: 'g', namespace: 'custom', name: 'a/b c?é', unit: 'none' }],
    [`c:custom/${long.slice(1)}@none`, { type: 'c', namespace: 'custom', name: long.slice(1), unit: 'none' }],
  ]
  test.each(good)('%s', (text, want) => {
    expect(parseMri(text)).toEqual(want)
    expect(formatMri(want)).toBe(text)
  })

  const bad: [string, MriPart, number, RegExp][] = [
    ['', 'type', 0, /one of c, d, g, s, e/],
    ['x:custom/a@none', 'type', 0, /one of/],
    ['C:custom/a@none', 'type', 0, /one of/],
    [' c:custom/a@none', 'type', 0, /one of/],
    ['cc:custom/a@none', 'type', 0, /one of/],
    ['c', 'type', 1, /':' is missing/],
    ['c:custom', 'namespace', 2, /'\/' is missing/],
    ['c:/a@none', 'namespace', 2, /one of spans/],
    ['c:shop/a@none', 'namespace', 2, /one of spans/],
    ['c:custom/a', 'unit', 10, /'@' and a unit are missing/],
    ['c@x:custom/a', 'type', 0, /one of/],
    ['c:custom/@none', 'name', 9, /empty/],
    ['c:custom/ a@none', 'name', 9, /blank/],
    ['c:custom/a\n@none', 'name', 9, /unprintable/],
    ['c:custom/a@b@none', 'name', 9, /no '@'/],
    [`c:custom/${long}@none`, 'name', 9, /longer than 200/],
    ['d:transactions/a..b@none', 'name', 15, /single dots/],
    ['d:transactions/.a@none', 'name', 15, /single dots/],
    ['d:transactions/a b@none', 'name', 15, /words/],
    ['d:transactions/1a@none', 'name', 15, /words/],
    ['c:custom/a@', 'unit', 11, /missing/],
    ['c:custom/a@By/s', 'unit', 11, /letters, digits/],
    [`c:custom/a@${'u'.repeat(31)}`, 'unit', 11, /longer than 30/],
  ]
  test.each(bad)('%j is wrong in its %s at %d', (text, part, position, why) => {
    expect(parseMriOrNull(text)).toBeNull()
    try {
      parseMri(text)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(BadMri)
      expect(error).toMatchObject({ code: 'naming.bad_mri', httpStatus: 400, part, position })
      expect((error as BadMri).publicText).toMatch(why)
      expect((error as BadMri).publicText.length).toBeLessThan(400)
    }
  })
})

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,12}$/)
const systemName = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('.'))
const customName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((name) => /^(?! )[^@\p{Cc}\p{Cs}]+(?<! )$/u.test(name))
const mri: fc.Arbitrary<Mri> = fc
  .record({
    type: fc.constantFrom('c', 'd', 'g', 's', 'e'),
    namespace: fc.constantFrom(...useCaseIds),
    system: systemName,
    custom: customName,
    unit: fc.stringMatching(/^[A-Za-z0-9_.]{1,30}$/),
  })
  .map(({ type, namespace, system, custom, unit }) => ({ type, namespace, name: namespace === 'custom' ? custom : system, unit }))

describe('properties', () => {
  test('what is written is read back the same', () => {
    fc.assert(
      fc.property(mri, (one) => {
        expect(parseMri(formatMri(one))).toEqual(one)
      }),
    )
  })

  test('what is read is written back the same; anything else is refused with a place inside the text', () => {
    const texts = fc.oneof(
      fc.string(),
      mri.map(formatMri),
      fc
        .tuple(mri.map(formatMri), fc.nat(60), fc.string({ maxLength: 2 }))
        .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const read = parseMri(text)
          expect(formatMri(read)).toBe(text)
          expect(looksLikeMri(text)).toBe(true)
        } catch (error) {
          if (!(error instanceof BadMri)) throw error
          expect(error.position).toBeGreaterThanOrEqual(0)
          expect(error.position).toBeLessThanOrEqual(Math.max(text.length, 1))
        }
      }),
    )
  })

  test('a part that is none is not written', () => {
    expect(() => formatMri({ type: 'c', namespace: 'custom', name: 'a@b', unit: 'none' })).toThrow(BadMri)
    expect(() => formatMri({ type: 'c', namespace: 'spans', name: 'a/b', unit: 'none' })).toThrow(BadMri)
    expect(() => formatMri({ type: 'c', namespace: 'custom', name: 'a', unit: '' })).toThrow(BadMri)
  })
})
