/** Hexadecimal digits, sixteen at a time. */

/** Lanes that are letters from a to f, in either case. */
function lettersOf(digits: v128): v128 {
  const fromA = i8x16.sub(v128.or(digits, i8x16.splat(0x20)), i8x16.splat(0x61))
  return i8x16.lt_u(fromA, i8x16.splat(6))
}

/** Whether all sixteen bytes are hexadecimal digits. */
export function isHex(digits: v128): bool {
  const areNumbers = i8x16.lt_u(i8x16.sub(digits, i8x16.splat(0x30)), i8x16.splat(10))
  return i8x16.all_true(v128.or(areNumbers, lettersOf(digits)))
}

/** Sixteen hexadecimal digits as eight bytes, in their order. */
export function eightBytes(digits: v128): u64 {
  const nibbles = i8x16.add(v128.and(digits, i8x16.splat(15)), v128.and(lettersOf(digits), i8x16.splat(9)))
  // The first of two digits lies in the lower half of each 16 bits.
  const joined = v128.and(v128.or(i16x8.shl(nibbles, 4), i16x8.shr_u(nibbles, 8)), i16x8.splat(255))
  return i64x2.extract_lane(i8x16.narrow_i16x8_u(joined, joined), 0)
}
