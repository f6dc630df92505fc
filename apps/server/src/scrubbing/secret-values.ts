/** Values behind a name that says that they are secret: `password=…`, `"api_key": "…"`, `Authorization: Bearer …`, `Cookie: …`. */
import { isSecretName } from './names.ts'
import { found, isSchemeByte, nothing } from './shapes.ts'

const quote = 0x22
const apostrophe = 0x27
const backslash = 0x5c
const blank = 0x20
const colon = 0x3a
/** Quotes, backslashes and blanks between a name and its colon. */
const betweenMax = 3

/** What ends a value without quotes: blanks, brackets, quotes, commas and the like. */
const endsValue = new Uint8Array(256)
for (let byte = 0; byte <= blank; byte++) endsValue[byte] = 1
for (const char of ',;&)]}"\'<>|') endsValue[char.charCodeAt(0)] = 1

const emptyValues = new Set(['null', 'true', 'false', 'none', 'nil', 'undefined', '-', ''])

/** `at` is a colon or an equals sign. */
export function secretValue(source: Uint8Array, at: number, start: number, end: number): number {
  let nameEnd = at
  while (nameEnd > start && at - nameEnd < betweenMax && isBetween(source[nameEnd - 1]!)) nameEnd--
  if (!isSecretName(source, start, nameEnd)) return nothing
  let from = at + 1
  let hasBlank = false
  while (from < end && source[from] === blank && from - at <= betweenMax) {
    from++
    hasBlank = true
  }
  let escapes = 0
  while (from < end && source[from] === backslash) {
    from++
    escapes++
  }
  if (from >= end) return nothing
  const first = source[from]!
  if (first === quote || first === apostrophe) return quoted(source, from, end, escapes)
  // Comparisons, arrows, lists and objects, and what is hidden already.
  if (first === 0x3d || first === 0x3e || first === colon || first === 0x5b || first === 0x7b || first === 0x2a || first === 0x3c)
    return nothing
  const last = unquotedEnd(source, nameEnd, from, end)
  if (isEmptyValue(source, from, last) || (source[at] === colon && hasBlank && isProse(source, { nameEnd, from, last }))) return nothing
  found.start = from
  return last
}

function isBetween(byte: number): boolean {
  return byte === quote || byte === apostrophe || byte === backslash || byte === blank
}

function quoted(source: Uint8Array, quoteAt: number, end: number, escapes: number): number {
  const mark = source[quoteAt]!
  const from = quoteAt + 1
  let last = from
  for (; last < end && source[last] !== mark; last++) if (escapes === 0 && source[last] === backslash) last++
  last = Math.min(last, end)
  // The backslashes before a quote that is escaped belong to it.
  while (escapes > 0 && last > from && source[last - 1] === backslash) last--
  if (isEmptyValue(source, from, last) || source[from] === 0x5b || source[from] === 0x2a) return nothing
  found.start = from
  return last
}

function unquotedEnd(source: Uint8Array, nameEnd: number, from: number, end: number): number {
  let last = from
  // Of cookies, all to the end of the line: `Cookie: a=b; c=d`.
  const isCookie = (source[nameEnd - 1]! | 0x20) === 0x65 && (source[nameEnd - 2]! | 0x20) === 0x69
  if (isCookie) {
    while (last < end && source[last]! >= blank && source[last] !== quote) last++
    return last
  }
  while (last < end && endsValue[source[last]!] === 0) last++
  // A scheme and what follows it: `Authorization: Basic dXNlcjpwYXNz`.
  if (last >= end || source[last] !== blank || last - from > 12 || !isLetters(source, from, last)) return last
  let second = last + 1
  while (second < end && isSchemeByte(source[second]!)) second++
  return second - last > 6 && isAuthorization(source, nameEnd) ? second : last
}

function isAuthorization(source: Uint8Array, nameEnd: number): boolean {
  return (source[nameEnd - 1]! | 0x20) === 0x6e && (source[nameEnd - 2]! | 0x20) === 0x6f
}

function isLetters(source: Uint8Array, from: number, last: number): boolean {
  for (let at = from; at < last; at++) if ((source[at]! | 0x20) < 0x61 || (source[at]! | 0x20) > 0x7a) return false
  return true
}

/** Nothing, a truth value: what stands where a secret could be and is none. */
export function isEmptyValue(source: Uint8Array, from: number, last: number): boolean {
  return last - from <= 9 && emptyValues.has(String.fromCharCode(...source.subarray(from, last)).toLowerCase())
}

/** "unexpected token: something" is no secret: behind `token: ` only what has a digit counts, and is long enough. */
function isProse(source: Uint8Array, { nameEnd, from, last }: { nameEnd: number; from: number; last: number }): boolean {
  if ((source[nameEnd - 1]! | 0x20) !== 0x6e || (source[nameEnd - 2]! | 0x20) !== 0x65) return false
  if (last - from < 8) return true
  for (let at = from; at < last; at++) if (source[at]! >= 0x30 && source[at]! <= 0x39) return false
  return true
}
