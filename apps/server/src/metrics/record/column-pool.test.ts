import { expect, test } from 'vitest'
import { ColumnPool } from './column-pool.ts'

test('columns that were given back are used again when they are long enough', () => {
  const pool = new ColumnPool()
  const small = pool.take(10)
  const large = pool.take(70_000)
  expect(large.f.length).toBeGreaterThanOrEqual(70_000)
  pool.give(small)
  pool.give(large)
  expect(pool.take(70_000)).toBe(large)
  expect(pool.take(10)).toBe(small)
  expect(pool.take(10)).not.toBe(small)
})

test('a short set makes way for a longer one, and no more than two are kept', () => {
  const pool = new ColumnPool()
  const sets = [pool.take(1), pool.take(1), pool.take(1)]
  for (const set of sets) pool.give(set)
  expect(pool.take(100_000).f.length).toBeGreaterThanOrEqual(100_000)
  expect(pool.take(1)).toBe(sets[0])
  expect(sets).not.toContain(pool.take(1))
})
