/**
 * Kernel of patterns, compiled to WebAssembly (`node scripts/build-kernels.mjs`): the shapes of messages as they lie one behind the other in a
 * column, each behind its length. A shape is a hash of the message's first line with numbers, ids, addresses and times taken out: a run of
 * letters and digits that has a digit is masked, masked runs joined by `.`, `:`, `,`, `-`, `+` are one. No allocation; memory is laid out
 * by the caller (`logs/analysis/patterns/shape-kernel.ts`).
 *
 * Sketch: bytes are told apart 16 at a time, into bits; then only runs with digits are looked at, and what is between them is hashed 8
 * bytes at a time. 0.1 CPU s a million lines of 100 bytes.
 */

/** Bytes of the first line that are looked at; a multiple of 16. */
const shapeBytesMax: usize = 400
/** Words of up to four letters and one digit are names more often than numbers: `v1`, `s3`, `utf8`. */
const shortNameMax: usize = 5
const hexPartMin: usize = 4

/** A bit a byte of the message: letters and digits, digits. 64 bits more, which are no letters. */
const wordsAt: usize = 64
const digitsAt: usize = 128

const k0: u64 = 0x9e3779b97f4a7c15
const k1: u64 = 0xff51afd7ed558ccd

let first: usize = 0
/** Bytes of the message that count, from `first` on. */
let size: usize = 0
let hash: u64 = 0

/** Writes the shapes (u64) of `rows` texts from `at` on to `out`; `seed` keeps them from being known beforehand. */
export function shapes(at: usize, rows: u32, out: usize, seed: u64): void {
  for (let row: u32 = 0; row < rows; row++) {
    let length: usize = 0
    let shift: usize = 0
    for (;;) {
      const byte = load<u8>(at) as usize
      at += 1
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
      shift += 7
    }
    shapeOf(at, at + length, seed)
    store<u64>(out + ((row as usize) << 3), hash)
    at += length
  }
}

function shapeOf(start: usize, end: usize, seed: u64): void {
  while (start < end && load<u8>(start) <= 0x20) start += 1
  first = start
  size = end - start < shapeBytesMax ? end - start : shapeBytesMax
  hash = seed
  const hasDigits = tellApart()
  const rest = hasDigits ? hashRuns() : 0
  hashLiteral(rest, size)
  hash = (hash ^ (hash >> 33)) * k1
  hash ^= hash >> 33
}

/** Fills the bits, ends the message at its first line feed; whether it has digits. */
function tellApart(): bool {
  let anyDigit: u32 = 0
  let at: usize = 0
  for (; at < size; at += 16) {
    const bytes = v128.load(first + at)
    const digit = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10))
    const letter = i8x16.lt_u(i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(97)), i8x16.splat(26))
    const other = v128.or(i8x16.lt_s(bytes, i8x16.splat(0)), i8x16.eq(bytes, i8x16.splat(95)))
    const feeds = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(10))) as u32
    if (feeds != 0) {
      const stop = at + (ctz(feeds) as usize)
      if (stop < size) size = stop
    }
    const inside: u32 = size - at >= 16 ? 0xffff : (1 << ((size - at) as u32)) - 1
    const digits = (i8x16.bitmask(digit) as u32) & inside
    const words = (i8x16.bitmask(v128.or(v128.or(letter, other), digit)) as u32) & inside
    store<u16>(wordsAt + (at >> 3), words as u16)
    store<u16>(digitsAt + (at >> 3), digits as u16)
    anyDigit |= digits
  }
  store<u64>(wordsAt + (at >> 3), 0)
  store<u64>(digitsAt + (at >> 3), 0)
  return anyDigit != 0
}

/** Hashes all up to the last masked run; gives where that ends. */
function hashRuns(): usize {
  /** Behind the last masked run, where the next literal begins. */
  let masked: usize = 0
  let isMasked = false
  let digit = nextSet(digitsAt, 0)
  while (digit < size) {
    const runStart = behindLastClear(digit)
    const runEnd = nextClear(digit)
    const isJoined = isMasked && runStart == masked + 1 && isJoint(load<u8>(first + masked) as u32)
    const isName = digit == runEnd - 1 && runEnd - runStart >= 2 && runEnd - runStart <= shortNameMax
    if (isJoined || !isName) {
      if (!isJoined) hashLiteral(masked, runStart)
      masked = runEnd
      isMasked = true
      // Parts of a UUID may be letters alone.
      for (let end = hexPartEnd(masked); end != 0; end = hexPartEnd(masked)) masked = end
    }
    digit = nextSet(digitsAt, masked > runEnd ? masked : runEnd)
  }
  return masked
}

/** Behind the run of hexadecimal letters that a dash at `at` joins; 0 when there is none. */
function hexPartEnd(at: usize): usize {
  if (at + 1 >= size || load<u8>(first + at) != 0x2d) return 0
  const end = nextClear(at + 1)
  if (end - at - 1 < hexPartMin) return 0
  for (let i = at + 1; i < end; i++) {
    const letter = (load<u8>(first + i) as u32) | 0x20
    if (letter < 0x61 || letter > 0x66) return 0
  }
  return end
}

function isJoint(byte: u32): bool {
  return byte == 46 || byte == 58 || byte == 44 || byte == 45 || byte == 43
}

/** The first bit at or behind `at` that is set; at or behind `size` when there is none. */
function nextSet(bits: usize, at: usize): usize {
  let word = at & ~63
  let left = load<u64>(bits + (word >> 3)) & (~(0 as u64) << ((at & 63) as u64))
  while (left == 0) {
    word += 64
    if (word >= size) return size
    left = load<u64>(bits + (word >> 3))
  }
  return word + (ctz(left) as usize)
}

/** The first byte at or behind `at` that is no letter and no digit; at most `size`. */
function nextClear(at: usize): usize {
  let word = at & ~63
  let left = ~load<u64>(wordsAt + (word >> 3)) & (~(0 as u64) << ((at & 63) as u64))
  while (left == 0) {
    word += 64
    if (word >= size) return size
    left = ~load<u64>(wordsAt + (word >> 3))
  }
  const found = word + (ctz(left) as usize)
  return found < size ? found : size
}

/** Behind the last byte before `at` that is no letter and no digit. */
function behindLastClear(at: usize): usize {
  let word = at & ~63
  let left = ~load<u64>(wordsAt + (word >> 3)) & (((1 as u64) << ((at & 63) as u64)) - 1)
  while (left == 0) {
    if (word == 0) return 0
    word -= 64
    left = ~load<u64>(wordsAt + (word >> 3))
  }
  return word + 64 - (clz(left) as usize)
}

/** What is not masked: its bytes, then how many. So what is masked between two literals is told by there being two. */
function hashLiteral(from: usize, to: usize): void {
  let at = first + from
  const end = first + to
  for (; at + 8 <= end; at += 8) eat(load<u64>(at))
  if (at < end) eat(load<u64>(at) & (((1 as u64) << (((end - at) as u64) * 8)) - 1))
  eat(((to - from) as u64) | 0x8000000000000000)
}

function eat(word: u64): void {
  const mixed = (hash ^ word) * k0
  hash = mixed ^ (mixed >> 29)
}
