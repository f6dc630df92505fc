import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wireKeyBytesMax } from '../limits.ts'
import { WireCache } from './wire-cache.ts'

const key = fc.uint8Array({ maxLength: 40 })

test('agrees with a map of keys, whatever surrounds the bytes', () => {
  const entry = fc.record({ tenant: fc.nat(2), context: fc.nat(2), bytes: key, before: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
      const cache = new WireCache(64 << 20, 0x1234567)
      const model = new Map<string, number>()
      entries.forEach(({ tenant, context, bytes, before }, i) => {
        const body = new Uint8Array(before + bytes.length + 3).fill(0xff)
        body.set(bytes, before)
        const name = `${tenant}/${context}/${bytes.join(',')}`
        expect(cache.find(tenant, context, body, before, before + bytes.length)).toBe(model.get(name) ?? -1)
        if (model.has(name)) return
        cache.remember(tenant, context, body, before, before + bytes.length, i)
        model.set(name, i)
      })
    }),
  )
})

function numbered(i: number): Uint8Array {
  return new TextEncoder().encode(`host=${i},job=node,`.repeat(8))
}

test('keeps what is used and stays within its bytes', () => {
  const sizeBytesMax = 8 << 20
  const cache = new WireCache(sizeBytesMax, 1)
  for (let i = 0; i < 100_000; i++) {
    const bytes = numbered(i)
    cache.remember(0, 0, bytes, 0, bytes.length, i)
    if (i % 100 === 0) expect(cache.find(0, 0, numbered(0), 0, numbered(0).length)).toBe(0)
  }
  expect(cache.sizeBytes).toBeLessThanOrEqual(sizeBytesMax * 1.3)
  expect(cache.find(0, 0, numbered(99_999), 0, numbered(99_999).length)).toBe(99_999)
  expect(cache.find(0, 0, numbered(5), 0, numbered(5).length)).toBe(-1)
})

test('sees a body whose bytes were changed in place', () => {
  const cache = new WireCache(8 << 20, 1)
  const body = numbered(1)
  cache.remember(0, 0, body, 0, body.length, 1)
  body.set(numbered(2))
  expect(cache.find(0, 0, body, 0, body.length)).toBe(-1)
  cache.release()
  body.set(numbered(1))
  expect(cache.find(0, 0, body, 0, body.length)).toBe(1)
})

test('does not remember keys that are too long', () => {
  const cache = new WireCache(8 << 20, 1)
  const long = new Uint8Array(wireKeyBytesMax + 1)
  cache.remember(0, 0, long, 0, long.length, 3)
  expect(cache.find(0, 0, long, 0, long.length)).toBe(-1)
  cache.remember(0, 0, long, 0, wireKeyBytesMax, 4)
  expect(cache.find(0, 0, long, 0, wireKeyBytesMax)).toBe(4)
})
