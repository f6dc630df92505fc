import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashMember, hashMemberBytes } from './member-hash.ts'

function hexOf(text: string): string {
  const out = { low: 0, high: 0 }
  hashMember(text, out)
  return out.high.toString(16).padStart(8, '0') + out.low.toString(16).padStart(8, '0')
}

describe('hashes are written to disk', () => {
  // MurmurHash3_x86_32 with the seed 0, as published with SMHasher and many ports: the low half.
  test.each([
    ['', '00000000'],
    ['hello', '248bfa47'],
    ['hello, world', '149bbb7f'],
    ['The quick brown fox jumps over the lazy dog', '2e4ff723'],
  ])('%j', (text, low) => {
    expect(hexOf(text).slice(8)).toBe(low)
  })

  test('the document has the same', () => {
    const document = readFileSync(new URL('../../../../../docs/formats/metrics-record.md', import.meta.url), 'utf8')
    expect(document).toContain(`\`alice\` is 0x${hexOf('alice')}`)
    expect(document).toContain(`the empty member 0x${hexOf('')}`)
  })
})

test('bytes anywhere hash as the text they are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(7), (text, shift) => {
      const bytes = Buffer.concat([Buffer.alloc(shift, 1), Buffer.from(text), Buffer.alloc(5, 2)])
      const out = { low: 0, high: 0 }
      hashMemberBytes(bytes, shift, bytes.length - 5, out)
      expect(out.high.toString(16).padStart(8, '0') + out.low.toString(16).padStart(8, '0')).toBe(hexOf(text))
    }),
  )
})

test('members that differ a little spread over all values: no two of half a million meet, and every bit is even', () => {
  const seen = new Set<string>()
  const ones = new Uint32Array(64)
  const out = { low: 0, high: 0 }
  const count = 500_000
  for (let i = 0; i < count; i++) {
    hashMember(`user-${i}`, out)
    seen.add(`${out.low}/${out.high}`)
    for (let bit = 0; bit < 32; bit++) {
      ones[bit]! += (out.low >>> bit) & 1
      ones[bit + 32]! += (out.high >>> bit) & 1
    }
  }
  expect(seen.size).toBe(count)
  for (const one of ones) expect(Math.abs(one / count - 0.5)).toBeLessThan(0.005)
})
