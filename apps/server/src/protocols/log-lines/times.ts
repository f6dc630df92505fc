/**
 * Times as log lines write them, from bytes: RFC 3339 and its relatives (a blank for the T, a comma for the point, no zone: UTC), and
 * numbers since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
 */

/** The last time read: whole seconds since 1970, and nanoseconds. */
export const timeRead = { seconds: 0, nanos: 0 }

const zero = 0x30
const nine = 0x39

/** Numbers outside are durations, counts or days under a name of times: of 2001 to 2286, in seconds. */
const epochSecMin = 1e9
const epochSecMax = 1e10

/**
 * Reads a time of any of the forms. False: it is none; `timeRead` then means nothing. Neither a day without a time of day is one, nor what
 * programs write for a time that was never set: the year 1, the first moment of 1970.
 */
export function readTime(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start >= 10 && bytes[start + 4] === 0x2d) return end - start > 10 && readIsoTime(bytes, start, end) && timeRead.seconds > 0
  return readEpoch(bytes, start, end) && timeRead.seconds >= epochSecMin && timeRead.seconds < epochSecMax
}

/** `2026-11-21T08:00:00.123456789+01:00`; the time of day, its fraction and the zone may be missing. */
export function readIsoTime(bytes: Uint8Array, start: number, end: number): boolean {
  const year = digits(bytes, start, 4, end)
  const month = digits(bytes, start + 5, 2, end)
  const day = digits(bytes, start + 8, 2, end)
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || bytes[start + 4] !== 0x2d || bytes[start + 7] !== 0x2d) return false
  let seconds = daysSince1970(year, month, day) * 86_400
  timeRead.nanos = 0
  let at = start + 10
  if (at < end) {
    const separator = bytes[at]
    // T, t or a blank.
    if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return false
    const hour = digits(bytes, at + 1, 2, end)
    const minute = digits(bytes, at + 4, 2, end)
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || bytes[at + 3] !== 0x3a) return false
    seconds += hour * 3600 + minute * 60
    at += 6
    if (at < end && bytes[at] === 0x3a) {
      const second = digits(bytes, at + 1, 2, end)
      if (second < 0 || second > 60) return false
      seconds += second
      at = readFraction(bytes, at + 3, end)
    }
    const offset = readZone(bytes, at, end)
    if (Number.isNaN(offset)) return false
    seconds -= offset
  }
  timeRead.seconds = seconds
  return true
}

/** Whole numbers since 1970, with a fraction or without: below 10^11 seconds, below 10^14 milliseconds, below 10^17 microseconds, else nanoseconds. */
function readEpoch(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  // Without its last 9 digits, and those.
  let upper = 0
  let lower = 0
  const wholeEnd = digitsEnd(bytes, start, end)
  const length = wholeEnd - start
  if (length === 0 || length > 20) return false
  for (; at < wholeEnd - 9; at++) upper = upper * 10 + (bytes[at]! - zero)
  for (; at < wholeEnd; at++) lower = lower * 10 + (bytes[at]! - zero)
  const value = upper * 1e9 + lower
  const unit = value < 1e11 ? 1 : value < 1e14 ? 1e3 : value < 1e17 ? 1e6 : 1e9
  if (unit === 1e9) {
    timeRead.seconds = upper
    timeRead.nanos = lower
  } else {
    timeRead.seconds = Math.floor(value / unit)
    timeRead.nanos = (value - timeRead.seconds * unit) * (1e9 / unit)
  }
  if (wholeEnd === end) return true
  if (bytes[wholeEnd] !== 0x2e) return false
  let scale = 1e9 / unit
  for (at = wholeEnd + 1; at < end; at++) {
    const digit = bytes[at]! - zero
    if (digit < 0 || digit > 9) return false
    scale /= 10
    timeRead.nanos += digit * scale
  }
  timeRead.nanos = Math.min(999_999_999, Math.floor(timeRead.nanos))
  return true
}

/** Nanoseconds since 1970 as digits alone, as Loki has them. */
export function readNanos(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (length === 0 || length > 20 || digitsEnd(bytes, start, end) !== end) return false
  let upper = 0
  let lower = 0
  let at = start
  for (; at < end - 9; at++) upper = upper * 10 + (bytes[at]! - zero)
  for (; at < end; at++) lower = lower * 10 + (bytes[at]! - zero)
  timeRead.seconds = upper
  timeRead.nanos = lower
  return true
}

/** Of the Gregorian calendar. Era arithmetic: years of March to February, 400 of them are 146,097 days. */
export function daysSince1970(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

function readFraction(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || (bytes[at] !== 0x2e && bytes[at] !== 0x2c)) return at
  let nanos = 0
  let scale = 100_000_000
  let next = at + 1
  for (; next < end && bytes[next]! >= zero && bytes[next]! <= nine; next++) {
    nanos += (bytes[next]! - zero) * scale
    scale = Math.floor(scale / 10)
  }
  timeRead.nanos = nanos
  return next
}

/** Seconds east of UTC; NaN for what is no zone. */
function readZone(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at] === 0x20) at++
  if (at === end) return 0
  const sign = bytes[at]
  if (sign === 0x5a || sign === 0x7a) return at + 1 === end ? 0 : NaN
  if (sign === 0x55) return at + 3 === end ? 0 : NaN
  if (sign !== 0x2b && sign !== 0x2d) return NaN
  const hours = digits(bytes, at + 1, 2, end)
  at += bytes[at + 3] === 0x3a ? 4 : 3
  const minutes = at === end ? 0 : digits(bytes, at, 2, end)
  if (hours < 0 || minutes < 0 || (at !== end && at + 2 !== end)) return NaN
  return (hours * 3600 + minutes * 60) * (sign === 0x2d ? -1 : 1)
}

/** `count` digits as a number; -1 when they are not there. */
function digits(bytes: Uint8Array, start: number, count: number, end: number): number {
  if (start + count > end) return -1
  let value = 0
  for (let at = start; at < start + count; at++) {
    const digit = bytes[at]! - zero
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

function digitsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! >= zero && bytes[at]! <= nine) at++
  return at
}
