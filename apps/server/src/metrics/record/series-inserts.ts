/**
 * Inserts into the table of series. The labels go from the record to the block as bytes, without becoming strings. Aim: a microsecond a
 * series of 10 labels.
 */
import type { NativeWriteColumn } from '../../engines/index.ts'
import type { TableInsert } from '../../ingest/index.ts'
import { nameLabel } from '../series/labels.ts'
import { seriesTable } from '../tables.ts'
import type { RecordSeriesRows, RecordTexts } from './decode.ts'
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

function startOf(ends: Uint32Array, i: number): number {
  return i === 0 ? 0 : ends[i - 1]!
}

function putText(out: ColumnBytes, { bytes, ends }: RecordTexts, id: number): void {
  out.text(bytes, startOf(ends, id), ends[id]!)
}

/** `Map(String, String)` of all rows. */
function labelsColumn(parts: readonly RecordSeriesRows[]): NativeWriteColumn {
  const out = new ColumnBytes()
  let total = 0
  for (const { pairEnds } of parts) {
    for (const end of pairEnds) out.u64(total + end)
    total += pairEnds[pairEnds.length - 1]!
  }
  for (const { pairs, texts } of parts) for (let at = 0; at < pairs.length; at += 2) putText(out, texts, pairs[at]!)
  for (const { pairs, texts } of parts) for (let at = 1; at < pairs.length; at += 2) putText(out, texts, pairs[at]!)
  return { name: 'labels', type: 'Map(String, String)', values: { kind: 'encoded', bytes: out.finish() } }
}

/** The metric's name of every row. */
function nameColumn(parts: readonly RecordSeriesRows[]): NativeWriteColumn {
  const out = new ColumnBytes()
  for (const { length, pairs, pairEnds, texts } of parts) {
    for (let row = 0; row < length; row++) {
      let at = startOf(pairEnds, row)
      while (at < pairEnds[row]! && texts.text(pairs[at * 2]!) !== nameLabel) at++
      if (at < pairEnds[row]!) putText(out, texts, pairs[at * 2 + 1]!)
      else out.text(texts.bytes, 0, 0)
    }
  }
  return { name: 'name', type: 'String', values: { kind: 'encoded', bytes: out.finish() } }
}

function secondsKernel(minutes: Uint32Array, out: Uint32Array, at: number): void {
  for (let i = 0; i < minutes.length; i++) out[at + i] = Math.min(minutes[i]! * 60, 0xffffffff)
}

/** Rows of series of all records in one insert. */
export function seriesInserts(records: readonly OwnedRecord[]): TableInsert[] {
  const owned = records.filter(({ record }) => record.series.length > 0)
  const parts = owned.map(({ record }) => record.series)
  const rows = parts.reduce((sum, { length }) => sum + length, 0)
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
      time('first_seen', first),
      time('last_seen', last),
    ]),
  ]
}
