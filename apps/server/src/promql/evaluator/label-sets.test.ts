import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Labels } from '../../metrics/index.ts'
import { compareLabels, labelsFrom, LabelGroups, SymbolTable, withLabels, type KeyRule } from './label-sets.ts'

const name = fc.constantFrom('__name__', 'a', 'b', 'c', 'd')
const labels = fc.dictionary(name, fc.constantFrom('', 'x', 'y', 'z')).map((entries) => labelsFrom(Object.entries(entries)))
const rule = fc.record({ names: fc.uniqueArray(name), keep: fc.boolean() })

function keyOf(set: Labels, { names, keep }: KeyRule): string {
  return JSON.stringify(set.filter((pair) => names.includes(pair[0]) === keep))
}

test('groups are the distinct keys, numbered in order of first sight', () => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 30 }), rule, (sets, by) => {
      const symbols = new SymbolTable()
      const groups = new LabelGroups(symbols, by)
      const seen: string[] = []
      for (const set of sets) {
        const key = keyOf(set, by)
        if (!seen.includes(key)) seen.push(key)
        const labelSet = symbols.labelSet(set)
        expect(groups.groupOf(labelSet)).toBe(seen.indexOf(key))
        expect(groups.find(labelSet)).toBe(seen.indexOf(key))
        expect(JSON.stringify(groups.labelsOf(seen.indexOf(key)))).toBe(key)
      }
      expect(groups.size).toBe(seen.length)
    }),
  )
})

test('a hash that collides does not join groups', () => {
  const symbols = new SymbolTable()
  const groups = new LabelGroups(symbols, { names: [], keep: false })
  // Far more sets than 32-bit hashes can tell apart by luck in one chain; every one must stay its own group.
  for (let i = 0; i < 50_000; i++) expect(groups.groupOf(symbols.labelSet([['a', String(i)]]))).toBe(i)
})

test('compareLabels is a total order that agrees with equality', () => {
  fc.assert(
    fc.property(labels, labels, (a, b) => {
      expect(Math.sign(compareLabels(a, b)) + Math.sign(compareLabels(b, a))).toBe(0)
      expect(compareLabels(a, b) === 0).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
  )
})

test('withLabels sets, removes and keeps the order', () => {
  const base: Labels = [
    ['a', '1'],
    ['c', '3'],
  ]
  expect(
    withLabels(
      base,
      new Map([
        ['b', '2'],
        ['c', ''],
      ]),
    ),
  ).toEqual([
    ['a', '1'],
    ['b', '2'],
  ])
})

test('a rule may name as many labels as a query has room for', () => {
  const symbols = new SymbolTable()
  const groups = new LabelGroups(symbols, { names: new Array<string>(500_000).fill('a'), keep: true })
  expect(groups.groupOf(symbols.labelSet([['a', 'x']]))).toBe(0)
})
