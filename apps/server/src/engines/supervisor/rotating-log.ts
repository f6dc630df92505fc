/**
 * What a child process prints, in a file of bounded size: at the limit the file becomes `<name>.1` and a new one begins, so at
 * most twice the limit is kept. The last lines stay in memory for error messages. Written synchronously: a child prints
 * little, and its last words before a crash must not be lost in a buffer of ours.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'

const fileBytesMax = 4 * 1024 * 1024
const linesKept = 40
const lineCharsMax = 2000

export class RotatingLog implements Disposable {
  readonly #path: string
  readonly #sizeBytesMax: number
  readonly #decoder = new StringDecoder('utf8')
  #fd: number
  #sizeBytes: number
  #lines: string[] = []
  #partial = ''
  #closed = false

  constructor(path: string, sizeBytesMax: number = fileBytesMax) {
    this.#path = path
    this.#sizeBytesMax = sizeBytesMax
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(path, 'a', 0o600)
    this.#sizeBytes = fstatSync(this.#fd).size
  }

  /** Never throws: when the disk is full the line is only kept in memory. */
  write(chunk: Buffer): void {
    if (this.#closed) return
    this.#remember(this.#decoder.write(chunk))
    try {
      if (this.#sizeBytes + chunk.length > this.#sizeBytesMax && this.#sizeBytes > 0) this.#rotate()
      this.#sizeBytes += writeSync(this.#fd, chunk)
    } catch {
      // The disk is full or gone; whoever needs the disk for more than a log says so.
    }
  }

  /** Up to `count` last non-empty lines, oldest first. */
  lastLines(count: number = linesKept): string[] {
    const lines = this.#partial === '' ? this.#lines : [...this.#lines, this.#partial]
    return lines.slice(-count)
  }

  /** Forgets the remembered lines, e.g. before a new attempt. */
  forget(): void {
    this.#lines = []
    this.#partial = ''
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#fd)
  }

  #remember(text: string): void {
    const parts = (this.#partial + text).split('\n')
    this.#partial = (parts.pop() ?? '').slice(0, lineCharsMax)
    for (const part of parts) {
      const line = part.trimEnd().slice(0, lineCharsMax)
      if (line !== '') this.#lines.push(line)
    }
    if (this.#lines.length > linesKept) this.#lines = this.#lines.slice(-linesKept)
  }

  #rotate(): void {
    closeSync(this.#fd)
    renameSync(this.#path, `${this.#path}.1`)
    this.#fd = openSync(this.#path, 'a', 0o600)
    this.#sizeBytes = 0
  }
}
