/**
 * Shapes that tell secrets: tokens by the letters they begin with (as their makers publish them), JSON web tokens, private keys, numbers of
 * cards by their check digit (ISO/IEC 7812), e-mail addresses. Each finder is called at a byte that only few texts have, looks
 * around it within the text, and gives where the find ends; where it begins is in `found`.
 */

/** Where the last find begins. */
export const found = { start: 0 }
export const nothing = -1

const isWordByte = new Uint8Array(256)
const isTokenByte = new Uint8Array(256)
const isLocalByte = new Uint8Array(256)
const isDomainByte = new Uint8Array(256)
for (let byte = 0; byte < 128; byte++) {
  const char = String.fromCharCode(byte)
  if (/[A-Za-z0-9]/.test(char)) isWordByte[byte] = isTokenByte[byte] = isLocalByte[byte] = isDomainByte[byte] = 1
  if (/[_-]/.test(char)) isTokenByte[byte] = 1
  if (/[._%+'-]/.test(char)) isLocalByte[byte] = 1
  if (/[.-]/.test(char)) isDomainByte[byte] = 1
}

export function isWord(byte: number): boolean {
  return isWordByte[byte] === 1
}

/** Behind the letters, digits, dashes and underscores from `at`. */
function tokenEnd(source: Uint8Array, at: number, end: number): number {
  let next = at
  while (next < end && isTokenByte[source[next]!] === 1) next++
  return next
}

/** Whether `text` stands before `at` and begins a word. */
function follows(source: Uint8Array, at: number, start: number, text: string): boolean {
  const from = at - text.length
  if (from < start) return false
  for (let i = 0; i < text.length; i++) if (source[from + i] !== text.charCodeAt(i)) return false
  return from === start || !isWord(source[from - 1]!)
}

export interface Prefix {
  /** With the byte at which the finder is called. */
  readonly text: string
  /** Letters, digits, dashes and underscores that follow at least. */
  readonly restMin: number
}

/** GitHub, Stripe, npm, Slack webhooks' signing; by the byte before the underscore. */
const underscored: readonly Prefix[] = [
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((text) => ({ text, restMin: 30 })),
  { text: 'github_pat_', restMin: 30 },
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'].map((text) => ({ text, restMin: 10 })),
  { text: 'whsec_', restMin: 16 },
  { text: 'npm_', restMin: 30 },
  { text: 'bw_', restMin: 24 },
]
/** Slack, GitLab, and the keys of language models. */
const dashed: readonly Prefix[] = [
  ...['xoxa-', 'xoxb-', 'xoxe-', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'].map((text) => ({ text, restMin: 10 })),
  { text: 'glpat-', restMin: 16 },
  { text: 'sk-', restMin: 20 },
]
/** All of them. */
export const tokenPrefixes: readonly Prefix[] = [...underscored, ...dashed]
const byLastTwo = (prefixes: readonly Prefix[]): readonly (readonly Prefix[])[] => {
  const table: Prefix[][] = Array.from({ length: 256 }, () => [])
  for (const prefix of prefixes) table[prefix.text.charCodeAt(prefix.text.length - 2)]?.push(prefix)
  return table
}
const underscoredByByte = byLastTwo(underscored)
const dashedByByte = byLastTwo(dashed)

/** A token with a prefix that ends at `at`, an underscore or a dash. */
export function prefixedToken(source: Uint8Array, at: number, start: number, end: number): number {
  if (at === start) return nothing
  const prefixes = (source[at] === 0x5f ? underscoredByByte : dashedByByte)[source[at - 1]!]!
  for (const { text, restMin } of prefixes) {
    if (!follows(source, at + 1, start, text)) continue
    const last = tokenEnd(source, at + 1, end)
    if (last - at - 1 < restMin) continue
    found.start = at + 1 - text.length
    return last
  }
  return nothing
}

/** AWS access keys: AKIA or ASIA and 16 capitals and digits. `at` is the I. */
export function awsKey(source: Uint8Array, at: number, start: number, end: number): number {
  const first = at - 2
  if (first < start || at + 18 > end || source[first] !== 0x41 || source[at + 1] !== 0x41) return nothing
  if (source[at - 1] !== 0x4b && source[at - 1] !== 0x53) return nothing
  if (first > start && isWord(source[first - 1]!)) return nothing
  for (let i = at + 2; i < at + 18; i++) {
    const byte = source[i]!
    if (!((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39))) return nothing
  }
  if (at + 18 < end && isWord(source[at + 18]!)) return nothing
  found.start = first
  return at + 18
}

/** Google API keys: AIza and 35 more. `at` is the z. */
export function googleKey(source: Uint8Array, at: number, start: number, end: number): number {
  if (!follows(source, at + 1, start, 'AIz') || source[at + 1] !== 0x61) return nothing
  const last = tokenEnd(source, at, end)
  if (last - at < 36) return nothing
  found.start = at - 2
  return last
}

/** A JSON web token: three parts in base64url, of which two begin with `eyJ`. `at` is the J of the first. */
export function webToken(source: Uint8Array, at: number, start: number, end: number): number {
  if (!follows(source, at + 1, start, 'eyJ')) return nothing
  const first = tokenEnd(source, at, end)
  if (source[first] !== 0x2e || first - at < 8) return nothing
  const second = tokenEnd(source, first + 1, end)
  if (second - first < 8) return nothing
  found.start = at - 2
  return second < end && source[second] === 0x2e ? tokenEnd(source, second + 1, end) : second
}

/** `Bearer` and a token of at least 16 letters, digits or signs. `at` is its first letter. The word stays. */
export function bearerToken(source: Uint8Array, at: number, start: number, end: number): number {
  if (at + 23 > end || (at > start && isWord(source[at - 1]!))) return nothing
  for (let i = 1; i < 6; i++) if ((source[at + i]! | 0x20) !== 'bearer'.charCodeAt(i)) return nothing
  if (source[at + 6] !== 0x20) return nothing
  const from = at + 7
  let last = from
  while (last < end && isSchemeByte(source[last]!)) last++
  if (last - from < 16) return nothing
  found.start = from
  return last
}

/** Of what stands behind the name of a scheme (RFC 9110 11.2: token68). */
export function isSchemeByte(byte: number): boolean {
  return isTokenByte[byte] === 1 || byte === 0x2e || byte === 0x7e || byte === 0x2b || byte === 0x2f || byte === 0x3d
}

const pemBegin = '-----BEGIN '
const pemWord = 'PRIVATE KEY-----'

/** A private key in PEM, to its end or that of the text. `at` is the first dash. */
export function privateKey(source: Uint8Array, at: number, end: number): number {
  if (!isAt(source, at, end, pemBegin)) return nothing
  let word = at + pemBegin.length
  // RSA, EC, OPENSSH, ENCRYPTED: a few words.
  const wordMax = Math.min(end, word + 40)
  while (word < wordMax && !isAt(source, word, end, pemWord)) word++
  if (word >= wordMax) return nothing
  found.start = at
  for (let i = word + pemWord.length; i + 9 <= end; i++) {
    if (source[i] !== 0x2d || !isAt(source, i, end, '-----END ')) continue
    let last = i + 9
    while (last < end && source[last] !== 0x2d) last++
    while (last < end && source[last] === 0x2d) last++
    return last
  }
  return end
}

function isAt(source: Uint8Array, at: number, end: number, text: string): boolean {
  if (at + text.length > end) return false
  for (let i = 0; i < text.length; i++) if (source[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** Digits of the shortest number of a card. */
export const cardDigitsMin = 13

/** Digits of a card that were read last: from 12 to 19 of them, blanks and dashes between left out. */
const cardDigits = new Uint8Array(20)

/**
 * The longest number of a card that begins at `at`, a digit; groups are divided by one blank or dash. `nothing`: there is none, and the first
 * group ends at `digitsEnd`.
 */
export function cardNumber(source: Uint8Array, at: number, start: number, end: number): number {
  let count = 0
  let next = at
  let firstGroupEnd = 0
  let card = nothing
  const isInWord = at > start && (isTokenByte[source[at - 1]!] === 1 || source[at - 1] === 0x2e)
  for (; next <= end; next++) {
    const byte = next === end ? 0 : source[next]!
    if (byte >= 0x30 && byte <= 0x39) {
      if (count < 20) cardDigits[count] = byte - 0x30
      count++
      continue
    }
    // A group ends here, and maybe the number.
    if (firstGroupEnd === 0) firstGroupEnd = next
    if (count > 19) break
    if (count >= cardDigitsMin && !isInWord && !isWord(byte) && isIssued(count) && hasCheckDigit(count)) card = next
    if (byte !== 0x20 && byte !== 0x2d) break
    if (next + 1 < end && (source[next + 1]! < 0x30 || source[next + 1]! > 0x39)) break
  }
  digitsEnd.at = firstGroupEnd
  found.start = at
  return card
}

/** Behind the first group of digits that `cardNumber` looked at. */
export const digitsEnd = { at: 0 }

/** Whether a network gives out numbers of that length that begin so. */
function isIssued(count: number): boolean {
  const [a, b, c, d] = [cardDigits[0]!, cardDigits[1]!, cardDigits[2]!, cardDigits[3]!]
  const two = a * 10 + b
  const four = two * 100 + c * 10 + d
  if (a === 4) return count === 13 || count === 16 || count === 19
  if (two === 34 || two === 37) return count === 15
  if (two === 36 || two === 38 || two === 39 || (two === 30 && c <= 5)) return count === 14 || count === 16
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return count === 16
  if (four === 6011 || two === 65 || (two === 64 && c >= 4) || two === 62) return count >= 16
  return four >= 3528 && four <= 3589 && count === 16
}

/** Luhn's sum. */
function hasCheckDigit(count: number): boolean {
  let sum = 0
  for (let i = 0; i < count; i++) {
    let digit = cardDigits[count - 1 - i]!
    if (i % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2
    sum += digit
  }
  return sum % 10 === 0
}

const localBytesMax = 64
const domainBytesMax = 255

/** An e-mail address around `at`, an @. Looks back to `start`. */
export function emailAddress(source: Uint8Array, at: number, start: number, end: number): number {
  let first = at
  const firstMin = Math.max(start, at - localBytesMax)
  while (first > firstMin && isLocalByte[source[first - 1]!] === 1) first--
  while (first < at && !isWord(source[first]!)) first++
  if (first === at) return nothing
  let last = at + 1
  const lastMax = Math.min(end, at + 1 + domainBytesMax)
  while (last < lastMax && isDomainByte[source[last]!] === 1) last++
  while (last > at && !isWord(source[last - 1]!)) last--
  // The last label: two letters at least, and letters alone.
  let label = last
  while (label > at && isLetter(source[label - 1]!)) label--
  if (last - label < 2 || source[label - 1] !== 0x2e || label - 1 === at + 1) return nothing
  found.start = first
  return last
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
}

/** The password of an address `scheme://user:password@host`, whose @ is at `at`. */
export function addressPassword(source: Uint8Array, at: number, start: number): number {
  const firstMin = Math.max(start + 3, at - domainBytesMax)
  let colon = nothing
  for (let i = at - 1; i >= firstMin; i--) {
    const byte = source[i]!
    if (byte <= 0x20 || byte === 0x22) return nothing
    if (byte === 0x2f) {
      if (source[i - 1] !== 0x2f || source[i - 2] !== 0x3a || colon === nothing || colon + 1 === at) return nothing
      found.start = colon + 1
      return at
    }
    if (byte === 0x3a) colon = i
  }
  return nothing
}
