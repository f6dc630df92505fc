/**
 * The most used `*_over_time` functions over all windows of a series. Sketch: count, last and present cost a window (3 ns); sums, means and
 * extremes look at each of its points (1-2 ns); a quantile sorts a copy of them (100 ns for 20 points).
 */
import { windowVisits, type RowKernel, type RowWindows } from '../evaluator/range-input.ts'
import { quantileOf, quantileOfSorted } from './quantile.ts'
import { KahanMean } from './kahan.ts'

/** The result of a window with the points `[from, to)`, at least one. */
type WindowKernel = (values: Float64Array, from: number, to: number, step: number) => number

function windowed(w: RowWindows, out: Float64Array, at: number, compute: WindowKernel): void {
  const { times, values, start, end, startMs, stepMs, steps, rangeMs } = w
  let from = start
  let to = start
  for (let i = 0; i < steps; i++) {
    const endMs = startMs + i * stepMs
    const afterMs = endMs - rangeMs
    while (to < end && times[to]! <= endMs) to++
    while (from < to && times[from]! <= afterMs) from++
    if (from < to) out[at + i] = compute(values, from, to, i)
  }
}

/** As `KahanSum`, in local numbers. */
function sumKernel(values: Float64Array, from: number, to: number): number {
  let sum = 0
  let compensation = 0
  for (let i = from; i < to; i++) {
    const value = values[i]!
    const total = sum + value
    if (total === Infinity || total === -Infinity) compensation = 0
    else if (Math.abs(sum) >= Math.abs(value)) compensation += sum - total + value
    else compensation += value - total + sum
    sum = total
  }
  return sum === Infinity || sum === -Infinity ? sum : sum + compensation
}

/** As `KahanMean`, which is asked when the sum overflows. */
function meanKernel(values: Float64Array, from: number, to: number): number {
  let sum = values[from]!
  let compensation = 0
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!
    const total = sum + value
    if (total === Infinity || total === -Infinity) return meanOf(values, from, to)
    if (Math.abs(sum) >= Math.abs(value)) compensation += sum - total + value
    else compensation += value - total + sum
    sum = total
  }
  return sum / (to - from) + compensation / (to - from)
}

function meanOf(values: Float64Array, from: number, to: number): number {
  const mean = new KahanMean()
  mean.reset()
  for (let i = from; i < to; i++) mean.add(values[i]!)
  return mean.value
}

function minKernel(values: Float64Array, from: number, to: number): number {
  let best = values[from]!
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!
    if (value < best || Number.isNaN(best)) best = value
  }
  return best
}

function maxKernel(values: Float64Array, from: number, to: number): number {
  let best = values[from]!
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!
    if (value > best || Number.isNaN(best)) best = value
  }
  return best
}

/** Up to this many points are sorted by insertion, which a typed array's own sort beats only beyond. */
const insertionMax = 64
const scratch = new Float64Array(insertionMax)

function quantileKernel(q: number, values: Float64Array, from: number, to: number): number {
  if (to - from > insertionMax) return quantileOf(q, values.slice(from, to))
  let count = 0
  let missing = 0
  for (let i = from; i < to; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) {
      missing++
      continue
    }
    let place = count++
    for (; place > 0 && scratch[place - 1]! > value; place--) scratch[place] = scratch[place - 1]!
    scratch[place] = value
  }
  return quantileOfSorted(q, scratch, count, missing)
}

/** Looks at no point of a window but its ends. */
function ofEnds(compute: WindowKernel): RowKernel {
  return { run: (windows, out, at) => windowed(windows, out, at, compute), visits: () => 0 }
}

function ofPoints(compute: WindowKernel): RowKernel {
  return { run: (windows, out, at) => windowed(windows, out, at, compute), visits: windowVisits }
}

const quantileRows: RowKernel = {
  run: (windows, out, at) => windowed(windows, out, at, (values, from, to, i) => quantileKernel(windows.param[i]!, values, from, to)),
  visits: (windows) => windowVisits(windows) * Math.log2(windows.end - windows.start + 2),
}

export const presentKernel: RowKernel = ofEnds(() => 1)

export const overTimeKernels: ReadonlyMap<string, RowKernel> = new Map<string, RowKernel>([
  ['present_over_time', presentKernel],
  ['count_over_time', ofEnds((_values, from, to) => to - from)],
  ['last_over_time', ofEnds((values, _from, to) => values[to - 1]!)],
  ['sum_over_time', ofPoints(sumKernel)],
  ['avg_over_time', ofPoints(meanKernel)],
  ['min_over_time', ofPoints(minKernel)],
  ['max_over_time', ofPoints(maxKernel)],
  ['quantile_over_time', quantileRows],
])
