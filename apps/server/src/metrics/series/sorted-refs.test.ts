import fc from 'fast-check'
import { expect, test } from 'vitest'
import { differenceKernel, intersectKernel, unionDisjointKernel, unionKernel, type RefList } from './sorted-refs.ts'

const refs = fc.uniqueArray(fc.nat(300), { maxLength: 120 }).map((all) => all.sort((a, b) => a - b))

function list(all: readonly number[], typed: boolean): RefList {
  // Longer than its content, as growing lists are.
  return { refs: typed ? Uint32Array.from([...all, 0, 0]) : all, length: all.length }
}

test('intersection, difference and union agree with sets', () => {
  fc.assert(
    fc.property(refs, refs, fc.boolean(), (a, b, typed) => {
      const both = a.filter((ref) => b.includes(ref))
      expect([...intersectKernel(list(a, typed), list(b, !typed))]).toEqual(both)
      expect([...unionKernel([list(a, typed), list(b, typed)])]).toEqual([...new Set([...a, ...b])].sort((x, y) => x - y))
      const rest = b.filter((ref) => !a.includes(ref))
      expect([...differenceKernel(list(b, typed), list(a, !typed))]).toEqual(rest)
      expect([...unionDisjointKernel([list(a, typed), list(rest, typed)])]).toEqual([...a, ...rest].sort((x, y) => x - y))
    }),
  )
})
