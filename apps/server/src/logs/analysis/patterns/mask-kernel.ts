/**
 * The shape of a message as a hash of its bytes, with numbers, ids, addresses and times taken out: a run of letters and digits that has a
 * digit is masked, masked runs joined by `.`, `:`, `,`, `-`, `+` are one. Messages of one shape are one pattern without another look.
 * About 2 ns a byte; looks at the first line only, at most `patternBytesMax` bytes of it.
 */
import { patternBytesMax } from './limits.ts'

const other = 0
const letter = 1
const digit = 2
/** Joins what is masked on both sides of it. */
const joint = 3

const classes = new Uint8Array(256)
for (let code = 0; code < 256; code++) {
  if (code >= 0x30 && code <= 0x39) classes[code] = digit
  else if ((code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code >= 0x80 || code === 0x5f) classes[code] = letter
}
for (const char of '.:,-+') classes[char.charCodeAt(0)] = joint

/** What the last call of `shapeKernel` found: 64 bits, and where it stopped. */
export interface Shape {
  low: number
  high: number
  end: number
}

export const shape: Shape = { low: 0, high: 0, end: 0 }

const mask = 0x11

/** First byte of the message's first line. */
export function firstByte(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && bytes[at]! <= 0x20) at++
  return at
}

/** Words of up to four letters and one digit are names more often than numbers: `v1`, `s3`, `utf8`. */
export const shortNameMax = 5

/** Leaves its answer in `shape`. */
export function shapeKernel(bytes: Uint8Array, start: number, end: number): void {
  const first = firstByte(bytes, start, end)
  const stop = Math.min(end, first + patternBytesMax)
  let a = 0x9e3779b9 | 0
  let b = 0x85ebca6b | 0
  let at = first
  // Hash before the last masked run and what joins it, so that the next masked run can fall into it.
  let isMasked = false
  let isJoined = false
  let jointA = 0
  let jointB = 0
  while (at < stop) {
    const code = bytes[at]!
    const kind = classes[code]!
    if (kind === other || kind === joint) {
      if (code === 10) break
      if (kind === joint && isMasked && !isJoined) {
        isJoined = true
        jointA = a
        jointB = b
      } else {
        isMasked = false
        isJoined = false
      }
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b ^ code, 0x5bd1e995)
      b ^= b >>> 15
      at++
      continue
    }
    const runStart = at
    const runA = a
    const runB = b
    let digits = 0
    for (; at < stop; at++) {
      const next = bytes[at]!
      const nextKind = classes[next]!
      if (nextKind !== letter && nextKind !== digit) break
      if (nextKind === digit) digits++
      a = Math.imul(a ^ next, 0x01000193)
      b = Math.imul(b ^ next, 0x5bd1e995)
      b ^= b >>> 15
    }
    const size = at - runStart
    const isName = digits === 1 && size >= 2 && size <= shortNameMax && classes[bytes[at - 1]!] === digit && !isJoined
    const isHexPart = digits === 0 && isJoined && size >= 4 && bytes[runStart - 1] === 0x2d && isHexRun(bytes, runStart, at)
    if ((digits > 0 && !isName) || isHexPart) {
      if (isJoined) {
        a = jointA
        b = jointB
      } else {
        a = Math.imul(runA ^ mask, 0x01000193)
        b = Math.imul(runB ^ mask, 0x5bd1e995)
        b ^= b >>> 15
      }
      isMasked = true
    } else isMasked = false
    isJoined = false
  }
  a ^= a >>> 13
  shape.low = Math.imul(a, 0xc2b2ae35) >>> 0
  shape.high = (b ^ (b >>> 13)) >>> 0
  shape.end = at
}

/** A part of a UUID may be letters alone. */
function isHexRun(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = bytes[at]! | 0x20
    if (code < 0x61 || code > 0x66) return false
  }
  return true
}
