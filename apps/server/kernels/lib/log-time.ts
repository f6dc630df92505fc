/**
 * Times as log lines write them; the same rules, in the same arithmetic, as `src/protocols/log-lines/times.ts`. May read bytes behind the end
 * it is given, as that does.
 */

/** The last time read: whole seconds since 1970, and nanoseconds. */
export let timeSeconds: f64 = 0
export let timeNanos: f64 = 0

const epochSecMin: f64 = 1e9
const epochSecMax: f64 = 1e10
/** What `digits` gives where there are none. */
const noDigits: i32 = -1
const noZone: i32 = i32.MIN_VALUE

/** Reads a time of any of the forms. False: it is none. */
export function readTime(start: usize, end: usize): bool {
  if (end - start >= 10 && load<u8>(start, 4) == 0x2d) return end - start > 10 && readIsoTime(start, end) && timeSeconds > 0
  return readEpoch(start, end) && timeSeconds >= epochSecMin && timeSeconds < epochSecMax
}

function readIsoTime(start: usize, end: usize): bool {
  const year = digits(start, 4, end)
  const month = digits(start + 5, 2, end)
  const day = digits(start + 8, 2, end)
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || load<u8>(start, 7) != 0x2d) return false
  let seconds = (daysSince1970(year, month, day) as i64) * 86400
  let nanos: i32 = 0
  let at = start + 10
  const separator = load<u8>(at) as u32
  if (separator != 0x54 && separator != 0x74 && separator != 0x20) return false
  const hour = digits(at + 1, 2, end)
  const minute = digits(at + 4, 2, end)
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || load<u8>(at, 3) != 0x3a) return false
  seconds += hour * 3600 + minute * 60
  at += 6
  if (at < end && load<u8>(at) == 0x3a) {
    const second = digits(at + 1, 2, end)
    if (second < 0 || second > 60) return false
    seconds += second
    at += 3
    if (at < end && (load<u8>(at) == 0x2e || load<u8>(at) == 0x2c)) {
      let scale: i32 = 100000000
      for (at += 1; at < end; at += 1) {
        const digit = (load<u8>(at) as i32) - 48
        if (digit < 0 || digit > 9) break
        nanos += digit * scale
        scale /= 10
      }
    }
  }
  const offset = readZone(at, end)
  if (offset == noZone) return false
  timeSeconds = (seconds - offset) as f64
  timeNanos = nanos as f64
  return true
}

function readEpoch(start: usize, end: usize): bool {
  let wholeEnd = start
  while (wholeEnd < end && (load<u8>(wholeEnd) as u32) - 48 <= 9) wholeEnd += 1
  if (wholeEnd == start || wholeEnd - start > 20) return false
  let upper: f64 = 0
  let lower: f64 = 0
  let at = start
  for (; at + 9 < wholeEnd; at += 1) upper = upper * 10 + (((load<u8>(at) as i32) - 48) as f64)
  for (; at < wholeEnd; at += 1) lower = lower * 10 + (((load<u8>(at) as i32) - 48) as f64)
  const value = upper * 1e9 + lower
  const unit: f64 = value < 1e11 ? 1 : value < 1e14 ? 1e3 : value < 1e17 ? 1e6 : 1e9
  if (unit == 1e9) {
    timeSeconds = upper
    timeNanos = lower
  } else {
    timeSeconds = Math.floor(value / unit)
    timeNanos = (value - timeSeconds * unit) * (1e9 / unit)
  }
  if (wholeEnd == end) return true
  if (load<u8>(wholeEnd) != 0x2e) return false
  let scale: f64 = 1e9 / unit
  for (at = wholeEnd + 1; at < end; at += 1) {
    const digit = (load<u8>(at) as i32) - 48
    if (digit < 0 || digit > 9) return false
    scale /= 10
    timeNanos += (digit as f64) * scale
  }
  timeNanos = min<f64>(999999999, Math.floor(timeNanos))
  return true
}

/** Of the Gregorian calendar, from the year 1 on; years of March to February. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const y = month <= 2 ? year - 1 : year
  const era = y / 400
  const yearOfEra = y - era * 400
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
  return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
}

/** Seconds east of UTC; `noZone` for what is no zone. */
function readZone(at: usize, end: usize): i32 {
  while (at < end && load<u8>(at) == 0x20) at += 1
  if (at == end) return 0
  const sign = load<u8>(at) as u32
  if (sign == 0x5a || sign == 0x7a) return at + 1 == end ? 0 : noZone
  if (sign == 0x55) return at + 3 == end ? 0 : noZone
  if (sign != 0x2b && sign != 0x2d) return noZone
  const hours = digits(at + 1, 2, end)
  at += load<u8>(at, 3) == 0x3a ? 4 : 3
  const minutes = at == end ? 0 : digits(at, 2, end)
  if (hours < 0 || minutes < 0 || (at != end && at + 2 != end)) return noZone
  return sign == 0x2d ? -(hours * 3600 + minutes * 60) : hours * 3600 + minutes * 60
}

/** `count` digits as a number; `noDigits` when they are not there. */
function digits(start: usize, count: usize, end: usize): i32 {
  if (start + count > end) return noDigits
  let value: i32 = 0
  for (let at = start; at < start + count; at += 1) {
    const digit = (load<u8>(at) as i32) - 48
    if (digit < 0 || digit > 9) return noDigits
    value = value * 10 + digit
  }
  return value
}
