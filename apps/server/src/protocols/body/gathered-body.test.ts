/** Bodies in pieces of any size: what is put together, and that the lease counts the memory behind it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testTenant } from '../testing/door.ts'
import { ByteBudget, type ByteLease } from './byte-budget.ts'
import { GatheredBody } from './gathered-body.ts'

const clock = { monotonicMs: () => 0 }

function leaseOf(bytesMax: number): { lease: ByteLease; budget: ByteBudget } {
  const budget = new ByteBudget(bytesMax, clock)
  return { lease: budget.lease(testTenant), budget }
}

test('pieces of any size make the body, in memory that is counted', () => {
  const piece = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 4000, max: 4200 }), fc.integer({ min: 10_000, max: 70_000 }))
  fc.assert(
    fc.property(fc.array(fc.record({ size: piece, isPartOfMore: fc.boolean() }), { maxLength: 40 }), (pieces) => {
      const chunks = pieces.map(({ size, isPartOfMore }, index) =>
        Buffer.alloc(isPartOfMore ? 65_536 + size : size, index + 1).subarray(0, size),
      )
      const want = Buffer.concat(chunks)
      const { lease, budget } = leaseOf(64 * 1024 * 1024)
      const gathered = new GatheredBody(want.byteLength, lease)
      for (const chunk of chunks) {
        expect(gathered.add(chunk)).toBe(true)
        expect(lease.heldBytes).toBeGreaterThanOrEqual(gathered.sizeBytes)
        expect(lease.heldBytes).toBeLessThanOrEqual(2 * gathered.sizeBytes)
      }
      const whole = gathered.finish()
      expect(whole.equals(want)).toBe(true)
      expect(lease.heldBytes).toBeLessThanOrEqual(want.byteLength === 0 ? 0 : 2 * want.byteLength)
      lease[Symbol.dispose]()
      expect(budget.takenBytes).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('the buffer of small pieces never grows over the bound of the body', () => {
  const { lease } = leaseOf(10_000)
  const gathered = new GatheredBody(1000, lease)
  for (let at = 0; at < 1000; at++) expect(gathered.add(Buffer.from([at & 255]))).toBe(true)
  expect(lease.heldBytes).toBe(1000)
  expect(gathered.finish().buffer.byteLength).toBe(1000)
})

test('what there is no memory for is not taken', () => {
  const { lease } = leaseOf(30)
  const gathered = new GatheredBody(1000, lease)
  expect([gathered.add(Buffer.alloc(12)), gathered.add(Buffer.alloc(12))]).toEqual([true, false])
  expect([gathered.sizeBytes, lease.heldBytes]).toEqual([12, 12])
})
