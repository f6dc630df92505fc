/** Texts in bytes: whether they are UTF-8, cut at characters, hexadecimal. */
import { isUtf8 } from 'node:buffer'

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** For short texts: a loop beats the call. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at++) all |= bytes[at]!
  return all < 128
}

/**
 * The same bytes as a plain array: parts of a `Buffer` are several times as dear.
 */
export function plainArray(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The text as UTF-8, U+FFFD in place of what is none. A view when it is well-formed. */
export function repaired(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const text = bytes.subarray(start, end)
  return isUtf8(text) ? text : encoder.encode(decoder.decode(text))
}

/** The last end of a character at or before `at`, not before `start`. */
export function characterEnd(bytes: Uint8Array, start: number, at: number): number {
  let end = at
  while (end > start && (bytes[end]! & 0xc0) === 0x80) end--
  return end
}

/** Values of hexadecimal digits, 255 for other bytes. */
const hexValues = new Uint8Array(256).fill(255)
for (let value = 0; value < 16; value++) {
  hexValues[value.toString(16).charCodeAt(0)] = value
  hexValues[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

/** -1 when the byte is no hexadecimal digit. */
export function hexValue(byte: number): number {
  const value = hexValues[byte]!
  return value === 255 ? -1 : value
}

/** Whether all of it are hexadecimal digits. */
export function isHex(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0
  for (let at = start; at < end; at++) all |= hexValues[bytes[at]!]!
  return all <= 15
}

/** Fills `target` from two digits a byte. False when one is no digit; `target` then means nothing. */
export function hexInto(bytes: Uint8Array, start: number, target: Uint8Array): boolean {
  let at = start
  for (let index = 0; index < target.length; index++, at += 2) {
    const high = hexValues[bytes[at]!]!
    const low = hexValues[bytes[at + 1]!]!
    if ((high | low) > 15) return false
    target[index] = (high << 4) | low
  }
  return true
}
