/** Decimal numbers as StatsD writes them, from bytes. Most are short, and cost no string. */

/** What `readNumber` gives for text that is no number. Infinity, of either sign, for one that is not finite. */
export const notANumber = NaN

const shortDigitsMax = 15
const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const notFinite = /^[+-]?(?:inf|infinity|nan)$/i
/** A number has no need to be longer. */
const textMax = 400

/** Powers of ten that are exact doubles. */
const powers = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)

/**
 * The number in `[start, end)`: sign, digits, point, exponent. Digits below 2^53 over a power of ten up to 22 divide exactly rounded (Clinger's fast
 * case); anything longer goes the slow way.
 */
export function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  const first = bytes[at]
  if (first === 0x2d || first === 0x2b) at++
  if (end - at > shortDigitsMax + 1 || at >= end) return slowNumber(bytes, start, end)
  let digits = 0
  let fraction = -1
  const from = at
  for (; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + (byte - 0x30)
      if (fraction >= 0) fraction++
    } else if (byte === 0x2e && fraction < 0) fraction = 0
    else return slowNumber(bytes, start, end)
  }
  const count = end - from - (fraction >= 0 ? 1 : 0)
  if (count === 0 || count > shortDigitsMax) return slowNumber(bytes, start, end)
  const value = fraction > 0 ? digits / powers[fraction]! : digits
  return first === 0x2d ? -value : value
}

function slowNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > textMax) return notANumber
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
  if (plainNumber.test(text)) return Number(text)
  return notFinite.test(text) ? Infinity : notANumber
}
