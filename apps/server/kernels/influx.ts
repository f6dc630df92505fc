/**
 * Kernel of the Influx line protocol, compiled to WebAssembly (`node scripts/build-kernels.mjs`): lines → rows and columns, a row for each
 * field. It hashes measurement and tags, then each field's key below that, and reads numbers, booleans and times; a string is stepped over.
 * At a line with anything else it stops, for the TypeScript reader (`influx/line-reader.ts`), which has the grammar and the words for what
 * is wrong. No allocation; memory is laid out by the caller (`influx/line-kernel.ts`), which puts line feeds behind the body.
 *
 * Sketch: 34 bytes a value at 10 fields a line; target 0.06 CPU s a million values.
 */
import { keyedHash } from './lib/keyed-hash'

/** Control block, bytes from 0; the secrets of `keyed-hash.ts` lie in it too. In: */
const timeMinAt: usize = 0 // f64: a line with an earlier time is left to the caller
const timeMaxAt: usize = 8 // f64
const tenantAt: usize = 80 // u64: keeps tenants and databases apart
const nowAt: usize = 96 // f64: time of lines that have none
/** Out: */
const rowsAt: usize = 88 // u32
const stopAt: usize = 92 // u32: why `walk` came back
/** Hash of the line's measurement and tags. */
const lineHash: usize = 128

/** A row: hash (4 words), start of its line, of its field, of the field's value, kind. Its time and value lie at the same index. */
const rowBytes: u32 = 32
const kindNumber: u32 = 0
/** A number whose digits the caller must read. */
const kindDigits: u32 = 1
const kindString: u32 = 2

/** All is read, or the rows are full. */
const stopDone: u32 = 0
/** The line at the place given is the caller's. */
const stopLine: u32 = 1
/** The line at the place given is not whole. */
const stopCut: u32 = 2

const tab: u32 = 9
const lineFeed: u32 = 10
const carriageReturn: u32 = 13
const space: u32 = 32
const quote: u32 = 34
const hash: u32 = 35
const comma: u32 = 44
const equals: u32 = 61
const backslash: u32 = 92

/** Bounds of `influx/line-reader.ts`. */
const lineBytesMax: usize = 1048576
const fieldsPerLineMax: u32 = 10000

/** Largest whole number below which every one is a double. */
const exactMax: u64 = 9007199254740992
/** Powers of ten that are doubles: 10^0 to 10^22. */
const powerMax: i32 = 22
/** Powers of ten in 128 bits go from 10^-tensMax to 10^tensMax. */
const tensMax: i32 = 64
/** A number with more digits before its point, or an exponent beyond this, may be no finite double: the caller's line. */
const magnitudeMax: i32 = 250

/** What `readLine` gives instead of a place: the line is the caller's, it needs more rows than are left, the body ends in its midst. */
const unusual: usize = 0
const outOfRows: usize = 1
const outOfBytes: usize = 2

let end: usize = 0
let rows: usize = 0
let rowsMax: u32 = 0
let times: usize = 0
let values: usize = 0
let powers: usize = 0
let tens: usize = 0
let rowCount: u32 = 0
/** Of the number read last. */
let number: f64 = 0
let numberKind: u32 = 0

/**
 * `powersFrom`: 10^0 to 10^22 as doubles; behind them the powers from 10^-64 to 10^64, 128 bits of each, rounded down, the high word first.
 */
export function layOut(rowsFrom: usize, rowsBound: u32, timesFrom: usize, valuesFrom: usize, powersFrom: usize): void {
  rows = rowsFrom
  rowsMax = rowsBound
  times = timesFrom
  values = valuesFrom
  powers = powersFrom
  tens = powersFrom + ((powerMax as usize) + 1) * 8 + (tensMax as usize) * 16
}

/**
 * Walks the lines in `[at, bodyEnd)`; `isLast`: no more comes behind them. A time is `multiplier / divisor` ms. Gives where it stopped, at the
 * beginning of a line: what a line needs of rows is known before any counts, so that a stop leaves nothing half done.
 */
export function walk(at: usize, bodyEnd: usize, isLast: bool, multiplier: f64, divisor: u32): usize {
  end = bodyEnd
  rowCount = 0
  let stop = stopDone
  while (at < end) {
    const byte = load<u8>(at) as u32
    if (byte == lineFeed || byte == space || byte == carriageReturn || byte == tab || byte == 0) {
      at += 1
      continue
    }
    const rowsBefore = rowCount
    const next = byte == hash ? pastComment(at) : readLine(at, multiplier, divisor)
    if (next == outOfRows) break
    if (!isLast && (next == outOfBytes || next > end)) {
      rowCount = rowsBefore
      stop = stopCut
      break
    }
    if (next == unusual || next == outOfBytes) {
      stop = stopLine
      break
    }
    at = next
  }
  store<u32>(rowsAt, rowCount)
  store<u32>(stopAt, stop)
  return at
}

/** Behind the line feed that ends the comment at `at`: one behind `end` where there is none. */
function pastComment(at: usize): usize {
  while (at < end && load<u8>(at) != lineFeed) at += 1
  return at + 1
}

/**
 * Reads the line at `line` into rows. Gives where the next line begins, which is behind `end` when no line feed ended it, or
 * why there are no rows of it.
 */
function readLine(line: usize, multiplier: f64, divisor: u32): usize {
  if (load<u8>(line) == comma) return unusual
  const keyEnd = pastKey(line)
  if (keyEnd >= end) return outOfBytes
  if (load<u8>(keyEnd) == lineFeed) return unusual
  keyedHash(line, keyEnd, load<u64>(tenantAt), 0, lineHash)
  const hash0 = load<u64>(lineHash)
  const hash1 = load<u64>(lineHash, 8)
  let at = pastSpaces(keyEnd)
  let row = rowCount
  for (;;) {
    if (row - rowCount == fieldsPerLineMax) return unusual
    if (row == rowsMax) return rowCount == 0 ? unusual : outOfRows
    const field = at
    const equalsAt = pastFieldKey(at)
    if (equalsAt >= end) return outOfBytes
    if (equalsAt == field || load<u8>(equalsAt) != equals) return unusual
    const value = equalsAt + 1
    at = readValue(value)
    if (at == 0) return unusual
    if (at > end) return outOfBytes
    const out: usize = rows + row * rowBytes
    keyedHash(field, equalsAt, hash0, hash1, out)
    store<u32>(out, line as u32, 16)
    store<u32>(out, field as u32, 20)
    store<u32>(out, value as u32, 24)
    store<u32>(out, numberKind, 28)
    store<f64>(values + ((row as usize) << 3), number)
    row += 1
    const byte = load<u8>(at) as u32
    if (byte == comma) at += 1
    else if (byte == space || byte == lineFeed || byte == carriageReturn) break
    else return unusual
  }
  const next = readTime(at, row, multiplier, divisor)
  if (next <= outOfBytes) return next
  if (next - line > lineBytesMax) return unusual
  rowCount = row
  return next
}

/** Reads the rest of a line and gives its rows, up to `row`, their time; what it gives is as of `readLine`. */
function readTime(from: usize, row: u32, multiplier: f64, divisor: u32): usize {
  let at = pastSpaces(from)
  let timeMs = load<f64>(nowAt)
  let time: u64 = 0
  const digits = at
  for (;;) {
    const digit = (load<u8>(at) as u32) - 48
    if (digit > 9) break
    time = time * 10 + (digit as u64)
    at += 1
  }
  if (at > digits) {
    if (at - digits > 19 || time > <u64>i64.MAX_VALUE) return unusual
    timeMs = divisor > 1 ? ((time / (divisor as u64)) as f64) : (time as f64) * multiplier
    if (!(timeMs >= load<f64>(timeMinAt) && timeMs <= load<f64>(timeMaxAt))) return at >= end ? outOfBytes : unusual
    at = pastSpaces(at)
  }
  if (load<u8>(at) == carriageReturn) at += 1
  if (load<u8>(at) != lineFeed) return unusual
  for (let i = rowCount; i < row; i++) store<f64>(times + ((i as usize) << 3), timeMs)
  return at + 1
}

function pastSpaces(at: usize): usize {
  while (load<u8>(at) == space) at += 1
  return at
}

/** The first space or line feed at or behind `at` that no backslash takes the meaning from. It may lie behind `end`. */
function pastKey(at: usize): usize {
  const spaces = i8x16.splat(space as i8)
  const feeds = i8x16.splat(lineFeed as i8)
  const slashes = i8x16.splat(backslash as i8)
  while (at < end) {
    const bytes = v128.load(at)
    const found = i8x16.bitmask(v128.or(v128.or(i8x16.eq(bytes, spaces), i8x16.eq(bytes, feeds)), i8x16.eq(bytes, slashes)))
    if (found == 0) {
      at += 16
      continue
    }
    at += ctz(found)
    if (load<u8>(at) != backslash) return at
    at += escapedLength(at)
  }
  return at
}

/** Bytes that the backslash at `at` stands for: with the one behind it unless that is a line feed or a backslash of its own. */
function escapedLength(at: usize): usize {
  const next = load<u8>(at, 1) as u32
  return next == lineFeed || next == backslash ? 1 : 2
}

/** The first `=`, comma, space or line feed at or behind `at` that no backslash takes the meaning from. It may lie behind `end`. */
function pastFieldKey(at: usize): usize {
  let byte = load<u8>(at) as u32
  while (byte != equals && byte != comma && byte != space && byte != lineFeed) {
    at += byte == backslash ? escapedLength(at) : 1
    byte = load<u8>(at) as u32
  }
  return at
}

/** Reads the value at `at` into `number` and `numberKind`. Gives its end, 0 for what is the caller's; behind `end`: a string that does not end. */
function readValue(at: usize): usize {
  const byte = load<u8>(at) as u32
  if (byte - 48 <= 9 || byte == 45 || byte == 46 || byte == 43) return readNumber(at)
  number = 0
  if (byte == quote) {
    numberKind = kindString
    return pastString(at + 1)
  }
  numberKind = kindNumber
  // Little endian: "true", "alse", ...
  const word = load<u32>(at)
  if (byte == 116 || byte == 84) {
    number = 1
    return word == 0x65757274 || word == 0x65757254 || word == 0x45555254 ? at + 4 : at + 1
  }
  if (byte == 102 || byte == 70) {
    const tail = load<u32>(at, 1)
    return tail == 0x65736c61 || (byte == 70 && tail == 0x45534c41) ? at + 5 : at + 1
  }
  return 0
}

/** Behind the closing quote of the string whose text begins at `at`; behind `end` when it has none. */
function pastString(at: usize): usize {
  while (at < end) {
    const byte = load<u8>(at) as u32
    if (byte == quote) return at + 1
    at += byte == backslash ? 2 : 1
  }
  return end + 1
}

function readNumber(at: usize): usize {
  const sign = load<u8>(at) as u32
  const isNegative = sign == 45
  if (isNegative || sign == 43) at += 1
  const start = at
  let mantissa: u64 = 0
  for (;;) {
    const digit = (load<u8>(at) as u32) - 48
    if (digit > 9) break
    mantissa = mantissa * 10 + (digit as u64)
    at += 1
  }
  let digits = (at - start) as i32
  numberKind = kindNumber
  let byte = load<u8>(at) as u32
  // i, u
  if (byte == 105 || byte == 117) {
    if (digits == 0 || digits > 18 || (byte == 117 && isNegative)) return 0
    const whole = mantissa as i64 as f64
    number = isNegative && mantissa != 0 ? -whole : whole
    return at + 1
  }
  if (digits > magnitudeMax) return 0
  let exponent: i32 = 0
  if (byte == 46) {
    at += 1
    const fraction = at
    for (;;) {
      const digit = (load<u8>(at) as u32) - 48
      if (digit > 9) break
      mantissa = mantissa * 10 + (digit as u64)
      at += 1
    }
    const fractionDigits = (at - fraction) as i32
    if (fractionDigits > magnitudeMax) return 0
    exponent = -fractionDigits
    digits += fractionDigits
    byte = load<u8>(at) as u32
  }
  if (digits == 0) return 0
  // e, E
  if ((byte | 32) == 101) {
    at += 1
    const exponentSign = load<u8>(at) as u32
    if (exponentSign == 45 || exponentSign == 43) at += 1
    const from = at
    let written: i32 = 0
    for (;;) {
      const digit = (load<u8>(at) as u32) - 48
      if (digit > 9 || at - from > 3) break
      written = written * 10 + (digit as i32)
      at += 1
    }
    if (at == from || at - from > 3 || written > magnitudeMax) return 0
    exponent += exponentSign == 45 ? -written : written
    if (digits + exponent > magnitudeMax) return 0
  }
  const isExact = digits <= 19 && mantissa <= exactMax && exponent >= -powerMax && exponent <= powerMax
  if (isExact) {
    let value = mantissa as f64
    if (exponent < 0) value /= load<f64>(powers + ((-exponent as usize) << 3))
    else if (exponent > 0) value *= load<f64>(powers + ((exponent as usize) << 3))
    number = isNegative ? -value : value
  } else if (digits <= 19 && mantissa != 0 && exponent >= -tensMax && exponent <= tensMax) {
    const bits = nearestDouble(mantissa, exponent)
    number = reinterpret<f64>(isNegative ? bits | (1 << 63) : bits)
    if (bits == 0) numberKind = kindDigits
  } else {
    number = 0
    numberKind = kindDigits
  }
  return at
}

/**
 * The bits of the double nearest to `mantissa * 10^exponent` (to even when it lies between two), 0 when 128 bits of the power cannot tell.
 * After Daniel Lemire, "Number parsing at a gigabyte per second" (2021), section 5: the product with the upper half of the power decides nearly
 * always; an error can only reach the bits that count through a run of ones, which is looked for.
 */
function nearestDouble(mantissa: u64, exponent: i32): u64 {
  const shift = clz(mantissa)
  const whole = mantissa << shift
  const power = tens + (exponent as isize) * 16
  const upper = load<u64>(power)
  let high = upperProduct(whole, upper)
  let low = whole * upper
  if ((high & 0x1ff) == 0x1ff && low + whole < whole) {
    const lower = load<u64>(power, 8)
    const carried = low + upperProduct(whole, lower)
    if (carried < low) high += 1
    low = carried
    if ((high & 0x1ff) == 0x1ff && low + 1 == 0 && whole * lower + whole < whole) return 0
  }
  const top = high >> 63
  let bits = high >> (top + 9)
  // Exactly between two doubles, as far as can be seen.
  if (low == 0 && (high & 0x1ff) == 0 && (bits & 3) == 1) return 0
  // 217706 / 2^16: the binary digits of a decimal one.
  let scale = (((217706 * exponent) >> 16) + 64 + 1023) as i64
  scale -= (shift as i64) + ((1 ^ top) as i64)
  bits = (bits + (bits & 1)) >> 1
  if (bits >> 53 != 0) {
    bits >>= 1
    scale += 1
  }
  if (scale < 1 || scale > 2046) return 0
  return ((scale as u64) << 52) | (bits & 0xfffffffffffff)
}

/** The upper 64 bits of a product of two times 64. */
function upperProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff
  const aHigh = a >> 32
  const bLow = b & 0xffffffff
  const bHigh = b >> 32
  const one = aLow * bHigh
  const other = aHigh * bLow
  const middle = ((aLow * bLow) >> 32) + (one & 0xffffffff) + (other & 0xffffffff)
  return aHigh * bHigh + (one >> 32) + (other >> 32) + (middle >> 32)
}
