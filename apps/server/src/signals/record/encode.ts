/** A batch → the payload of its log record, see layout.ts. */
import type { SignalBatch } from '../batch.ts'
import { GrowingBytes } from '../columns/bytes.ts'
import { FixedColumn } from '../columns/fixed-column.ts'
import { PairsColumn } from '../columns/pairs-column.ts'
import { TextColumn } from '../columns/text-column.ts'
import type { WordColumn } from '../columns/word-column.ts'
import type { Resource } from '../resources.ts'
import { magic, resourcesId, sectionKinds, widthOf } from './layout.ts'

/** One record is made at a time, and copied once it is known how large it is. */
const out = new GrowingBytes(65_536)
/** Room that stays for the next record. */
const roomBytesMax = 4 * 1024 * 1024

/** A payload of its own: the batch may be used again at once. */
export function encodeSignalRecord(batch: SignalBatch): Uint8Array {
  out.clear(roomBytesMax)
  out.reserve(batch.sizeBytes)
  out.pushU32(magic)
  out.pushU32(batch.rows)
  out.pushU32(batch.columns.length + 1)
  section(resourcesId, sectionKinds.resources, () => pushResources(batch.resources))
  batch.columns.forEach((column, i) => {
    const { id } = batch.schema.columns[i]!
    if (column instanceof FixedColumn) section(id, sectionKinds.fixed, () => out.pushBytes(column.data.view()))
    else if (column instanceof TextColumn) section(id, sectionKinds.text, () => out.pushBytes(column.data.view()))
    else if (column instanceof PairsColumn) section(id, sectionKinds.pairs, () => pushPairs(column))
    else section(id, sectionKinds.word, () => pushWords(column))
  })
  return out.bytes.slice(0, out.length)
}

function section(id: number, kind: number, fill: () => void): void {
  out.pushByte(id)
  out.pushByte(kind)
  out.pushByte(0)
  out.pushByte(0)
  const at = out.length
  out.pushU32(0)
  fill()
  const size = out.length - at - 4
  for (let i = 0; i < 4; i++) out.bytes[at + i] = size >>> (8 * i)
}

function pushNumbers(numbers: Uint32Array, count: number, width: 1 | 2 | 4): void {
  out.reserve(count * width)
  const { bytes } = out
  let at = out.length
  if (width === 1) for (let i = 0; i < count; i++) bytes[at++] = numbers[i]!
  else if (width === 2)
    for (let i = 0; i < count; i++) {
      bytes[at++] = numbers[i]!
      bytes[at++] = numbers[i]! >>> 8
    }
  else
    for (let i = 0; i < count; i++) {
      const value = numbers[i]!
      bytes[at++] = value
      bytes[at++] = value >>> 8
      bytes[at++] = value >>> 16
      bytes[at++] = value >>> 24
    }
  out.length = at
}

function pushWords(column: WordColumn): void {
  const { words } = column
  out.pushU32(words.size)
  out.pushU32(words.data.length)
  out.pushBytes(words.data.view())
  const width = widthOf(words.size - 1)
  out.pushByte(width)
  pushNumbers(column.numbers, column.rows, width)
}

function pushPairs(column: PairsColumn): void {
  const { rows } = column
  const counts = new Uint32Array(rows)
  let most = 0
  for (let row = 0; row < rows; row++) {
    const count = column.last(row) - column.first(row)
    counts[row] = count
    if (count > most) most = count
  }
  const width = widthOf(most)
  out.pushU32(column.keys.rows)
  out.pushByte(width)
  pushNumbers(counts, rows, width)
  pushWords(column.keys)
  out.pushBytes(column.values.data.view())
}

function pushResources(resources: readonly Resource[]): void {
  out.pushU32(resources.length)
  for (const { low, high, attributes } of resources) {
    out.pushU32(low)
    out.pushU32(high)
    out.pushU32(attributes.length)
    for (const [name, value] of attributes) {
      out.pushString(name)
      out.pushString(value)
    }
  }
}
