/**
 * One line of the Influx line protocol, read byte by byte: the grammar, and the words for what is wrong, are here. The kernel reads the
 * same lines faster and leaves to this what it does not know; a property test holds both against each other.
 * Grammar: docs.influxdata.com, "line protocol"; where it is silent, as InfluxDB 1.8 does, and with InfluxDB's words.
 */
import { textOf } from '../decode/label-text.ts'

const tab = 9
const lineFeed = 10
const carriageReturn = 13
const space = 32
const quote = 34
const hash = 35
const comma = 44
const equals = 61
const backslash = 92

/** A longer line, strings included, is refused. */
export const lineBytesMax = 1024 * 1024
/** More fields or tags than this are refused. */
export const fieldsPerLineMax = 10_000

const i64Digits = '9223372036854775807'
const i64NegativeDigits = '9223372036854775808'
const u64Digits = '18446744073709551615'

export type FieldKind = 'number' | 'string'

const booleans: Readonly<Record<string, number>> = {
  t: 1,
  T: 1,
  true: 1,
  True: 1,
  TRUE: 1,
  f: 0,
  F: 0,
  false: 0,
  False: 0,
  FALSE: 0,
}

/** Reads one line at a time; what it found is good until the next. */
export class LineReader {
  /** Why the line cannot be read, in InfluxDB's words; '' when it can. */
  error = ''
  /** Where the measurement and its tags end. */
  keyEnd = 0
  /** Where the next line begins. */
  next = 0
  fieldCount = 0
  /** Start and end of each field's key. */
  readonly fieldSpans: number[] = []
  readonly fieldKinds: FieldKind[] = []
  readonly fieldValues: number[] = []
  /** ms since 1970, NaN: the line has no time. Before 1970: negative. */
  timeMs = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0

  /**
   * Reads the line that begins at `start` (not with white space, not a comment). Gives `error === ''`.
   * `msOf`: digits of a time to ms.
   */
  read(bytes: Uint8Array, start: number, msOf: (digits: string) => number): boolean {
    this.#bytes = bytes
    this.#at = start
    this.#end = Math.min(bytes.byteLength, start + lineBytesMax)
    this.error = ''
    this.fieldCount = 0
    this.timeMs = Number.NaN
    this.error = this.#line(start, msOf)
    if (this.error !== '') this.next = pastLine(bytes, this.#at)
    this.#bytes = bytes.subarray(0, 0)
    return this.error === ''
  }

  #line(start: number, msOf: (digits: string) => number): string {
    const bytes = this.#bytes
    if (bytes[start] === comma) return 'missing measurement'
    if (!this.#passKey()) return 'missing fields'
    this.keyEnd = this.#at
    this.#passSpaces()
    for (;;) {
      const error = this.#field()
      if (error !== '') return error
      if (bytes[this.#at] !== comma) break
      this.#at++
      if (this.fieldCount >= fieldsPerLineMax) return 'too many fields'
    }
    return this.#time(msOf)
  }

  /** To the space behind the key; false when the line ends before. */
  #passKey(): boolean {
    const bytes = this.#bytes
    while (this.#at < this.#end) {
      const byte = bytes[this.#at]
      if (byte === space) return true
      if (byte === lineFeed) return false
      this.#at += byte === backslash ? this.#escapedLength() : 1
    }
    return false
  }

  /** Bytes that the backslash here stands for: with the one behind it unless that is a line feed or a backslash of its own. */
  #escapedLength(): number {
    const next = this.#bytes[this.#at + 1]
    return this.#at + 1 >= this.#end || next === lineFeed || next === backslash ? 1 : 2
  }

  #passSpaces(): void {
    while (this.#at < this.#end && this.#bytes[this.#at] === space) this.#at++
  }

  #field(): string {
    const bytes = this.#bytes
    const start = this.#at
    while (this.#at < this.#end) {
      const byte = bytes[this.#at]
      if (byte === equals || byte === comma || byte === space || byte === lineFeed) break
      this.#at += byte === backslash ? this.#escapedLength() : 1
    }
    const isEnd = this.#at >= this.#end || bytes[this.#at] === lineFeed
    if (isEnd && /^\r?$/.test(latin1(bytes, start, Math.min(this.#at, this.#end)))) return 'missing fields'
    if (isEnd || bytes[this.#at] !== equals) return 'invalid field format'
    if (this.#at === start) return 'missing field key'
    const index = this.fieldCount++
    this.fieldSpans[index * 2] = start
    this.fieldSpans[index * 2 + 1] = this.#at
    this.#at++
    return this.#value(index)
  }

  #value(index: number): string {
    const bytes = this.#bytes
    const start = this.#at
    if (start < this.#end && bytes[start] === quote) {
      this.fieldKinds[index] = 'string'
      this.fieldValues[index] = 0
      return this.#string(start + 1)
    }
    while (this.#at < this.#end && !endsValue(bytes[this.#at] ?? 0)) this.#at++
    const text = latin1(bytes, start, this.#at)
    if (text === '') return 'missing field value'
    const value = numberOf(text)
    if (value === null) return /^[a-zA-Z]/.test(text) && !/^(nan|inf)/i.test(text) ? 'invalid boolean' : 'invalid number'
    this.fieldKinds[index] = 'number'
    this.fieldValues[index] = value
    return ''
  }

  /** On a string that does not end, the line ends at the first line feed behind its quote: the lines that follow may be good. */
  #string(start: number): string {
    const bytes = this.#bytes
    for (let at = start; at < this.#end; at++) {
      if (bytes[at] === backslash) at++
      else if (bytes[at] === quote) {
        this.#at = at + 1
        if (this.#at < this.#end && !endsValue(bytes[this.#at] ?? 0)) return 'invalid field format'
        return ''
      }
    }
    return this.#end < bytes.byteLength ? 'the line is too long' : 'unbalanced quotes'
  }

  #time(msOf: (digits: string) => number): string {
    const bytes = this.#bytes
    this.#passSpaces()
    const start = this.#at
    while (this.#at < this.#end && !endsValue(bytes[this.#at] ?? 0)) this.#at++
    const text = latin1(bytes, start, this.#at)
    this.#passSpaces()
    if (bytes[this.#at] === carriageReturn && this.#at < this.#end) this.#at++
    if (this.#at < this.#end && bytes[this.#at] !== lineFeed) return 'bad timestamp'
    if (this.#at === this.#end && this.#end < bytes.byteLength) return 'the line is too long'
    this.next = this.#at + 1
    if (text === '') return ''
    if (!/^-?\d+$/.test(text)) return 'bad timestamp'
    const isNegative = text.startsWith('-')
    const digits = significant(isNegative ? text.slice(1) : text)
    if (isAbove(digits, i64Digits)) return 'bad timestamp'
    this.timeMs = isNegative && digits !== '' ? -1 : msOf(digits)
    return ''
  }
}

/** Behind the line feed at or behind `at`; never behind the end by more than one. */
function pastLine(bytes: Uint8Array, at: number): number {
  const found = bytes.indexOf(lineFeed, at)
  return found < 0 ? bytes.byteLength + 1 : found + 1
}

/** Where the next line with something in it begins, comments left out; the length of the body when there is none. */
export function nextLine(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.byteLength) {
    const byte = bytes[at]
    if (byte === hash) at = pastLine(bytes, at)
    else if (byte === lineFeed || byte === space || byte === carriageReturn || byte === tab || byte === 0) at++
    else return at
  }
  return bytes.byteLength
}

function endsValue(byte: number): boolean {
  return byte === comma || byte === space || byte === lineFeed || byte === carriageReturn
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(end - start, 0)).toString('latin1')
}

/** Digits without leading zeros. */
function significant(digits: string): string {
  return digits.replace(/^0+/, '')
}

function isAbove(digits: string, max: string): boolean {
  return digits.length > max.length || (digits.length === max.length && digits > max)
}

/** A field's value that is not a string; null when it is none. Integers beyond 2^53 are rounded to the nearest double. */
function numberOf(text: string): number | null {
  if (Object.hasOwn(booleans, text)) return booleans[text] ?? null
  const whole = /^([+-]?)(\d+)([iu])$/.exec(text)
  if (whole !== null) {
    const [, sign = '', digits = '', kind] = whole
    if (kind === 'u' && sign === '-') return null
    const max = kind === 'u' ? u64Digits : sign === '-' ? i64NegativeDigits : i64Digits
    if (isAbove(significant(digits), max)) return null
    // No negative zero among integers.
    return Number(sign + digits) || 0
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return null
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

/** The number whose value begins at `at`, as a line's reader found it before. */
export function readDigits(bytes: Uint8Array, at: number): number {
  let end = at
  while (end < bytes.byteLength && !endsValue(bytes[end] ?? 0)) end++
  return Number(latin1(bytes, at, end))
}

/** A measurement's tags. */
export interface LineKey {
  readonly measurement: string
  readonly tags: readonly (readonly [key: string, value: string])[]
}

/** Measurement and tags of a key at `[start, end)`, escapes undone; what is wrong with it, in InfluxDB's words, when it cannot be read. */
export function readKey(bytes: Uint8Array, start: number, end: number): LineKey | string {
  const text = textOf(bytes, start, end)
  if (text === null) return 'invalid UTF-8'
  const [measurement = '', ...tags] = splitUnescaped(text, ',')
  if (measurement === '') return 'missing measurement'
  const pairs: [string, string][] = []
  for (const tag of tags) {
    const [key = '', value, ...more] = splitUnescaped(tag, '=')
    if (key === '') return 'missing tag key'
    if (value === undefined || value === '') return 'missing tag value'
    if (more.length > 0) return 'invalid tag format'
    pairs.push([unescaped(key), unescaped(value)])
    if (pairs.length > fieldsPerLineMax) return 'too many tags'
  }
  return { measurement: unescaped(measurement), tags: pairs }
}

/** A field's key, escapes undone; null when it is not UTF-8. */
export function readFieldKey(bytes: Uint8Array, start: number, end: number): string | null {
  const text = textOf(bytes, start, end)
  return text === null ? null : unescaped(text)
}

/** As InfluxDB does: a separator behind a backslash is none, whatever is before the backslash. */
function splitUnescaped(text: string, separator: string): string[] {
  if (!text.includes('\\')) return text.split(separator)
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== separator || text[at - 1] === '\\') continue
    parts.push(text.slice(from, at))
    from = at + 1
  }
  parts.push(text.slice(from))
  return parts
}

/** A backslash takes the meaning of comma, `=` and space; before anything else it is one. */
function unescaped(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\([,= ])/g, '$1') : text
}
