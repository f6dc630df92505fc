import { describe, expect, it } from 'vitest'
import { edgePath, layoutMap, nodeHeightPx, nodeWidthPx, type MapLayout } from './map-layout.ts'

function edges(text: string): { from: string; to: string }[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((each) => {
      const [from = '', to = ''] = each.split('>')
      return { from, to }
    })
}

function layout(text: string): MapLayout {
  const list = edges(text)
  return layoutMap(
    list.flatMap(({ from, to }) => [from, to]),
    list,
  )
}

function layers(map: MapLayout): Record<string, number> {
  return Object.fromEntries(map.nodes.map(({ name, layer }) => [name, layer]))
}

describe('layoutMap', () => {
  function f(text: string, want: Record<string, number>): void {
    expect(layers(layout(text))).toEqual(want)
  }
  it('puts callers left of what they call', () => {
    f('web>cart cart>db web>db', { web: 0, cart: 1, db: 2 })
    f('a>b b>c c>d', { a: 0, b: 1, c: 2, d: 3 })
  })
  it('turns what closes a circle and keeps it as an edge from caller to called', () => {
    const map = layout('a>b b>c c>a')
    expect(layers(map)).toEqual({ a: 0, b: 1, c: 2 })
    const back = map.edges.find(({ index }) => index === 2)
    expect(back?.points[0]?.[0]).toBeGreaterThan(back?.points.at(-1)?.[0] ?? 0)
  })
  it('draws a service that calls itself', () => {
    const map = layout('a>a')
    expect(map.edges.map(({ isLoop }) => isLoop)).toEqual([true])
    expect(edgePath(map.edges[0] ?? { index: 0, points: [], isLoop: true })).toMatch(/^M\d+/)
  })
  it('makes a chain a line', () => {
    const map = layout('a>b b>c c>d')
    expect(new Set(map.nodes.map(({ y }) => Math.round(y))).size).toBe(1)
    expect(map.heightPx).toBeLessThan(nodeHeightPx * 2)
  })
  it('never puts two services on one place, however many there are', () => {
    const text = Array.from({ length: 120 }, (_, i) => `s${(i * 7) % 40}>s${(i * 13 + 3) % 40}`).join(' ')
    const { nodes, widthPx, heightPx } = layout(text)
    for (const a of nodes) {
      expect(a.x >= 0 && a.y >= 0 && a.x + nodeWidthPx <= widthPx && a.y + nodeHeightPx <= heightPx).toBe(true)
      for (const b of nodes) {
        if (a.name >= b.name || a.layer !== b.layer) continue
        expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(nodeHeightPx)
      }
    }
  })
  it('leaves out edges to what is not on the map, and is the same whatever order things come in', () => {
    expect(layoutMap(['a'], edges('a>b')).edges).toEqual([])
    expect(layoutMap([], []).nodes).toEqual([])
    const list = edges('a>b a>c b>d c>d')
    expect(layoutMap(['d', 'c', 'b', 'a'], list)).toEqual(layoutMap(['a', 'b', 'c', 'd'], list))
  })
})
