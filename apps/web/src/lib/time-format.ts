/** Writing times: in the browser's zone or UTC, as short as the width of the range allows, ISO where it must be exact. */

export type Zone = 'browser' | 'utc'

const cache = new Map<string, Intl.DateTimeFormat>()

function formatter(zone: Zone, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${zone} ${key}`
  const known = cache.get(name)
  if (known !== undefined) return known
  const zoned: Intl.DateTimeFormatOptions = zone === 'utc' ? { ...options, timeZone: 'UTC' } : options
  const made = new Intl.DateTimeFormat('en-GB', { ...zoned, hourCycle: 'h23' })
  cache.set(name, made)
  return made
}

/** "21 Nov 2026, 09:04:05". */
export function formatDateTime(ms: number, zone: Zone): string {
  return formatter(zone, 'full', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(ms)
}

/** "21 Nov, 09:04". */
export function formatShort(ms: number, zone: Zone): string {
  return formatter(zone, 'short', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(ms)
}

/** "09:04:05". */
export function formatClock(ms: number, zone: Zone): string {
  return formatter(zone, 'clock', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms)
}

/** A label of a time axis: seconds only for short ranges, dates only for long ones. */
export function formatTick(ms: number, rangeMs: number, zone: Zone): string {
  if (rangeMs <= 10 * 60_000) return formatClock(ms, zone)
  if (rangeMs <= 36 * 3_600_000) return formatter(zone, 'hm', { hour: '2-digit', minute: '2-digit' }).format(ms)
  if (rangeMs <= 8 * 86_400_000) return formatShort(ms, zone)
  return formatter(zone, 'day', { day: 'numeric', month: 'short' }).format(ms)
}

/** "now", "2 s ago", "5 min ago", "3 h ago", "2 d ago"; "in 5 min" for the future. */
export function formatAgo(ms: number, nowMs: number): string {
  const seconds = Math.round((nowMs - ms) / 1000)
  const size = Math.abs(seconds)
  if (size < 1) return 'now'
  const [amount, unit] =
    size < 90
      ? [size, 's']
      : size < 90 * 60
        ? [Math.round(size / 60), 'min']
        : size < 36 * 3600
          ? [Math.round(size / 3600), 'h']
          : [Math.round(size / 86_400), 'd']
  return seconds > 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`
}

/** Like `formatAgo`, for times that are kept to the minute: "just now" up to 90 s. */
export function formatAgoMinutes(ms: number, nowMs: number): string {
  return nowMs - ms < 90_000 ? 'just now' : formatAgo(ms, nowMs)
}

/** The name of the zone in use: "UTC", "Europe/Berlin". */
export function zoneName(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** `2026-11-21T09:04` for a `datetime-local` field. */
export function toFieldValue(ms: number, zone: Zone): string {
  const shifted = zone === 'utc' ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000
  return new Date(shifted).toISOString().slice(0, 19)
}

/** The moment a `datetime-local` field names, or null. */
export function fromFieldValue(text: string, zone: Zone): number | null {
  if (text === '') return null
  const parsed = Date.parse(zone === 'utc' ? `${text}Z` : text)
  return Number.isNaN(parsed) ? null : parsed
}
