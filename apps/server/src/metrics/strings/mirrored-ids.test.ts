import { expect, test } from 'vitest'
import { firstStoredId } from '../../indexer/index.ts'
import { MirroredIds } from './mirrored-ids.ts'

test('stored ids are known whoever they belong to, shared ones in each organization apart', () => {
  const mirror = new MirroredIds()
  const ids = [firstStoredId, firstStoredId + 31, firstStoredId + 32, 2 ** 33 + 5]
  for (const id of ids) mirror.add(1, id)
  mirror.add(1, 7)
  expect(ids.map((id) => mirror.has(1, id))).toEqual([true, true, true, true])
  expect([mirror.has(1, firstStoredId + 1), mirror.has(1, 2 ** 33 + 4)]).toEqual([false, false])
  expect([mirror.has(1, 7), mirror.has(2, 7), mirror.has(1, 8)]).toEqual([true, false, false])
})

test('ids of any size', () => {
  const mirror = new MirroredIds()
  const some = [1, 31, 32, 65_535, 65_536, 2 ** 31, 2 ** 32 + 5, 2 ** 45 + 31]
  for (const id of some) {
    expect(mirror.has(1, id)).toBe(false)
    mirror.add(1, id)
    expect(mirror.has(1, id)).toBe(true)
    expect(mirror.has(1, id + 1) && !some.includes(id + 1)).toBe(false)
  }
  expect(some.every((id) => mirror.has(1, id))).toBe(true)
})

test('the ids of many organizations, in turn from one sequence, take a bit each', () => {
  const before = process.memoryUsage().arrayBuffers
  const mirror = new MirroredIds()
  for (let i = 0; i < 2_000_000; i++) mirror.add(1 + (i % 500), firstStoredId + i)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
})
