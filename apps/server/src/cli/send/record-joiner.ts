/**
 * Lines of a file to log records of one or several lines: a stack trace belongs to the line it was logged with. The last record stays open,
 * since its next line may not be written yet; whoever reads closes it when nothing came for a while.
 */
import type { CutLine } from './line-cutter.ts'
import { type Belonging, belongingOf, endsItself, isJavaStack, openedBy, type OpenRecord } from './stack-lines.ts'

/** `auto`: continuations are known by how they look; `off`: each line is a record; a pattern: of the first line of each record. */
export type Multiline = 'auto' | 'off' | RegExp

/** What an open record takes at most; the line beyond begins another one. Bellwether keeps 256 KB of a record. */
export const recordBytesMax = 256 * 1024
export const recordLinesMax = 2000
/** An open record is sent when no line has come for so long. */
export const openMs = 1000
/** Characters of a line that are looked at. */
const lookedAtChars = 1024

const lineEnd = Buffer.from('\n')

/** Null: it is no pattern. */
export function parseMultiline(text: string): Multiline | null {
  if (text === 'auto' || text === 'off') return text
  try {
    return new RegExp(text, 'u')
  } catch {
    return null
  }
}

/** The last line of the open record, which is the first of another one if no stack follows; where it is, and what comes before it. */
interface Doubt {
  readonly text: string
  /** Of the open record's lines, without and with the empty ones before it. */
  readonly linesBefore: number
  readonly lineAt: number
  readonly takenBytesBefore: number
}

export class RecordJoiner {
  readonly #mode: Multiline
  /** Of the open record, with what is between them. */
  #lines: Buffer[] = []
  #sizeBytes = 0
  /** Of the file, from the first line of the open record up to the last that was given. */
  #takenBytes = 0
  /** Empty lines: part of the record only where another line of it follows. */
  #emptyLines = 0
  #open: OpenRecord | null = null
  #doubt: Doubt | null = null

  constructor(mode: Multiline) {
    this.#mode = mode
  }

  /** Bytes of the file that the open record and what follows it took; 0: none is open. */
  get openBytes(): number {
    return this.#takenBytes
  }

  /** The records that these lines complete. */
  add(lines: readonly CutLine[]): Buffer[] {
    const records: Buffer[] = []
    for (const { bytes, sizeBytes } of lines) {
      if (bytes === null || bytes.length === 0) {
        if (this.#lines.length > 0) this.#takenBytes += sizeBytes
        if (bytes !== null) this.#emptyLines++
      } else this.#line(bytes, sizeBytes, records)
    }
    return records
  }

  /** The open record, complete or not; none where none is open; two where the last line may begin another one. */
  close(): Buffer[] {
    const records = this.#split()
    if (this.#lines.length > 0) records.push(joined(this.#lines))
    this.#lines = []
    this.#sizeBytes = this.#takenBytes = this.#emptyLines = 0
    this.#open = null
    return records
  }

  /** The record before the line in doubt, which is the first of the open record then. */
  #split(): Buffer[] {
    const doubt = this.#doubt
    this.#doubt = null
    if (doubt === null) return []
    const before = joined(this.#lines.slice(0, doubt.linesBefore))
    this.#lines = this.#lines.slice(doubt.lineAt)
    this.#sizeBytes = this.#lines.reduce((sum, { length }) => sum + length, 0)
    this.#takenBytes -= doubt.takenBytesBefore
    this.#open = openedBy(doubt.text)
    return [before]
  }

  #line(bytes: Buffer, sizeBytes: number, records: Buffer[]): void {
    const text = this.#mode === 'off' ? '' : bytes.toString('utf8', 0, lookedAtChars)
    if (this.#doubt !== null) this.#decide(text, records)
    const [belonging, open] = [this.#belonging(text), this.#open]
    if (belonging === 'no' || this.#isFullWith(bytes)) {
      records.push(...this.close())
      // What is cut only since it is too long goes on like before.
      this.#open = belonging === 'yes' ? open : openedBy(text)
    }
    const [linesBefore, takenBytesBefore] = [this.#lines.length, this.#takenBytes]
    if (linesBefore > 0) for (let i = 0; i <= this.#emptyLines; i++) this.#push(lineEnd)
    this.#emptyLines = 0
    if (linesBefore > 0 && belonging === 'if a stack follows')
      this.#doubt = { text, linesBefore, lineAt: this.#lines.length, takenBytesBefore }
    this.#push(bytes)
    this.#takenBytes += sizeBytes
    if (this.#mode === 'off' || (this.#mode === 'auto' && this.#lines.length === 1 && endsItself(bytes))) records.push(...this.close())
  }

  #decide(text: string, records: Buffer[]): void {
    if (!isJavaStack(text)) records.push(...this.#split())
    else if (this.#open !== null) this.#open.hasThrown = true
    this.#doubt = null
  }

  #push(bytes: Buffer): void {
    this.#lines.push(bytes)
    this.#sizeBytes += bytes.length
  }

  #isFullWith(bytes: Buffer): boolean {
    return this.#sizeBytes + this.#emptyLines + bytes.length >= recordBytesMax || this.#lines.length >= 2 * recordLinesMax - 1
  }

  #belonging(text: string): Belonging {
    if (this.#mode === 'off' || this.#open === null || this.#lines.length === 0) return 'no'
    if (this.#mode === 'auto') return belongingOf(text, this.#open)
    return this.#mode.test(text) ? 'no' : 'yes'
  }
}

function joined(lines: readonly Buffer[]): Buffer {
  const [first] = lines
  return lines.length === 1 && first !== undefined ? first : Buffer.concat(lines)
}
