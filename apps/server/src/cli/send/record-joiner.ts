/**
 * Lines of a file to log records of one or several lines: a stack trace belongs to the line it was logged with. The last record stays open,
 * since its next line may not be written yet; whoever reads closes it when nothing came for a while.
 */
import type { CutLine } from './line-cutter.ts'
import { endsItself, isContinuation, openedBy, type OpenRecord } from './stack-lines.ts'

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

  /** The open record, complete or not; none where none is open. */
  close(): Buffer[] {
    const [first] = this.#lines
    if (first === undefined) return []
    const record = this.#lines.length === 1 ? first : Buffer.concat(this.#lines)
    this.#lines = []
    this.#sizeBytes = this.#takenBytes = this.#emptyLines = 0
    this.#open = null
    return [record]
  }

  #line(bytes: Buffer, sizeBytes: number, records: Buffer[]): void {
    const text = this.#mode === 'off' ? '' : bytes.toString('utf8', 0, lookedAtChars)
    if (!this.#belongs(text, bytes)) {
      records.push(...this.close())
      this.#emptyLines = 0
      this.#open = openedBy(text)
    }
    if (this.#lines.length > 0) for (let i = 0; i <= this.#emptyLines; i++) this.#push(lineEnd)
    this.#emptyLines = 0
    this.#push(bytes)
    this.#takenBytes += sizeBytes
    if (this.#mode === 'off' || (this.#mode === 'auto' && this.#lines.length === 1 && endsItself(bytes))) records.push(...this.close())
  }

  #push(bytes: Buffer): void {
    this.#lines.push(bytes)
    this.#sizeBytes += bytes.length
  }

  #belongs(text: string, bytes: Buffer): boolean {
    if (this.#mode === 'off' || this.#open === null || this.#lines.length === 0) return false
    const isFull = this.#sizeBytes + this.#emptyLines + bytes.length >= recordBytesMax || this.#lines.length >= 2 * recordLinesMax - 1
    if (isFull) return false
    return this.#mode === 'auto' ? isContinuation(text, this.#open) : !this.#mode.test(text)
  }
}
