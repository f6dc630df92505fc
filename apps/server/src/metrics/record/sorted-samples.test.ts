import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Tenant } from '../../kernel/scope.ts'
import { hoursPerPartition, partitionsPerInsertMax } from '../limits.ts'
import { STALE } from '../model.ts'
import { int64At, valueAt } from '../samples/sample-value.ts'
import { decodeMetricsRecord, type MetricsRecord } from './decode.ts'
import { hourOf } from './key-columns.ts'
import { magic } from './layout.ts'
import { type OwnedRecord, SampleColumns, sortedSamples } from './sorted-samples.ts'

interface Row {
  readonly org: number
  readonly project: number
  readonly metric: number
  readonly low: number
  readonly high: number
  readonly timeMs: number
  readonly value: number
}

/** A record of nothing: a header whose counts are 0. */
const emptyPayload = new Uint8Array(Uint32Array.from({ length: 12 }, (_, word) => (word === 0 ? magic : 0)).buffer)

function recordOf(rows: readonly Row[]): MetricsRecord {
  return {
    sampleCount: rows.length,
    idLow: Uint32Array.from(rows, (row) => row.low),
    idHigh: Uint32Array.from(rows, (row) => row.high),
    metric: Uint32Array.from(rows, (row) => row.metric),
    timesMs: Float64Array.from(rows, (row) => row.timeMs),
    values: Float64Array.from(rows, (row) => row.value),
    histograms: [],
    exemplars: [],
    metadata: [],
    series: decodeMetricsRecord(emptyPayload).series,
    sets: decodeMetricsRecord(emptyPayload).sets,
  }
}

/** One record per list of rows; each row of a list has the tenant of its first. */
function ownedOf(lists: readonly (readonly Row[])[]): { records: OwnedRecord[]; rows: Row[] } {
  const records: OwnedRecord[] = []
  const rows: Row[] = []
  for (const list of lists) {
    const tenant: Tenant = { organizationId: list[0]?.org ?? 1, projectId: list[0]?.project ?? 1 }
    const owned = list.map((row) => ({ ...row, org: tenant.organizationId, project: tenant.projectId }))
    records.push({ tenant, record: recordOf(owned) })
    rows.push(...owned)
  }
  return { records, rows }
}

/** The plain version: rows as objects, compared column by column, equal keys in the order they came. */
function plainly(rows: readonly Row[]): number[][] {
  return rows
    .map((row) => [row.org, row.project, row.metric, hourOf(row.timeMs), row.high, row.low, row.timeMs, row.value === 0 ? 0 : row.value])
    .toSorted((a, b) => {
      for (let column = 0; column < 7; column++) if (a[column] !== b[column]) return (a[column] ?? 0) - (b[column] ?? 0)
      return 0
    })
}

function rowsOf({ key, i, f }: SampleColumns): number[][] {
  return Array.from(f, (_, row) => [
    key.org[row]!,
    key.project[row]!,
    key.metric[row]!,
    key.hour[row]!,
    key.series[row * 2 + 1]!,
    key.series[row * 2]!,
    int64At(key.ts, row),
    valueAt(i, f, row),
  ])
}

const hourMs = 3_600_000
const weekMs = hoursPerPartition * hourMs
/** Begin of a partition. */
const baseMs = 2_810 * weekMs
/** Few of everything, so that series, hours and halves of ids meet; ids that share a half must not be mixed up. */
const id = fc.constantFrom(0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff)
const row: fc.Arbitrary<Row> = fc.record({
  org: fc.constantFrom(1, 2),
  project: fc.constantFrom(1, 2, 3),
  metric: fc.constantFrom(7, 8, 0xffff_fff0),
  low: id,
  high: id,
  timeMs: fc
    .oneof(fc.nat(4 * hourMs), fc.constantFrom(0, hourMs - 1, hourMs, 2 * hourMs), fc.nat((partitionsPerInsertMax - 1) * weekMs))
    .map((afterMs) => baseMs + afterMs),
  value: fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 53, 0.5, Number.POSITIVE_INFINITY, Number.NaN, STALE),
    fc.double(),
  ),
})

test('rows come out as a comparison of whole rows sorts them, whatever came in', () => {
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 30 }), { maxLength: 6 }), (lists) => {
      const { records, rows } = ownedOf(lists)
      const sorted = sortedSamples(records, rows.length, used)
      expect(sorted === null ? null : rowsOf(sorted)).toEqual(plainly(rows))
    }),
    { numRuns: 500 },
  )
})

test('senders that repeat themselves: one sample a series a request, many a series, and the clock running back', () => {
  const series = Array.from({ length: 5000 }, (_, n) => ({ low: (n * 0x9e3779b1) >>> 0, high: (n * 0x85ebca6b) >>> 0, metric: n % 7 }))
  const at = (n: number, step: number): Row => ({
    org: 1,
    project: 1,
    timeMs: baseMs + 3_500_000 + step * 10_000,
    value: step,
    ...series[n]!,
  })
  const scraped = Array.from({ length: 20 }, (_, step) => series.map((_, n) => at(n, step)))
  const packed = series.slice(0, 50).map((_, n) => Array.from({ length: 60 }, (_, step) => at(n, 30 + step)))
  const late = series.slice(0, 50).map((_, n) => Array.from({ length: 20 }, (_, step) => at(n, 90 - step)))
  const { records, rows } = ownedOf([...scraped, ...packed, ...late])
  const sorted = sortedSamples(records, rows.length)
  expect(sorted === null ? null : rowsOf(sorted)).toEqual(plainly(rows))
})

/** Columns that held something else before. */
function used(rows: number): SampleColumns {
  const columns = new SampleColumns(rows)
  const { key, i, f } = columns
  for (const column of [key.org, key.project, key.metric, key.hour, key.series, key.ts, i]) column.fill(0xdeadbeef)
  f.fill(123.5)
  return columns
}

test('more partitions than an insert may touch are left to be split', () => {
  const spread = (weeks: number): OwnedRecord[] =>
    ownedOf([[0, weeks - 1].map((week) => ({ org: 1, project: 1, metric: 1, low: 1, high: 1, timeMs: baseMs + week * weekMs, value: 1 }))])
      .records
  expect(sortedSamples(spread(partitionsPerInsertMax), 2)).not.toBeNull()
  expect(sortedSamples(spread(partitionsPerInsertMax + 1), 2)).toBeNull()
})

test('more tenants, metrics and hours than a key can hold are left to the engine', () => {
  const rows = Array.from({ length: 2000 }, (_, n) => ({
    org: n + 1,
    project: 1,
    metric: n,
    low: n,
    high: n,
    timeMs: baseMs + n * hourMs,
    value: 1,
  }))
  const { records } = ownedOf(rows.map((one) => [one]))
  expect(sortedSamples(records, rows.length)).toBeNull()
})
