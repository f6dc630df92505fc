/**
 * Records of a segment → the columns of one insert. Fixed values and texts are put one behind the other as they are; only words get new
 * numbers, because each record has a dictionary of its own. Native format: ClickHouse docs, and the serialization of LowCardinality there.
 */
import type { NativeWriteColumn } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { Words } from '../columns/word-column.ts'
import { bucketSec, engineType, type SignalSchema } from '../schema.ts'
import { type BlockSink, runRows } from './block-sink.ts'
import type { ColumnView, FixedView, PairsView, SignalRecord, TextView, WordView } from './decode.ts'
import { widthOf } from './layout.ts'
import { rowSeconds } from './row-seconds.ts'
import { eachText } from './views.ts'

export interface OwnedSignal {
  readonly tenant: Tenant
  readonly record: SignalRecord
}

/** All rows of the records, in their order: the schema's columns, and `org`, `project` and `bucket`. They are views of what `sink` holds. */
export function joinRecords(
  schema: SignalSchema,
  owned: readonly OwnedSignal[],
  sink: BlockSink,
): { rows: number; columns: NativeWriteColumn[] } {
  let rows = 0
  for (const { record } of owned) rows += record.rows
  const columns: NativeWriteColumn[] = []
  const add = (name: string, type: string): void => {
    columns.push({ name, type, values: { kind: 'encoded', pieces: sink.pieces() } })
  }
  for (const { tenant, record } of owned) pushSame(sink, tenant.organizationId, record.rows)
  add('org', 'UInt32')
  for (const { tenant, record } of owned) pushSame(sink, tenant.projectId, record.rows)
  add('project', 'UInt32')
  for (const { record } of owned) pushBuckets(sink, record)
  add('bucket', 'UInt32')
  schema.columns.forEach((spec, i) => {
    joinColumn(
      sink,
      owned.map(({ record }) => record.columns[i]!),
    )
    add(spec.name, engineType(spec))
  })
  return { rows, columns }
}

/** Calls `fill` with memory for a run of rows, until all rows have been. */
// oxlint-disable-next-line max-params -- one call a column
function eachRun(sink: BlockSink, rows: number, width: number, fill: (out: Uint8Array, first: number, count: number) => void): void {
  for (let first = 0; first < rows; first += runRows) {
    const count = Math.min(runRows, rows - first)
    fill(sink.room(count * width), first, count)
  }
}

function pushSame(sink: BlockSink, value: number, rows: number): void {
  eachRun(sink, rows, 4, (out, _first, count) => {
    for (let i = 0, at = 0; i < count; i++) at = putU32(out, at, value)
  })
}

function pushBuckets(sink: BlockSink, record: SignalRecord): void {
  const seconds = rowSeconds(record)
  eachRun(sink, record.rows, 4, (out, first, count) => {
    for (let i = 0, at = 0; i < count; i++) at = putU32(out, at, Math.floor(seconds[first + i]! / bucketSec))
  })
}

/** Little-endian; gives where it goes on. */
function putU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value
  out[at + 1] = value >>> 8
  out[at + 2] = value >>> 16
  out[at + 3] = value >>> 24
  return at + 4
}

function joinColumn(sink: BlockSink, views: readonly ColumnView[]): void {
  switch (views[0]?.kind) {
    case undefined:
      return
    case 'fixed':
    case 'text':
      for (const { bytes } of views as readonly (FixedView | TextView)[]) sink.push(bytes)
      return
    case 'word':
      sink.push(wordPrefix)
      joinWords(sink, views as readonly WordView[])
      return
    case 'pairs':
      joinPairs(sink, views as readonly PairsView[])
  }
}

/** The version of the serialization of LowCardinality, before everything else of the column: dictionaries with additional keys. */
const wordPrefix = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)

/** Flags: additional keys, and a new dictionary with each block; the lowest byte says how wide the numbers are. */
const wordFlags = 0x600

/** Dictionary and numbers of a block; nothing at all for no rows. */
function joinWords(sink: BlockSink, views: readonly WordView[]): void {
  let rows = 0
  for (const { numbers } of views) rows += numbers.length
  if (rows === 0) return
  const words = new Words()
  const renumberings = views.map(({ dictionary, words: count }) => {
    const renumbered = new Uint32Array(count)
    eachText(dictionary, count, (start, end, word) => (renumbered[word] = words.intern(dictionary, start, end)))
    return renumbered
  })
  const width = widthOf(words.size - 1)
  const head = new Uint8Array(16)
  putU32(head, 0, wordFlags + Math.log2(width))
  putU32(head, 8, words.size)
  sink.push(head)
  sink.push(words.data.view())
  const count = new Uint8Array(8)
  putU32(count, 0, rows)
  sink.push(count)
  views.forEach(({ numbers }, i) => pushNumbers(sink, numbers, { renumbered: renumberings[i]!, width }))
}

interface Renumbering {
  readonly renumbered: Uint32Array
  /** Bytes of a number. */
  readonly width: 1 | 2 | 4
}

function pushNumbers(sink: BlockSink, numbers: ArrayLike<number>, { renumbered, width }: Renumbering): void {
  eachRun(sink, numbers.length, width, (out, first, count) => {
    let at = 0
    if (width === 1) for (let i = 0; i < count; i++) out[at++] = renumbered[numbers[first + i]!]!
    else if (width === 2)
      for (let i = 0; i < count; i++) {
        const number = renumbered[numbers[first + i]!]!
        out[at++] = number
        out[at++] = number >>> 8
      }
    else for (let i = 0; i < count; i++) at = putU32(out, at, renumbered[numbers[first + i]!]!)
  })
}

function joinPairs(sink: BlockSink, views: readonly PairsView[]): void {
  sink.push(wordPrefix)
  /** Of each row's pairs, UInt64. */
  let end = 0
  for (const { counts } of views)
    eachRun(sink, counts.length, 8, (out, first, count) => {
      for (let i = 0, at = 0; i < count; i++) {
        end += counts[first + i]!
        at = putU32(out, putU32(out, at, end), 0)
      }
    })
  joinWords(
    sink,
    views.map(({ keys }) => keys),
  )
  for (const { values } of views) sink.push(values.bytes)
}
