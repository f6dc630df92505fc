import { expect, test } from 'vitest'
import { LabelCache } from './label-cache.ts'

test('the same object each time, pairs shared, and never more than the bound', () => {
  const cache = new LabelCache(
    {
      labels: (ref) => [
        ['__name__', 'up'],
        ['host', `h${ref}`],
      ],
    },
    2,
  )
  const first = cache.of(1)
  expect(first).toEqual([
    ['__name__', 'up'],
    ['host', 'h1'],
  ])
  expect(cache.of(1)).toBe(first)
  expect(cache.of(2)[0]).toBe(first[0])
  expect(cache.of(3)).toEqual([
    ['__name__', 'up'],
    ['host', 'h3'],
  ])
  // The third did not fit: the first two were let go.
  expect(cache.of(1)).not.toBe(first)
  expect(cache.of(1)).toEqual(first)
})
