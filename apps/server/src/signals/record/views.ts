/** Reading single values out of a record's columns. */
import type { FixedView, PairsView, TextView, WordView } from './decode.ts'

const decoder = new TextDecoder()

/** 32 bits of a fixed value, from its byte `offset` on. */
export function u32At({ bytes, width }: FixedView, row: number, offset = 0): number {
  const at = row * width + offset
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

export function u16At({ bytes, width }: FixedView, row: number): number {
  return bytes[row * width]! | (bytes[row * width + 1]! << 8)
}

export function u8At({ bytes, width }: FixedView, row: number): number {
  return bytes[row * width]!
}

export function f32At({ bytes, width }: FixedView, row: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + row * width, 4).getFloat32(0, true)
}

/** A value of 64 bits as a double; exact below 2^53. */
export function u64At(view: FixedView, row: number): number {
  return u32At(view, row, 4) * 0x1_0000_0000 + u32At(view, row)
}

/** Lower-case hexadecimal digits of a value's bytes. */
export function hexAt({ bytes, width }: FixedView, row: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + row * width, width).toString('hex')
}

/** All words of a dictionary as strings. */
export function wordTexts({ dictionary, words }: WordView): string[] {
  return textsOf({ kind: 'text', bytes: dictionary }, words)
}

/** All texts of a column as strings. */
export function textsOf({ bytes }: TextView, rows: number): string[] {
  const out: string[] = []
  eachText(bytes, rows, (start, end) => out.push(decoder.decode(bytes.subarray(start, end))))
  return out
}

/** Where each text of a column begins and ends. */
export function eachText(bytes: Uint8Array, rows: number, visit: (start: number, end: number, row: number) => void): void {
  let at = 0
  for (let row = 0; row < rows; row++) {
    let length = 0
    let shift = 0
    for (;;) {
      const byte = bytes[at++]!
      length += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
      shift += 7
    }
    visit(at, at + length, row)
    at += length
  }
}

/** Where each text begins (behind its length), and behind the last where the column ends: text `row` is `starts[row] .. ends[row]`. */
export function textBounds(bytes: Uint8Array, rows: number): { starts: Uint32Array; ends: Uint32Array } {
  const starts = new Uint32Array(rows)
  const ends = new Uint32Array(rows)
  eachText(bytes, rows, (start, end, row) => {
    starts[row] = start
    ends[row] = end
  })
  return { starts, ends }
}

/** First pair of each row, and behind the last row the number of pairs. */
export function pairStarts({ counts }: PairsView): Uint32Array {
  const starts = new Uint32Array(counts.length + 1)
  for (let row = 0; row < counts.length; row++) starts[row + 1] = starts[row]! + counts[row]!
  return starts
}
