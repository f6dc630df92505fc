/**
 * Messages in a stream (RFC 6587): `LENGTH SP MESSAGE`, or ended by a newline or a zero byte; each message says by its first byte which it
 * is. Longer ones than the bound are cut, the rest of them passed over.
 */
import { messageBytesMax } from './limits.ts'

const newline = 0x0a
const blank = 0x20

export class SyslogFraming {
  readonly #message: (bytes: Uint8Array) => void
  #held: Buffer = Buffer.alloc(0)
  /** Bytes of a message that was cut, still to come; -1: to its newline. */
  #passing = 0

  constructor(message: (bytes: Uint8Array) => void) {
    this.#message = message
  }

  /** Bytes that wait for the rest of their message. */
  get heldBytes(): number {
    return this.#held.length
  }

  /** Gives every message that is complete. */
  push(chunk: Buffer): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    for (;;) {
      const rest = this.#passing === 0 ? this.#take(bytes) : this.#pass(bytes)
      if (rest === null) break
      bytes = rest
    }
    // A copy: what is held must not keep a whole chunk alive.
    this.#held = this.#passing === 0 ? Buffer.from(bytes) : Buffer.alloc(0)
  }

  /** The stream has ended: what has no end is a message all the same. */
  end(): void {
    if (this.#passing === 0 && this.#held.length > 0) this.#give(this.#held)
    this.#held = Buffer.alloc(0)
  }

  /** The rest behind one message; null when none is complete. */
  #take(bytes: Buffer): Buffer | null {
    if (bytes.length === 0) return null
    const counted = this.#counted(bytes)
    if (counted !== undefined) return counted
    const end = endOfLine(bytes)
    if (end >= 0) {
      this.#give(bytes.subarray(0, Math.min(end, messageBytesMax)))
      return bytes.subarray(end + 1)
    }
    if (bytes.length <= messageBytesMax) return null
    this.#give(bytes.subarray(0, messageBytesMax))
    this.#passing = -1
    return bytes.subarray(messageBytesMax)
  }

  /** Undefined: it does not begin with a length. */
  #counted(bytes: Buffer): Buffer | null | undefined {
    let length = 0
    let at = 0
    for (; at < bytes.length && at < 10; at++) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) break
      length = length * 10 + digit
    }
    if (at === 0 || at === 10) return undefined
    if (at === bytes.length) return null
    if (bytes[at] !== blank || length === 0) return undefined
    const from = at + 1
    const kept = Math.min(length, messageBytesMax)
    if (bytes.length < from + kept) return null
    this.#give(bytes.subarray(from, from + kept))
    this.#passing = length - kept
    return bytes.subarray(from + kept)
  }

  #pass(bytes: Buffer): Buffer | null {
    if (bytes.length === 0) return null
    if (this.#passing > 0) {
      const passed = Math.min(this.#passing, bytes.length)
      this.#passing -= passed
      return bytes.subarray(passed)
    }
    const end = endOfLine(bytes)
    if (end < 0) return null
    this.#passing = 0
    return bytes.subarray(end + 1)
  }

  #give(bytes: Uint8Array): void {
    let end = bytes.length
    while (end > 0 && (bytes[end - 1] === 0x0d || bytes[end - 1] === newline)) end--
    if (end > 0) this.#message(Uint8Array.from(bytes.subarray(0, end)))
  }
}

function endOfLine(bytes: Buffer): number {
  const line = bytes.indexOf(newline)
  const zero = bytes.indexOf(0)
  return line < 0 || (zero >= 0 && zero < line) ? zero : line
}
