/** The same bytes under the same parent give the same value; what is forgotten never comes back under an old number. */
import { describe, expect, test } from 'vitest'
import { ByteInterner } from './byte-interner.ts'

function intern(interner: ByteInterner<number>, parent: number, text: string): number {
  const bytes = Buffer.from(`..${text}..`)
  const entry = interner.find(parent, bytes, 2, bytes.length - 2)
  return entry >= 0 ? interner.valueAt(entry) : interner.add(parent, bytes, 2, bytes.length - 2, (id) => id)
}

describe('ByteInterner', () => {
  test('tells bytes and parents apart, also many of them', () => {
    const interner = new ByteInterner<number>({ entriesMax: 100_000, bytesMax: 10_000_000 })
    const ids = new Map<string, number>()
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 20_000; index++) {
        const text = 'x'.repeat(index % 7) + String(index)
        const key = `${index % 3}/${text}`
        const id = intern(interner, index % 3, text)
        expect(ids.get(key) ?? id).toBe(id)
        ids.set(key, id)
      }
    }
    expect(new Set(ids.values()).size).toBe(ids.size)
    expect(intern(interner, 1, '')).not.toBe(intern(interner, 2, ''))
  })

  test.each([
    ['entries', { entriesMax: 10, bytesMax: 1_000_000 }],
    ['bytes', { entriesMax: 1000, bytesMax: 40 }],
  ])('stays within its bound of %s and never gives a number twice', (_name, bounds) => {
    const interner = new ByteInterner<number>(bounds)
    const given = new Map<number, string>()
    for (let index = 0; index < 1000; index++) {
      const text = `key${(index * 7) % 50}`
      const id = intern(interner, 0, text)
      expect(given.get(id) ?? text).toBe(text)
      given.set(id, text)
      expect(interner.size).toBeLessThanOrEqual(10)
    }
  })

  test('what is very long gets a number of its own each time and pushes nothing out', () => {
    const interner = new ByteInterner<number>({ entriesMax: 10, bytesMax: 1_000_000 })
    const small = intern(interner, 0, 'small')
    const long = 'x'.repeat(65_537)
    expect(intern(interner, 0, long)).not.toBe(intern(interner, 0, long))
    expect(intern(interner, 0, 'small')).toBe(small)
    expect(interner.size).toBe(1)
  })
})
