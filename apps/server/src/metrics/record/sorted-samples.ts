/**
 * Samples of a segment as columns in the order of the table `samples`, so that the engine need not sort them: it spends 0.06-0.09 CPU
 * seconds a million rows on that, and twice the memory. Here it is a counting sort of runs (see sample-runs.ts), 48 bytes a row
 * written once; target 0.03 CPU seconds a million rows, what copying them in arrival order costs.
 */
import type { Tenant } from '../../kernel/scope.ts'
import { putValue } from '../samples/sample-value.ts'
import type { MetricsRecord } from './decode.ts'
import { hoursPerPartition, partitionsPerInsertMax } from '../limits.ts'
import { hourOf, KeyColumns, rowsPerInsertMax } from './key-columns.ts'
import { orderRuns, positionIn, positionsMax } from './run-order.ts'
import { SampleRuns } from './sample-runs.ts'

/** A decoded record with its owner. */
export interface OwnedRecord {
  readonly tenant: Tenant
  readonly record: MetricsRecord
}

export class SampleColumns {
  readonly key: KeyColumns
  readonly i: Uint32Array
  readonly f: Float64Array

  constructor(rows: number) {
    this.key = new KeyColumns(rows)
    this.i = new Uint32Array(rows * 2)
    this.f = new Float64Array(rows)
  }
}

/** Tenants numbered as they are met, and each one's place in the table's order. */
class TenantNumbers {
  readonly all: Tenant[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(tenant: Tenant): number {
    const name = `${tenant.organizationId}/${tenant.projectId}`
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.all.length)
    return this.all.push(tenant) - 1
  }

  ranks(): Uint32Array {
    const ranks = new Uint32Array(this.all.length)
    this.all
      .map((tenant, number) => ({ ...tenant, number }))
      .sort((a, b) => a.organizationId - b.organizationId || a.projectId - b.projectId)
      .forEach(({ number }, rank) => (ranks[number] = rank))
    return ranks
  }
}

const perTwo32 = 2 ** -32

/** Writes each sample to the next place of its run. Times are not before 1970, so cutting is rounding down. */
function scatterKernel(record: MetricsRecord, runOf: Uint32Array, at: number, next: Uint32Array, columns: SampleColumns): void {
  const { timesMs, values, sampleCount } = record
  const { i: ints, f: floats } = columns
  const { ts } = columns.key
  for (let i = 0; i < sampleCount; i++) {
    const run = runOf[at + i]!
    const place = next[run]!
    next[run] = place + 1
    const timeMs = timesMs[i]!
    ts[place * 2] = timeMs
    ts[place * 2 + 1] = timeMs * perTwo32
    const value = values[i]!
    // The fast way: a whole number of 32 bits. Negative zero becomes zero, as everywhere.
    const whole = value | 0
    floats[place] = 0
    if (whole === value) {
      ints[place * 2] = whole
      ints[place * 2 + 1] = whole >> 31
    } else {
      ints[place * 2] = 0
      ints[place * 2 + 1] = 0
      putValue(ints, floats, place, value)
    }
  }
}

/** The id of each run's series, to all its rows. */
function seriesKernel(runs: SampleRuns, order: Uint32Array, series: Uint32Array): void {
  const { rows, idLow, idHigh } = runs
  let at = 0
  for (let nth = 0; nth < order.length; nth++) {
    const run = order[nth]!
    const end = at + rows[run]! * 2
    const low = idLow[run]!
    const high = idHigh[run]!
    for (; at < end; at += 2) {
      series[at] = low
      series[at + 1] = high
    }
  }
}

/** The columns that are the same for all runs of one tenant, metric and hour, which stand together. */
function fillKey(runs: SampleRuns, order: Uint32Array, tenants: readonly Tenant[], key: KeyColumns): void {
  let from = 0
  let to = 0
  for (let nth = 0; nth < order.length; nth++) {
    const run = order[nth]!
    const after = order[nth + 1]
    to += runs.rows[run]!
    const goesOn = after !== undefined && runs.metric[after] === runs.metric[run] && runs.startMs[after] === runs.startMs[run]
    if (goesOn && runs.tenant[after] === runs.tenant[run]) continue
    const { organizationId, projectId } = tenants[runs.tenant[run]!]!
    key.org.fill(organizationId, from, to)
    key.project.fill(projectId, from, to)
    key.metric.fill(runs.metric[run]!, from, to)
    key.hour.fill(hourOf(runs.startMs[run]!), from, to)
    from = to
  }
}

/** Brings the rows of a run into the order of their times, which have 22 bits within the hour; rows of one time keep theirs. */
function sortRun(columns: SampleColumns, from: number, to: number, startMs: number): void {
  const { ts } = columns.key
  const { i, f } = columns
  const keys = new Float64Array(to - from)
  for (let row = from; row < to; row++) {
    const timeMs = ts[row * 2 + 1]! * 0x1_0000_0000 + ts[row * 2]!
    keys[row - from] = (timeMs - startMs) * positionsMax + (row - from)
  }
  keys.sort()
  const before = { ts: ts.slice(from * 2, to * 2), i: i.slice(from * 2, to * 2), f: f.slice(from, to) }
  for (let row = from; row < to; row++) {
    const was = positionIn(keys[row - from]!)
    ts[row * 2] = before.ts[was * 2]!
    ts[row * 2 + 1] = before.ts[was * 2 + 1]!
    i[row * 2] = before.i[was * 2]!
    i[row * 2 + 1] = before.i[was * 2 + 1]!
    f[row] = before.f[was]!
  }
}

/** Partitions from the first run's to the last one's. */
function partitionsOf({ startMs, count }: SampleRuns): number {
  let leastMs = Number.POSITIVE_INFINITY
  let mostMs = 0
  for (let run = 0; run < count; run++) {
    leastMs = Math.min(leastMs, startMs[run]!)
    mostMs = Math.max(mostMs, startMs[run]!)
  }
  const partitionOf = (timeMs: number): number => Math.floor(hourOf(timeMs) / hoursPerPartition)
  return partitionOf(mostMs) - partitionOf(leastMs) + 1
}

/**
 * All samples of the records in the table's order; columns may be longer than there are samples. Null when they are more than an insert takes (of rows or partitions), or too mixed
 * to be sorted this way.
 */
export function sortedSamples(
  records: readonly OwnedRecord[],
  total: number,
  columnsFor = (rows: number): SampleColumns => new SampleColumns(rows),
): SampleColumns | null {
  if (total > rowsPerInsertMax) return null
  const runs = new SampleRuns()
  const tenants = new TenantNumbers()
  const runOf = new Uint32Array(total)
  let at = 0
  for (const { tenant, record } of records) {
    runs.assign(record, tenants.numberOf(tenant), runOf, at)
    at += record.sampleCount
  }
  if (partitionsOf(runs) > partitionsPerInsertMax) return null
  const order = orderRuns(runs, tenants.ranks())
  if (order === null) return null
  const next = new Uint32Array(runs.count)
  let place = 0
  for (const run of order) {
    next[run] = place
    place += runs.rows[run]!
  }
  const columns = columnsFor(total)
  at = 0
  for (const { record } of records) {
    scatterKernel(record, runOf, at, next, columns)
    at += record.sampleCount
  }
  seriesKernel(runs, order, columns.key.series)
  fillKey(runs, order, tenants.all, columns.key)
  // `next` stands at each run's end now.
  for (let run = 0; run < runs.count; run++) {
    const end = next[run]!
    if (runs.isMixed[run] === 1) sortRun(columns, end - runs.rows[run]!, end, runs.startMs[run]!)
  }
  return columns
}
