import { expect, it } from 'vitest'
import { readClosed, writeClosed } from './closed-spans.ts'
import { drawnTrace, largeTrace } from './testing/drawn-trace.ts'
import { closedBelow, foldedRuns, toggled } from './trace-rows.ts'
import { buildTree } from './trace-tree.ts'

const runs = Array.from({ length: 6 }, (_, i) => `q${i} b db SELECT ${20 + i}-${21 + i}`).join('\n')
const tree = buildTree(drawnTrace(`a . web GET 0-100\nb a cart load 10-90\nc a cart save 91-99\nd c db x 92-93\ne gone db y 5-6\n${runs}`))
const nodeOf = (id: string): number => tree.spans.ids.indexOf(id)

it('says nothing of a trace as it is first seen', () => {
  expect(writeClosed(tree, foldedRuns(tree))).toBeUndefined()
  expect(readClosed(tree, undefined)).toEqual(foldedRuns(tree))
})

it('says how most are, and which are not', () => {
  const written = (closed: Uint8Array): string | undefined => {
    const text = writeClosed(tree, closed)
    expect(readClosed(tree, text)).toEqual(closed)
    return text
  }
  expect(written(toggled(foldedRuns(tree), nodeOf('c')))).toBe('~c')
  const none = new Uint8Array(tree.nodeCount)
  expect(written(none)).toMatch(/^(none|~\w+)$/)
  expect(written(closedBelow(tree, 1))).toBe('all')
  expect(written(toggled(closedBelow(tree, 1), nodeOf('c')))).toBe('~b')
  // A parent that never came has no span of its own.
  expect(written(toggled(foldedRuns(tree), tree.spans.count))).toMatch(/^~x/)
})

it('passes over what the trace has not, and stays short', () => {
  expect(readClosed(tree, '~zz~c')).toEqual(toggled(foldedRuns(tree), nodeOf('c')))
  expect(readClosed(tree, 'nonsense')).toEqual(foldedRuns(tree))
  const large = buildTree(largeTrace(2000, (span) => (span === 0 ? -1 : Math.floor((span - 1) / 2))))
  const odd = foldedRuns(large).map((_, node) => node % 2)
  expect((writeClosed(large, odd) ?? '').length).toBeLessThan(1000)
})
