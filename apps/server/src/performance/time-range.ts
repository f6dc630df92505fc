/** Ranges that people ask for. */
import { AppError } from '../kernel/errors.ts'
import { badRange } from './errors.ts'

const minuteMs = 60_000
const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: minuteMs, h: 60 * minuteMs, d: 1440 * minuteMs, w: 7 * 1440 * minuteMs }
const latestMs = Date.UTC(2200, 0, 1)
/** Longest range; operations are counted by hour. */
const rangeMaxMs = 400 * 86_400_000

/** `now`, `now-90m`, or RFC 3339 with a zone. Null for anything else. */
function timeOrNull(text: string, nowMs: number): number | null {
  if (text === 'now') return nowMs
  const [, sign, amount, unit = ''] = /^now([+-])(\d{1,9})([smhdw])$/.exec(text) ?? []
  if (amount !== undefined) return nowMs + (sign === '-' ? -1 : 1) * Number(amount) * (unitsMs[unit] ?? 0)
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text)) return null
  const timeMs = Date.parse(text)
  return Number.isNaN(timeMs) ? null : timeMs
}

export interface AskedRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Errors by code: `performance.bad_range`. */
export function rangeOf({ from, to }: { readonly from: string; readonly to: string }, nowMs: number): AskedRange {
  const [fromMs, toMs] = [timeOrNull(from, nowMs), timeOrNull(to, nowMs)]
  if (fromMs === null || toMs === null || !(fromMs < toMs)) throw new AppError(badRange)
  if (toMs - fromMs > rangeMaxMs) throw new AppError(badRange, { publicText: 'The time range is longer than 400 days.' })
  if (fromMs < 0 || toMs > latestMs) throw new AppError(badRange, { publicText: 'The time range must lie between 1970 and 2200.' })
  return { fromMs, toMs }
}

const stepsMs = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440, 10_080].map((minutes) => minutes * minuteMs)

/** From such a length on, steps are of whole hours, which are counted apart. */
const byHourFromMs = 12 * 60 * minuteMs

/** The finest step, of whole minutes, that gives at most so many. */
export function stepOf(lengthMs: number, stepsMax: number): number {
  const leastMs = lengthMs >= byHourFromMs ? 60 * minuteMs : minuteMs
  return stepsMs.find((stepMs) => stepMs >= leastMs && lengthMs / stepMs <= stepsMax) ?? stepsMs[stepsMs.length - 1] ?? minuteMs
}
