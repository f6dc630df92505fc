import { describe, expect, it } from 'vitest'
import { criticalPath, mainRoot, pathShares } from './critical-path.ts'
import { flameGraph, operationTimes } from './flame-model.ts'
import { selfTimes } from './self-time.ts'
import { drawnTrace, largeTrace } from './testing/drawn-trace.ts'
import { buildTree } from './trace-tree.ts'

function own(text: string): Record<string, number> {
  const tree = buildTree(drawnTrace(text))
  const { ownNs } = criticalPath(tree)
  return Object.fromEntries(tree.spans.ids.map((id, span) => [id, ownNs[span] ?? 0]).filter(([, ns]) => ns !== 0))
}

describe('the critical path', () => {
  it('follows whoever finished last', () => {
    expect(own('a . web GET 0-100\nb a db q 10-30\nc a db q 20-80')).toEqual({ a: 30, b: 10, c: 60 })
  })
  it('goes through children one after another', () => {
    expect(own('a . web GET 0-100\nb a db q 10-30\nc a db q 30-80\nd c x y 40-70')).toEqual({ a: 30, b: 20, c: 20, d: 30 })
  })
  it('counts of work that goes on after its parent only what was waited for', () => {
    expect(own('a . web GET 0-100\nb a queue send 90-500')).toEqual({ a: 90, b: 10 })
  })
  it('leaves out what began after the end', () => {
    expect(own('a . web GET 0-100\nb a queue send 200-500')).toEqual({ a: 100 })
  })
  it('explains every moment of the root once', () => {
    const tree = buildTree(largeTrace(5000, (span) => (span * 7919) % span))
    const path = criticalPath(tree)
    const total = path.ownNs.reduce((sum, ns) => sum + ns, 0)
    expect(total).toBe(5000)
  })
  it('takes the longest root, also one that is missing', () => {
    const tree = buildTree(drawnTrace('a . web GET 0-10\nb gone db q 0-90\nc gone db q 95-100'))
    expect(mainRoot(tree)).toBe(3)
    const path = criticalPath(tree)
    const [first, second] = pathShares(tree, path)
    expect(first).toMatchObject({ service: 'db', name: 'q', ownNs: 95, count: 2, share: 0.95 })
    expect(second).toMatchObject({ name: 'missing span', ownNs: 5 })
  })
})

describe('own time', () => {
  it('is what no child covers, children beside each other once', () => {
    const tree = buildTree(drawnTrace('a . web GET 0-100\nb a db q 10-50\nc a db q 30-60\nd a db q 90-200\ne b x y 0-20'))
    expect([...selfTimes(tree)]).toEqual([40, 30, 30, 110, 20])
  })
})

describe('the flame graph', () => {
  const tree = buildTree(
    drawnTrace('a . web GET 0-100\nb a db q 10-30\nc a db q 30-60 error\nd a cart load 60-90\ne d db q 70-80\nf gone db late 0-5'),
  )
  const graph = flameGraph(tree, selfTimes(tree))
  it('puts spans of one name under the same parents into one box', () => {
    expect(
      graph.boxes.map(({ name, count, errors, selfNs, totalNs, leftNs, depth }) => [name, count, errors, selfNs, totalNs, leftNs, depth]),
    ).toEqual([
      ['GET', 1, 0, 20, 100, 0, 0],
      ['q', 2, 1, 50, 50, 0, 1],
      ['load', 1, 0, 20, 30, 50, 1],
      ['q', 1, 0, 10, 10, 50, 2],
      ['missing span', 1, 0, 0, 5, 100, 0],
      ['late', 1, 0, 5, 5, 100, 1],
    ])
    expect([graph.totalNs, graph.depth]).toEqual([105, 3])
  })
  it('adds up by operation', () => {
    expect(operationTimes(graph).map(({ service, name, count, errors, selfNs }) => [service, name, count, errors, selfNs])).toEqual([
      ['db', 'q', 3, 1, 60],
      ['web', 'GET', 1, 0, 20],
      ['cart', 'load', 1, 0, 20],
      ['db', 'late', 1, 0, 5],
      ['', 'missing span', 1, 0, 0],
    ])
  })
  it('names the longest span of a box', () => {
    expect(tree.spans.ids[graph.boxes[1]?.example ?? -1]).toBe('c')
  })
})
