/**
 * A JSON object as a log record: its message becomes the body, its level, time, ids and names of service and host what they mean, everything
 * else an attribute; objects within it with their names joined by dots. One walk over the bytes. What is no object is no record: false. Lines
 * of `name=value` pairs mean the same as an object with these members.
 */
import { attributeNameBytesMax } from '../../signals/index.ts'
import { characterEnd } from './bytes.ts'
import {
  meaningOf,
  roleAttribute,
  roleBody,
  roleEnvironment,
  roleHost,
  roleMask,
  roleRelease,
  roleScope,
  roleService,
  roleSeverity,
  roleSpanId,
  roleTime,
  roleTraceId,
} from './field-names.ts'
import { afterBlanks, isPlainScalar, notThere, scalarEnd, Scratch, stringEnd, stringRead, valueEnd } from './json-text.ts'
import { jsonDepthMax, rolesMax, sameTimeSec } from './limits.ts'
import { LineShape } from './line-shape.ts'
import { isLogfmt, pairRead, pairsEnd, readPair } from './logfmt.ts'
import type { LogRow } from './log-row.ts'
import { severityOfLine } from './line-severity.ts'
import { SeverityMemo } from './severity.ts'
import { readTime, timeRead } from './times.ts'

const noBytes = new Uint8Array(0)
const noRank = 1000

export class JsonLineReader {
  readonly #row: LogRow
  readonly #severities = new SeverityMemo()
  readonly #shape = new LineShape()
  /** Meaning of each word of the batch (role, and place among the bodies), 0 for not looked at yet. */
  #roles = new Uint8Array(256)
  #bytes: Uint8Array = noBytes
  #end = 0
  /** Names of the objects that we are in, joined, with a dot behind. */
  readonly #path = new Scratch()
  readonly #value = new Scratch()
  /** The body, where it had escapes. */
  readonly #bodyText = new Scratch()
  #bodyBytes: Uint8Array = noBytes
  #bodyStart = 0
  #bodyEnd = 0
  #bodyWord = 0
  #bodyRank = noRank
  /** Ids that the row had before the line; those of most lines come from the line itself. */
  readonly #traceIdBefore = new Uint8Array(16)
  readonly #spanIdBefore = new Uint8Array(8)
  /** Reads a body that is an object itself. */
  #inner: JsonLineReader | null = null
  readonly #isInner: boolean

  constructor(row: LogRow, isInner = false) {
    this.#row = row
    this.#isInner = isInner
  }

  /** A new request: words have other numbers. */
  begin(): void {
    this.#roles.fill(0)
    this.#shape.begin()
    this.#inner?.begin()
  }

  /**
   * What the protocol gives beside a line, by name: severity, ids of trace and span. False: the name means nothing, or the value does not
   * fit it. `word` is one of `attributes.keys.words`.
   */
  takesGiven(word: number, bytes: Uint8Array, start: number, end: number): boolean {
    const role = this.#roleOf(word)
    const isTaken = role === roleSeverity || role === roleTraceId || role === roleSpanId
    return isTaken && this.#takes(role, word, bytes, start, end)
  }

  /** Lets go of what was read. */
  end(): void {
    this.#bytes = noBytes
    this.#bodyBytes = noBytes
    this.#value.clear()
    this.#bodyText.clear()
    this.#inner?.end()
  }

  /** Reads the object that `bytes[start, end)`, which must be UTF-8, is, into the open row. False: it is none, and the row is as before. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const from = afterBlanks(bytes, start, end)
    if (from === end || bytes[from] !== 0x7b) return false
    return this.#read(bytes, from, end)
  }

  /** Reads the pairs `name=value` that `bytes[start, end)`, which must be UTF-8, is made of. False: it is not, and the row is as before. */
  readPairs(bytes: Uint8Array, start: number, lineEnd: number): boolean {
    // Most lines of text end this at their first word.
    const first = readPair(bytes, start, lineEnd)
    if (first === notThere) return false
    const end = pairsEnd(bytes, start, lineEnd)
    if (!isLogfmt(bytes, start, end, this.#value)) return false
    this.#bytes = bytes
    this.#bodyRank = noRank
    const { words } = this.#row.batch.attributes.keys
    for (let at = start; at < end;) {
      at = readPair(bytes, at, end)
      const { nameStart, nameEnd, valueStart, valueEnd } = pairRead
      const word = words.intern(bytes, nameStart, Math.min(nameEnd, nameStart + attributeNameBytesMax))
      const role = this.#roleOf(word)
      if (pairRead.hasEscapes) this.#escapedText(word, role, valueStart, valueEnd)
      else this.#text(word, role, bytes, valueStart, valueEnd)
    }
    this.#pushBody(start, end, false)
    return true
  }

  #read(bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.#row
    const { batch, severity, hasTime, seconds, nanos, hasTraceId, hasSpanId, service, host, environment, release, scope } = row
    const { keys, openLeftOut } = batch.attributes
    const pairs = keys.rows
    const beyondBound = batch.openBeyondBound
    if (hasTraceId) this.#traceIdBefore.set(row.traceId)
    if (hasSpanId) this.#spanIdBefore.set(row.spanId)
    this.#bytes = bytes
    this.#end = end
    this.#path.length = 0
    this.#bodyRank = noRank
    const behind = this.#members(start + 1)
    if (behind !== notThere && afterBlanks(bytes, behind, end) === end) {
      this.#pushBody(start, end, true)
      return true
    }
    batch.undoAttributes(pairs, beyondBound, openLeftOut)
    row.severity = severity
    row.hasTime = hasTime
    row.seconds = seconds
    row.nanos = nanos
    row.hasTraceId = hasTraceId
    row.hasSpanId = hasSpanId
    if (hasTraceId) row.traceId.set(this.#traceIdBefore)
    if (hasSpanId) row.spanId.set(this.#spanIdBefore)
    row.service = service
    row.host = host
    row.environment = environment
    row.release = release
    row.scope = scope
    return false
  }

  /** `isObject`: what was read is one, and its text may be a line of pairs. */
  #pushBody(start: number, end: number, isObject: boolean): void {
    if (this.#bodyRank === noRank) {
      this.#row.body(this.#bytes, start, end)
      return
    }
    const [bytes, from, to] = [this.#bodyBytes, this.#bodyStart, this.#bodyEnd]
    // What collects the output of containers wraps lines that may be objects themselves.
    if (!this.#isInner && to - from > 1 && this.#readsInner(bytes, from, to, isObject)) return
    this.#row.body(bytes, from, to)
    if (this.#row.severity === 0) this.#row.severity = severityOfLine(bytes, from, to)
  }

  // oxlint-disable-next-line max-params -- called once a line
  #readsInner(bytes: Uint8Array, start: number, end: number, isObject: boolean): boolean {
    if (bytes[start] === 0x7b) return (this.#inner ??= new JsonLineReader(this.#row, true)).read(bytes, start, end)
    // An object that says its level is the line itself; one that does not may be wrapped around it.
    if (!isObject || this.#row.severity !== 0 || readPair(bytes, start, end) === notThere) return false
    return (this.#inner ??= new JsonLineReader(this.#row, true)).readPairs(bytes, start, end)
  }

  /** The members of the line itself, from behind the opening bracket to behind the closing one; `notThere` when they cannot be read. */
  #members(start: number): number {
    const bytes = this.#bytes
    const end = this.#end
    const shape = this.#shape
    let at = afterBlanks(bytes, start, end)
    if (at < end && bytes[at] === 0x7d) return at + 1
    for (let member = 0; ; member++) {
      if (at >= end || bytes[at] !== 0x22) return notThere
      const nameAt = at + 1
      at = shape.endOf(member, bytes, nameAt, end)
      let word = at < 0 ? -1 : shape.words[member]!
      let role = roleAttribute
      if (word >= 0) role = shape.roles[member]!
      else {
        const keyEnd = stringEnd(bytes, nameAt, end)
        if (keyEnd === notThere) return notThere
        const { hasEscapes } = stringRead
        if (at < 0 && !hasEscapes) shape.expect(member, bytes, nameAt, keyEnd)
        // An object before it left its name there.
        this.#path.length = 0
        word = this.#word(nameAt, keyEnd, 0)
        if (word < 0) return notThere
        this.#path.length = 0
        role = this.#roleOf(word)
        // What is expected there is another name.
        if (!hasEscapes && member < shape.words.length) {
          shape.words[member] = word
          shape.roles[member] = role
        }
        at = afterBlanks(bytes, keyEnd + 1, end)
        if (at >= end || bytes[at] !== 0x3a) return notThere
        at++
      }
      if (bytes[at]! <= 0x20) at = afterBlanks(bytes, at, end)
      at = this.#member(at, word, role, 0)
      if (at === notThere || at >= end) return notThere
      let byte = bytes[at]
      if (byte !== 0x2c && byte !== 0x7d) {
        at = afterBlanks(bytes, at, end)
        byte = at < end ? bytes[at] : 0
      }
      if (byte === 0x7d) return at + 1
      if (byte !== 0x2c) return notThere
      at++
      if (bytes[at] !== 0x22) at = afterBlanks(bytes, at, end)
    }
  }

  /** The members of an object within it, from `start`, behind the opening bracket, to behind the closing one; `notThere` when they cannot be read. */
  #object(start: number, depth: number): number {
    const bytes = this.#bytes
    const end = this.#end
    const pathLength = this.#path.length
    let at = afterBlanks(bytes, start, end)
    if (bytes[at] === 0x7d && at < end) return at + 1
    for (;;) {
      if (at >= end || bytes[at] !== 0x22) return notThere
      const keyEnd = stringEnd(bytes, at + 1, end)
      if (keyEnd === notThere) return notThere
      const word = this.#word(at + 1, keyEnd, pathLength)
      if (word < 0) return notThere
      at = keyEnd + 1
      if (bytes[at] !== 0x3a) at = afterBlanks(bytes, at, end)
      if (at >= end || bytes[at] !== 0x3a) return notThere
      at = this.#member(afterBlanks(bytes, at + 1, end), word, this.#roleOf(word), depth)
      this.#path.length = pathLength
      if (at === notThere) return notThere
      at = afterBlanks(bytes, at, end)
      if (at >= end) return notThere
      if (bytes[at] === 0x7d) return at + 1
      if (bytes[at] !== 0x2c) return notThere
      at = afterBlanks(bytes, at + 1, end)
    }
  }

  /** The number of a name, with the path before it; -1 when its escapes cannot be read. Afterwards the path ends with it. */
  #word(start: number, end: number, pathLength: number): number {
    const { words } = this.#row.batch.attributes.keys
    if (pathLength === 0 && !stringRead.hasEscapes && end - start <= attributeNameBytesMax) return words.intern(this.#bytes, start, end)
    const path = this.#path
    if (stringRead.hasEscapes) {
      if (!path.appendUnescaped(this.#bytes, start, end)) return -1
    } else path.append(this.#bytes, start, Math.min(end, start + attributeNameBytesMax))
    if (path.length > attributeNameBytesMax) path.length = characterEnd(path.bytes, 0, attributeNameBytesMax)
    return words.intern(path.bytes, 0, path.length)
  }

  /** The value at `at`; behind it. */
  #member(at: number, word: number, role: number, depth: number): number {
    const bytes = this.#bytes
    const end = this.#end
    if (at >= end) return notThere
    const first = bytes[at]
    if (first === 0x22) {
      const quote = stringEnd(bytes, at + 1, end)
      if (quote === notThere) return notThere
      if (!stringRead.hasEscapes) this.#text(word, role, bytes, at + 1, quote)
      else if (!this.#escapedText(word, role, at + 1, quote)) return notThere
      return quote + 1
    }
    if (first === 0x7b && depth < jsonDepthMax) {
      if (depth === 0) this.#startPath(word)
      this.#path.appendByte(0x2e)
      return this.#object(at + 1, depth + 1)
    }
    if (first === 0x7b || first === 0x5b) {
      const behind = valueEnd(bytes, at, end)
      if (behind !== notThere) this.#row.attribute(word, bytes, at, behind)
      return behind
    }
    const behind = scalarEnd(bytes, at, end)
    if (behind === notThere) return notThere
    if (isPlainScalar(bytes, at, behind)) this.#text(word, role, bytes, at, behind)
    else if (behind - at !== 4 || first !== 0x6e) return notThere
    return behind
  }

  #startPath(word: number): void {
    const name = this.#row.batch.attributes.keys.words.bytes(word)
    this.#path.length = 0
    this.#path.append(name, 0, name.length)
  }

  #escapedText(word: number, role: number, start: number, end: number): boolean {
    // A body is kept to the end of the line; other values are only passed on.
    const scratch = (role & roleMask) === roleBody ? this.#bodyText : this.#value
    if (scratch === this.#bodyText && this.#bodyRank !== noRank) this.#displaceBody()
    scratch.length = 0
    if (!scratch.appendUnescaped(this.#bytes, start, end)) return false
    this.#text(word, role, scratch.bytes, 0, scratch.length)
    return true
  }

  /** Another body comes, and needs the room: the one there was is an attribute, unless it counts more, in which case it is copied. */
  #displaceBody(): void {
    if (this.#bodyBytes !== this.#bodyText.bytes) return
    this.#bodyBytes = this.#bodyBytes.slice(this.#bodyStart, this.#bodyEnd)
    this.#bodyEnd -= this.#bodyStart
    this.#bodyStart = 0
  }

  #roleOf(word: number): number {
    if (word < this.#roles.length) {
      const known = this.#roles[word]!
      if (known !== 0) return known
    } else if (word < rolesMax) {
      const more = new Uint8Array(Math.max(word + 1, this.#roles.length * 2))
      more.set(this.#roles)
      this.#roles = more
    }
    const role = meaningOf(this.#row.batch.attributes.keys.words.text(word))
    if (word < this.#roles.length) this.#roles[word] = role
    return role
  }

  #text(word: number, role: number, bytes: Uint8Array, start: number, end: number): void {
    if (role === roleAttribute || !this.#takes(role, word, bytes, start, end)) this.#row.attribute(word, bytes, start, end)
  }

  /** False: it is an attribute after all. */
  #takes(role: number, word: number, bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.#row
    switch (role & roleMask) {
      case roleBody:
        return this.#takesBody(word, role >> 4, bytes, start, end)
      case roleTime:
        return this.#takesTime(bytes, start, end)
      case roleSeverity: {
        const severity = this.#severities.of(bytes, start, end)
        if (severity !== 0) row.severity = severity
        return severity !== 0
      }
      case roleTraceId:
        return row.readTraceId(bytes, start, end)
      case roleSpanId:
        return row.readSpanId(bytes, start, end)
      case roleService:
        return row.takeService(bytes, start, end)
      case roleHost:
        return row.takeHost(bytes, start, end)
      case roleEnvironment:
        return row.takeEnvironment(bytes, start, end)
      case roleRelease:
        return row.takeRelease(bytes, start, end)
      case roleScope:
        return row.takeScope(bytes, start, end)
      default:
        return false
    }
  }

  #takesBody(word: number, rank: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#bodyRank !== noRank) {
      if (rank >= this.#bodyRank) return false
      this.#row.attribute(this.#bodyWord, this.#bodyBytes, this.#bodyStart, this.#bodyEnd)
    }
    this.#bodyRank = rank
    this.#bodyWord = word
    this.#bodyBytes = bytes
    this.#bodyStart = start
    this.#bodyEnd = end
    return true
  }

  #takesTime(bytes: Uint8Array, start: number, end: number): boolean {
    if (!readTime(bytes, start, end)) return false
    const row = this.#row
    if (row.hasTime) return Math.abs(timeRead.seconds - row.seconds) <= sameTimeSec
    row.hasTime = true
    row.seconds = timeRead.seconds
    row.nanos = timeRead.nanos
    return true
  }
}
