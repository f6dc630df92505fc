import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blockBytes, BlockPool, RecordBlocks } from './record-blocks.ts'

const bytes = fc.oneof({ weight: 9, arbitrary: fc.nat(5000) }, fc.constantFrom(0, blockBytes / 4, blockBytes / 4 + 1)).map((length) => {
  return new Uint8Array(length).map((_, at) => (at * 31 + length) & 255)
})

test('copies are equal, aligned and stay as they are while more are made', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 40 }), (list) => {
      const blocks = new RecordBlocks(new BlockPool(8 << 20))
      let costs = 0
      const copies = list.map((one) => {
        costs += blocks.costOf(one.byteLength)
        return blocks.copy(one)
      })
      expect(costs).toBe([...new Set(copies.map((copy) => copy.buffer))].reduce((sum, buffer) => sum + buffer.byteLength, 0))
      copies.forEach((copy, i) => {
        expect(Buffer.compare(copy, list[i] ?? new Uint8Array(1))).toBe(0)
        expect(copy.byteOffset % 8).toBe(0)
      })
    }),
    { numRuns: 50 },
  )
})

test('recycled blocks are used again, dropped ones are not, and no more are kept than the bound says', () => {
  const pool = new BlockPool(2 * blockBytes)
  const first = new RecordBlocks(pool)
  const block = first.copy(new Uint8Array(8)).buffer
  first.recycle()
  expect(pool.freeBytes).toBe(blockBytes)
  const second = new RecordBlocks(pool)
  expect(second.copy(new Uint8Array(8)).buffer).toBe(block)
  second.drop()
  expect(second.copy(new Uint8Array(8)).buffer).not.toBe(block)
  second.recycle()
  const many = new RecordBlocks(pool)
  for (let i = 0; i < 20; i++) many.copy(new Uint8Array(blockBytes / 4))
  many.recycle()
  expect(pool.freeBytes).toBe(2 * blockBytes)
})

test('blocks that are no longer needed at a time are let go', () => {
  const pool = new BlockPool(100 * blockBytes)
  pool.give(Array.from({ length: 20 }, () => pool.take()))
  expect(pool.freeBytes).toBeGreaterThan(10 * blockBytes)
  for (let i = 0; i < 60; i++) pool.give([pool.take(), pool.take()])
  expect(pool.freeBytes).toBe(2 * blockBytes)
})
