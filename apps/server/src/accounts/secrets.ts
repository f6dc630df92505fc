/** Random secrets and their hashes. Secrets have 192 bits or more, so a plain SHA-256 is enough; passwords go through scrypt elsewhere. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const tokenPrefixLength = 10
const ingestKeyPattern = /^[0-9a-f]{32}$/

/** SHA-256 of a token, 32 bytes. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}

export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** `bwt_` and 48 hexadecimal digits. */
export function newApiToken(): string {
  return `bwt_${randomBytes(24).toString('hex')}`
}

/** What may be shown of a token. */
export function tokenPrefix(token: string): string {
  return token.slice(0, tokenPrefixLength)
}

/** Token of a sign-in link: 43 characters, safe in an address. */
export function newLinkToken(): string {
  return randomBytes(32).toString('base64url')
}

/** 32 hexadecimal digits, lower case. */
export function newIngestKey(): string {
  return randomBytes(16).toString('hex')
}

/** The key in its stored form, or null when it cannot be one. */
export function normalizeIngestKey(key: string): string | null {
  const lower = key.toLowerCase()
  return ingestKeyPattern.test(lower) ? lower : null
}
