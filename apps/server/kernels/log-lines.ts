/**
 * Kernel of log lines that are JSON objects, compiled to WebAssembly (`node scripts/build-kernels.mjs`): lines → columns of rows. It knows
 * flat objects of texts without escapes, numbers, true, false and null, and gives their members the roles that it was told of their names. At
 * a line with anything else it stops, for the TypeScript reader (`log-lines/json-line.ts`), which has the meaning; nothing is half done then.
 * No allocation; memory is laid out by the caller (`log-lines/line-kernel.ts`).
 *
 * Sketch: lines of 330 bytes, 12 members; target 0.4 CPU s a million.
 */
import { afterBlanks, isNull, isPlainScalar, isUtf8, plainStringEnd, scalarEnd } from './lib/json-text'
import {
  beginColumns,
  beginRow,
  bodyTop,
  endRow,
  layOutColumns,
  pairs,
  pairsOfRow,
  pushPair,
  rows,
  takeSpanId,
  takeTraceId,
  valueTop,
  wordOfRow,
} from './lib/log-columns'
import { readTime, timeNanos, timeSeconds } from './lib/log-time'
import {
  followerField,
  forgetWords,
  layOutWords,
  notTold,
  pastName,
  roleField,
  severityField,
  wordAt,
  wordCount,
  wordOf,
} from './lib/word-table'

/** Control block, bytes from 0. In: */
const timeMinAt: usize = 0 // f64, seconds since 1970: rows outside are the caller's
const timeMaxAt: usize = 8 // f64
const receiptSecondsAt: usize = 16 // f64: time of rows that have none
const receiptNanosAt: usize = 24 // u32
const isTextAt: usize = 28 // u32: not 0: all of it is UTF-8
const keyAt: usize = 32 // u64, of the hash
/** Out: */
const stopAt: usize = 40 // u32: why `walk` came back
const unknownAt: usize = 44 // u32: the word that is not known
const rowsAt: usize = 48 // u32
const pairsAt: usize = 52 // u32
const bodyBytesAt: usize = 56 // u32
const valueBytesAt: usize = 60 // u32
const wordsAt: usize = 64 // u32
/** Addresses of what is laid out, u32 each, in the order of `layOut`. */
const addressesAt: usize = 128

/** A line: its first byte, behind its last, its group, whether it has a time; that time (f64 seconds, u32 ns). */
const lineBytes: usize = 32
/** A group: words of service, host, environment and release where its lines come from, 0 where it has none; severity. */
const groupBytes: usize = 32

/** All lines are read. */
const stopDone: u32 = 0
/** The line is the caller's. */
const stopLine: u32 = 1
/** A name whose role, a level whose severity is not known. */
const stopName: u32 = 2
const stopLevel: u32 = 3
/** There is no room for a further line, or word. */
const stopFull: u32 = 4

/** As `log-lines/field-names.ts` numbers them; the bits above are the place among names of bodies. */
const roleMask: u32 = 15
const roleAttribute: u32 = 1
const roleBody: u32 = 2
const roleTime: u32 = 3
const roleSeverity: u32 = 4
const roleTraceId: u32 = 5
const roleSpanId: u32 = 6
const roleService: u32 = 7
const roleHost: u32 = 8
const roleEnvironment: u32 = 9
const roleRelease: u32 = 10
const roleScope: u32 = 11

/** Bounds of `signals/limits.ts` and `log-lines/limits.ts`; names and levels are shorter than other words. */
const attributesMax: u32 = 256
const nameBytesMax: usize = 200
const wordBytesMax: usize = 200
const valueBytesMax: u32 = 32768
const bodyBytesMax: usize = 262144
const sameTimeSec: f64 = 1

/** What `take` says: it has a role, it is an attribute, the walk stops. */
const taken: u32 = 0
const isAttribute: u32 = 1
const stopped: u32 = 2

let lines: usize = 0
let groups: usize = 0
let pairsMax: u32 = 0

/** The row that is being made. */
let group: usize = 0
let severity: u32 = 0
let hasTime: bool = false
let seconds: f64 = 0
let nanos: f64 = 0
let bodyName: u32 = 0
let bodyRank: u32 = 0
let bodyStart: usize = 0
let bodyEnd: usize = 0
let stop: u32 = 0

/** `rowsBound`: lines of one walk; `pairsBound`: attributes of its rows. Addresses and the key of the hash lie in the control block. */
export function layOut(rowsBound: u32, pairsBound: u32, wordsBound: u32, textBytes: u32): void {
  lines = address(0)
  groups = address(1)
  layOutColumns(addressesAt + 8, rowsBound)
  pairsMax = pairsBound
  layOutWords(address(15), wordsBound, address(16), address(17), textBytes as usize, load<u64>(keyAt))
}

function address(index: usize): usize {
  return load<u32>(addressesAt + (index << 2)) as usize
}

/** Words have no numbers any more. */
export function forget(): void {
  forgetWords()
}

/** The number of a text; 0 when there is no room. */
export function intern(at: usize, end: usize): u32 {
  return wordOf(at, end)
}

/** Rows are made from the first on; the caller's columns hold so many attributes, and bytes of bodies and values. */
export function begin(pairsOfCaller: u32, bodyBytesOfCaller: u32, valueBytesOfCaller: u32): void {
  beginColumns(pairsOfCaller, bodyBytesOfCaller, valueBytesOfCaller)
}

/** Makes rows of the lines from `first` on, behind those it has. Gives the line at which it stopped. */
export function walk(first: u32, lineCount: u32): u32 {
  stop = stopDone
  let line = first
  for (; line < lineCount; line++) if (!readLine(lines + (line as usize) * lineBytes)) break
  store<u32>(stopAt, stop)
  store<u32>(rowsAt, rows)
  store<u32>(pairsAt, pairs)
  store<u32>(bodyBytesAt, bodyTop)
  store<u32>(valueBytesAt, valueTop)
  store<u32>(wordsAt, wordCount())
  return line
}

function stops(reason: u32): bool {
  stop = reason
  return false
}

function readLine(line: usize): bool {
  const start = load<u32>(line) as usize
  const end = load<u32>(line, 4) as usize
  if (pairs + attributesMax > pairsMax) return stops(stopFull)
  const from = afterBlanks(start, end)
  if (from == end || load<u8>(from) != 0x7b) return stops(stopLine)
  if (load<u32>(isTextAt) == 0 && !isUtf8(from, end)) return stops(stopLine)
  openRow(line)
  const behind = readMembers(from + 1, end)
  if (behind == 0) return false
  if (behind != end && afterBlanks(behind, end) != end) return stops(stopLine)
  if (bodyName == 0) {
    bodyStart = from
    bodyEnd = end
  } else if (severity == 0 || (bodyEnd - bodyStart > 1 && load<u8>(bodyStart) == 0x7b)) {
    // Its level is looked for in its text; it may be an object or pairs itself.
    return stops(stopLine)
  }
  return closeRow()
}

function openRow(line: usize): void {
  group = groups + (load<u32>(line, 8) as usize) * groupBytes
  beginRow()
  severity = load<u32>(group, 16)
  hasTime = load<u32>(line, 12) != 0
  seconds = load<f64>(line, 16)
  nanos = load<u32>(line, 24) as f64
  bodyName = 0
}

/** The members from behind the opening bracket; behind the closing one, or 0: the walk stops. */
function readMembers(at: usize, end: usize): usize {
  at = afterBlanks(at, end)
  if (at < end && load<u8>(at) == 0x7d) return at + 1
  let before = wordAt(0)
  while (at < end && load<u8>(at) == 0x22) {
    at += 1
    // What followed the same name last is expected: compared, not looked up.
    let name = load<u32>(before, followerField)
    const expected: usize = name == 0 ? 0 : pastName(wordAt(name), at, end)
    if (expected != 0) at = expected
    else {
      const nameEnd = plainStringEnd(at, end)
      if (nameEnd <= at || nameEnd - at > nameBytesMax) return stops(stopLine) as usize
      name = wordOf(at, nameEnd)
      if (name == 0) return stops(stopFull) as usize
      store<u32>(before, name, followerField)
      at = afterBlanks(nameEnd + 1, end)
      if (at >= end || load<u8>(at) != 0x3a) return stops(stopLine) as usize
      at += 1
    }
    before = wordAt(name)
    at = readValue(name, at, end)
    if (at == 0) return 0
    if (at >= end) return stops(stopLine) as usize
    let byte = load<u8>(at) as u32
    if (byte != 0x2c && byte != 0x7d) {
      at = afterBlanks(at, end)
      if (at >= end) return stops(stopLine) as usize
      byte = load<u8>(at)
    }
    if (byte == 0x7d) return at + 1
    if (byte != 0x2c) return stops(stopLine) as usize
    at += 1
    if (at < end && load<u8>(at) != 0x22) at = afterBlanks(at, end)
  }
  return stops(stopLine) as usize
}

/** The value behind a colon, with what it means; behind it, or 0: the walk stops. */
function readValue(name: u32, at: usize, end: usize): usize {
  if (at < end && load<u8>(at) <= 0x20) at = afterBlanks(at, end)
  if (at >= end) return stops(stopLine) as usize
  const first = load<u8>(at) as u32
  if (first == 0x22) {
    const textEnd = plainStringEnd(at + 1, end)
    if (textEnd == 0) return stops(stopLine) as usize
    return take(name, at + 1, textEnd) ? textEnd + 1 : 0
  }
  if (first == 0x7b || first == 0x5b) return stops(stopLine) as usize
  const behind = scalarEnd(at, end)
  if (behind == at) return stops(stopLine) as usize
  if (isNull(at, behind)) return behind
  if (!isPlainScalar(at, behind)) return stops(stopLine) as usize
  return take(name, at, behind) ? behind : 0
}

/** False: the walk stops. */
function take(name: u32, start: usize, end: usize): bool {
  const role = load<u32>(wordAt(name), roleField)
  if (role != roleAttribute) {
    if (role == 0) {
      store<u32>(unknownAt, name)
      return stops(stopName)
    }
    const result = takeRole(role, name, start, end)
    if (result != isAttribute) return result == taken
  }
  return takePair(name, start, end)
}

/** False: the walk stops. */
function takePair(name: u32, start: usize, end: usize): bool {
  const size = (end - start) as u32
  if (pairsOfRow() == attributesMax || size > valueBytesMax) return stops(stopLine)
  pushPair(name, start, size)
  return true
}

function takeRole(role: u32, name: u32, start: usize, end: usize): u32 {
  switch (role & roleMask) {
    case roleBody:
      return takeBody(name, role >> 4, start, end)
    case roleTime:
      return takeTime(start, end)
    case roleSeverity:
      return takeLevel(start, end)
    case roleTraceId:
      return takeTraceId(start, end) ? taken : isAttribute
    case roleSpanId:
      return takeSpanId(start, end) ? taken : isAttribute
    case roleService:
      return takeWord(0, start, end)
    case roleHost:
      return takeWord(1, start, end)
    case roleEnvironment:
      return takeWord(2, start, end)
    case roleRelease:
      return takeWord(3, start, end)
    case roleScope:
      return takeWord(4, start, end)
    default:
      return isAttribute
  }
}

/** Of several bodies that with the name that counts most; the others are attributes. */
function takeBody(name: u32, rank: u32, start: usize, end: usize): u32 {
  if (bodyName != 0) {
    if (rank >= bodyRank) return isAttribute
    if (!takePair(bodyName, bodyStart, bodyEnd)) return stopped
  }
  bodyName = name
  bodyRank = rank
  bodyStart = start
  bodyEnd = end
  return taken
}

function takeTime(start: usize, end: usize): u32 {
  if (!readTime(start, end)) return isAttribute
  if (hasTime) return Math.abs(timeSeconds - seconds) <= sameTimeSec ? taken : isAttribute
  hasTime = true
  seconds = timeSeconds
  nanos = timeNanos
  return taken
}

function takeLevel(start: usize, end: usize): u32 {
  if (end == start || end - start > wordBytesMax) return isAttribute
  const word = wordOf(start, end)
  if (word == 0) return stopsTaking(stopFull)
  const said = load<u32>(wordAt(word), severityField)
  if (said == notTold) {
    store<u32>(unknownAt, word)
    return stopsTaking(stopLevel)
  }
  if (said == 0) return isAttribute
  severity = said
  return taken
}

function stopsTaking(reason: u32): u32 {
  stop = reason
  return stopped
}

/** A name of where the row comes from: its group's, or its own where the group has none. A scope is never the group's, and the first counts. */
function takeWord(column: usize, start: usize, end: usize): u32 {
  if (start == end || end - start > wordBytesMax) return isAttribute
  const place = wordOfRow(column)
  const own = load<u32>(place)
  if (column == 4 && own != 0) return isAttribute
  const word = wordOf(start, end)
  if (word == 0) return stopsTaking(stopFull)
  const known = column == 4 || load<u32>(group + (column << 2)) == 0 ? own : load<u32>(group + (column << 2))
  if (known != 0) return word == known ? taken : isAttribute
  store<u32>(place, word)
  return taken
}

/** The row counts from here on. False: the walk stops. */
function closeRow(): bool {
  if (!hasTime) {
    seconds = load<f64>(receiptSecondsAt)
    nanos = load<u32>(receiptNanosAt) as f64
  }
  if (!(seconds >= load<f64>(timeMinAt) && seconds <= load<f64>(timeMaxAt))) return stops(stopLine)
  // What ends a line is no part of it.
  while (bodyEnd > bodyStart && (load<u8>(bodyEnd - 1) == 0x0a || load<u8>(bodyEnd - 1) == 0x0d)) bodyEnd -= 1
  if (bodyEnd - bodyStart > bodyBytesMax) return stops(stopLine)
  endRow((seconds as u64) * 1000000000 + (nanos as u64), severity, bodyStart, (bodyEnd - bodyStart) as u32)
  return true
}
