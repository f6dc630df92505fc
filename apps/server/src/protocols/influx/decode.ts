/**
 * Influx lines to a batch. Hot path: the kernel makes rows of the fields, a hash of measurement, tags and field key finds the series,
 * samples go from column to column. What the kernel leaves, and series not seen before, are read here by the plain reader. A line that
 * cannot be read is refused alone. Aim: 0.15 CPU s a million values at 10 fields a line.
 */
import { droppedByRule, type Labels, type SeriesResolver } from '../../metrics/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { bodyMalformed } from '../errors.ts'
import { kernelPlainBytesMax, rowWords } from '../decode/kernel-memory.ts'
import { checkLabels, type Refusal, shown } from '../decode/label-text.ts'
import { measuredValue } from '../decode/sample-value.ts'
import { type DecodeSession, timeExample } from '../decode/session.ts'
import { isRefusal } from '../decode/label-ranges.ts'
import { DatabaseNumbers } from './database-numbers.ts'
import { kindDigits, kindString, LineKernel, rowField, rowKind, rowLine, rowValue, stopCut, stopLine } from './line-kernel.ts'
import { LineReader, nextLine, readDigits, readFieldKey, readKey } from './line-reader.ts'
import { labelsOf, metricNameOf, withName } from './names.ts'
import { digitsToMs, type InfluxRequest, unitOf } from './request.ts'

/** A line that cannot be read is shown up to this many characters. */
const shownLineChars = 160
const lineFeed = 10
/** More lines of a body with nothing to store: it is refused as a whole, because each costs as much as a hundred good ones. */
const refusedLinesMax = 100_000
const malformed = 'malformed_line'
/** A string is no number: it is left out. */
const stringField = 'string_field'

/** What a line's series have in common. */
interface LineSeries {
  readonly measurement: string
  readonly labels: Labels
}

/** Decodes one request at a time; keeps its buffers between requests. */
export class InfluxDecoder {
  readonly #series: SeriesResolver
  readonly #partBytesMax: number
  readonly #kernel = new LineKernel()
  readonly #reader = new LineReader()
  readonly #databases = new DatabaseNumbers()
  #refs = new Uint32Array(0)
  #body: Uint8Array = new Uint8Array(0)
  /** Lines of the body that gave no sample. */
  #refusedLines = 0
  /** Where in the body the part in the kernel begins. */
  #partAt = 0
  #request: InfluxRequest = { precision: 'ns', database: '', nowMs: 0 }
  /** Where the line lies whose series `#lineSeries` and `#reader` hold, in the bytes they were read from; -1 when none. */
  #lineAt = -1
  #lineSeries: LineSeries | Refusal | null = null

  /** `partBytesMax`: longer bodies go through the kernel in parts of this many bytes; 0: all is read plainly. */
  constructor(series: SeriesResolver, partBytesMax = kernelPlainBytesMax) {
    this.#series = series
    this.#partBytesMax = partBytesMax
  }

  /** Fills the session's batch. Errors: `body.too_many_samples`, `body.malformed` when there are too many lines that cannot be read. */
  decode(body: Uint8Array, request: InfluxRequest, session: DecodeSession): void {
    this.#request = request
    this.#body = body
    this.#refusedLines = 0
    try {
      this.#decodeBody(body, request, session)
    } finally {
      this.#body = body.subarray(0, 0)
    }
  }

  #decodeBody(body: Uint8Array, request: InfluxRequest, session: DecodeSession): void {
    if (this.#partBytesMax === 0) {
      for (let at = nextLine(body, 0); at < body.byteLength; at = nextLine(body, at)) at = this.#readPlain(body, at, session)
      return
    }
    const kernel = this.#kernel
    for (let from = 0; from < body.byteLength;) {
      const to = Math.min(from + this.#partBytesMax, body.byteLength)
      kernel.take(body.subarray(from, to))
      this.#partAt = from
      kernel.begin(this.#series.tenantIndex(session.batch.tenant), this.#databases.numberOf(request.database), {
        minMs: session.timeMinMs,
        maxMs: session.timeMaxMs,
        nowMs: request.nowMs,
      })
      from = this.#takePart(body, from, to, session)
    }
  }

  /** Gives where the next part begins. */
  #takePart(body: Uint8Array, from: number, to: number, session: DecodeSession): number {
    const kernel = this.#kernel
    const unit = unitOf(this.#request.precision)
    let at = from
    while (at < to) {
      at = from + kernel.walk(at - from, to === body.byteLength, unit)
      this.#takeRows(session)
      const { stop } = kernel
      // A line that is longer than a part is the plain reader's; what else is cut off begins the next part.
      if (stop === stopCut && at > from) return at
      if (stop === stopCut || stop === stopLine) at = this.#readPlain(body, nextLine(body, at), session)
    }
    return at
  }

  /** Rows to samples, in their order: runs of samples of known series go over as columns. */
  #takeRows(session: DecodeSession): void {
    const { rows, times, values, memory } = this.#kernel
    const { rowCount } = memory
    if (this.#refs.length < rowCount) this.#refs = new Uint32Array(times.length)
    this.#lineAt = -1
    let runFrom = 0
    // A line whose key cannot be read is refused once, not by field.
    let refusedLine = -1
    for (let i = 0, at = 0; i < rowCount; i++, at += rowWords) {
      const kind = rows[at + rowKind]!
      const line = rows[at + rowLine]!
      let ref = -1
      if (kind === kindString) this.#dropString(memory.bytes, line, rows[at + rowValue]!, session)
      else if (line !== refusedLine) {
        session.batch.pointsReceived++
        ref = this.#series.lookupHash(rows, at)
        if (ref < 0) ref = this.#learn(session, at)
        if (ref === lineRefused) refusedLine = line
      }
      if (ref >= 0) {
        this.#refs[i] = ref
        if (kind === kindDigits) values[i] = measuredValue(readDigits(memory.bytes, rows[at + rowValue]!))
        continue
      }
      if (i > runFrom) session.addSamples(this.#refs, times, values, runFrom, i)
      runFrom = i + 1
    }
    if (rowCount > runFrom) session.addSamples(this.#refs, times, values, runFrom, rowCount)
  }

  /** The ref of a row's series not seen before; `fieldRefused` or `lineRefused`. */
  #learn(session: DecodeSession, row: number): number {
    const { rows, memory } = this.#kernel
    const { bytes } = memory
    const line = rows[row + rowLine]!
    if (this.#lineAt !== line) this.#readLine(bytes, line)
    const series = this.#lineSeries
    if (typeof series !== 'object' || series === null) throw new Error('the kernel read a line that the plain reader cannot read')
    if (isLineRefusal(series)) {
      this.#refuseLine(series, this.#partAt + line - memory.plainAt, session, () => series.example)
      return lineRefused
    }
    const index = this.#reader.fieldSpans.indexOf(rows[row + rowField]!) / 2
    const ref = this.#resolve(session, bytes, index, series)
    if (ref >= 0) this.#series.rememberHash(rows, row, ref)
    return ref
  }

  /** Reads the line at `at` and what its series have in common into `#lineSeries`: null when it cannot be read. */
  #readLine(bytes: Uint8Array, at: number): void {
    this.#lineAt = at
    const unit = unitOf(this.#request.precision)
    this.#lineSeries = null
    if (!this.#reader.read(bytes, at, (digits) => digitsToMs(digits, unit))) return
    const key = readKey(bytes, at, this.#reader.keyEnd)
    if (typeof key === 'string') {
      this.#lineSeries = { reason: malformed, example: unreadable(bytes, at, this.#reader.next, key) }
      return
    }
    const labels = labelsOf(key, this.#request.database)
    this.#lineSeries = isRefusal(labels) ? labels : { measurement: key.measurement, labels }
  }

  /** Reads the line at `at` into the batch; gives where the next begins. */
  #readPlain(bytes: Uint8Array, at: number, session: DecodeSession): number {
    if (at >= bytes.byteLength) return at
    const reader = this.#reader
    this.#readLine(bytes, at)
    const next = Math.min(reader.next, bytes.byteLength)
    this.#lineAt = -1
    if (this.#lineSeries !== null) this.#takeFields(bytes, at, this.#lineSeries, session)
    else {
      const { error } = reader
      session.batch.pointsReceived++
      this.#refuseLine({ reason: malformed, example: '' }, at, session, () => unreadable(bytes, at, reader.next, error))
    }
    return next
  }

  /** The fields of the line at `at`, which was read last. */
  #takeFields(bytes: Uint8Array, at: number, series: LineSeries | Refusal, session: DecodeSession): void {
    const reader = this.#reader
    const timeMs = Number.isNaN(reader.timeMs) ? this.#request.nowMs : reader.timeMs
    let isRefused = false
    for (let index = 0; index < reader.fieldCount; index++) {
      if (reader.fieldKinds[index] === 'string') {
        this.#dropString(bytes, at, (reader.fieldSpans[index * 2 + 1] ?? 0) + 1, session)
      } else if (!isLineRefusal(series)) {
        session.batch.pointsReceived++
        if (!session.isTimeAccepted(timeMs)) {
          if (!isRefused) this.#countRefused()
          isRefused = true
          session.refuse('timestamp_out_of_range', 1, () => timeExample(shown(series.measurement), timeMs))
          continue
        }
        const ref = this.#resolve(session, bytes, index, series)
        if (ref >= 0) session.addSample(ref, timeMs, measuredValue(reader.fieldValues[index] ?? 0))
      } else if (!isRefused) {
        isRefused = true
        session.batch.pointsReceived++
        this.#refuseLine(series, at, session, () => series.example)
      }
    }
  }

  /** `at`: where the line lies in the body. Errors: `body.malformed`. */
  #refuseLine(refusal: Refusal, at: number, session: DecodeSession, example: () => string): void {
    this.#countRefused()
    session.refuse(refusal.reason, 1, example)
    if (session.firstRefusedLine === 0) session.firstRefusedLine = lineNumber(this.#body, at)
  }

  /** The ref of a field of the line that was read last, or `fieldRefused`. */
  #resolve(session: DecodeSession, bytes: Uint8Array, index: number, { measurement, labels }: LineSeries): number {
    const { limits, metadata } = session.state
    const { fieldSpans } = this.#reader
    const field = readFieldKey(bytes, fieldSpans[index * 2] ?? 0, fieldSpans[index * 2 + 1] ?? 0)
    if (field === null) {
      session.refuse('invalid_utf8', 1, () => `${shown(measurement)}: a field key is not valid UTF-8`)
      return fieldRefused
    }
    const metric = metricNameOf(measurement, field)
    const named = withName(labels, metric)
    const refusal = checkLabels(named, metric, limits)
    if (refusal !== null) {
      session.refuse(refusal.reason, 1, () => refusal.example)
      return fieldRefused
    }
    const ref = this.#series.resolve(session.batch.tenant, named)
    if (ref >= 0) {
      metadata.describe(session.batch, { name: metric, type: 'unknown', unit: '', help: '' })
      return ref
    }
    if (ref === droppedByRule) {
      session.batch.pointsReceived--
      session.drop('rule_drop_metric', 1, () => `${shown(metric)}: a rule of the project drops the metric`)
      return fieldRefused
    }
    session.refuse('series_limit', 1, () => `${shown(metric)}: the project has reached its limit of series`)
    return fieldRefused
  }

  #countRefused(): void {
    if (++this.#refusedLines <= refusedLinesMax) return
    throw new AppError(bodyMalformed, { publicText: `More than ${refusedLinesMax} lines of the body cannot be read.` })
  }

  #dropString(bytes: Uint8Array, line: number, value: number, session: DecodeSession): void {
    session.drop(stringField, 1, () => `a string is not a number and was left out: ${lineText(bytes, line, value + shownLineChars / 2)}`)
  }
}

const fieldRefused = -1
const lineRefused = -2

function isLineRefusal(series: LineSeries | Refusal): series is Refusal {
  return 'reason' in series
}

/** Counted from 1. */
function lineNumber(body: Uint8Array, at: number): number {
  let number = 1
  for (let from = body.indexOf(lineFeed); from >= 0 && from < at; from = body.indexOf(lineFeed, from + 1)) number++
  return number
}

function unreadable(bytes: Uint8Array, at: number, next: number, error: string): string {
  return `unable to parse '${lineText(bytes, at, next)}': ${error}`
}

/** A line as it may be shown: its first characters, without its end and without control characters. */
function lineText(bytes: Uint8Array, at: number, next: number): string {
  const end = Math.min(next, bytes.byteLength, at + 4 * shownLineChars)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.max(end - at, 0)).toString('utf8')
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must not get into messages.
  const plain = text.replace(/\r?(?:\n[^]*)?$/, '').replaceAll(/[\u0000-\u001f\u007f]/g, '?')
  return plain.length > shownLineChars ? `${plain.slice(0, shownLineChars)}…` : plain
}
