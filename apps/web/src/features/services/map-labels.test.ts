import { expect, it } from 'vitest'
import { placeLabels } from './map-labels.ts'
import type { PlacedEdge } from './map-layout.ts'

function edge(index: number, ...points: (readonly [number, number])[]): PlacedEdge {
  return { index, points, isLoop: false }
}

it('puts a label in the middle, the next beside it, and leaves out what has no room', () => {
  const wanted = Array.from({ length: 9 }, (_, index) => ({ placed: edge(index, [0, 0], [100, 0]), text: 'twelve chars', weight: index }))
  const labels = placeLabels(wanted)
  expect(labels).toEqual([{ index: 8, x: 50, y: 0 }])
  const wide = placeLabels(wanted.map((each) => ({ ...each, placed: edge(each.placed.index, [0, 0], [900, 0]) })))
  expect(wide.map(({ index, x }) => [index, Math.round(x)])).toEqual([
    [8, 450],
    [7, 342],
    [6, 558],
    [5, 252],
    [4, 648],
  ])
})

it('never lets two cover each other', () => {
  const wanted = Array.from({ length: 30 }, (_, index) => ({
    placed: edge(index, [0, 300], [120, index * 20]),
    text: `${index}/s · 40 ms`,
    weight: 1,
  }))
  const labels = placeLabels(wanted)
  expect(labels.length).toBeGreaterThan(10)
  for (const a of labels) {
    for (const b of labels) if (a.index < b.index) expect(Math.abs(a.x - b.x) > 50 || Math.abs(a.y - b.y) >= 16).toBe(true)
  }
})
