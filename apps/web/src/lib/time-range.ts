/**
 * Time ranges as they stand in the address: `now-1h`, `now-1d/d` (rounded down to a day), RFC 3339, or epoch milliseconds.
 * A range is half-open, `[fromMs, toMs)`.
 */
import type { Zone } from './time-format.ts'

export interface TimeRange {
  readonly from: string
  readonly to: string
}

export interface ResolvedRange {
  readonly fromMs: number
  readonly toMs: number
}

export const defaultRange: TimeRange = { from: 'now-1h', to: 'now' }

/** What the picker offers; the words are also what the button shows. */
export const presets: readonly (TimeRange & { readonly label: string })[] = [
  { from: 'now-5m', to: 'now', label: 'Last 5 minutes' },
  { from: 'now-15m', to: 'now', label: 'Last 15 minutes' },
  { from: 'now-30m', to: 'now', label: 'Last 30 minutes' },
  { from: 'now-1h', to: 'now', label: 'Last hour' },
  { from: 'now-3h', to: 'now', label: 'Last 3 hours' },
  { from: 'now-6h', to: 'now', label: 'Last 6 hours' },
  { from: 'now-12h', to: 'now', label: 'Last 12 hours' },
  { from: 'now-24h', to: 'now', label: 'Last 24 hours' },
  { from: 'now-2d', to: 'now', label: 'Last 2 days' },
  { from: 'now-7d', to: 'now', label: 'Last 7 days' },
  { from: 'now-30d', to: 'now', label: 'Last 30 days' },
  { from: 'now/d', to: 'now', label: 'Today' },
]

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds of `90s`, `5m`, `1h30m`; null when it is no duration. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return null
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    const size = unit === 'ms' ? 1 : unit === 'y' ? 365 * 86_400_000 : (unitMs[unit ?? ''] ?? 0)
    total += Number(amount) * size
  }
  return total
}

/** The shortest exact writing of a duration: 300000 → "5m", 5400000 → "1h30m". */
export function writeDuration(ms: number): string {
  let rest = Math.round(ms)
  let text = ''
  for (const [name, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${name}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}

/** Weeks begin on Monday; 1970 began on a Thursday. */
const firstMondayMs = -3 * 86_400_000

/** In the zone in which times are shown: a day, a week and, where zones differ by half hours, an hour begin there at other moments. */
function roundDown(ms: number, unit: string, zone: Zone): number {
  const size = unitMs[unit] ?? 1
  const date = new Date(ms)
  if (zone === 'browser' && unit === 'd') return date.setHours(0, 0, 0, 0)
  if (zone === 'browser' && unit === 'w') return new Date(date.setDate(date.getDate() - ((date.getDay() + 6) % 7))).setHours(0, 0, 0, 0)
  const beginMs = zone === 'browser' ? date.getTimezoneOffset() * 60_000 : unit === 'w' ? firstMondayMs : 0
  return Math.floor((ms - beginMs) / size) * size + beginMs
}

/** A moment in ms since 1970, or null when the text is none. `zone`: where days and weeks begin. */
export function parseMoment(text: string, nowMs: number, zone: Zone = 'browser'): number | null {
  const relative = /^now(?:([+-])((?:\d+[smhdw])+))?(?:\/([smhdw]))?$/.exec(text.trim())
  if (relative !== null) {
    const [, sign, amount, rounding] = relative
    const offset = amount === undefined ? 0 : (parseDuration(amount) ?? 0)
    const moment = sign === '-' ? nowMs - offset : nowMs + offset
    return rounding === undefined ? moment : roundDown(moment, rounding, zone)
  }
  if (/^\d{9,14}$/.test(text)) return text.length <= 10 ? Number(text) * 1000 : Number(text)
  if (!/^\d{4}-\d{2}/.test(text)) return null
  const parsed = Date.parse(text)
  return Number.isNaN(parsed) ? null : parsed
}

/** Both ends as times; null when one is unreadable or the range is empty or backwards. `zone`: where days and weeks begin. */
export function resolveRange(range: TimeRange, nowMs: number, zone: Zone = 'browser'): ResolvedRange | null {
  const fromMs = parseMoment(range.from, nowMs, zone)
  const toMs = parseMoment(range.to, nowMs, zone)
  if (fromMs === null || toMs === null || fromMs >= toMs) return null
  return { fromMs, toMs }
}

/** A range that moves with the clock. */
export function isLive(range: TimeRange): boolean {
  return range.to === 'now'
}

/** An absolute range for the address. */
export function absoluteRange(fromMs: number, toMs: number): TimeRange {
  return { from: new Date(Math.round(fromMs)).toISOString(), to: new Date(Math.round(toMs)).toISOString() }
}

/** The range as the server reads it, which knows nothing of rounding and bare numbers: as it is where that is all the same. */
export function rangeForServer(range: TimeRange, { fromMs, toMs }: ResolvedRange): TimeRange {
  const isPlain = (text: string): boolean => !text.includes('/') && !/^\d+$/.test(text)
  return isPlain(range.from) && isPlain(range.to) ? range : absoluteRange(fromMs, toMs)
}

/** The range widened twofold around its middle; never past now. */
export function zoomOut(range: ResolvedRange, nowMs: number): TimeRange {
  const width = range.toMs - range.fromMs
  const toMs = Math.min(nowMs, range.toMs + width / 2)
  return absoluteRange(toMs - width * 2, toMs)
}

const niceSteps: readonly number[] = [
  1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
]

/** A round step in ms so that a range gives at most `pointsMax` points. */
export function niceStepMs(rangeMs: number, pointsMax: number): number {
  const wanted = rangeMs / 1000 / Math.max(1, pointsMax)
  for (const step of niceSteps) if (step >= wanted) return step * 1000
  return Math.ceil(wanted / 86_400) * 86_400_000
}

/**
 * What a chart asks for: ends moved to multiples of the step, so that a refresh adds points at the right and moves none.
 * `ahead`: the last point covers the interval that is still filling. What arrived a second ago is then seen, but rates fall at the end.
 */
export function alignRange(range: ResolvedRange, stepMs: number, ahead = false): ResolvedRange {
  const fromMs = Math.ceil(range.fromMs / stepMs) * stepMs
  const toMs = (ahead ? Math.ceil(range.toMs / stepMs) : Math.floor(range.toMs / stepMs)) * stepMs
  return toMs < fromMs ? { fromMs: toMs, toMs } : { fromMs, toMs }
}
