/** Times of rows as text and as SQL: nanoseconds do not fit a double, so they are made of halves. */
import { nanosOf, secondsOf } from './time.ts'

/** RFC 3339 in UTC with nanoseconds. */
export function preciseTime(low: number, high: number): string {
  const seconds = secondsOf(low, high)
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanosOf(low, high)).padStart(9, '0')}Z`
}

/** Halves of 64 bits as an integer of SQL. */
export function wideLiteral(low: number, high: number): string {
  return String((BigInt(high) << 32n) + BigInt(low))
}

/** Milliseconds since 1970 as nanoseconds for SQL, to the microsecond. */
export function nsOfMs(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n)
}

/** Seconds since 1970 as people read them, whatever was sent. */
export function shownTime(seconds: number): string {
  return Number.isFinite(seconds) && Math.abs(seconds) < 8.64e12 ? new Date(seconds * 1000).toISOString() : `${seconds} s`
}
