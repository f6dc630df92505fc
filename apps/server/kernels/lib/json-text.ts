/**
 * JSON by position, as `src/protocols/log-lines/json-text.ts` reads it: blanks, strings without escapes, scalars, and whether bytes are UTF-8.
 * Reads up to 15 bytes behind the end it is given.
 */

const quote: u32 = 34
const backslash: u32 = 92
/** Begins codes for a terminal, which are no part of a text. */
const escape: u32 = 27

/** The next byte that is no white space; `end` when there is none. */
export function afterBlanks(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at) as u32
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) break
    at += 1
  }
  return at
}

/** The place of the quote that ends the string whose content begins at `at`; 0 when none does, or when there is more in it than text. */
export function plainStringEnd(at: usize, end: usize): usize {
  const quotes = i8x16.splat(quote as i8)
  const slashes = i8x16.splat(backslash as i8)
  const codes = i8x16.splat(escape as i8)
  while (at < end) {
    const bytes = v128.load(at)
    const found = i8x16.bitmask(v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, slashes)), i8x16.eq(bytes, codes)))
    if (found == 0) {
      at += 16
      continue
    }
    at += ctz(found)
    return at < end && load<u8>(at) == quote ? at : 0
  }
  return 0
}

/** Behind a number, true, false, null: a comma, a bracket, a blank end it. `at` when there is nothing. */
export function scalarEnd(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at) as u32
    if (byte == 0x2c || byte == 0x7d || byte == 0x5d || byte <= 0x20) break
    at += 1
  }
  return at
}

/** Whether the bytes of `scalarEnd` are a number, true or false. */
export function isPlainScalar(at: usize, end: usize): bool {
  const first = load<u8>(at) as u32
  if (first != 0x2d && first - 0x30 > 9) {
    // Little-endian: "true", "alse".
    if (end - at == 4) return load<u32>(at) == 0x65757274
    return end - at == 5 && first == 0x66 && load<u32>(at, 1) == 0x65736c61
  }
  for (at += 1; at < end; at += 1) {
    const byte = load<u8>(at) as u32
    const isNumeric = byte - 0x30 <= 9 || byte == 0x2e || byte == 0x2b || byte == 0x2d || (byte | 0x20) == 0x65
    if (!isNumeric) return false
  }
  return true
}

export function isNull(at: usize, end: usize): bool {
  return end - at == 4 && load<u32>(at) == 0x6c6c756e
}

/** Whether all of it is well-formed (unicode.org, table 3-7). */
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const beyondAscii = i8x16.bitmask(v128.load(at))
    if (beyondAscii == 0) {
      at += 16
      continue
    }
    at += ctz(beyondAscii)
    if (at >= end) return true
    const length = characterLength(at, end)
    if (length == 0) return false
    at += length
  }
  return true
}

/** Bytes of the character at `at`, which is none of ASCII; 0 when it is malformed. */
function characterLength(at: usize, end: usize): usize {
  const first = load<u8>(at) as u32
  if (first < 0xc2 || first > 0xf4) return 0
  const length: usize = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (at + length > end) return 0
  const second = load<u8>(at, 1) as u32
  const least: u32 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80
  const most: u32 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf
  if (second < least || second > most) return 0
  for (let i: usize = 2; i < length; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 0
  return length
}
