/**
 * Inserts into the table of series. The labels go from the record to the block as bytes, without becoming strings. Aim: a microsecond a
 * series of 10 labels.
 */
import type { NativeWriteColumn } from '../../engines/index.ts'
import type { TableInsert } from '../../ingest/index.ts'
import { nameLabel } from '../series/labels.ts'
import { seriesTable } from '../tables.ts'
import { putInt64 } from '../samples/sample-value.ts'
import type { RecordIds } from '../strings/series-strings.ts'
import type { MetricsRecord, RecordSeriesRows, RecordTexts } from './decode.ts'
import { tableInsert, u32, w64 } from './key-columns.ts'
import type { OwnedRecord } from './sorted-samples.ts'

/** Bytes of a column, in order, in an array that grows. */
class ColumnBytes {
  #bytes = Buffer.allocUnsafeSlow(65_536)
  #at = 0

  /** A UInt64 below 2^32. */
  u64(value: number): void {
    this.#reserve(8)
    this.#bytes.writeUInt32LE(value, this.#at)
    this.#at = this.#bytes.writeUInt32LE(0, this.#at + 4)
  }

  /** A String: varint length, then `source[start..end)`. */
  text(source: Uint8Array, start: number, end: number): void {
    let rest = end - start
    this.#reserve(rest + 5)
    const bytes = this.#bytes
    let at = this.#at
    for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 127) | 128
    bytes[at++] = rest
    for (let from = start; from < end; from++) bytes[at++] = source[from]!
    this.#at = at
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const next = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + more))
    next.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = next
  }
}

/** What stands for the labels of a record's rows; null: their text. */
export type IdsOfRecord = (record: MetricsRecord) => RecordIds | null

function startOf(ends: Uint32Array, i: number): number {
  return i === 0 ? 0 : ends[i - 1]!
}

function putText(out: ColumnBytes, { bytes, ends }: RecordTexts, id: number): void {
  out.text(bytes, startOf(ends, id), ends[id]!)
}

const noIds = new Float64Array(0)

/** Rows of series of one record, with their strings' ids where they have them. */
interface SeriesPart {
  readonly rows: RecordSeriesRows
  readonly ids: RecordIds | null
}

/** `Map(String, String)` of all rows: empty where ids stand for the labels. */
function labelsColumn(parts: readonly SeriesPart[]): NativeWriteColumn {
  const out = new ColumnBytes()
  let total = 0
  for (const part of parts) {
    eachRow(part, (start, end, isWhole) => {
      if (!isWhole) total += end - start
      out.u64(total)
    })
  }
  for (const side of [0, 1]) {
    for (const part of parts) {
      const { pairs, texts } = part.rows
      eachRow(part, (start, end, isWhole) => {
        if (!isWhole) for (let at = start; at < end; at++) putText(out, texts, pairs[at * 2 + side]!)
      })
    }
  }
  return { name: 'labels', type: 'Map(String, String)', values: { kind: 'encoded', pieces: [out.finish()] } }
}

/** `isWhole`: ids stand for the row's labels. */
function eachRow({ rows, ids }: SeriesPart, visit: (start: number, end: number, isWhole: boolean) => void): void {
  let start = 0
  for (let row = 0; row < rows.length; row++) {
    visit(start, rows.pairEnds[row]!, ids !== null && ids.isWhole[row] === 1)
    start = rows.pairEnds[row]!
  }
}

/** Ids of all rows' names (`side` 0) or values (1). */
function tagColumn(name: string, side: 0 | 1, parts: readonly SeriesPart[]): NativeWriteColumn {
  const offsets = new Float64Array(parts.reduce((sum, { rows }) => sum + rows.length, 0))
  let total = 0
  let row = 0
  for (const part of parts) eachRow(part, (start, end, isWhole) => (offsets[row++] = total += isWhole ? end - start : 0))
  const data = new Uint32Array(total * 2)
  let at = 0
  for (const part of parts) {
    const ids = part.ids?.ids ?? noIds
    eachRow(part, (start, end, isWhole) => {
      if (isWhole) for (let pair = start; pair < end; pair++) putInt64(data, at++, ids[pair * 2 + side]!)
    })
  }
  return { name, type: 'Array(UInt64)', values: { kind: 'array', offsets, inner: { kind: 'w64', signed: false, data } } }
}

/** The metric's name of every row. */
function nameColumn(parts: readonly SeriesPart[]): NativeWriteColumn {
  const out = new ColumnBytes()
  for (const { rows } of parts) {
    const { length, pairs, pairEnds, texts } = rows
    for (let row = 0; row < length; row++) {
      let at = startOf(pairEnds, row)
      while (at < pairEnds[row]! && texts.text(pairs[at * 2]!) !== nameLabel) at++
      if (at < pairEnds[row]!) putText(out, texts, pairs[at * 2 + 1]!)
      else out.text(texts.bytes, 0, 0)
    }
  }
  return { name: 'name', type: 'String', values: { kind: 'encoded', pieces: [out.finish()] } }
}

function secondsKernel(minutes: Uint32Array, out: Uint32Array, at: number): void {
  for (let i = 0; i < minutes.length; i++) out[at + i] = Math.min(minutes[i]! * 60, 0xffffffff)
}

/** Rows of series of all records in one insert; `idsOf` says what stands for the labels of a record's rows. */
export function seriesInserts(records: readonly OwnedRecord[], idsOf: IdsOfRecord = () => null): TableInsert[] {
  const owned = records.filter(({ record }) => record.series.length > 0)
  const parts = owned.map(({ record }) => ({ rows: record.series, ids: idsOf(record) }))
  const rows = parts.reduce((sum, part) => sum + part.rows.length, 0)
  if (rows === 0) return []
  const [org, project, first, last] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows)]
  const ids = new Uint32Array(rows * 2)
  let at = 0
  for (const { tenant, record } of owned) {
    const { length, idLow, idHigh, firstMinute, lastMinute } = record.series
    org.fill(tenant.organizationId, at, at + length)
    project.fill(tenant.projectId, at, at + length)
    secondsKernel(firstMinute, first, at)
    secondsKernel(lastMinute, last, at)
    for (let i = 0; i < length; i++) {
      ids[(at + i) * 2] = idLow[i]!
      ids[(at + i) * 2 + 1] = idHigh[i]!
    }
    at += length
  }
  const time = (name: string, data: Uint32Array): NativeWriteColumn => ({ name, type: 'DateTime', values: { kind: 'u32', data } })
  return [
    tableInsert(seriesTable, rows, [
      u32('org', org),
      u32('project', project),
      nameColumn(parts),
      w64('series', 'UInt64', ids),
      labelsColumn(parts),
      tagColumn('tag_keys', 0, parts),
      tagColumn('tag_values', 1, parts),
      time('first_seen', first),
      time('last_seen', last),
    ]),
  ]
}
