/** What counts as flat, and what does not. */
import { expect, test } from 'vitest'
import { LatencyCounts } from '../flow/latency-counts.mjs'
import { flatness } from './flatness.mjs'
import { smallMultiples } from './small-multiples.mjs'

const times = Array.from({ length: 120 }, (_, index) => index / 4)
const noise = (index) => ((index * 7919) % 13) - 6
const tolerance = { share: 0.05, least: 5 }

const cases = [
  ['a level', (index) => 500 + noise(index), true],
  ['a rise that ends in the first half', (index) => Math.min(500, 10 * index) + noise(index), true],
  ['a rise that goes on', (index) => 300 + 2 * index + noise(index), false],
  ['a fall', (index) => 900 - 2 * index, true],
  ['single peaks at the end', (index) => (index > 110 && index % 3 === 0 ? 2000 : 500 + noise(index)), true],
  ['a rise within the least that counts', (index) => 10 + index / 60, true],
  ['gaps', (index) => (index % 2 === 0 ? Number.NaN : 500), true],
]
test.each(cases)('%s', (_name, valueAt, want) => {
  expect(
    flatness(
      times,
      times.map((_, index) => valueAt(index)),
      tolerance,
    ).isFlat,
  ).toBe(want)
})

test('a plot has a line a measure, and a gap where nothing was measured', () => {
  const svg = smallMultiples({
    title: 'a < b',
    note: 'n',
    times: [0, 1, 2, 3],
    panels: [
      {
        name: 'Memory',
        unit: 'MiB',
        lines: [
          { label: 'x', values: [1, 2, Number.NaN, 3] },
          { label: 'y', values: [1, 1, 1, 1] },
        ],
      },
    ],
  })
  expect(svg).toContain('a &lt; b')
  const paths = [...svg.matchAll(/<path [^>]*d="([^"]+)"/g)].map(([, path]) => path.replaceAll(/[^ML]/g, ''))
  expect(paths).toEqual(['MLM', 'MLLL'])
})

test('quantiles from counts are within three per cent, also summed over processes', () => {
  const parts = [new LatencyCounts(), new LatencyCounts()]
  for (let ms = 1; ms <= 1000; ms++) parts[ms % 2].add(ms)
  const sum = new LatencyCounts().merge(parts[0].toJSON()).merge(parts[1].toJSON())
  expect([sum.count, sum.maxMs]).toEqual([1000, 1000])
  expect(sum.quantile(0.5) / 500).toBeCloseTo(1, 1)
  expect(Math.abs(sum.quantile(0.99) / 990 - 1)).toBeLessThan(0.04)
  expect(sum.quantile(1)).toBe(1000)
  expect(new LatencyCounts().quantile(0.5)).toBeNaN()
})
