/**
 * What a kind of signal brings: its table and its columns. Batches, records of the log and inserts are all made from it, so a new kind
 * is a schema and not a second path.
 */
import type { Kind } from '../ingest/index.ts'

/** `id` is on disk in the records of the log: never change or reuse one. */
export type ColumnSpec =
  | { readonly id: number; readonly name: string; readonly kind: 'fixed'; readonly type: FixedType }
  | { readonly id: number; readonly name: string; readonly kind: 'text' | 'word' | 'pairs' }

/** The engine's types of one width. */
export type FixedType = 'UInt8' | 'UInt16' | 'UInt32' | 'UInt64' | 'Int64' | 'Float32' | 'Float64' | 'FixedString(8)' | 'FixedString(16)'

export const fixedWidths: Readonly<Record<FixedType, number>> = {
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8,
  Int64: 8,
  Float32: 4,
  Float64: 8,
  'FixedString(8)': 8,
  'FixedString(16)': 16,
}

/** As the engine calls the column's type. */
export function engineType(spec: ColumnSpec): string {
  switch (spec.kind) {
    case 'fixed':
      return spec.type
    case 'text':
      return 'String'
    case 'word':
      return 'LowCardinality(String)'
    case 'pairs':
      return 'Map(LowCardinality(String), String)'
  }
}

export interface SignalSchema {
  readonly kind: Exclude<Kind, 'metrics'>
  /** The engine's table of the rows. `org`, `project` and `bucket` are added to the columns. */
  readonly table: string
  /**
   * Every kind has `ts` (Int64, ns), `keep` (UInt16, days), `batch` and `row` (UInt32; with the time they are the row's id) and
   * `resource` (UInt64) among them.
   */
  readonly columns: readonly ColumnSpec[]
}

/** `LogRecord.format` of ready records of signals: of one part, and of several. */
export const signalRecordFormat = 1
export const signalPartsFormat = 2

/** Seconds of a bucket: rows are sorted by it before all else but their tenant. */
export const bucketSec = 600

/** Columns that every kind has; ids below 16 are theirs. */
export const commonColumns = [
  { id: 1, name: 'ts', kind: 'fixed', type: 'Int64' },
  { id: 2, name: 'keep', kind: 'fixed', type: 'UInt16' },
  { id: 3, name: 'batch', kind: 'fixed', type: 'UInt32' },
  { id: 4, name: 'row', kind: 'fixed', type: 'UInt32' },
  { id: 5, name: 'resource', kind: 'fixed', type: 'UInt64' },
  { id: 6, name: 'weight', kind: 'fixed', type: 'Float32' },
  { id: 7, name: 'service', kind: 'word' },
  { id: 8, name: 'host', kind: 'word' },
  { id: 9, name: 'environment', kind: 'word' },
  { id: 10, name: 'release', kind: 'word' },
  { id: 11, name: 'scope', kind: 'word' },
  { id: 12, name: 'source', kind: 'word' },
  { id: 13, name: 'attributes', kind: 'pairs' },
  { id: 14, name: 'scrubbed', kind: 'fixed', type: 'UInt8' },
] as const satisfies readonly ColumnSpec[]
