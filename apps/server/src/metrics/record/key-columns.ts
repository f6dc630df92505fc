/** Pieces shared by all inserts of metrics: typed columns, the key every time-keyed table begins with, and how rows are split. */
import { encodeNativePieces, type NativeWriteColumn } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { TableInsert } from '../../ingest/index.ts'
import { hoursPerPartition, partitionsPerInsertMax } from '../limits.ts'
import { putInt64 } from '../samples/sample-value.ts'
import { probeOf } from './probe.ts'

/** Rows of one insert; a segment of samples that came as histograms can be much larger than its points. */
export const rowsPerInsertMax = 1_000_000

export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / 3_600_000)
}

/** Positions of rows, split so that each part keeps to the bounds. Rows keep their order within a part. */
export function splitRows(hours: Uint32Array): Uint32Array[] {
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

export function tableInsert(table: string, rows: number, columns: readonly NativeWriteColumn[]): TableInsert {
  return {
    table,
    columns: columns.map((column) => column.name),
    rows,
    body: encodeNativePieces(rows, columns),
    probe: probeOf(table, rows, columns),
  }
}

export const u32 = (name: string, data: Uint32Array): NativeWriteColumn => ({ name, type: 'UInt32', values: { kind: 'u32', data } })
export const f64 = (name: string, data: Float64Array): NativeWriteColumn => ({ name, type: 'Float64', values: { kind: 'f64', data } })
export const w64 = (name: string, type: 'UInt64' | 'Int64', data: Uint32Array): NativeWriteColumn => ({
  name,
  type,
  values: { kind: 'w64', signed: type === 'Int64', data },
})
export const text = (name: string, data: readonly string[]): NativeWriteColumn => ({
  name,
  type: 'String',
  values: { kind: 'string', data },
})

/** The columns every time-keyed table begins with. */
export class KeyColumns {
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
