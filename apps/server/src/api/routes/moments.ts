/** Ranges of time as requests say them: RFC 3339, a date, or relative to now (`now-1h`). */
import { AppError } from '../../kernel/errors.ts'
import { timeMsOf } from '../../search/index.ts'
import { badRequest } from '../errors.ts'

/** Before this no row is taken, and nobody can ask for what lies outside. */
const earliestMs = 0
const latestMs = Date.UTC(2200, 0, 1)

/** `[fromMs, toMs)`, ms since 1970. Errors: `api.bad_request`. */
export function rangeOf({ from, to }: { readonly from: string; readonly to: string }, nowMs: number): { fromMs: number; toMs: number } {
  return { fromMs: momentOf('from', from, nowMs), toMs: momentOf('to', to, nowMs) }
}

/** Ms since 1970. Errors: `api.bad_request`. */
export function momentOf(name: string, text: string, nowMs: number): number {
  const ms = timeMsOf(text.trim(), nowMs)
  if (ms === null) throw new AppError(badRequest, { publicText: `${name}: “${text}” is not a time; write 2026-01-31T12:00:00Z or now-1h.` })
  // Dates end soon after, as does what the engine's columns hold.
  if (!(ms >= earliestMs && ms <= latestMs))
    throw new AppError(badRequest, { publicText: `${name}: “${text}” does not lie between 1970 and 2200.` })
  return ms
}
