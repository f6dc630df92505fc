/** What a kind of signal brings to the common path of ingest: inserts of a segment, and decoding of bodies that waited unread. */
import { createHash } from 'node:crypto'

import { encodeNativePieces } from '../engines/index.ts'
import {
  BlockPool,
  type Conservation,
  type InsertProbe,
  type KindHandler,
  type LogRecord,
  type ProcessedRaw,
  type TableInsert,
} from '../ingest/index.ts'
import type { SignalBatch } from './batch.ts'
import { markerOf } from './inserts.ts'
import type { SignalObserver, SignalStage } from './ingest.ts'
import { bucketSec, signalRecordFormat, type SignalSchema } from './schema.ts'
import { partitionsPerInsertMax } from './limits.ts'
import { decodeSignalRecord } from './record/decode.ts'
import { encodeSignalRecord } from './record/encode.ts'
import { BlockSink } from './record/block-sink.ts'
import { joinRecords, type OwnedSignal } from './record/join.ts'
import { splitParts } from './record/parts.ts'
import { rowSeconds } from './record/row-seconds.ts'
import { subsetRecord } from './record/subset.ts'
import { u16At, u32At } from './record/views.ts'
import { resourceInserts } from './resource-rows.ts'
import { secondsOf } from './time.ts'

/**
 * Further rows that the records of a segment give: facets, counts by minute, summaries. Depends on the records alone, so that a repetition
 * gives the same. `marker` is for `additiveInserts`. Null is a pause, see `KindHandler`.
 */
export type DerivedRows = (owned: readonly OwnedSignal[], marker: string) => Iterable<TableInsert | null>

/** Rows of records that are read in one piece. */
const pauseRows = 65_536

export interface SignalHandlerDeps {
  readonly schema: SignalSchema
  readonly derived: readonly DerivedRows[]
  readonly createBatch: () => SignalBatch
  /**
   * Begins the batch and decodes a body of the lanes `raw` and `low` into it; counts refusals there, never throws for bad bytes. Gives what
   * the body held of the other kind. The same record with the same id gives the same rows.
   */
  readonly decodeRaw: (record: LogRecord, batch: SignalBatch, batchId: number) => SignalBatch
  /** Who takes what bodies of this kind hold beside it; without it that is left out. */
  readonly beside?: SignalHandler
  /** Told of every batch that waited unread, once its rows are known; a crash before its insert repeats it. */
  readonly processed?: readonly SignalObserver[]
  /** What happens to every batch, as on the way through the door. */
  readonly stages: readonly SignalStage[]
  /** Memory of inserts that is used again; without it each has its own. */
  readonly pool?: BlockPool
  readonly conservation: Pick<Conservation, 'received' | 'refused' | 'dropped' | 'leftOut'>
}

export class SignalHandler implements KindHandler {
  readonly kind: SignalSchema['kind']
  readonly #deps: SignalHandlerDeps
  readonly #pool: BlockPool

  constructor(deps: SignalHandlerDeps) {
    this.kind = deps.schema.kind
    this.#deps = deps
    this.#pool = deps.pool ?? new BlockPool(0)
  }

  /** Throws `signals.record_damaged`. */
  *buildInserts(records: readonly LogRecord[], token: string): Generator<TableInsert | null, void> {
    const { schema, derived } = this.#deps
    const owned: OwnedSignal[] = []
    let rows = 0
    for (const { tenant, payload } of records)
      for (const part of splitParts(payload)) {
        const record = decodeSignalRecord(schema, part)
        owned.push({ tenant, record })
        rows += record.rows
        if (rows < pauseRows) continue
        rows = 0
        yield null
      }
    yield* resourceInserts(owned)
    const parts = splitByPartition(owned)
    yield null
    for (const part of parts) yield rowInsert(schema, part, this.#pool)
    const marker = markerOf(token)
    for (const derive of derived) yield* derive(owned, marker)
  }

  processRaw(record: LogRecord, place: string): ProcessedRaw {
    const { createBatch, decodeRaw, beside } = this.#deps
    const batch = createBatch()
    const other = decodeRaw(record, batch, createHash('sha256').update(place).digest().readUInt32LE(0))
    const { received } = batch
    const own = this.finish(batch, record.rows)
    const also = other.received === 0 ? null : (beside?.finish(other, 0) ?? null)
    return also === null ? { record: own, rows: received } : { record: own, rows: received, also: [also] }
  }

  /** A decoded batch to its record, counted; `countedRows` of it were counted as received before. Null when nothing is left. */
  finish(batch: SignalBatch, countedRows: number): LogRecord | null {
    const { schema, conservation, stages, processed } = this.#deps
    const { tenant } = batch
    if (batch.received !== countedRows) conservation.received(tenant, schema.kind, batch.received - countedRows, 0)
    for (const [reason, rows] of batch.refused) conservation.refused(tenant, schema.kind, reason, rows)
    for (const stage of stages) stage.apply(batch)
    for (const [reason, rows] of batch.dropped) conservation.dropped(tenant, schema.kind, reason, rows)
    if (batch.rows === 0) return null
    for (const [reason, parts] of batch.leftOut()) conservation.leftOut(tenant, schema.kind, reason, parts)
    const payload = encodeSignalRecord(batch)
    for (const observer of processed ?? []) observer.accepted(batch)
    return { kind: schema.kind, tenant, rows: batch.rows, format: signalRecordFormat, payload }
  }

  /** Signals are seen once they are in the engine, so there is nothing to bring back. */
  recover(): void {}

  buried(): void {}
}

/** A record with the partition of each of its rows: the days they are kept, and their day. */
interface Placed extends OwnedSignal {
  readonly partitions: Float64Array
}

function place(one: OwnedSignal): Placed {
  const { rows } = one.record
  const seconds = rowSeconds(one.record)
  const keep = one.record.fixed('keep')
  const partitions = new Float64Array(rows)
  for (let row = 0; row < rows; row++) partitions[row] = u16At(keep, row) * 1_000_000 + Math.floor(seconds[row]! / 86_400)
  return { ...one, partitions }
}

/** Parts of so few partitions that an insert takes them; in nearly all cases one part with everything. */
function splitByPartition(owned: readonly OwnedSignal[]): Placed[][] {
  const placed = owned.filter(({ record }) => record.rows > 0).map(place)
  const all = new Set<number>()
  for (const { partitions } of placed) {
    let before = -1
    for (let row = 0; row < partitions.length; row++) {
      if (partitions[row] !== before) all.add((before = partitions[row]!))
    }
  }
  if (all.size === 0) return []
  if (all.size <= partitionsPerInsertMax) return [placed]
  const partOf = new Map([...all].sort((a, b) => a - b).map((partition, i) => [partition, Math.floor(i / partitionsPerInsertMax)]))
  const parts: Placed[][] = []
  for (let part = 0; part * partitionsPerInsertMax < all.size; part++) {
    const chosen = placed.map(({ tenant, record, partitions }) => {
      const rows: number[] = []
      partitions.forEach((partition, row) => {
        if (partOf.get(partition) === part) rows.push(row)
      })
      return { tenant, record: subsetRecord(record, Uint32Array.from(rows)) }
    })
    parts.push(chosen.filter(({ record }) => record.rows > 0).map(place))
  }
  return parts
}

function rowInsert(schema: SignalSchema, placed: readonly Placed[], pool: BlockPool): TableInsert {
  const sink = new BlockSink(pool)
  const { rows, columns } = joinRecords(schema, placed, sink)
  return {
    table: schema.table,
    columns: columns.map(({ name }) => name),
    rows,
    body: encodeNativePieces(rows, columns),
    probe: probeOf(schema, placed),
    release: () => sink.recycle(),
  }
}

/** Asks for the first and the last row of each partition. */
function probeOf(schema: SignalSchema, placed: readonly Placed[]): InsertProbe {
  const first = new Map<number, [Placed, number]>()
  const last = new Map<number, [Placed, number]>()
  for (const one of placed) {
    const { partitions } = one
    for (let row = 0; row < partitions.length; row++) {
      const partition = partitions[row]!
      if (row > 0 && row < partitions.length - 1 && partition === partitions[row - 1] && partition === partitions[row + 1]) continue
      if (!first.has(partition)) first.set(partition, [one, row])
      last.set(partition, [one, row])
    }
  }
  const keys = new Set([...first.values(), ...last.values()].map(([one, row]) => keyOf(one, row)))
  const names = 'org, project, bucket, ts, batch, row'
  return { sql: `SELECT uniqExact(${names}) FROM ${schema.table} WHERE (${names}) IN (${[...keys].join(',')})`, rows: keys.size }
}

function keyOf({ tenant, record }: OwnedSignal, row: number): string {
  const ts = record.fixed('ts')
  const [low, high] = [u32At(ts, row), u32At(ts, row, 4)]
  const bucket = Math.floor(secondsOf(low, high) / bucketSec)
  const time = `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
  return `(${tenant.organizationId},${tenant.projectId},${bucket},${time},${u32At(record.fixed('batch'), row)},${u32At(record.fixed('row'), row)})`
}
