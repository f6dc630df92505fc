/**
 * 64 bits for a member of a set, written to disk: they may never change. Two runs of MurmurHash3 (32 bit, public domain algorithm by Austin
 * Appleby) over the same bytes with different seeds, at once. Byte layout and test values: docs/formats/metrics-record.md.
 */

/** Little-endian halves. One object is reused by the caller. */
export interface MemberHash {
  low: number
  high: number
}

const lowSeed = 0
const highSeed = 0x9e3779b9

function mixed(hash: number, word: number): number {
  let block = Math.imul(word, 0xcc9e2d51)
  block = Math.imul((block << 15) | (block >>> 17), 0x1b873593)
  return hash ^ block
}

function stepped(hash: number): number {
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
}

function finished(hash: number, length: number): number {
  let out = hash ^ length
  out = Math.imul(out ^ (out >>> 16), 0x85ebca6b)
  out = Math.imul(out ^ (out >>> 13), 0xc2b2ae35)
  return (out ^ (out >>> 16)) >>> 0
}

/** Hash of the bytes `[start, end)`. */
// oxlint-disable-next-line max-params -- a kernel: bytes in, two numbers out, no object made
export function hashMemberBytes(bytes: Uint8Array, start: number, end: number, out: MemberHash): void {
  let low = lowSeed
  let high = highSeed | 0
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    low = stepped(mixed(low, word))
    high = stepped(mixed(high, word))
  }
  if (at < end) {
    let word = 0
    for (let shift = 0; at < end; at++, shift += 8) word |= bytes[at]! << shift
    low = mixed(low, word)
    high = mixed(high, word)
  }
  out.low = finished(low, end - start)
  out.high = finished(high, end - start)
}

const encoder = new TextEncoder()

/** Hash of a text's UTF-8 bytes. */
export function hashMember(text: string, out: MemberHash): void {
  const bytes = encoder.encode(text)
  hashMemberBytes(bytes, 0, bytes.length, out)
}
