import fc from 'fast-check'
import { expect, test } from 'vitest'
import { smallestTexts } from './catalog.ts'

test('the smallest texts are those of sorting all', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3 })
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 60 }), fc.nat(20), (texts, limit) => {
      expect(smallestTexts(texts, limit)).toEqual([...texts].sort().slice(0, limit))
    }),
  )
})

test('they are the same when more texts come than are held', () => {
  const texts = Array.from({ length: 50_000 }, (_, i) => `${(i * 7_919) % 50_000}`)
  expect(smallestTexts(texts, 100)).toEqual(texts.toSorted().slice(0, 100))
  expect(smallestTexts(texts, 6_000)).toEqual(texts.toSorted().slice(0, 6_000))
  expect(smallestTexts(texts, 0)).toEqual([])
})
