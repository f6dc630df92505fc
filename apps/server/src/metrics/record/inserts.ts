/**
 * Records of one segment → inserts. A pure function of the records: a repeated insert must carry the same rows under the same token.
 * No insert touches more partitions than the engine takes, nor more rows than fit comfortably in memory.
 */
import { encodeNativeBlock, type NativeColumn, type NativeWriteColumn } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { LogRecord, TableInsert } from '../../ingest/index.ts'
import { partitionsPerInsertMax } from '../limits.ts'
import { labelValue, nameLabel } from '../series/labels.ts'
import type { Labels, NativeHistogram } from '../model.ts'
import { putInt64, putValue } from '../samples/sample-value.ts'
import { decodeMetricsRecord, type MetricsRecord, type RecordExemplar, type RecordHistogram, type RecordSeries } from './decode.ts'
import { resetHints } from './layout.ts'

/** Rows of one insert; a segment of samples that came as histograms can be much larger than its points. */
const rowsPerInsertMax = 1_000_000

const hoursPerPartition = 168

/** A decoded record with its owner. */
export interface OwnedRecord {
  readonly tenant: Tenant
  readonly record: MetricsRecord
}

function hourOf(timeMs: number): number {
  return Math.floor(timeMs / 3_600_000)
}

/** Positions of rows, split so that each part keeps to the bounds. Rows keep their order within a part. */
function splitRows(hours: Uint32Array): Uint32Array[] {
  const weeks = new Map<number, number>()
  for (const hour of hours) weeks.set(Math.floor(hour / hoursPerPartition), 0)
  const sorted = [...weeks.keys()].sort((a, b) => a - b)
  sorted.forEach((week, i) => weeks.set(week, Math.floor(i / partitionsPerInsertMax)))
  const groups: number[][] = Array.from({ length: Math.ceil(sorted.length / partitionsPerInsertMax) }, () => [])
  if (groups.length === 1) return chunked(Uint32Array.from(hours.keys()))
  hours.forEach((hour, row) => groups[weeks.get(Math.floor(hour / hoursPerPartition)) ?? 0]?.push(row))
  return groups.flatMap((rows) => chunked(Uint32Array.from(rows)))
}

function chunked(rows: Uint32Array): Uint32Array[] {
  const out: Uint32Array[] = []
  for (let at = 0; at < rows.length; at += rowsPerInsertMax) out.push(rows.subarray(at, at + rowsPerInsertMax))
  return out
}

function tableInsert(table: string, rows: number, columns: readonly NativeWriteColumn[]): TableInsert {
  return { table, columns: columns.map((column) => column.name), rows, body: [encodeNativeBlock(rows, columns)] }
}

const u32 = (name: string, data: Uint32Array): NativeWriteColumn => ({ name, type: 'UInt32', values: { kind: 'u32', data } })
const f64 = (name: string, data: Float64Array): NativeWriteColumn => ({ name, type: 'Float64', values: { kind: 'f64', data } })
const w64 = (name: string, type: 'UInt64' | 'Int64', data: Uint32Array): NativeWriteColumn => ({
  name,
  type,
  values: { kind: 'w64', signed: type === 'Int64', data },
})
const text = (name: string, data: readonly string[]): NativeWriteColumn => ({ name, type: 'String', values: { kind: 'string', data } })

/** The columns every time-keyed table begins with. */
class KeyColumns {
  readonly org: Uint32Array
  readonly project: Uint32Array
  readonly metric: Uint32Array
  readonly hour: Uint32Array
  readonly series: Uint32Array
  readonly ts: Uint32Array

  constructor(rows: number) {
    this.org = new Uint32Array(rows)
    this.project = new Uint32Array(rows)
    this.metric = new Uint32Array(rows)
    this.hour = new Uint32Array(rows)
    this.series = new Uint32Array(rows * 2)
    this.ts = new Uint32Array(rows * 2)
  }

  put(row: number, tenant: Tenant, metric: number, idLow: number, idHigh: number, timeMs: number): void {
    this.org[row] = tenant.organizationId
    this.project[row] = tenant.projectId
    this.metric[row] = metric
    this.hour[row] = hourOf(timeMs)
    this.series[row * 2] = idLow
    this.series[row * 2 + 1] = idHigh
    putInt64(this.ts, row, timeMs)
  }

  columns(): NativeWriteColumn[] {
    return [
      u32('org', this.org),
      u32('project', this.project),
      u32('metric', this.metric),
      u32('hour', this.hour),
      w64('series', 'UInt64', this.series),
      w64('ts', 'Int64', this.ts),
    ]
  }
}

function sampleInserts(records: readonly OwnedRecord[]): TableInsert[] {
  let total = 0
  for (const { record } of records) total += record.sampleCount
  if (total === 0) return []
  const owners = new Uint32Array(total)
  const positions = new Uint32Array(total)
  const hours = new Uint32Array(total)
  let at = 0
  records.forEach(({ record }, owner) => {
    for (let i = 0; i < record.sampleCount; i++, at++) {
      owners[at] = owner
      positions[at] = i
      hours[at] = hourOf(record.timesMs[i]!)
    }
  })
  return splitRows(hours).map((rows) => {
    const key = new KeyColumns(rows.length)
    const i64 = new Uint32Array(rows.length * 2)
    const floats = new Float64Array(rows.length)
    for (let row = 0; row < rows.length; row++) {
      const { tenant, record } = records[owners[rows[row]!]!]!
      const i = positions[rows[row]!]!
      key.put(row, tenant, record.metric[i]!, record.idLow[i]!, record.idHigh[i]!, record.timesMs[i]!)
      putValue(i64, floats, row, record.values[i]!)
    }
    return tableInsert('samples', rows.length, [...key.columns(), w64('i', 'Int64', i64), f64('f', floats)])
  })
}

/** Rows of objects with their owners, split by partition. */
function ownedRows<T extends { readonly timeMs: number }>(
  records: readonly OwnedRecord[],
  pick: (record: MetricsRecord) => readonly T[],
): { tenant: Tenant; one: T }[][] {
  const all = records.flatMap(({ tenant, record }) => pick(record).map((one) => ({ tenant, one })))
  if (all.length === 0) return []
  const hours = Uint32Array.from(all, ({ one }) => hourOf(one.timeMs))
  return splitRows(hours).map((rows) => Array.from(rows, (row) => all[row]!))
}

/** Array column of numbers. */
function arrayColumn(name: string, type: 'Int32' | 'Float64', lists: readonly (readonly number[])[]): NativeWriteColumn {
  const offsets = new Float64Array(lists.length)
  let total = 0
  lists.forEach((list, i) => (offsets[i] = total += list.length))
  const flat = lists.flat()
  const inner: NativeColumn =
    type === 'Int32' ? { kind: 'i32', data: Int32Array.from(flat) } : { kind: 'f64', data: Float64Array.from(flat) }
  return { name, type: `Array(${type})`, values: { kind: 'array', offsets, inner } }
}

function labelsColumn(name: string, labels: readonly Labels[]): NativeWriteColumn {
  const offsets = new Float64Array(labels.length)
  const keys: string[] = []
  const values: string[] = []
  labels.forEach((set, i) => {
    for (const [key, value] of set) {
      keys.push(key)
      values.push(value)
    }
    offsets[i] = keys.length
  })
  const columns = { keys: { kind: 'string', data: keys }, values: { kind: 'string', data: values } } as const
  return { name, type: 'Map(String, String)', values: { kind: 'map', offsets, ...columns } }
}

function histogramInserts(records: readonly OwnedRecord[]): TableInsert[] {
  return ownedRows<RecordHistogram>(records, (record) => record.histograms).map((rows) => {
    const key = new KeyColumns(rows.length)
    rows.forEach(({ tenant, one }, row) => key.put(row, tenant, one.metric, one.idLow, one.idHigh, one.timeMs))
    const all = rows.map(({ one }) => one.histogram)
    const floats = (name: string, pick: (one: NativeHistogram) => number): NativeWriteColumn => f64(name, Float64Array.from(all, pick))
    return tableInsert('histograms', rows.length, [
      ...key.columns(),
      { name: 'schema', type: 'Int8', values: { kind: 'i8', data: Int8Array.from(all, (one) => one.schema) } },
      floats('zero_threshold', (one) => one.zeroThreshold),
      floats('zero_count', (one) => one.zeroCount),
      floats('count', (one) => one.count),
      floats('sum', (one) => one.sum),
      arrayColumn(
        'positive_spans',
        'Int32',
        all.map((one) => one.positiveSpans),
      ),
      arrayColumn(
        'positive_counts',
        'Float64',
        all.map((one) => one.positiveCounts),
      ),
      arrayColumn(
        'negative_spans',
        'Int32',
        all.map((one) => one.negativeSpans),
      ),
      arrayColumn(
        'negative_counts',
        'Float64',
        all.map((one) => one.negativeCounts),
      ),
      arrayColumn(
        'custom_values',
        'Float64',
        all.map((one) => one.customValues),
      ),
      { name: 'reset_hint', type: 'UInt8', values: { kind: 'u8', data: Uint8Array.from(all, (one) => resetHints.indexOf(one.resetHint)) } },
    ])
  })
}

function exemplarInserts(records: readonly OwnedRecord[]): TableInsert[] {
  return ownedRows<RecordExemplar>(records, (record) => record.exemplars).map((rows) => {
    const key = new KeyColumns(rows.length)
    rows.forEach(({ tenant, one }, row) => key.put(row, tenant, one.metric, one.idLow, one.idHigh, one.timeMs))
    return tableInsert('exemplars', rows.length, [
      ...key.columns(),
      f64(
        'value',
        Float64Array.from(rows, ({ one }) => one.value),
      ),
      text(
        'trace_id',
        rows.map(({ one }) => one.traceId),
      ),
      text(
        'span_id',
        rows.map(({ one }) => one.spanId),
      ),
      labelsColumn(
        'labels',
        rows.map(({ one }) => one.labels),
      ),
    ])
  })
}

function seriesInserts(records: readonly OwnedRecord[]): TableInsert[] {
  const rows: { tenant: Tenant; one: RecordSeries }[] = records.flatMap(({ tenant, record }) =>
    record.series.map((one) => ({ tenant, one })),
  )
  if (rows.length === 0) return []
  const ids = new Uint32Array(rows.length * 2)
  rows.forEach(({ one }, row) => {
    ids[row * 2] = one.idLow
    ids[row * 2 + 1] = one.idHigh
  })
  const seconds = (minute: number): number => Math.min(minute * 60, 0xffffffff)
  const time = (name: string, data: Uint32Array): NativeWriteColumn => ({ name, type: 'DateTime', values: { kind: 'u32', data } })
  return [
    tableInsert('series', rows.length, [
      u32(
        'org',
        Uint32Array.from(rows, ({ tenant }) => tenant.organizationId),
      ),
      u32(
        'project',
        Uint32Array.from(rows, ({ tenant }) => tenant.projectId),
      ),
      text(
        'name',
        rows.map(({ one }) => labelValue(one.labels, nameLabel)),
      ),
      w64('series', 'UInt64', ids),
      labelsColumn(
        'labels',
        rows.map(({ one }) => one.labels),
      ),
      time(
        'first_seen',
        Uint32Array.from(rows, ({ one }) => seconds(one.firstMinute)),
      ),
      time(
        'last_seen',
        Uint32Array.from(rows, ({ one }) => seconds(one.lastMinute)),
      ),
    ]),
  ]
}

function metadataInserts(records: readonly OwnedRecord[]): TableInsert[] {
  const rows = records.flatMap(({ tenant, record }) => record.metadata.map((one) => ({ tenant, one })))
  if (rows.length === 0) return []
  return [
    tableInsert('metric_metadata', rows.length, [
      u32(
        'org',
        Uint32Array.from(rows, ({ tenant }) => tenant.organizationId),
      ),
      u32(
        'project',
        Uint32Array.from(rows, ({ tenant }) => tenant.projectId),
      ),
      text(
        'name',
        rows.map(({ one }) => one.name),
      ),
      text(
        'type',
        rows.map(({ one }) => one.type),
      ),
      text(
        'unit',
        rows.map(({ one }) => one.unit),
      ),
      text(
        'help',
        rows.map(({ one }) => one.help),
      ),
    ]),
  ]
}

export function ownedRecords(records: readonly LogRecord[]): OwnedRecord[] {
  return records.map(({ tenant, payload }) => ({ tenant, record: decodeMetricsRecord(payload) }))
}

/** Series rows come first, so that no sample is ever in the engine without its series. */
export function buildMetricsInserts(records: readonly OwnedRecord[]): TableInsert[] {
  return [
    ...seriesInserts(records),
    ...metadataInserts(records),
    ...sampleInserts(records),
    ...histogramInserts(records),
    ...exemplarInserts(records),
  ]
}
