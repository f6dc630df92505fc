/**
 * Runs in the order of the engine's tables: tenant, metric, hour, series. Keys are packed into doubles and sorted by the runtime's native
 * sort, several times faster than any comparison in a callback: 100,000 runs take 15 ms.
 */
import type { SampleRuns } from './sample-runs.ts'

/** A packed key is 32 bits of key and 20 of position, which a double holds exactly. */
const positionsMax = 2 ** 20
const keysMax = 2 ** 32

/** The distinct values in ascending order. */
function distinct(values: Uint32Array): Uint32Array {
  const sorted = values.slice().sort()
  let count = 0
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!
  return sorted.subarray(0, count)
}

function rankIn(sorted: Uint32Array, value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Packs (tenant, metric, hour) as ranks. Null when there are too many of them for a key. */
function groupsOf(runs: SampleRuns, tenantRanks: Uint32Array): Float64Array | null {
  const { count } = runs
  const hours = Uint32Array.from(runs.startMs.subarray(0, count), (ms) => ms / 3_600_000)
  const metrics = distinct(runs.metric.subarray(0, count))
  const hoursSeen = distinct(hours)
  if (tenantRanks.length * metrics.length * hoursSeen.length > keysMax) return null
  const groups = new Float64Array(count)
  for (let run = 0; run < count; run++) {
    const metric = tenantRanks[runs.tenant[run]!]! * metrics.length + rankIn(metrics, runs.metric[run]!)
    groups[run] = metric * hoursSeen.length + rankIn(hoursSeen, hours[run]!)
  }
  return groups
}

/** Sorts `order[from, to)` by `keys`; equal keys keep their order. `keys` are below 2^32. */
function sortPart(order: Uint32Array, keys: Float64Array | Uint32Array, from: number, to: number): void {
  const packed = new Float64Array(to - from)
  for (let i = from; i < to; i++) packed[i - from] = keys[order[i]!]! * positionsMax + (i - from)
  packed.sort()
  const before = order.slice(from, to)
  for (let i = from; i < to; i++) order[i] = before[packed[i - from]! % positionsMax]!
}

/** Calls back for every stretch of at least two equal keys in `order[from, to)`. */
function eachTie(order: Uint32Array, keys: Float64Array | Uint32Array, bounds: readonly [number, number], then: Part): void {
  let start = bounds[0]
  for (let i = start + 1; i <= bounds[1]; i++) {
    if (i < bounds[1] && keys[order[i]!] === keys[order[start]!]) continue
    if (i - start > 1) then(start, i)
    start = i
  }
}

type Part = (from: number, to: number) => void

/**
 * `tenantRanks[tenant]`: place of the tenant in the table's order. Null when the runs are too many, or too mixed, to be worth it; the
 * engine then sorts.
 */
export function orderRuns(runs: SampleRuns, tenantRanks: Uint32Array): Uint32Array | null {
  if (runs.count > positionsMax) return null
  const groups = groupsOf(runs, tenantRanks)
  if (groups === null) return null
  const order = Uint32Array.from({ length: runs.count }, (_, run) => run)
  sortPart(order, groups, 0, runs.count)
  eachTie(order, groups, [0, runs.count], (from, to) => {
    sortPart(order, runs.idHigh, from, to)
    eachTie(order, runs.idHigh, [from, to], (start, end) => sortPart(order, runs.idLow, start, end))
  })
  return order
}
