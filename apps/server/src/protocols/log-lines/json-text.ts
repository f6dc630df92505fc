/** JSON from bytes by position, without objects: strings, their escapes, values passed over. */
import { hexValue } from './bytes.ts'
import { removeTerminalCodes } from './terminal-codes.ts'

/** A string ended, or did not. */
export const notThere = -1

/** What the last `stringEnd` met. */
export const stringRead = { hasEscapes: false }

/** Of a string whose content begins at `start`: the place of the quote that ends it, `notThere` when none does. */
export function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  let hasEscapes = false
  for (let at = start; at < end; at++) {
    const byte = bytes[at]
    if (byte === 0x22) {
      stringRead.hasEscapes = hasEscapes
      return at
    }
    if (byte === 0x5c) {
      hasEscapes = true
      at++
    }
  }
  return notThere
}

/** The next byte that is no white space; `end` when there is none. */
export function afterBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isBlank(bytes[at]!)) at++
  return at
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Behind the value that begins at `start`; `notThere` when it does not end. Brackets are counted, not matched. */
export function valueEnd(bytes: Uint8Array, start: number, end: number): number {
  const first = bytes[start]
  if (first === 0x22) {
    const quote = stringEnd(bytes, start + 1, end)
    return quote === notThere ? notThere : quote + 1
  }
  if (first !== 0x7b && first !== 0x5b) return scalarEnd(bytes, start, end)
  let depth = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte === 0x22) {
      at = stringEnd(bytes, at + 1, end)
      if (at === notThere) return notThere
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return at + 1
  }
  return notThere
}

/** Behind a number, true, false, null; `notThere` when there is nothing. */
export function scalarEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  for (; at < end; at++) {
    const byte = bytes[at]!
    // A comma, a bracket, a blank end it.
    if (byte === 0x2c || byte === 0x7d || byte === 0x5d || byte <= 0x20) break
  }
  return at === start ? notThere : at
}

/** Whether the bytes of `scalarEnd` are a number, true or false; null is none. */
export function isPlainScalar(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]!
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) {
    for (let at = start + 1; at < end; at++) {
      const byte = bytes[at]!
      const isNumeric = (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2b || byte === 0x2d || (byte | 0x20) === 0x65
      if (!isNumeric) return false
    }
    return true
  }
  return isWord(bytes, start, end, 'true') || isWord(bytes, start, end, 'false')
}

export function isWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word.charCodeAt(at)) return false
  return true
}

/** Escapes of one letter; 0 for others. */
const escapes = new Uint8Array(256)
for (const [letter, code] of Object.entries({ '"': 34, '\\': 92, '/': 47, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  escapes[letter.charCodeAt(0)] = code
}

/** Bytes that grow, and what is in them: strings without their escapes. Kept for the next row. */
export class Scratch {
  bytes = new Uint8Array(1024)
  length = 0

  /** Behind what is there: the content of a string with escapes, without codes for terminals. False: an escape is none; what was appended means nothing. */
  appendUnescaped(source: Uint8Array, start: number, end: number): boolean {
    // No escape becomes longer than it was written.
    this.reserve(end - start)
    const { bytes } = this
    let to = this.length
    let codeAt = notThere
    for (let at = start; at < end; at++) {
      const byte = source[at]!
      if (byte !== 0x5c) {
        bytes[to++] = byte
        continue
      }
      const letter = source[++at]!
      const plain = escapes[letter]!
      if (plain !== 0) bytes[to++] = plain
      else if (letter === 0x75) {
        const code = codeUnit(source, at + 1, end)
        if (code < 0) return false
        if (code === 0x1b && codeAt === notThere) codeAt = to
        at += 4
        if (code >= 0xd800 && code < 0xdc00 && source[at + 1] === 0x5c && source[at + 2] === 0x75) {
          const second = codeUnit(source, at + 3, end)
          if (second >= 0xdc00 && second < 0xe000) {
            to = pushCodePoint(bytes, to, 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00))
            at += 6
            continue
          }
        }
        to = pushCodePoint(bytes, to, code >= 0xd800 && code < 0xe000 ? 0xfffd : code)
      } else return false
    }
    this.length = codeAt === notThere ? to : removeTerminalCodes(bytes, codeAt, to)
    return true
  }

  append(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.reserve(size)
    // Below this a loop beats the call.
    if (size < 48) for (let at = start, to = this.length; at < end; at++) this.bytes[to++] = source[at]!
    else this.bytes.set(source.subarray(start, end), this.length)
    this.length += size
  }

  appendByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.length++] = byte
  }

  /** Empties it; room beyond a bound is let go. */
  clear(): void {
    this.length = 0
    if (this.bytes.length > 1_048_576) this.bytes = new Uint8Array(1024)
  }

  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/** Four hexadecimal digits; -1 when they are not there. */
function codeUnit(source: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1
  const [a, b, c, d] = [hexValue(source[at]!), hexValue(source[at + 1]!), hexValue(source[at + 2]!), hexValue(source[at + 3]!)]
  return a < 0 || b < 0 || c < 0 || d < 0 ? -1 : (a << 12) | (b << 8) | (c << 4) | d
}

function pushCodePoint(bytes: Uint8Array, at: number, code: number): number {
  let to = at
  if (code < 0x80) bytes[to++] = code
  else if (code < 0x800) {
    bytes[to++] = 0xc0 | (code >> 6)
    bytes[to++] = 0x80 | (code & 63)
  } else if (code < 0x10000) {
    bytes[to++] = 0xe0 | (code >> 12)
    bytes[to++] = 0x80 | ((code >> 6) & 63)
    bytes[to++] = 0x80 | (code & 63)
  } else {
    bytes[to++] = 0xf0 | (code >> 18)
    bytes[to++] = 0x80 | ((code >> 12) & 63)
    bytes[to++] = 0x80 | ((code >> 6) & 63)
    bytes[to++] = 0x80 | (code & 63)
  }
  return to
}
