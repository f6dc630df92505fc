/**
 * Lines made of `name=value` pairs and nothing else, as loggers of Go programs write them: `level=info msg="no money" took=3ms`. By position,
 * without objects. Strict, because text may look like it in places: names at least two, one of them of those that every such line has.
 */
import { isWord, notThere, type Scratch, stringEnd, stringRead } from './json-text.ts'

/** The last pair read: where its name and value are. `hasEscapes`: the value is that of a JSON string. */
export const pairRead = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0, hasEscapes: false }

const pairsMin = 2
const knownNames = ['level', 'lvl', 'severity', 'msg', 'message', 'time', 'ts', 'timestamp']

const mayBegin = 1
const mayFollow = 2
const nameBytes = new Uint8Array(256)
for (let byte = 0; byte < 128; byte++) {
  const letter = String.fromCharCode(byte)
  if (/[A-Za-z_@]/.test(letter)) nameBytes[byte] = mayBegin | mayFollow
  else if (/[\d.-]/.test(letter)) nameBytes[byte] = mayFollow
}
const [blank, quote, comma, equals] = [0x20, 0x22, 0x2c, 0x3d]

/** Whether all of it is such pairs. `scratch` is overwritten. */
export function isLogfmt(bytes: Uint8Array, start: number, end: number, scratch: Scratch): boolean {
  let pairs = 0
  let isKnown = false
  for (let at = start; at < end; pairs++) {
    at = readPair(bytes, at, end)
    if (at === notThere) return false
    isKnown ||= hasKnownName(bytes)
    if (!pairRead.hasEscapes) continue
    scratch.length = 0
    if (!scratch.appendUnescaped(bytes, pairRead.valueStart, pairRead.valueEnd)) return false
  }
  return isKnown && pairs >= pairsMin
}

/** Reads the pair at `start`. Behind it and the blanks that follow; `notThere` where there is none. */
export function readPair(bytes: Uint8Array, start: number, end: number): number {
  if ((nameBytes[bytes[start]!]! & mayBegin) === 0) return notThere
  let at = start + 1
  while (at < end && nameBytes[bytes[at]!]! !== 0) at++
  if (at >= end || bytes[at] !== equals) return notThere
  pairRead.nameStart = start
  pairRead.nameEnd = at++
  pairRead.hasEscapes = false
  if (at < end && bytes[at] === quote) {
    const close = stringEnd(bytes, at + 1, end)
    if (close === notThere) return notThere
    pairRead.valueStart = at + 1
    pairRead.valueEnd = close
    pairRead.hasEscapes = stringRead.hasEscapes
    at = close + 1
  } else {
    pairRead.valueStart = at
    // The sign in it, as at the end of Base64, but not at its beginning.
    if (at < end && bytes[at] === equals) return notThere
    while (at < end && bytes[at]! > blank && bytes[at] !== quote) at++
    // Pairs with commas between them are somebody else's.
    if (bytes[at - 1] === comma) return notThere
    pairRead.valueEnd = at
  }
  if (at < end && bytes[at] !== blank) return notThere
  while (at < end && bytes[at] === blank) at++
  return at
}

/** Where the pairs of a line end: before the line's own end and blanks. */
export function pairsEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  while (at > start && (bytes[at - 1] === blank || bytes[at - 1] === 0x0a || bytes[at - 1] === 0x0d)) at--
  return at
}

function hasKnownName(bytes: Uint8Array): boolean {
  const { nameStart, nameEnd } = pairRead
  for (const name of knownNames) if (isWord(bytes, nameStart, nameEnd, name)) return true
  return false
}
