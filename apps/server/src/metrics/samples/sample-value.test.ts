import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { STALE } from '../model.ts'
import { int64At, putInt64, putValue, valueAt } from './sample-value.ts'

describe('values over two columns', () => {
  const column = fc.array(
    fc.oneof(fc.double(), fc.maxSafeInteger(), fc.integer(), fc.constantFrom(STALE, 0, -0, 2 ** 53, -(2 ** 53), 2 ** 63, NaN, Infinity)),
    { maxLength: 20 },
  )

  test('come back, but for the sign of zero', () => {
    fc.assert(
      fc.property(column, (values) => {
        const i = new Uint32Array(values.length * 2)
        const f = new Float64Array(values.length)
        values.forEach((value, row) => putValue(i, f, row, value))
        expect(values.map((_, row) => valueAt(i, f, row))).toEqual(values.map((value) => (value === 0 ? 0 : value)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('whole numbers are Int64 as the engine reads them', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const halves = new Uint32Array(4)
        putInt64(halves, 1, value)
        expect(new BigInt64Array(halves.buffer)[1]).toBe(BigInt(value))
        expect(int64At(halves, 1)).toBe(value === 0 ? 0 : value)
      }),
    )
  })
})
