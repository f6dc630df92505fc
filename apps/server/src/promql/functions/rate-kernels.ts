/**
 * rate, increase, delta, irate and idelta over all windows of a series. Sketch: a window costs its extrapolation (25 ns) and not its
 * samples; a sample is looked at when it enters and when it leaves (2 ns). Only a window with a counter reset in it is summed again.
 */
import { rowVisitsMax, windowVisits, type RowKernel, type RowWindows } from '../evaluator/range-input.ts'
import { extrapolation, increaseKernel } from './extrapolation.ts'

function extrapolatedKernel(w: RowWindows, out: Float64Array, at: number, isCounter: boolean, isRate: boolean): void {
  const { times, values, start, end, startMs, stepMs, steps, rangeMs } = w
  let from = start
  let to = start
  /** The newest point before `to` that is less than the one before it. */
  let resetAt = -1
  for (let i = 0; i < steps; i++) {
    const endMs = startMs + i * stepMs
    const afterMs = endMs - rangeMs
    for (; to < end && times[to]! <= endMs; to++) if (to > start && values[to]! < values[to - 1]!) resetAt = to
    while (from < to && times[from]! <= afterMs) from++
    const count = to - from
    if (count < 2) continue
    const first = values[from]!
    const result = isCounter && resetAt > from ? increaseKernel(values, from, to) : values[to - 1]! - first
    const toZero = isCounter && result > 0 && first >= 0 ? first / result : -1
    out[at + i] = result * extrapolation(endMs, rangeMs, times[from]!, times[to - 1]!, count, toZero, isRate)
  }
}

function instantKernel(w: RowWindows, out: Float64Array, at: number, isRate: boolean): void {
  const { times, values, start, end, startMs, stepMs, steps, rangeMs } = w
  let to = start
  for (let i = 0; i < steps; i++) {
    const endMs = startMs + i * stepMs
    while (to < end && times[to]! <= endMs) to++
    if (to - start < 2 || times[to - 2]! <= endMs - rangeMs) continue
    const last = values[to - 1]!
    const older = values[to - 2]!
    const difference = isRate && last < older ? last : last - older
    out[at + i] = isRate ? difference / ((times[to - 1]! - times[to - 2]!) / 1000) : difference
  }
}

/** Only windows with a reset are summed again, and only for many of them is it worth to look whether there is one at all. */
function resetVisits(windows: RowWindows): number {
  const visits = windowVisits(windows)
  return visits > rowVisitsMax && !hasResetKernel(windows) ? 0 : visits
}

function hasResetKernel({ values, start, end }: RowWindows): boolean {
  for (let i = start + 1; i < end; i++) if (values[i]! < values[i - 1]!) return true
  return false
}

export const rateKernels: ReadonlyMap<string, RowKernel> = new Map<string, RowKernel>([
  ['rate', { run: (windows, out, at) => extrapolatedKernel(windows, out, at, true, true), visits: resetVisits }],
  ['increase', { run: (windows, out, at) => extrapolatedKernel(windows, out, at, true, false), visits: resetVisits }],
  ['delta', { run: (windows, out, at) => extrapolatedKernel(windows, out, at, false, false), visits: () => 0 }],
  ['irate', { run: (windows, out, at) => instantKernel(windows, out, at, true), visits: () => 0 }],
  ['idelta', { run: (windows, out, at) => instantKernel(windows, out, at, false), visits: () => 0 }],
])
