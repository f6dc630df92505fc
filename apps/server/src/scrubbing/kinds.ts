/** What can be scrubbed, as bits of a row's `scrubbed` and as the words that stand in its place. */
import { scrubbedKinds } from '@bellwether/protocol'

export const secretBit = 1
export const tokenBit = 2
export const privateKeyBit = 4
export const jwtBit = 8
export const cardBit = 16
export const emailBit = 32
export const ruleBit = 64

const encoder = new TextEncoder()

export function markOf(name: string): Uint8Array {
  return encoder.encode(`[scrubbed:${name}]`)
}

const marks = new Map(scrubbedKinds.map((kind, place) => [1 << place, markOf(kind)]))

/** `[scrubbed:kind]` in bytes. */
export function markOfBit(bit: number): Uint8Array {
  const mark = marks.get(bit)
  if (mark === undefined) throw new Error(`no kind has the bit ${bit}`)
  return mark
}
