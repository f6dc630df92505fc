/** Ranges and intervals of operations: relative times, whole intervals, how many points there are. */
import { durationOrNull } from '../../promql/index.ts'
import { refused } from './errors.ts'

/** Points of one group. */
export const pointsMax = 10_000
/** What an interval that nobody chose gives at most. */
const pointsReadable = 300
const intervalMsMin = 1_000
const day = 86_400_000

const readableIntervalsMs: readonly number[] = [
  10_000,
  15_000,
  30_000,
  60_000,
  120_000,
  300_000,
  600_000,
  900_000,
  1_800_000,
  3_600_000,
  2 * 3_600_000,
  6 * 3_600_000,
  12 * 3_600_000,
  day,
  7 * day,
  28 * day,
]

/** Buckets `(fromMs + i * intervalMs, fromMs + (i + 1) * intervalMs]`, open on the left as PromQL's windows are. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
  readonly intervalMs: number
}

export function pointsOf({ fromMs, toMs, intervalMs }: TimeRange): number {
  return Math.round((toMs - fromMs) / intervalMs)
}

/** `now`, `now-90m`, `now+5s`, or RFC 3339 with a zone. Null for anything else. */
export function timeOrNull(text: string, nowMs: number): number | null {
  const relative = /^now(?:([+-])([0-9a-z]+))?$/.exec(text)
  if (relative !== null) {
    const [, sign, length] = relative
    if (length === undefined) return nowMs
    const lengthMs = durationOrNull(length)
    return lengthMs === null ? null : nowMs + (sign === '-' ? -lengthMs : lengthMs)
  }
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)) return null
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? null : timeMs
}

/** The first readable interval that gives not too many points. */
export function defaultIntervalMs(rangeMs: number): number {
  return readableIntervalsMs.find((intervalMs) => rangeMs / intervalMs <= pointsReadable) ?? 28 * day
}

/** Errors: `query.bad_operation_query`. */
export function timeRangeOf(asked: { from: string; to: string; interval: string | null }, nowMs: number): TimeRange {
  const from = mustBeTime('from', asked.from, nowMs)
  const to = mustBeTime('to', asked.to, nowMs)
  if (from >= to) throw refused(`The range is empty: from ${asked.from} is not before to ${asked.to}.`)
  const intervalMs = asked.interval === null ? defaultIntervalMs(to - from) : intervalOf(asked.interval)
  const range = { fromMs: Math.floor(from / intervalMs) * intervalMs, toMs: Math.ceil(to / intervalMs) * intervalMs, intervalMs }
  const points = pointsOf(range)
  if (points > pointsMax) {
    throw refused(
      `The interval ${asked.interval ?? ''} gives ${points} points; ${pointsMax} are allowed.`,
      'Use a longer interval or a shorter range.',
    )
  }
  return range
}

function mustBeTime(field: string, text: string, nowMs: number): number {
  const timeMs = timeOrNull(text, nowMs)
  if (timeMs !== null && Math.abs(timeMs) < 8.64e15) return timeMs
  throw refused(
    `${field}: '${text.slice(0, 60)}' is no time.`,
    'A time is RFC 3339 with a zone (2026-01-31T12:00:00Z), or relative: now, now-1h, now-7d.',
  )
}

function intervalOf(text: string): number {
  const intervalMs = durationOrNull(text)
  if (intervalMs !== null && intervalMs >= intervalMsMin) return intervalMs
  throw refused(
    `interval: '${text.slice(0, 60)}' is no length of time from a second on.`,
    'An interval is a duration such as 30s, 5m, 1h or 1d.',
  )
}
