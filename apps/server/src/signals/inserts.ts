/**
 * Inserts with their probes. Rows of a signal are told apart by time, batch and number. Additive rows (counts by minute, say) become one
 * with others of their key, so nothing in them says which insert they came by: each insert therefore brings one marker row a partition,
 * of organization 0, which no query can see. A part is there as a whole or not at all, so where the marker is, its rows are.
 */
import { createHash } from 'node:crypto'
import { encodeNativePieces, type NativeColumn, type NativeWriteColumn } from '../engines/index.ts'
import type { TableInsert } from '../ingest/index.ts'

export type AdditiveType =
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Float64'
  | 'String'
  | 'Array(UInt32)'
  | 'Array(Float64)'
  | 'Array(String)'
  /** Becomes one map of the sums by key: `SimpleAggregateFunction(sumMap, Map(UInt32, Float64))`. */
  | 'Map(UInt32, Float64)'

export type AdditiveValue = number | string | Uint32Halves | AdditiveMap | readonly number[] | readonly string[]

export interface AdditiveMap {
  readonly mapKeys: readonly number[]
  /** As many as keys. */
  readonly mapValues: readonly number[]
}

/** A `UInt64` beyond what a double holds. */
export interface Uint32Halves {
  readonly low: number
  readonly high: number
}

export interface AdditiveTable {
  readonly table: string
  /** Without `org` and `project`, which come first in every table. The engine converts what it can: a `String` into LowCardinality or FixedString. */
  readonly columns: readonly (readonly [name: string, type: AdditiveType])[]
  /** A column of whole numbers of type UInt32 that decides the partition, and how many of them are one: `PARTITION BY intDiv(minute, 1440)`. */
  readonly partition: { readonly column: string; readonly size: number }
  /** A String (or LowCardinality) column of the sort key: where the marker is. */
  readonly markerColumn: string
}

export interface AdditiveRow {
  readonly organizationId: number
  readonly projectId: number
  /** In the order of the table's columns. */
  readonly values: readonly AdditiveValue[]
}

/**
 * What the inserts of a segment are marked with. Made of its token and of nothing in it: records that are damaged between two attempts must
 * not make what is there look as if it were missing.
 */
export function markerOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 24)
}

/** The rows as inserts of at most 90 partitions, each with its markers. None for no rows. */
export function additiveInserts(table: AdditiveTable, rows: readonly AdditiveRow[], marker: string): TableInsert[] {
  if (rows.length === 0) return []
  const at = table.columns.findIndex(([name]) => name === table.partition.column)
  const byPartition = new Map<number, AdditiveRow[]>()
  for (const row of rows) {
    const partition = Math.floor(Number(row.values[at]) / table.partition.size)
    const found = byPartition.get(partition)
    if (found === undefined) byPartition.set(partition, [row])
    else found.push(row)
  }
  const partitions = [...byPartition].sort(([a], [b]) => a - b)
  const inserts: TableInsert[] = []
  for (let first = 0; first < partitions.length; first += additivePartitionsMax) {
    const chosen = partitions.slice(first, first + additivePartitionsMax)
    const marked = chosen.flatMap(([, list]) => [...list, markerRow(table, list[0]!, marker)])
    inserts.push({
      table: table.table,
      columns: ['org', 'project', ...table.columns.map(([name]) => name)],
      rows: marked.length,
      body: encodeNativePieces(marked.length, additiveColumns(table, marked)),
      probe: {
        sql: `SELECT uniqExact(intDiv(${table.partition.column}, ${table.partition.size})) FROM ${table.table} WHERE org = 0 AND project = 0 AND ${table.markerColumn} = '${marker}'`,
        rows: chosen.length,
      },
    })
  }
  return inserts
}

/** Fewer than the 100 that the engine takes. */
const additivePartitionsMax = 90

function markerRow(table: AdditiveTable, like: AdditiveRow, marker: string): AdditiveRow {
  const values = table.columns.map(([name, type], i): AdditiveValue => {
    if (name === table.markerColumn) return marker
    if (name === table.partition.column) return like.values[i]!
    if (type === 'String') return ''
    if (type === 'Map(UInt32, Float64)') return { mapKeys: [], mapValues: [] }
    return type.startsWith('Array') ? [] : 0
  })
  return { organizationId: 0, projectId: 0, values }
}

function additiveColumns(table: AdditiveTable, rows: readonly AdditiveRow[]): NativeWriteColumn[] {
  const columns: NativeWriteColumn[] = [
    { name: 'org', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.from(rows, (row) => row.organizationId) } },
    { name: 'project', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.from(rows, (row) => row.projectId) } },
  ]
  table.columns.forEach(([name, type], i) => {
    columns.push({
      name,
      type,
      values: valuesOf(
        type,
        rows.map((row) => row.values[i]!),
      ),
    })
  })
  return columns
}

function valuesOf(type: AdditiveType, values: readonly AdditiveValue[]): NativeColumn {
  switch (type) {
    case 'UInt8':
      return { kind: 'u8', data: Uint8Array.from(values, Number) }
    case 'UInt16':
      return { kind: 'u16', data: Uint16Array.from(values, Number) }
    case 'UInt32':
      return { kind: 'u32', data: Uint32Array.from(values, Number) }
    case 'UInt64':
      return { kind: 'w64', signed: false, data: halvesOf(values) }
    case 'Float64':
      return { kind: 'f64', data: Float64Array.from(values, Number) }
    case 'String':
      return { kind: 'string', data: values.map(String) }
    case 'Array(UInt32)':
      return arrayOf(values, (flat) => ({ kind: 'u32', data: Uint32Array.from(flat, Number) }))
    case 'Array(Float64)':
      return arrayOf(values, (flat) => ({ kind: 'f64', data: Float64Array.from(flat, Number) }))
    case 'Array(String)':
      return arrayOf(values, (flat) => ({ kind: 'string', data: flat.map(String) }))
    case 'Map(UInt32, Float64)':
      return mapOf(values)
  }
}

function mapOf(values: readonly AdditiveValue[]): NativeColumn {
  const offsets = new Float64Array(values.length)
  const [keys, counts]: [number[], number[]] = [[], []]
  values.forEach((value, i) => {
    if (typeof value === 'object' && 'mapKeys' in value) {
      keys.push(...value.mapKeys)
      counts.push(...value.mapValues)
    }
    offsets[i] = keys.length
  })
  return {
    kind: 'map',
    offsets,
    keys: { kind: 'u32', data: Uint32Array.from(keys) },
    values: { kind: 'f64', data: Float64Array.from(counts) },
  }
}

function halvesOf(values: readonly AdditiveValue[]): Uint32Array {
  const out = new Uint32Array(values.length * 2)
  values.forEach((value, i) => {
    const halves = typeof value === 'object' && 'low' in value
    const number = halves ? 0 : Number(value)
    out[i * 2] = halves ? value.low : number % 0x1_0000_0000
    out[i * 2 + 1] = halves ? value.high : Math.floor(number / 0x1_0000_0000)
  })
  return out
}

function arrayOf(values: readonly AdditiveValue[], make: (flat: readonly (number | string)[]) => NativeColumn): NativeColumn {
  const offsets = new Float64Array(values.length)
  const flat: (number | string)[] = []
  values.forEach((value, i) => {
    if (Array.isArray(value)) for (const one of value as readonly (number | string)[]) flat.push(one)
    offsets[i] = flat.length
  })
  return { kind: 'array', offsets, inner: make(flat) }
}
