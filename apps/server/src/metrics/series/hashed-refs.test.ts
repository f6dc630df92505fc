import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HashedRefs } from './hashed-refs.ts'

const words = fc.tuple(fc.nat(7), fc.nat(2), fc.nat(2), fc.nat(2))

test('agrees with a map of keys, also of keys that share slots', () => {
  fc.assert(
    fc.property(fc.array(words, { maxLength: 80 }), (keys) => {
      const table = new HashedRefs(1 << 20)
      const model = new Map<string, number>()
      keys.forEach((key, i) => {
        const found = table.find(Uint32Array.of(9, 9, ...key), 2)
        expect(found).toBe(model.get(key.join()) ?? -1)
        if (found !== -1 && i % 2 === 0) return
        table.remember(Uint32Array.from(key), 0, i)
        model.set(key.join(), i)
      })
      expect(table.count).toBe(model.size)
    }),
  )
})

const numbered = (i: number): Uint32Array => Uint32Array.of(Math.imul(i, 0x9e3779b1) >>> 0, i, 1, 2)

test('grows, and the refs 0 and the largest are refs like others', () => {
  const table = new HashedRefs(64 << 20)
  for (let i = 0; i < 20_000; i++) table.remember(numbered(i), 0, i)
  table.remember(numbered(20_000), 0, 0xfffffffd)
  for (let i = 0; i < 20_000; i++) expect(table.find(numbered(i), 0)).toBe(i)
  expect(table.find(numbered(20_000), 0)).toBe(0xfffffffd)
})

test('keeps what is used and forgets the rest within its bound', () => {
  const sizeBytesMax = 1 << 20
  const table = new HashedRefs(sizeBytesMax)
  for (let i = 0; i < 200_000; i++) {
    table.remember(numbered(i), 0, i)
    expect(table.find(numbered(3), 0)).toBe(i < 3 ? -1 : 3)
  }
  expect(table.find(numbered(4), 0)).toBe(-1)
  expect(table.find(numbered(199_999), 0)).toBe(199_999)
  expect(table.sizeBytes).toBeLessThanOrEqual(sizeBytesMax)
})

test('forgets refs that are gone, in steps, also when it grows meanwhile', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(6), fc.boolean(), (count, every, grows) => {
      const table = new HashedRefs(64 << 20)
      for (let i = 0; i < count; i++) table.remember(numbered(i), 0, i)
      const isGone = (ref: number): boolean => ref < count && ref % (every + 1) === 0
      const steps = table.forgetting(isGone)
      if (grows) {
        steps.next()
        for (let i = count; i < 40_000; i++) table.remember(numbered(i), 0, i)
      }
      for (const _ of steps);
      for (let i = 0; i < count; i++) expect(table.find(numbered(i), 0)).toBe(isGone(i) ? -1 : i)
      for (let i = 0; i < count; i++) table.remember(numbered(i), 0, i + 1)
      for (let i = 0; i < count; i++) expect(table.find(numbered(i), 0)).toBe(i + 1)
    }),
    { numRuns: 30 },
  )
})

test('a second sweep does not end what the first says of refs that are leaving', () => {
  const table = new HashedRefs(1 << 20)
  table.remember(numbered(0), 0, 0)
  // The key is in the old generation, which is swept after the young one.
  for (let i = 1; i < 10_000; i++) table.remember(numbered(i), 0, 1)
  const sweep = table.forgetting((ref) => ref === 0, 64)
  sweep.next()
  for (const _ of table.forgetting((ref) => ref === 2));
  for (let step = 0; step < 100; step++) sweep.next()
  expect(table.find(numbered(0), 0)).toBe(0)
  for (const _ of sweep);
  expect(table.find(numbered(0), 0)).toBe(-1)
})
