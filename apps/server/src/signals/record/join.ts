/**
 * Records of a segment → the columns of one insert. Fixed values and texts are put one behind the other as they are; only words get new
 * numbers, because each record has a dictionary of its own. Native format: ClickHouse docs, and the serialization of LowCardinality there.
 */
import type { NativeWriteColumn } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { Words } from '../columns/word-column.ts'
import { bucketSec, engineType, type SignalSchema } from '../schema.ts'
import { secondsOf } from '../time.ts'
import type { ColumnView, FixedView, PairsView, SignalRecord, TextView, WordView } from './decode.ts'
import { widthOf } from './layout.ts'
import { eachText, u32At } from './views.ts'

export interface OwnedSignal {
  readonly tenant: Tenant
  readonly record: SignalRecord
}

/** All rows of the records, in their order: the schema's columns, and `org`, `project` and `bucket`. */
export function joinRecords(schema: SignalSchema, owned: readonly OwnedSignal[]): { rows: number; columns: NativeWriteColumn[] } {
  let rows = 0
  for (const { record } of owned) rows += record.rows
  const columns = tenantColumns(owned, rows)
  schema.columns.forEach((spec, i) => {
    const views = owned.map(({ record }) => record.columns[i]!)
    columns.push({ name: spec.name, type: engineType(spec), values: { kind: 'encoded', bytes: joinColumn(views) } })
  })
  return { rows, columns }
}

function tenantColumns(owned: readonly OwnedSignal[], rows: number): NativeWriteColumn[] {
  const [org, project, bucket] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows)]
  let first = 0
  for (const { tenant, record } of owned) {
    org.fill(tenant.organizationId, first, first + record.rows)
    project.fill(tenant.projectId, first, first + record.rows)
    const ts = record.fixed('ts')
    for (let row = 0; row < record.rows; row++) bucket[first + row] = Math.floor(secondsOf(u32At(ts, row), u32At(ts, row, 4)) / bucketSec)
    first += record.rows
  }
  return [
    { name: 'org', type: 'UInt32', values: { kind: 'u32', data: org } },
    { name: 'project', type: 'UInt32', values: { kind: 'u32', data: project } },
    { name: 'bucket', type: 'UInt32', values: { kind: 'u32', data: bucket } },
  ]
}

function joinColumn(views: readonly ColumnView[]): Uint8Array {
  switch (views[0]?.kind) {
    case undefined:
      return new Uint8Array(0)
    case 'fixed':
    case 'text':
      return joinBytes((views as readonly (FixedView | TextView)[]).map(({ bytes }) => bytes))
    case 'word':
      return Buffer.concat([wordPrefix, ...joinWords(views as readonly WordView[])])
    case 'pairs':
      return joinPairs(views as readonly PairsView[])
  }
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

/** The version of the serialization of LowCardinality, before everything else of the column: dictionaries with additional keys. */
const wordPrefix = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)

/** Flags: additional keys, and a new dictionary with each block; the lowest byte says how wide the numbers are. */
const wordFlags = 0x600

/** Dictionary and numbers of a block; nothing at all for no rows. */
function joinWords(views: readonly WordView[]): Uint8Array[] {
  let rows = 0
  for (const { numbers } of views) rows += numbers.length
  if (rows === 0) return []
  const words = new Words()
  const numbers = new Uint32Array(rows)
  let at = 0
  for (const view of views) {
    const renumbered = new Uint32Array(view.words)
    eachText(view.dictionary, view.words, (start, end, word) => (renumbered[word] = words.intern(view.dictionary, start, end)))
    const own = view.numbers
    for (let row = 0; row < own.length; row++) numbers[at++] = renumbered[own[row]!]!
  }
  const width = widthOf(words.size - 1)
  const head = Buffer.alloc(16)
  head.writeUInt32LE(wordFlags + Math.log2(width), 0)
  head.writeUInt32LE(words.size, 8)
  const count = Buffer.alloc(8)
  count.writeUInt32LE(rows, 0)
  const narrow = width === 1 ? Uint8Array.from(numbers) : width === 2 ? Uint16Array.from(numbers) : numbers
  return [head, words.data.view(), count, new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength)]
}

function joinPairs(views: readonly PairsView[]): Uint8Array {
  let rows = 0
  for (const { counts } of views) rows += counts.length
  /** End of each row's pairs, UInt64. */
  const ends = new Uint32Array(rows * 2)
  let [at, end] = [0, 0]
  for (const { counts } of views) {
    for (let row = 0; row < counts.length; row++) {
      end += counts[row]!
      ends[at] = end
      at += 2
    }
  }
  return Buffer.concat([
    wordPrefix,
    new Uint8Array(ends.buffer),
    ...joinWords(views.map(({ keys }) => keys)),
    ...views.map(({ values }) => values.bytes),
  ])
}
