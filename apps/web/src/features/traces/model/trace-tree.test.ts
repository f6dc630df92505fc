import { describe, expect, it } from 'vitest'
import { failedSpans, findSpans } from './find-spans.ts'
import { drawnTrace, largeTrace } from './testing/drawn-trace.ts'
import { closedBelow, nextMarked, opened, rowOf, shownRows, toggled } from './trace-rows.ts'
import { buildTree, isMissing, type TraceTree } from './trace-tree.ts'

const shop = `
  c  a  db    SELECT  30-60  error
  a  .  web   GET     0-100
  b  a  cart  load    10-90
  d  b  db    SELECT  20-40
`

function picture(tree: TraceTree, rows: Int32Array = tree.order): string[] {
  return [...rows].map((node) => {
    const id = isMissing(tree, node) ? `(${tree.missingIds[node - tree.spans.count]})` : tree.spans.ids[node]
    return `${'.'.repeat(tree.depth[node] ?? 0)}${id}`
  })
}

describe('the tree', () => {
  function f(text: string, want: string[]): void {
    expect(picture(buildTree(drawnTrace(text)))).toEqual(want)
  }
  it('has parents before children and children by start', () => {
    f(shop, ['a', '.b', '..d', '.c'])
    f('x . one op 0-1', ['x'])
  })
  it('shows a parent that never arrived, once for all its children', () => {
    f('a . web GET 0-9\nb gone db q 3-4\nc gone db q 1-2\nd c db q 1-2', ['a', '(gone)', '.c', '..d', '.b'])
    const tree = buildTree(drawnTrace('b gone db q 3-4\nc gone db q 1-2'))
    expect([tree.startNs[2], tree.endNs[2], tree.fromNs, tree.toNs]).toEqual([1, 4, 1, 4])
  })
  it('cuts a span that is its own parent or ancestor, and loses none', () => {
    f('a a web GET 0-9\nb a db q 1-2', ['a', '.b'])
    f('a b web GET 0-9\nb a db q 1-2\nc b db q 1-2', ['b', '.a', '.c'])
    expect([...buildTree(drawnTrace('a a web GET 0-9')).isLooped]).toEqual([1])
  })
  it('keeps spans with one id apart', () => {
    f('a . web GET 0-9\na . web GET 1-9\nb a web x 2-3', ['a', '.b', 'a'])
  })
  it('counts children and errors below', () => {
    const tree = buildTree(drawnTrace(shop))
    expect([...tree.childCount]).toEqual([0, 2, 1, 0])
    expect([...tree.errorCount]).toEqual([1, 1, 0, 0])
  })
  it('is empty without spans, and wide enough for moments', () => {
    const empty = buildTree({ ...drawnTrace('x . a b 0-0'), count: 0, ids: [], parents: new Int32Array(0) })
    expect([empty.nodeCount, empty.fromNs, empty.toNs]).toEqual([0, 0, 1])
    const moment = buildTree(drawnTrace('x . a b 5-5'))
    expect(moment.toNs).toBeGreaterThan(moment.fromNs)
  })
  it('takes a hundred thousand spans, as deep as they are many or all under one', () => {
    const deep = buildTree(largeTrace(100_000, (span) => span - 1))
    expect(deep.depth[99_999]).toBe(99_999)
    expect(deep.behind[0]).toBe(100_000)
    const wide = buildTree(largeTrace(100_000, () => 0))
    expect(wide.childCount[0]).toBe(99_999)
    expect(shownRows(wide, closedBelow(wide, 0))).toHaveLength(1)
  })
})

describe('rows', () => {
  const tree = buildTree(drawnTrace(shop))
  const [a, b, c, d] = [1, 2, 0, 3]
  it('leave out what is closed, and open to show a span', () => {
    const closed = toggled(new Uint8Array(4), b)
    expect(picture(tree, shownRows(tree, closed))).toEqual(['a', '.b', '.c'])
    expect(rowOf(tree, shownRows(tree, closed), d)).toBe(-1)
    expect(rowOf(tree, shownRows(tree, closed), c)).toBe(2)
    expect(picture(tree, shownRows(tree, opened(tree, closed, d)))).toEqual(['a', '.b', '..d', '.c'])
    expect([...shownRows(tree, closedBelow(tree, 0))]).toEqual([a])
  })
  it('lead from mark to mark and around', () => {
    const { marked, count } = findSpans(tree, 'select')
    expect(count).toBe(2)
    expect(nextMarked(tree, marked, null, 1)).toBe(d)
    expect(nextMarked(tree, marked, d, 1)).toBe(c)
    expect(nextMarked(tree, marked, c, 1)).toBe(d)
    expect(nextMarked(tree, marked, null, -1)).toBe(c)
    expect(nextMarked(tree, new Uint8Array(4), null, 1)).toBeNull()
  })
})

describe('looking for spans', () => {
  const tree = buildTree(drawnTrace(`${shop}\n e gone db lost 1-2`))
  function f(text: string, want: string[]): void {
    const { marked } = findSpans(tree, text)
    expect(tree.spans.ids.filter((_id, span) => marked[span] === 1).sort()).toEqual(want)
  }
  it('takes every word, of names, services or a whole id', () => {
    f('', [])
    f('sel', ['c', 'd'])
    f('db select', ['c', 'd'])
    f('service:db', ['c', 'd', 'e'])
    f('name:db', [])
    f('status:error', ['c'])
    f('b', ['b', 'c', 'd', 'e', 'a'].sort())
    f('nothing', [])
  })
  it('never marks a missing parent', () => {
    expect(findSpans(tree, 'lost').marked).toEqual(Uint8Array.from([0, 0, 0, 0, 1, 0]))
    expect(findSpans(tree, 'gone').count).toBe(0)
    expect([...failedSpans(tree)]).toEqual([1, 0, 0, 0, 0, 0])
  })
})
