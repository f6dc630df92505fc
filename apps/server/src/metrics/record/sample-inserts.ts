/** Inserts into `samples`: almost every row that is ever written goes through here. Fast path: few weeks, filled record by record. */
import type { Tenant } from '../../kernel/scope.ts'
import type { TableInsert } from '../../ingest/index.ts'
import { hoursPerPartition, partitionsPerInsertMax } from '../limits.ts'
import { putInt64, putValue } from '../samples/sample-value.ts'
import type { MetricsRecord } from './decode.ts'
import { f64, KeyColumns, rowsPerInsertMax, splitRows, tableInsert, w64 } from './key-columns.ts'

/** A decoded record with its owner. */
export interface OwnedRecord {
  readonly tenant: Tenant
  readonly record: MetricsRecord
}

class SampleRows {
  readonly key: KeyColumns
  readonly i: Uint32Array
  readonly f: Float64Array

  constructor(rows: number) {
    this.key = new KeyColumns(rows)
    this.i = new Uint32Array(rows * 2)
    this.f = new Float64Array(rows)
  }

  toInsert(): TableInsert {
    return tableInsert('samples', this.f.length, [...this.key.columns(), w64('i', 'Int64', this.i), f64('f', this.f)])
  }
}

function hoursKernel(timesMs: Float64Array, hours: Uint32Array, at: number): void {
  for (let i = 0; i < timesMs.length; i++) hours[at + i] = timesMs[i]! / 3_600_000
}

function interleaveKernel(low: Uint32Array, high: Uint32Array, out: Uint32Array, at: number): void {
  for (let i = 0; i < low.length; i++) {
    out[(at + i) * 2] = low[i]!
    out[(at + i) * 2 + 1] = high[i]!
  }
}

function timesKernel(timesMs: Float64Array, out: Uint32Array, at: number): void {
  for (let i = 0; i < timesMs.length; i++) putInt64(out, at + i, timesMs[i]!)
}

function valuesKernel(values: Float64Array, i64: Uint32Array, floats: Float64Array, at: number): void {
  for (let i = 0; i < values.length; i++) putValue(i64, floats, at + i, values[i]!)
}

/** All rows in one insert, in the order of the records. */
function wholeInsert(records: readonly OwnedRecord[], hours: Uint32Array): TableInsert {
  const rows = new SampleRows(hours.length)
  const { key } = rows
  key.hour.set(hours)
  let at = 0
  for (const { tenant, record } of records) {
    const end = at + record.sampleCount
    key.org.fill(tenant.organizationId, at, end)
    key.project.fill(tenant.projectId, at, end)
    key.metric.set(record.metric, at)
    interleaveKernel(record.idLow, record.idHigh, key.series, at)
    timesKernel(record.timesMs, key.ts, at)
    valuesKernel(record.values, rows.i, rows.f, at)
    at = end
  }
  return rows.toInsert()
}

/** Several inserts, by partition and size. */
function splitInserts(records: readonly OwnedRecord[], hours: Uint32Array): TableInsert[] {
  const owners = new Uint32Array(hours.length)
  const positions = new Uint32Array(hours.length)
  let at = 0
  records.forEach(({ record }, owner) => {
    for (let i = 0; i < record.sampleCount; i++, at++) {
      owners[at] = owner
      positions[at] = i
    }
  })
  return splitRows(hours).map((picked) => {
    const rows = new SampleRows(picked.length)
    for (let row = 0; row < picked.length; row++) {
      const { tenant, record } = records[owners[picked[row]!]!]!
      const i = positions[picked[row]!]!
      rows.key.put(row, tenant, record.metric[i]!, record.idLow[i]!, record.idHigh[i]!, record.timesMs[i]!)
      putValue(rows.i, rows.f, row, record.values[i]!)
    }
    return rows.toInsert()
  })
}

export function sampleInserts(records: readonly OwnedRecord[]): TableInsert[] {
  let total = 0
  for (const { record } of records) total += record.sampleCount
  if (total === 0) return []
  const hours = new Uint32Array(total)
  let at = 0
  for (const { record } of records) {
    hoursKernel(record.timesMs, hours, at)
    at += record.sampleCount
  }
  let least = 0xffffffff
  let most = 0
  for (const hour of hours) {
    if (hour < least) least = hour
    if (hour > most) most = hour
  }
  const weeks = Math.floor(most / hoursPerPartition) - Math.floor(least / hoursPerPartition) + 1
  const isOne = weeks <= partitionsPerInsertMax && total <= rowsPerInsertMax
  return isOne ? [wholeInsert(records, hours)] : splitInserts(records, hours)
}
