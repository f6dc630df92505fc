/**
 * Values as the engine keeps them: whole numbers in an Int64 column, where they take half a byte, the rest as Float64. value = `i` when
 * `f` = 0, else `f`; the stale marker is the least Int64. Negative zero becomes zero. Int64 as two 32-bit halves, low first.
 */
import { STALE } from '../model.ts'

const two32 = 4294967296
const minInt64High = 0x80000000

/** Writes a whole number with |value| <= 2^53 at row `row` of a 64-bit column. */
export function putInt64(column: Uint32Array, row: number, value: number): void {
  const high = Math.floor(value / two32)
  column[row * 2] = value - high * two32
  column[row * 2 + 1] = high
}

/** Row `row` of a signed 64-bit column; exact up to 2^53. */
export function int64At(column: Uint32Array, row: number): number {
  return (column[row * 2 + 1]! | 0) * two32 + column[row * 2]!
}

/** Splits `value` over row `row` of `i` and `f`; both must hold zeros there. */
export function putValue(i: Uint32Array, f: Float64Array, row: number, value: number): void {
  if (value === STALE) i[row * 2 + 1] = minInt64High
  else if (Number.isSafeInteger(value)) putInt64(i, row, value)
  else f[row] = value
}

export function valueAt(i: Uint32Array, f: Float64Array, row: number): number {
  const float = f[row]!
  if (float !== 0) return float
  const low = i[row * 2]!
  const high = i[row * 2 + 1]!
  return high === minInt64High && low === 0 ? STALE : (high | 0) * two32 + low
}

/** Row `row` of an unsigned 64-bit column; exact up to 2^53. */
export function unsigned64At(column: Uint32Array, row: number): number {
  return column[row * 2 + 1]! * two32 + column[row * 2]!
}
