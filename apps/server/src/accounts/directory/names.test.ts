import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIds, slugOf } from './names.ts'

test.each([
  ['Web shop (EU)', 'web-shop-eu'],
  ['  Ünïcode  ', 'u-ni-code'],
  ['日本', 'x'],
  ['a'.repeat(100), 'a'.repeat(60)],
  ['---', 'x'],
])('%j becomes %s', (name, slug) => {
  expect(slugOf(name)).toBe(slug)
})

test('every name gives a slug of lower-case letters, digits and single dashes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(slugOf(name)) && slugOf(name).length <= 60),
  )
})

test('ids are whole numbers from 1, without repeats', () => {
  expect(parseIds(['2', '1', '2'])).toEqual([2, 1])
  for (const id of ['0', '-1', '1.5', 'x', '', '9999999999'])
    expect(() => parseIds([id])).toThrow(expect.objectContaining({ code: 'accounts.unknown_reference' }))
})
