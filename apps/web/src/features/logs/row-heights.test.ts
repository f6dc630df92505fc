import { expect, test } from 'vitest'
import { createRowHeights, lineHeightPx } from './row-heights.ts'

test('a row is as tall as it was drawn, one that was not is a line', () => {
  const heights = createRowHeights()
  heights.keep('a', 62)
  expect([heights.heightOf('a'), heights.heightOf('b'), heights.heightOf(undefined)]).toEqual([62, lineHeightPx, lineHeightPx])
  heights.keep('a', lineHeightPx)
  expect(heights.heightOf('a')).toBe(lineHeightPx)
})

test('the newest are kept', () => {
  const heights = createRowHeights(2)
  for (const id of ['a', 'b', 'a', 'c']) heights.keep(id, 44)
  expect(['a', 'b', 'c'].map((id) => heights.heightOf(id))).toEqual([44, lineHeightPx, 44])
})
