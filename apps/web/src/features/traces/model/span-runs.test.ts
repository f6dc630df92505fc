import { describe, expect, it } from 'vitest'
import { runStretches } from './span-runs.ts'
import { drawnTrace } from './testing/drawn-trace.ts'
import { foldedRuns, isFoldable, membersOf, opened, rowOf, shownRows, toggled } from './trace-rows.ts'
import { buildTree } from './trace-tree.ts'

/** A parent with six queries after one another, one of them failed, then five more. */
const queries = [
  'a . web GET 0-100',
  ...Array.from({ length: 6 }, (_, i) => `q${i} a db SELECT ${i * 5}-${i * 5 + 4}`),
  'bad a db SELECT 40-44 error',
  ...Array.from({ length: 5 }, (_, i) => `r${i} a db SELECT ${50 + i * 5}-${54 + i * 5}`),
  'z a web render 90-99',
].join('\n')

describe('runs', () => {
  const tree = buildTree(drawnTrace(queries))
  const ids = (rows: Int32Array): string[] => [...rows].map((node) => tree.spans.ids[node] ?? '')
  it('are of one name under one parent, and a failure is never in one', () => {
    expect(ids(shownRows(tree, foldedRuns(tree)))).toEqual(['a', 'q0', 'bad', 'r0', 'z'])
    expect([tree.runLength[1], tree.runLength[8]]).toEqual([6, 5])
    expect(ids(membersOf(tree, 1))).toEqual(['q0', 'q1', 'q2', 'q3', 'q4', 'q5'])
    expect([isFoldable(tree, 1), isFoldable(tree, 2), isFoldable(tree, 0)]).toEqual([true, false, true])
  })
  it('open to show one of their spans', () => {
    const closed = foldedRuns(tree)
    expect(rowOf(tree, shownRows(tree, closed), 3)).toBe(-1)
    expect(rowOf(tree, shownRows(tree, opened(tree, closed, 3)), 3)).toBe(3)
    expect(ids(shownRows(tree, opened(tree, closed, 1)))).toEqual(['a', 'q0', 'bad', 'r0', 'z'])
    expect(shownRows(tree, toggled(closed, 1))).toHaveLength(10)
  })
  it('are not made of few, of spans with children, or of roots', () => {
    const few = buildTree(drawnTrace('a . web GET 0-9\nb a db q 1-2\nc a db q 2-3\nd a db q 3-4\ne a db q 4-5'))
    expect(Math.max(...few.runLength)).toBe(0)
    const roots = buildTree(drawnTrace(Array.from({ length: 9 }, (_, i) => `r${i} . web GET ${i}-${i + 1}`).join('\n')))
    expect(Math.max(...roots.runLength)).toBe(0)
    const parents = buildTree(
      drawnTrace(
        ['p . w x 0-99', ...Array.from({ length: 9 }, (_, i) => `c${i} p db q ${i}-${i + 1}\nk${i} c${i} db q ${i}-${i + 1}`)].join('\n'),
      ),
    )
    expect(Math.max(...parents.runLength)).toBe(0)
  })
  it('are drawn as stretches, near ones as one', () => {
    expect(runStretches(tree, membersOf(tree, 1), 0.5)).toHaveLength(6)
    expect(runStretches(tree, membersOf(tree, 1), 2)).toEqual([{ fromNs: 0, toNs: 29 }])
  })
})
