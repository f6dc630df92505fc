/**
 * Prometheus' text format 0.0.4 and OpenMetrics 1.0 as bytes, line by line. The series of a sample is handed on as a range of bytes, so
 * that one that is known costs no string; `readSeries` reads it when it is new. As in Prometheus a line that is wrong fails the whole body.
 * Sources: prometheus.io/docs/instrumenting/exposition_formats, the OpenMetrics 1.0 specification, quoted names of Prometheus 3.
 */
import type { MetricType } from '../../metrics/index.ts'

export type ExpositionFormat = 'text' | 'openmetrics'

/** What is read, in the order of the body. Offsets are into the body's bytes. */
export interface ExpositionSink {
  /** `# TYPE`, before its samples. */
  type(name: string, type: MetricType): void
  /** The text as it stands in the bytes `[start, end)`; `readHelp` reads it when it is wanted. */
  help(name: string, start: number, end: number): void
  /** OpenMetrics only. */
  unit(name: string, unit: string): void
  /** Length of the series at `start` if it is known without looking for its end, else 0; `end` is that of the line. */
  expected?(start: number, end: number): number
  /** A sample whose name and labels are the bytes `[start, end)`. `timeMs` NaN: the time of the scrape. */
  sample(start: number, end: number, point: ExposedPoint): void
  /** Of the sample before it: labels are the bytes `[start, end)`, braces included. OpenMetrics only. */
  exemplar(start: number, end: number, point: ExposedPoint): void
}

/** One object is reused from line to line. */
export interface ExposedPoint {
  value: number
  timeMs: number
  /** From 1. */
  line: number
}

/** The body is wrong at `line` (from 1). */
export class ExpositionError extends Error {
  readonly line: number

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`)
    this.name = 'ExpositionError'
    this.line = line
  }
}

const [lineFeed, carriageReturn, space, tab, hash, quote, backslash] = [10, 13, 32, 9, 35, 34, 92]
const [braceOpen, braceClose, comma, equals, minus, zero, nine] = [123, 125, 44, 61, 45, 48, 57]
/** Integers of so many digits are exact as they add up. */
const exactDigitsMax = 15
const wordCharsMax = 64

/** A map: the words of a body may be names that every object has. */
const types: ReadonlyMap<string, MetricType> = new Map([
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['histogram', 'histogram'],
  ['gaugehistogram', 'gaugehistogram'],
  ['summary', 'summary'],
  ['info', 'info'],
  ['stateset', 'stateset'],
  ['untyped', 'unknown'],
  ['unknown', 'unknown'],
])

/** Reads the whole body. Errors: `ExpositionError`; what the sink got before it is to be thrown away. */
export function parseExposition(bytes: Uint8Array, format: ExpositionFormat, sink: ExpositionSink): void {
  new Parser(bytes, format, sink).run()
}

class Parser {
  readonly #bytes: Uint8Array
  readonly #text: Buffer
  readonly #isOpenMetrics: boolean
  readonly #sink: ExpositionSink
  readonly #point: ExposedPoint = { value: 0, timeMs: Number.NaN, line: 0 }
  #at = 0
  #end = 0
  #line = 0

  constructor(bytes: Uint8Array, format: ExpositionFormat, sink: ExpositionSink) {
    this.#bytes = bytes
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#isOpenMetrics = format === 'openmetrics'
    this.#sink = sink
  }

  run(): void {
    const size = this.#bytes.length
    for (let from = 0; from < size;) {
      this.#line++
      let end = this.#bytes.indexOf(lineFeed, from)
      if (end === -1) end = size
      this.#at = from
      this.#end = end > from && this.#bytes[end - 1] === carriageReturn ? end - 1 : end
      if (this.#isOpenMetrics && this.#isEof()) {
        if (end + 1 < size) throw this.#wrong('there is more after # EOF')
        return
      }
      this.#readLine()
      from = end + 1
    }
    if (this.#isOpenMetrics) throw this.#wrong('the body ends without # EOF')
  }

  #isEof(): boolean {
    return this.#end - this.#at === 5 && this.#text.toString('latin1', this.#at, this.#end) === '# EOF'
  }

  #readLine(): void {
    this.#skipBlanks()
    if (this.#at === this.#end) {
      if (this.#isOpenMetrics) throw this.#wrong('an empty line')
      return
    }
    if (this.#bytes[this.#at] === hash) return this.#readComment()
    const start = this.#at
    const known = this.#sink.expected?.(start, this.#end) ?? 0
    if (known > 0) this.#at = start + known
    else this.#skipSeries()
    const end = this.#at
    this.#readPoint()
    this.#sink.sample(start, end, this.#point)
    this.#skipBlanks()
    if (this.#isOpenMetrics && this.#bytes[this.#at] === hash && this.#at < this.#end) this.#readExemplar()
    if (this.#at < this.#end) throw this.#wrong(`'${this.#rest()}' after the sample`)
  }

  /** Value, and the time where there is one: milliseconds in the text format, seconds in OpenMetrics. */
  #readPoint(): void {
    const point = this.#point
    point.line = this.#line
    this.#skipBlanks()
    point.value = this.#readNumber('value')
    point.timeMs = Number.NaN
    this.#skipBlanks()
    if (this.#at === this.#end || this.#bytes[this.#at] === hash) return
    const time = this.#readNumber('timestamp')
    if (!Number.isFinite(time)) throw this.#wrong('the timestamp is not a time')
    if (!this.#isOpenMetrics && !Number.isInteger(time)) throw this.#wrong('the timestamp is not a whole number of milliseconds')
    point.timeMs = this.#isOpenMetrics ? Math.round(time * 1000) : time
  }

  #readExemplar(): void {
    this.#at++
    this.#skipBlanks()
    const start = this.#at
    if (this.#bytes[start] !== braceOpen) throw this.#wrong('an exemplar without labels')
    this.#skipBraces()
    const end = this.#at
    this.#readPoint()
    this.#sink.exemplar(start, end, this.#point)
  }

  #readComment(): void {
    this.#at++
    this.#skipBlanks()
    const keyword = this.#readWord()
    if (keyword !== 'TYPE' && keyword !== 'HELP' && !(keyword === 'UNIT' && this.#isOpenMetrics)) {
      if (this.#isOpenMetrics) throw this.#wrong(`'# ${keyword}' is not a descriptor`)
      return
    }
    this.#skipBlanks()
    const name = this.#bytes[this.#at] === quote ? this.#readQuoted() : this.#readWord()
    if (name === '') throw this.#wrong(`# ${keyword} without a name`)
    if (this.#at < this.#end) this.#at++
    if (keyword === 'HELP') return this.#sink.help(name, this.#at, this.#end)
    const text = this.#text.toString('utf8', this.#at, this.#end)
    if (keyword === 'UNIT') return this.#sink.unit(name, text.trim())
    const type = types.get(text.trim())
    if (type === undefined) throw this.#wrong(`'${text.slice(0, wordCharsMax)}' is not a type`)
    this.#sink.type(name, type)
  }

  #readWord(): string {
    const start = this.#at
    while (this.#at < this.#end && !isBlank(this.#bytes[this.#at])) this.#at++
    return this.#text.toString('utf8', start, this.#at)
  }

  /** Past a name and its braces. */
  #skipSeries(): void {
    const bytes = this.#bytes
    let at = this.#at
    while (at < this.#end && !isBlank(bytes[at]) && bytes[at] !== braceOpen) at++
    const isNamed = at > this.#at
    this.#at = at
    // A blank may stand between name and braces.
    let next = at
    while (next < this.#end && isBlank(bytes[next])) next++
    if (bytes[next] === braceOpen && next < this.#end) {
      this.#at = next
      this.#skipBraces()
    } else if (!isNamed) throw this.#wrong('a sample without a name')
  }

  /** From an opening brace past the closing one; braces within quotes are text. */
  #skipBraces(): void {
    const bytes = this.#bytes
    for (let at = this.#at + 1; at < this.#end; at++) {
      const byte = bytes[at]
      if (byte === braceClose) {
        this.#at = at + 1
        return
      }
      if (byte !== quote) continue
      at++
      while (at < this.#end && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1
    }
    throw this.#wrong('the labels do not end')
  }

  #readQuoted(): string {
    const end = quotedEnd(this.#bytes, this.#at, this.#end)
    if (end === -1) throw this.#wrong('a quoted name does not end')
    const text = unescape(this.#text.toString('utf8', this.#at + 1, end))
    this.#at = end + 1
    return text
  }

  /** Digits add up; everything else is read as text. */
  #readNumber(what: string): number {
    const bytes = this.#bytes
    const start = this.#at
    const isNegative = bytes[start] === minus
    let at = isNegative ? start + 1 : start
    const firstDigit = at
    let whole = 0
    for (; at < this.#end; at++) {
      const byte = bytes[at] ?? 0
      if (byte < zero || byte > nine) break
      whole = whole * 10 + (byte - zero)
    }
    const isPlain = (at === this.#end || isBlank(bytes[at])) && at > firstDigit && at - firstDigit <= exactDigitsMax
    if (isPlain) {
      this.#at = at
      return isNegative ? -whole : whole
    }
    while (at < this.#end && !isBlank(bytes[at])) at++
    this.#at = at
    const text = this.#text.toString('latin1', start, at)
    const value = parseNumber(text)
    if (value === null) throw this.#wrong(`'${text.slice(0, wordCharsMax)}' is not a ${what}`)
    return value
  }

  #skipBlanks(): void {
    while (this.#at < this.#end && isBlank(this.#bytes[this.#at])) this.#at++
  }

  #rest(): string {
    return this.#text.toString('utf8', this.#at, Math.min(this.#end, this.#at + wordCharsMax))
  }

  #wrong(what: string): ExpositionError {
    return new ExpositionError(this.#line, what)
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === space || byte === tab
}

/** Where the quoted text that begins at `at` has its closing quote; -1: nowhere. */
function quotedEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at + 1; next < end; next++) {
    if (bytes[next] === quote) return next
    if (bytes[next] === backslash) next++
  }
  return -1
}

/** As Go's `ParseFloat` reads it, without its hexadecimal floats and underscores, which no exporter writes; null: no number. */
function parseNumber(text: string): number | null {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text)
  switch (text.toLowerCase()) {
    case 'nan':
      return Number.NaN
    case 'inf':
    case '+inf':
    case 'infinity':
    case '+infinity':
      return Number.POSITIVE_INFINITY
    case '-inf':
    case '-infinity':
      return Number.NEGATIVE_INFINITY
    default:
      return null
  }
}

/** Of values and of help texts; in those a quote needs no backslash, but OpenMetrics allows it. */
function unescape(text: string): string {
  return text.includes('\\') ? text.replace(/\\([\\"n])/g, (_, one: string) => (one === 'n' ? '\n' : one)) : text
}

/** The help text in the bytes that `help` was given. A quote needs no backslash there, but OpenMetrics allows it. */
export function readHelp(bytes: Uint8Array, start: number, end: number): string {
  return unescape(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8', start, end))
}

/**
 * Name and labels of the bytes that `sample` was given, in their order, `__name__` first; null where they are not what they should be
 * (a label without a value, a name twice is found later, when labels are put in order).
 */
export function readSeries(bytes: Uint8Array, start: number, end: number): [name: string, value: string][] | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const labels: [string, string][] = []
  let at = start
  while (at < end && !isBlank(bytes[at]) && bytes[at] !== braceOpen) at++
  if (at > start) labels.push(['__name__', text.toString('utf8', start, at)])
  while (at < end && isBlank(bytes[at])) at++
  if (at === end) return labels
  at++
  for (;;) {
    while (at < end && (isBlank(bytes[at]) || bytes[at] === comma)) at++
    if (bytes[at] === braceClose) return labels[0]?.[0] === '__name__' || labels.some(([name]) => name === '__name__') ? labels : null
    const name = readLabelName({ bytes, text, at, end })
    if (name === null) return null
    at = name.at
    if (bytes[at] !== equals) {
      // A quoted text alone is the metric's name.
      if (!name.isQuoted || labels.length > 0) return null
      labels.push(['__name__', name.text])
      continue
    }
    at++
    while (at < end && isBlank(bytes[at])) at++
    if (bytes[at] !== quote) return null
    const close = quotedEnd(bytes, at, end)
    if (close === -1) return null
    labels.push([name.text, unescape(text.toString('utf8', at + 1, close))])
    at = close + 1
  }
}

function readLabelName(from: {
  bytes: Uint8Array
  text: Buffer
  at: number
  end: number
}): { text: string; isQuoted: boolean; at: number } | null {
  const { bytes, text, end } = from
  let at = from.at
  const isQuoted = bytes[at] === quote
  let name: string
  if (isQuoted) {
    const close = quotedEnd(bytes, at, end)
    if (close === -1) return null
    name = unescape(text.toString('utf8', at + 1, close))
    at = close + 1
  } else {
    const start = at
    while (at < end && bytes[at] !== equals && bytes[at] !== comma && bytes[at] !== braceClose && !isBlank(bytes[at])) at++
    name = text.toString('utf8', start, at)
    if (name === '') return null
  }
  while (at < end && isBlank(bytes[at])) at++
  return { text: name, isQuoted, at }
}
