/**
 * The time that stands at the beginning of a line of plain text, as servers, runtimes and loggers write it: first, behind one bracket or a
 * level, or in the bracket of an access log. What has not exactly such a shape is prose, and most prose is known by its first bytes.
 */
import { levelOf, longestLevel, mayBeginLevel } from './level-words.ts'
import { daysSince1970 } from './times.ts'

/** The last time read: seconds since 1970 and nanoseconds; without a zone it is read as one of UTC. */
export const textTime = { seconds: 0, nanos: 0, hasZone: false }

const [blank, comma, dash, dot, slash, zero, colon, open, close] = [0x20, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x3a, 0x5b, 0x5d]
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const daySeconds = 86_400
const oldestYear = 1971
const indentationMax = 4
const firstBracketBytes = 48
const accessHeadBytes = 200

/** Reads the time of the line `[start, end)` to `textTime`; `nowMs` gives the year to days without one. False: it says none. */
export function readTextTime(bytes: Uint8Array, start: number, end: number, nowMs: number): boolean {
  let at = start
  while (at < end && at < start + indentationMax && bytes[at] === blank) at++
  if (end - at < 15) return false
  if (bytes[at] === open) return readAt(bytes, at + 1, end, nowMs) || readBehindBracket(bytes, at, end, nowMs)
  if (readAt(bytes, at, end, nowMs)) return true
  if (isLetter(bytes[at]!)) {
    if (mayBeginLevel(bytes[at]!, bytes[at + 1]!) && readBehindLevel(bytes, at, end, nowMs)) return true
  } else if (isDigit(bytes[at]!) && readBehindRole(bytes, at, end)) return true
  return readAccess(bytes, at, end)
}

/** A time of any of the forms that begins at `at`. */
function readAt(bytes: Uint8Array, at: number, end: number, nowMs: number): boolean {
  const first = bytes[at]!
  if (isDigit(first))
    return bytes[at + 4] === dash || bytes[at + 4] === slash ? readYearFirst(bytes, at, end) : readDayFirst(bytes, at, end)
  if (!isLetter(first)) return false
  if (isDigit(bytes[at + 1]!)) return readLetterFirst(bytes, at, end, nowMs)
  if (bytes[at + 3] === blank) {
    if (nameAt(bytes, at, monthNames) !== 0) return readMonthFirst(bytes, at, end, nowMs)
    return nameAt(bytes, at, weekdayNames) !== 0 && readMonthFirst(bytes, at + 4, end, NaN)
  }
  return bytes[at + 3] === comma && nameAt(bytes, at, weekdayNames) !== 0 && bytes[at + 4] === blank && readDayFirst(bytes, at + 5, end)
}

/** `[main] 2026-11-22 …`, `[12] [2026-11-22 …]`. */
function readBehindBracket(bytes: Uint8Array, start: number, end: number, nowMs: number): boolean {
  const stop = Math.min(end, start + firstBracketBytes)
  let at = start + 1
  while (at < stop && bytes[at] !== close) at++
  return at < stop && readBehind(bytes, at + 1, end, nowMs)
}

/** `INFO  2026-11-22 …`, `WARN: [2026-11-22 …]`, `info | 2026-11-22 …`. */
function readBehindLevel(bytes: Uint8Array, start: number, end: number, nowMs: number): boolean {
  const stop = Math.min(end, start + longestLevel + 1)
  let at = start + 1
  while (at < stop && isLetter(bytes[at]!)) at++
  return at < stop && at - start > 1 && levelOf(bytes, start, at) !== null && readBehind(bytes, at, end, nowMs)
}

function readBehind(bytes: Uint8Array, start: number, end: number, nowMs: number): boolean {
  let at = start
  while (
    at < end &&
    at < start + 8 &&
    (bytes[at] === blank || bytes[at] === colon || bytes[at] === dash || bytes[at] === 0x7c || bytes[at] === 9)
  )
    at++
  return readAt(bytes, bytes[at] === open ? at + 1 : at, end, nowMs)
}

/** Redis: `1:M 22 Nov 2026 10:00:00.123 # …`. */
function readBehindRole(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start + 1
  while (at < start + 8 && isDigit(bytes[at]!)) at++
  return bytes[at] === colon && isLetter(bytes[at + 1]!) && bytes[at + 2] === blank && readDayFirst(bytes, at + 3, end)
}

/** `1.2.3.4 - - [22/Nov/2026:01:50:00 +0000] …`: an address or a dash before it, and nothing quoted. */
function readAccess(bytes: Uint8Array, start: number, end: number): boolean {
  const stop = Math.min(end, start + accessHeadBytes)
  let at = start
  let isAddress = bytes[at] === dash
  for (; at < stop && bytes[at] !== blank; at++) if (bytes[at] === dot || bytes[at] === colon) isAddress = true
  if (!isAddress && !(bytes[at + 1] === dash && bytes[at + 2] === blank)) return false
  let words = 1
  for (; at < stop && words < 8; at++) {
    if (bytes[at] === 0x22) return false
    if (bytes[at] !== blank) continue
    words++
    if (bytes[at + 1] !== open || bytes[at + 4] !== slash) continue
    return (words === 2 || hasLoneDash(bytes, start, at)) && readDayFirst(bytes, at + 2, end) && textTime.hasZone
  }
  return false
}

function hasLoneDash(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) if (bytes[at] === dash && bytes[at - 1] === blank && bytes[at + 1] === blank) return true
  return false
}

/** `2026-11-22T01:50:00…`, `2026/11/22 01:50:00…`. */
function readYearFirst(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at + 7] !== bytes[at + 4]) return false
  const day = dayOf(digits(bytes, at, 4, end), digits(bytes, at + 5, 2, end), digits(bytes, at + 8, 2, end))
  const between = bytes[at + 10]
  return (between === blank || between === 0x54 || between === 0x74) && readClock(bytes, at + 11, end, day)
}

/** `22 Nov 2026 01:50:00…`, `22-Nov-2026 01:50:00…`, `22/Nov/2026:01:50:00…`. */
function readDayFirst(bytes: Uint8Array, start: number, end: number): boolean {
  const dayDigits = isDigit(bytes[start + 1]!) ? 2 : 1
  const at = start + dayDigits
  const between = bytes[at]
  if ((between !== blank && between !== dash && between !== slash) || bytes[at + 4] !== between) return false
  const month = nameAt(bytes, at + 1, monthNames)
  if (month === 0) return false
  const day = dayOf(digits(bytes, at + 5, 4, end), month, digits(bytes, start, dayDigits, end))
  return (bytes[at + 9] === blank || (between === slash && bytes[at + 9] === colon)) && readClock(bytes, at + 10, end, day)
}

/** `Nov 22 01:50:00…`, `Nov 22 2026 01:50:00…`, `Nov 22 01:50:00.123456 2026`. `nowMs` NaN: a year must stand behind it. */
function readMonthFirst(bytes: Uint8Array, start: number, end: number, nowMs: number): boolean {
  const month = nameAt(bytes, start, monthNames)
  if (month === 0 || bytes[start + 3] !== blank) return false
  let at = start + 4
  if (bytes[at] === blank) at++
  const dayDigits = isDigit(bytes[at + 1]!) ? 2 : 1
  const day = digits(bytes, at, dayDigits, end)
  at += dayDigits
  if (day < 1 || bytes[at] !== blank) return false
  at++
  const isYear = bytes[at + 4] === blank
  if (isYear) return readClock(bytes, at + 5, end, dayOf(digits(bytes, at, 4, end), month, day))
  // The year may stand behind the time of day, whose fraction is of any length.
  let behind = at + 8
  if (bytes[behind] === dot) for (behind++; behind < end && isDigit(bytes[behind]!);) behind++
  const year = bytes[behind] === blank ? digits(bytes, behind + 1, 4, end) : -1
  const isApart = behind + 5 >= end || !isWordByte(bytes[behind + 5]!)
  if (year >= oldestYear && year < 2200 && isApart) return readClock(bytes, at, behind, dayOf(year, month, day))
  return !Number.isNaN(nowMs) && readClock(bytes, at, end, newestDay(month, day, nowMs))
}

/** klog and glog: `I1122 01:50:00.123456`, `I20261122 01:50:00.123456`. */
function readLetterFirst(bytes: Uint8Array, at: number, end: number, nowMs: number): boolean {
  const letter = bytes[at]
  // I, W, E, F.
  if (letter !== 0x49 && letter !== 0x57 && letter !== 0x45 && letter !== 0x46) return false
  const isLong = bytes[at + 5] !== blank
  const from = isLong ? at + 5 : at + 1
  const [month, day] = [digits(bytes, from, 2, end), digits(bytes, from + 2, 2, end)]
  if (bytes[from + 4] !== blank || month < 1 || day < 1) return false
  return readClock(bytes, from + 5, end, isLong ? dayOf(digits(bytes, at + 1, 4, end), month, day) : newestDay(month, day, nowMs))
}

/** The day since 1970; NaN: there is none such. */
function dayOf(year: number, month: number, day: number): number {
  if (year < oldestYear || month < 1 || day < 1 || day > (monthDays[month - 1] ?? 0)) return NaN
  const found = daysSince1970(year, month, day)
  return month === 2 && day === 29 && found === daysSince1970(year, 3, 1) ? NaN : found
}

/** Of the newest year that has the day and makes it no more than a day later than now, as it is with syslog. */
function newestDay(month: number, day: number, nowMs: number): number {
  const latest = nowMs / 1000 / daySeconds + 1
  const newestYear = new Date(nowMs + daySeconds * 1000).getUTCFullYear()
  for (let year = newestYear; year > newestYear - 9; year--) {
    const found = dayOf(year, month, day)
    if (found <= latest) return found
  }
  return NaN
}

/** `hh:mm:ss`, a fraction behind a point or comma, a zone. False as well when the day is none. */
function readClock(bytes: Uint8Array, start: number, end: number, day: number): boolean {
  const hour = digits(bytes, start, 2, end)
  const minute = digits(bytes, start + 3, 2, end)
  const second = digits(bytes, start + 6, 2, end)
  if (Number.isNaN(day) || bytes[start + 2] !== colon || bytes[start + 5] !== colon) return false
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false
  let at = start + 8
  let nanos = 0
  if (at + 1 < end && (bytes[at] === dot || bytes[at] === comma) && isDigit(bytes[at + 1]!)) {
    let scale = 100_000_000
    for (at++; at < end && isDigit(bytes[at]!); at++) {
      nanos += (bytes[at]! - zero) * scale
      scale = Math.floor(scale / 10)
    }
  }
  const offset = readZone(bytes, at, end)
  if (Number.isNaN(offset)) return false
  textTime.seconds = day * daySeconds + hour * 3600 + minute * 60 + second - offset
  textTime.nanos = nanos
  return true
}

/** Seconds east of UTC, 0 and `hasZone` false without one; NaN: what is behind the time belongs to it, and is no zone. */
function readZone(bytes: Uint8Array, start: number, end: number): number {
  textTime.hasZone = false
  const at = bytes[start] === blank ? start + 1 : start
  if (at >= end) return 0
  const sign = bytes[at]!
  let behind = at
  let offset = 0
  if (sign === 0x2b || sign === dash) {
    const hours = digits(bytes, at + 1, 2, end)
    const minutesAt = bytes[at + 3] === colon ? at + 4 : at + 3
    const minutes = digits(bytes, minutesAt, 2, end)
    if (hours >= 0 && hours < 24 && (minutes >= 0 || at === start)) {
      behind = minutes >= 0 ? minutesAt + 2 : at + 3
      offset = (hours * 3600 + Math.max(0, minutes) * 60) * (sign === dash ? -1 : 1)
    }
  } else if (sign === 0x5a || sign === 0x7a) behind = at + 1
  else if (isUtc(bytes, at, end)) behind = at + 3
  if (behind > at && (behind >= end || !isWordByte(bytes[behind]!))) {
    textTime.hasZone = true
    return offset
  }
  return isWordByte(bytes[start]!) ? NaN : 0
}

/** `UTC` or `GMT`. */
function isUtc(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 3 > end) return false
  const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]]
  return (a === 0x55 && b === 0x54 && c === 0x43) || (a === 0x47 && b === 0x4d && c === 0x54)
}

/** The place of the name of three letters that stands there, from 1; 0: none of them. */
function nameAt(bytes: Uint8Array, at: number, names: readonly string[]): number {
  const first = bytes[at]!
  if (first < 0x41 || first > 0x5a) return 0
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!
    const isFound = (first | 0x20) === name.charCodeAt(0) && bytes[at + 1] === name.charCodeAt(1) && bytes[at + 2] === name.charCodeAt(2)
    if (isFound) return index + 1
  }
  return 0
}

/** `count` digits as a number; -1 when they are not there. */
function digits(bytes: Uint8Array, start: number, count: number, end: number): number {
  if (start + count > end) return -1
  let value = 0
  for (let at = start; at < start + count; at++) {
    if (!isDigit(bytes[at]!)) return -1
    value = value * 10 + bytes[at]! - zero
  }
  return value
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= 0x39
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
}

function isWordByte(byte: number): boolean {
  return isDigit(byte) || isLetter(byte) || byte === 0x5f
}
