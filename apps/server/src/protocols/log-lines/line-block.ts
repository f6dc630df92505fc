/**
 * Lines of a body on the fast way: they are gathered into blocks, the kernel makes columns of rows of those that it knows how to read, and
 * these go into the batch whole. The others go through `LineWriter` one by one, in their place: it has the meaning, this only what repeats.
 * Nothing is gathered during a pause.
 */
import type { LogsBatch } from '../../logs/index.ts'
import { attributeNamesMax, noResource, partRowsMax, type Resource, type WordColumn } from '../../signals/index.ts'
import { meaningOf } from './field-names.ts'
import { blockBytesMax, blockLinesMax, LineKernel, stopFull, stopLevel, stopName } from './line-kernel.ts'
import type { LineWriter } from './line-writer.ts'
import { refuseTooManyRows } from './row-limit.ts'

const noBytes = new Uint8Array(0)
/** After so many lines in a row that the kernel cannot read the rest of a block goes the other way. */
const missesMax = 8
/** Names of one line that the kernel is told; it begins the line anew for each. What it knows by then it knows of the next line. */
const toldMax = 32

/** Reads the line `[start, end)` into the open row, and closes or drops it. `mark` is what came with the line. */
export type ReadLine = (start: number, end: number, mark: number) => void

interface Group {
  readonly resource: Resource
  readonly severity: number
}

export class LineBlock {
  readonly #lines: LineWriter
  readonly #readLine: ReadLine
  readonly #kernel: LineKernel
  #bytes: Uint8Array = noBytes
  #isText = false
  #batch: LogsBatch
  /** Where the block begins in the bytes; its lines. */
  #blockStart = 0
  #count = 0
  readonly #marks = new Float64Array(blockLinesMax)
  /** Where its lines come from, in their order; the last is that of lines to come. */
  readonly #groups: Group[] = []
  readonly #numbers = new Uint32Array(blockLinesMax)

  /**
   * `readLine` is asked for lines that the kernel does not know how to read. The kernel may be that of other blocks too, since none has lines
   * in it during a pause.
   */
  constructor(lines: LineWriter, kernel: LineKernel, readLine: ReadLine) {
    this.#lines = lines
    this.#kernel = kernel
    this.#readLine = readLine
    this.#batch = lines.row.batch
  }

  /** Behind `LineWriter.begin`: the lines are part of `bytes`, in their order. `isText`: all of it is UTF-8. */
  begin(bytes: Uint8Array, isText: boolean): void {
    this.#bytes = bytes
    this.#isText = isText
    this.#count = 0
    this.#groups.length = 0
    this.from(noResource, 0)
    this.#enter(this.#lines.row.batch)
  }

  /** The lines that follow are part of other bytes; none may wait. */
  readFrom(bytes: Uint8Array): void {
    this.#bytes = bytes
  }

  /** No line waits. */
  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** The body is read, or cannot be; lines that were not flushed are forgotten. */
  end(): void {
    this.#bytes = noBytes
    this.#count = 0
    this.#groups.length = 0
  }

  /** The lines that follow come from there, and have this severity until they say theirs. */
  from(resource: Resource, severity: number): void {
    const group = { resource, severity }
    const last = this.#groups.length - 1
    const isUsed = this.#count > 0 && this.#kernel.lineGroup(this.#count - 1) === last
    if (isUsed || last < 0) this.#groups.push(group)
    else this.#groups[last] = group
  }

  /** Adds the line `[start, end)`, which has no time but its own. Errors: `body.too_many_rows`. */
  add(start: number, end: number, mark: number): void {
    this.#place(start, end)
    this.#marks[this.#count - 1] = mark
  }

  /** Adds the line `[start, end)` with the time that the protocol gives: seconds since 1970, ns. Errors: `body.too_many_rows`. */
  // oxlint-disable-next-line max-params -- called for each line
  addTimed(start: number, end: number, seconds: number, nanos: number): void {
    this.#place(start, end)
    this.#kernel.setTime(this.#count - 1, seconds, nanos)
  }

  /** All lines become rows. Afterwards the row of the `LineWriter` comes from where the lines that follow do. */
  flush(): void {
    const count = this.#count
    const { row } = this.#lines
    if (count > 0) {
      if (row.batch !== this.#batch || this.#kernel.owner !== this) this.#enter(row.batch)
      if (this.#isForKernel(count)) this.#read(count)
      else this.#readRest(0, count)
      this.#count = 0
    }
    const current = this.#current()
    this.#groups.length = 0
    this.#groups.push(current)
    if (row.resource !== current.resource) row.from(current.resource)
  }

  /** The last line was the last of its part. */
  get #isPartEnd(): boolean {
    return this.#lines.row.batch.received + this.#count === partRowsMax
  }

  #current(): Group {
    return this.#groups.at(-1) ?? { resource: noResource, severity: 0 }
  }

  #place(start: number, end: number): void {
    if (this.#count === blockLinesMax || end - this.#blockStart > blockBytesMax || this.#isPartEnd) this.flush()
    refuseTooManyRows(this.#lines.row.batch, this.#count)
    if (this.#count === 0) this.#blockStart = start
    this.#kernel.setLine(this.#count++, start - this.#blockStart, end - this.#blockStart, this.#groups.length - 1)
  }

  /** Words have other numbers in another batch. */
  #enter(batch: LogsBatch): void {
    this.#batch = batch
    this.#kernel.owner = this
    this.#kernel.forgetBatch()
    const nowSec = Math.floor(batch.nowMs / 1000)
    this.#kernel.setRules({
      minSec: batch.timeMinSec,
      maxSec: batch.timeMaxSec,
      nowSec,
      nowNanos: Math.round((batch.nowMs - nowSec * 1000) * 1e6),
      isText: this.#isText,
    })
  }

  /** Whether bounds are so far away that no row can reach them. */
  #isForKernel(count: number): boolean {
    const { keys } = this.#batch.attributes
    const isSmall = this.#kernel.lineEnd(count - 1) <= blockBytesMax
    return isSmall && this.#batch.hasRoom(count) && keys.words.size + this.#kernel.wordsMax <= attributeNamesMax && this.#setGroups(count)
  }

  /** False: rows of one of them are not for the kernel. */
  #setGroups(count: number): boolean {
    const last = this.#kernel.lineGroup(count - 1)
    let hasForgotten = false
    for (let index = 0; index <= last; index++) {
      const { resource, severity } = this.#groups[index]!
      // There is no room for its attributes but in the rows.
      if (!this.#batch.addResource(resource)) return false
      if (this.#kernel.setGroup(index, resource, severity)) continue
      if (hasForgotten) return false
      hasForgotten = true
      this.#kernel.forget()
      index = -1
    }
    return true
  }

  #read(count: number): void {
    const kernel = this.#kernel
    kernel.take(this.#bytes, this.#blockStart, this.#blockStart + kernel.lineEnd(count - 1))
    let misses = 0
    let hasForgotten = false
    for (let line = 0; line < count;) {
      const next = this.#walk(line, count)
      if (next > line) {
        this.#append(line, next - line)
        misses = 0
        hasForgotten = false
      }
      line = next
      if (kernel.stop === stopFull && !hasForgotten) {
        // First there is room for attributes again, then for words.
        if (kernel.rows > 0) continue
        hasForgotten = true
        this.#kernel.forget()
        if (!this.#setGroups(count)) return this.#readRest(line, count)
      } else if (line < count) {
        this.#readRest(line, line + 1)
        line++
        if (++misses === missesMax) return this.#readRest(line, count)
      }
    }
  }

  /** Makes rows of lines; what the kernel does not know it is told. Gives the line at which it stopped. */
  #walk(first: number, count: number): number {
    const kernel = this.#kernel
    const { attributes, body } = this.#batch
    kernel.begin(attributes.keys.rows, body.data.length, attributes.values.data.length)
    let told = 0
    for (let line = first; ; told++) {
      const next = kernel.walk(line, count)
      if (next > line) told = 0
      line = next
      const { stop, unknown } = kernel
      if ((stop !== stopName && stop !== stopLevel) || told === toldMax) return line
      if (stop === stopName) kernel.tellRole(unknown, meaningOf(kernel.wordText(unknown)))
      else this.#tellSeverity(unknown)
    }
  }

  #tellSeverity(word: number): void {
    const level = this.#kernel.wordBytes(word)
    this.#kernel.tellSeverity(word, this.#lines.severities.of(level, 0, level.length))
  }

  /** One by one. */
  #readRest(first: number, end: number): void {
    const kernel = this.#kernel
    const lines = this.#lines
    for (let line = first; line < end; line++) {
      const { resource, severity } = this.#groups[kernel.lineGroup(line)]!
      if (lines.row.resource !== resource) lines.row.from(resource)
      lines.open()
      lines.row.severity = severity
      if (kernel.lineHasTime(line)) lines.row.at(kernel.lineSeconds(line), kernel.lineNanos(line))
      this.#readLine(this.#blockStart + kernel.lineStart(line), this.#blockStart + kernel.lineEnd(line), this.#marks[line]!)
    }
  }

  /** The rows that the kernel made, of `rows` lines from `first` on, go into the batch. */
  #append(first: number, rows: number): void {
    const kernel = this.#kernel
    const batch = this.#batch
    const { attributes } = batch
    batch.ts.pushRows(kernel.times.subarray(0, rows * 8))
    batch.traceId.pushRows(kernel.traceIds.subarray(0, rows * 16))
    batch.spanId.pushRows(kernel.spanIds.subarray(0, rows * 8))
    batch.severity.pushRows(kernel.severities.subarray(0, rows))
    batch.body.pushRows(kernel.bodies.subarray(0, kernel.bodyBytes), kernel.bodyStarts.subarray(0, rows), kernel.bodyEnds.subarray(0, rows))
    const { pairs } = kernel
    const keys = kernel.keys.subarray(0, pairs)
    this.#toBatch(keys, keys, attributes.keys, kernel.namesInBatch)
    attributes.keys.pushWords(keys)
    const values = kernel.values.subarray(0, kernel.valueBytes)
    attributes.values.pushRows(values, kernel.valueStarts.subarray(0, pairs), kernel.valueEnds.subarray(0, pairs))
    attributes.endRows(kernel.pairEnds.subarray(0, rows))
    for (let line = first; line < first + rows;) line = this.#appendGroup(line, line - first, rows)
    this.#appendWords(batch.scope, 4, 0, rows)
    batch.source.pushRepeated(this.#lines.row.words.source, rows)
    batch.endRows(rows)
  }

  /** Where the rows of one group come from. Gives the line behind its last. */
  #appendGroup(first: number, row: number, rows: number): number {
    const kernel = this.#kernel
    const batch = this.#batch
    const group = kernel.lineGroup(first)
    let rowsEnd = row + 1
    while (rowsEnd < rows && kernel.lineGroup(first + rowsEnd - row) === group) rowsEnd++
    const { resource } = this.#groups[group]!
    const { row: writer } = this.#lines
    if (writer.resource !== resource) writer.from(resource)
    batch.resource.pushU64(resource.low, resource.high)
    batch.resource.repeatLast(rowsEnd - row - 1)
    const { service, host, environment, release } = writer.words
    const columns = [batch.service, batch.host, batch.environment, batch.release]
    const words = [service, host, environment, release]
    for (let index = 0; index < columns.length; index++) {
      if (words[index] === 0) this.#appendWords(columns[index]!, index, row, rowsEnd)
      else columns[index]!.pushRepeated(words[index]!, rowsEnd - row)
    }
    return first + rowsEnd - row
  }

  /** What the lines themselves say. */
  // oxlint-disable-next-line max-params -- a column, and which rows
  #appendWords(column: WordColumn, index: number, row: number, rowsEnd: number): void {
    const words = this.#kernel.words.subarray(index * blockLinesMax + row, index * blockLinesMax + rowsEnd)
    const numbers = this.#numbers.subarray(0, rowsEnd - row)
    this.#toBatch(words, numbers, column, this.#kernel.columnsInBatch[index]!)
    column.pushWords(numbers)
  }

  /** Words of the kernel as words of the batch. */
  // oxlint-disable-next-line max-params -- from, to, and by what
  #toBatch(from: Uint32Array, to: Uint32Array, { words }: WordColumn, known: Uint32Array): void {
    for (let i = 0; i < from.length; i++) {
      const word = from[i]!
      if (word !== 0 && known[word] === 0) known[word] = words.intern(this.#kernel.wordBytes(word))
      to[i] = known[word]!
    }
  }
}
