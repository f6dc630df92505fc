/**
 * Columns of rows of log lines in the making. What is pushed of a row counts once the row is ended; a row that is begun anew has nothing of
 * the one before.
 */
import { eightBytes, isHex } from './hexadecimal'
import { copyText } from './word-table'

/** Columns of words: service, host, environment, release, scope. */
const wordColumnCount: usize = 5

let times: usize = 0
let traceIds: usize = 0
let spanIds: usize = 0
let severities: usize = 0
let wordColumns: usize = 0
let wordColumnBytes: usize = 0
let pairEnds: usize = 0
let bodyStarts: usize = 0
let bodyEnds: usize = 0
let bodies: usize = 0
let keys: usize = 0
let valueStarts: usize = 0
let valueEnds: usize = 0
let values: usize = 0

/** What complete rows take: rows, attributes, bytes of bodies and of values. */
export let rows: u32 = 0
export let pairs: u32 = 0
export let bodyTop: u32 = 0
export let valueTop: u32 = 0
/** Of the caller's columns, where these rows go behind others. */
let pairsBefore: u32 = 0
let bodyBefore: u32 = 0
let valuesBefore: u32 = 0

/** Attributes up to here, those of the row that is being made among them; where the bytes of their values end. */
let pair: u32 = 0
let valueAt: u32 = 0
let hasTraceId: bool = false
let hasSpanId: bool = false

/** `addresses`: of the columns, u32 each; `rowsBound`: rows of one block. */
export function layOutColumns(addresses: usize, rowsBound: u32): void {
  times = load<u32>(addresses)
  traceIds = load<u32>(addresses, 4)
  spanIds = load<u32>(addresses, 8)
  severities = load<u32>(addresses, 12)
  wordColumns = load<u32>(addresses, 16)
  wordColumnBytes = (rowsBound as usize) << 2
  pairEnds = load<u32>(addresses, 20)
  bodyStarts = load<u32>(addresses, 24)
  bodyEnds = load<u32>(addresses, 28)
  bodies = load<u32>(addresses, 32)
  keys = load<u32>(addresses, 36)
  valueStarts = load<u32>(addresses, 40)
  valueEnds = load<u32>(addresses, 44)
  values = load<u32>(addresses, 48)
}

/** No rows; the caller's columns hold so many attributes, and bytes of bodies and of values. */
export function beginColumns(pairsOfCaller: u32, bodyBytesOfCaller: u32, valueBytesOfCaller: u32): void {
  rows = pairs = bodyTop = valueTop = 0
  pairsBefore = pairsOfCaller
  bodyBefore = bodyBytesOfCaller
  valuesBefore = valueBytesOfCaller
}

export function beginRow(): void {
  pair = pairs
  valueAt = valueTop
  hasTraceId = hasSpanId = false
  for (let column: usize = 0; column < wordColumnCount; column++) store<u32>(wordOfRow(column), 0)
}

/** Attributes of the row. */
export function pairsOfRow(): u32 {
  return pair - pairs
}

/** Where the row's word of a column lies. */
export function wordOfRow(column: usize): usize {
  return wordColumns + column * wordColumnBytes + ((rows as usize) << 2)
}

/** Adds an attribute; `name` is the number of its name. */
export function pushPair(name: u32, start: usize, size: u32): void {
  const at = pushLength(values + valueAt, size)
  copyText(at, start, size)
  const from = (at - values) as u32
  valueAt = from + size
  const offset = (pair as usize) << 2
  store<u32>(keys + offset, name)
  store<u32>(valueStarts + offset, valuesBefore + from)
  store<u32>(valueEnds + offset, valuesBefore + valueAt)
  pair += 1
}

/** 32 hexadecimal digits. False: it is something else, and an id that the row has is as before. */
export function takeTraceId(start: usize, end: usize): bool {
  if (end - start != 32) return false
  const high = v128.load(start)
  const low = v128.load(start, 16)
  if (!isHex(high) || !isHex(low)) return false
  const id = traceIds + ((rows as usize) << 4)
  store<u64>(id, eightBytes(high))
  store<u64>(id, eightBytes(low), 8)
  hasTraceId = true
  return true
}

/** The same with 16 hexadecimal digits. */
export function takeSpanId(start: usize, end: usize): bool {
  if (end - start != 16) return false
  const digits = v128.load(start)
  if (!isHex(digits)) return false
  store<u64>(spanIds + ((rows as usize) << 3), eightBytes(digits))
  hasSpanId = true
  return true
}

/** The row is complete: its time (ns since 1970), severity and body. */
export function endRow(nanos: u64, severity: u32, bodyStart: usize, bodySize: u32): void {
  const body = pushLength(bodies + bodyTop, bodySize)
  copyText(body, bodyStart, bodySize)
  const bodyFrom = (body - bodies) as u32
  bodyTop = bodyFrom + bodySize
  pairs = pair
  valueTop = valueAt
  const row = rows as usize
  store<u64>(times + (row << 3), nanos)
  if (!hasTraceId) v128.store(traceIds + (row << 4), i8x16.splat(0))
  if (!hasSpanId) store<u64>(spanIds + (row << 3), 0)
  store<u8>(severities + row, severity)
  store<u32>(pairEnds + (row << 2), pairsBefore + pairs)
  store<u32>(bodyStarts + (row << 2), bodyBefore + bodyFrom)
  store<u32>(bodyEnds + (row << 2), bodyBefore + bodyTop)
  rows += 1
}

/** A varint; behind it. */
function pushLength(at: usize, length: u32): usize {
  while (length >= 0x80) {
    store<u8>(at, (length & 0x7f) | 0x80)
    at += 1
    length >>= 7
  }
  store<u8>(at, length)
  return at + 1
}
