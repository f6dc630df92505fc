/** Names whose values are secrets: `password`, `DB_PASSWORD`, `x-api-key`, `clientSecret`. The end of the name decides. */

/** What such names end with, blanks, dots, dashes and underscores left out. */
export const secretNameEndings: readonly string[] = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'pwd',
  'secret',
  'token',
  'apikey',
  'accesskey',
  'secretkey',
  'privatekey',
  'signingkey',
  'encryptionkey',
  'authorization',
  'cookie',
  'credential',
  'credentials',
  'connectionstring',
]

const longest = Math.max(...secretNameEndings.map((ending) => ending.length))
/** The last two letters of all of them, as one number. */
const lastTwo = new Uint8Array(65_536)
for (const ending of secretNameEndings) lastTwo[(ending.charCodeAt(ending.length - 2) << 8) | ending.charCodeAt(ending.length - 1)] = 1

/** Names that end so and are none. */
const harmless = new Set(['maxtoken', 'pagetoken', 'nexttoken', 'nextpagetoken', 'continuationtoken', 'synctoken'])

/** Whether a name that ends behind `source[start, end)` says that its value is secret. Blanks, dots, dashes and underscores do not count. */
export function isSecretName(source: Uint8Array, start: number, end: number): boolean {
  if (end - start < 3 || lastTwo[((source[end - 2]! | 0x20) << 8) | (source[end - 1]! | 0x20)] === 0) return false
  let name = ''
  for (let at = end - 1; at >= start && name.length < longest + 12; at--) {
    const byte = source[at]!
    const letter = byte | 0x20
    if (letter >= 0x61 && letter <= 0x7a) name = String.fromCharCode(letter) + name
    else if (byte !== 0x5f && byte !== 0x2d && byte !== 0x2e) break
  }
  return !harmless.has(name) && secretNameEndings.some((ending) => name.endsWith(ending))
}

const encoder = new TextEncoder()

/** The same of a whole name. */
export function isSecretNameText(name: string): boolean {
  const bytes = encoder.encode(name)
  return isSecretName(bytes, 0, bytes.length)
}
