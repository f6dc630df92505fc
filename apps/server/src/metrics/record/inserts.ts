/**
 * Records of one segment → inserts. A pure function of the records: a repeated insert must carry the same rows under the same token.
 * No insert touches more partitions than the engine takes, nor more rows than fit comfortably in memory.
 */
import type { NativeColumn, NativeWriteColumn } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { LogRecord, TableInsert } from '../../ingest/index.ts'
import type { Labels, NativeHistogram } from '../model.ts'
import { setInserts } from '../sets/inserts.ts'
import { decodeMetricsRecord, type MetricsRecord, type RecordExemplar, type RecordHistogram } from './decode.ts'
import { f64, hourOf, KeyColumns, splitRows, tableInsert, text, u32 } from './key-columns.ts'
import { resetHints } from './layout.ts'
import { ColumnPool } from './column-pool.ts'
import { sampleInserts } from './sample-inserts.ts'
import type { OwnedRecord } from './sorted-samples.ts'
import { type IdsOfRecord, seriesInserts } from './series-inserts.ts'
import { stringInserts } from './string-inserts.ts'

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

/** Whose each row is. */
function tenantColumns(rows: readonly { readonly tenant: Tenant }[]): NativeWriteColumn[] {
  return [
    u32(
      'org',
      Uint32Array.from(rows, ({ tenant }) => tenant.organizationId),
    ),
    u32(
      'project',
      Uint32Array.from(rows, ({ tenant }) => tenant.projectId),
    ),
  ]
}

function metadataInserts(records: readonly OwnedRecord[]): TableInsert[] {
  const rows = records.flatMap(({ tenant, record }) => record.metadata.map((one) => ({ tenant, one })))
  if (rows.length === 0) return []
  return [
    tableInsert('metric_metadata', rows.length, [
      ...tenantColumns(rows),
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

/** Throws `metrics.record_damaged`. */
export function ownedRecord({ tenant, payload }: LogRecord): OwnedRecord {
  return { tenant, record: decodeMetricsRecord(payload) }
}

export function ownedRecords(records: readonly LogRecord[]): OwnedRecord[] {
  return records.map(ownedRecord)
}

/** Strings come first, then series, so that no sample is ever in the engine without its series, and no id without its string. */
export function buildMetricsInserts(
  records: readonly OwnedRecord[],
  pool = new ColumnPool(),
  idsOf: IdsOfRecord = () => null,
): TableInsert[] {
  return [
    ...stringInserts(records.flatMap(({ record }) => idsOf(record)?.strings ?? [])),
    ...seriesInserts(records, idsOf),
    ...metadataInserts(records),
    ...sampleInserts(records, pool),
    ...histogramInserts(records),
    ...exemplarInserts(records),
    ...setInserts(records),
  ]
}
