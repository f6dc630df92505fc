/** The small tables behind the registry: ids to refs, and runs of pairs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdTable } from './id-table.ts'
import { PairRuns } from './pair-runs.ts'

test('ids agree with a map, also when they share slots and go again', () => {
  const id = fc.tuple(fc.nat(5), fc.nat(3))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 60 }), (steps) => {
      const table = new IdTable()
      const model = new Map<string, number>()
      steps.forEach(([comes, [low, high]], ref) => {
        const key = `${low} ${high}`
        const known = model.get(key)
        expect(table.find(low, high)).toBe(known ?? -1)
        if (comes && known === undefined) {
          table.add(ref, low, high)
          model.set(key, ref)
        } else if (!comes && known !== undefined) {
          table.remove(known)
          model.delete(key)
          expect([table.lowOf(known), table.highOf(known)]).toEqual([low, high])
        }
      })
      expect(table.count).toBe(model.size)
      for (const [key, ref] of model) expect(table.find(Number(key.split(' ')[0]), Number(key.split(' ')[1]))).toBe(ref)
    }),
  )
})

test('runs keep their numbers, and the run of a series that is gone serves one of the same length', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.nat(40)), { maxLength: 80 }), (steps) => {
      const runs = new PairRuns()
      const model = new Map<number, number[]>()
      let given = 0
      for (const [comes, ref, length] of steps) {
        if (comes && !model.has(ref)) {
          const start = runs.take(ref, length)
          const numbers = Array.from({ length }, () => given++)
          numbers.forEach((number, i) => runs.set(start + i, number))
          model.set(ref, numbers)
        } else if (!comes && model.delete(ref)) runs.give(ref)
        for (const [one, numbers] of model) expect(Array.from(runs.pairs.subarray(runs.start(one), runs.end(one)))).toEqual(numbers)
      }
    }),
  )
  const runs = new PairRuns()
  const start = runs.take(0, 7)
  runs.give(0)
  expect(runs.take(1, 7)).toBe(start)
})
