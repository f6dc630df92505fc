/** How much JSON there is, told from its bytes before anything is made of them: small bodies can become very many objects. */

const quote = 0x22
const backslash = 0x5c

/** Whether there are more than `max` objects, arrays and members of objects; numbers and texts in arrays are bounded by the body's size. */
export function hasMoreJsonThan(body: Uint8Array, max: number): boolean {
  return countJson(body, max) > Math.max(max, 0)
}

/** How many objects, arrays and members of objects there are; when more than `max`, some number above it. */
export function countJson(body: Uint8Array, max: number): number {
  let count = 0
  for (let at = 0; at < body.byteLength; at++) {
    const byte = body[at]
    if (byte === quote) at = endOfText(body, at + 1)
    else if ((byte === 0x7b || byte === 0x5b || byte === 0x3a) && ++count > max) break
  }
  return count
}

/** Where the quote is that ends the text beginning at `from`; the end of the body when there is none. */
function endOfText(body: Uint8Array, from: number): number {
  for (let at = from; at < body.byteLength; at++) {
    const byte = body[at]
    if (byte === quote) return at
    if (byte === backslash) at++
  }
  return body.byteLength
}
