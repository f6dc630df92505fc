/** A range as what counts by hour can tell of it, what counts by minute can, and what only the spans themselves can. */
import { wholeSteps } from '../../signals/index.ts'
import type { TimeRange } from '../ports.ts'

export interface RangePieces {
  readonly hours: readonly TimeRange[]
  readonly minutes: readonly TimeRange[]
  readonly spans: readonly TimeRange[]
}

interface Split {
  readonly whole: TimeRange[]
  readonly rest: TimeRange[]
}

/** No piece reaches over one of `cutsMs`. Together they are the range, and none of them lies in another one. */
export function rangePieces(range: TimeRange, cutsMs: readonly number[], byHour: boolean): RangePieces {
  const cuts = [...new Set(cutsMs)].filter((ms) => ms > range.fromMs && ms < range.toMs).sort((a, b) => a - b)
  const starts = [range.fromMs, ...cuts]
  const parts = starts.map((fromMs, i): TimeRange => ({ fromMs, toMs: starts[i + 1] ?? range.toMs }))
  const hours = byHour ? splitBy(3_600_000, parts) : { whole: [], rest: parts }
  const minutes = splitBy(60_000, hours.rest)
  return { hours: hours.whole, minutes: minutes.whole, spans: minutes.rest }
}

/** The steps that lie whole within the parts, and what is before and behind them. */
function splitBy(stepMs: number, parts: readonly TimeRange[]): Split {
  const split: Split = { whole: [], rest: [] }
  for (const part of parts) {
    const { whole, ends } = wholeSteps(part, stepMs)
    if (whole !== null) split.whole.push(whole)
    split.rest.push(...ends)
  }
  return split
}
