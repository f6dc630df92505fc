/**
 * Codes by which programs colour what they write to a terminal (ECMA-48: `ESC [ … m` and its like, links, character sets). They hide words
 * from search and levels from us, so they are no part of a text.
 */

const escape = 0x1b
const [bell, backslash, openBracket, closeBracket] = [0x07, 0x5c, 0x5b, 0x5d]
const nowhere = Number.MAX_SAFE_INTEGER

/** Takes them out of `bytes[start, end)`, in place; gives the new end. A code that is cut off stays as it is. Linear in time. */
export function removeTerminalCodes(bytes: Uint8Array, start: number, end: number): number {
  let to = start
  for (let at = start; at < end;) {
    const behind = bytes[at] === escape ? codeEnd(bytes, at, end) : at
    if (behind > at) at = behind
    else bytes[to++] = bytes[at++]!
  }
  return to
}

/** Of a text that has them. */
export function textWithoutTerminalCodes(text: string): string {
  const bytes = Buffer.from(text)
  return bytes.toString('utf8', 0, removeTerminalCodes(bytes, 0, bytes.length))
}

/** Behind the code that begins at `start`; `start` itself where none does. */
function codeEnd(bytes: Uint8Array, start: number, end: number): number {
  const kind = bytes[start + 1] ?? 0
  let at = start + 2
  if (start + 1 >= end) return start
  if (kind === closeBracket) {
    // A title or a link: up to a bell, or `ESC \`. Any other escape says that it has no end.
    while (at < end && bytes[at] !== bell && bytes[at] !== escape) at++
    if (at >= end) return start
    if (bytes[at] === bell) return at + 1
    return at + 1 < end && bytes[at + 1] === backslash ? at + 2 : start
  }
  if (kind === openBracket) {
    // Parameters and what lies between, then the letter.
    while (at < end && bytes[at]! >= 0x20 && bytes[at]! <= 0x3f) at++
    return at < end && bytes[at]! >= 0x40 && bytes[at]! <= 0x7e ? at + 1 : start
  }
  // `ESC ( B`, `ESC 7`.
  at = start + 1
  while (at < end && bytes[at]! >= 0x20 && bytes[at]! <= 0x2f) at++
  return at < end && bytes[at]! >= 0x30 && bytes[at]! <= 0x7e ? at + 1 : start
}

/**
 * Which texts of a block have codes: it is searched once, as fast as memory is read. A block whose bytes change between two texts may have
 * codes that are not found.
 */
export class TerminalCodes {
  #block: Uint8Array | null = null
  #view: Buffer = Buffer.alloc(0)
  #from = 0
  #next = nowhere

  /** Another request: nothing of the one before is kept. */
  forget(): void {
    this.#block = null
    this.#view = Buffer.alloc(0)
  }

  isIn(bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes !== this.#block) {
      this.#block = bytes
      this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.#search(start)
    } else if (start < this.#from || start > this.#next) this.#search(start)
    return this.#next < end
  }

  #search(start: number): void {
    const found = this.#view.indexOf(escape, start)
    this.#from = start
    this.#next = found < 0 ? nowhere : found
  }
}
