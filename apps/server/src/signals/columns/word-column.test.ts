import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Words } from './word-column.ts'

const encoder = new TextEncoder()

test('a text has one number, however it is given', () => {
  const texts = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string({ minLength: 120, maxLength: 140 }))
  fc.assert(
    fc.property(fc.array(texts), (list) => {
      const words = new Words()
      for (const text of list) {
        const word = words.internString(text)
        expect(words.intern(encoder.encode(text))).toBe(word)
        expect(words.text(word)).toBe(text)
      }
      expect(words.size).toBe(new Set([...list, '']).size)
    }),
  )
})
