/** Reading JSON that anyone may have sent: what has the wrong type is not there. Texts are cut to their bounds without splitting a character. */
import { isRecord } from './envelope.ts'
import { sentryLimits } from './limits.ts'

export type JsonObject = Readonly<Record<string, unknown>>

const nothing: JsonObject = {}

export function objectOf(value: unknown): JsonObject {
  return isRecord(value) ? value : nothing
}

/** Of an array, or of `{values: […]}`, which older clients send. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  const { values } = objectOf(value)
  return Array.isArray(values) ? values : []
}

/** Texts as they are, numbers and booleans in words; anything else is ''. */
export function textOf(value: unknown, charsMax: number = sentryLimits.valueCharsMax): string {
  if (typeof value === 'string') return cut(value, charsMax)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** As `textOf`; objects and arrays are JSON. */
export function anyTextOf(value: unknown, charsMax: number = sentryLimits.valueCharsMax): string {
  if (typeof value !== 'object' || value === null) return textOf(value, charsMax)
  return cut(jsonText(value), charsMax)
}

/** '' of what is nested so deep that it cannot be written. */
function jsonText(value: object): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) return ''
    throw error
  }
}

export function numberOf(value: unknown): number | null {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value !== 'string' || value.trim() === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

export function booleanOf(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}

/** At most `charsMax` UTF-16 units, never half a pair. */
export function cut(value: string, charsMax: number): string {
  if (value.length <= charsMax) return value
  const last = value.charCodeAt(charsMax - 1)
  return value.slice(0, last >= 0xd800 && last < 0xdc00 ? charsMax - 1 : charsMax)
}

const idPattern = { 16: /^[0-9a-f]{16}$/, 32: /^[0-9a-f]{32}$/ } as const

/** An id of so many hexadecimal digits, dashes left out, in lower case; '' when it is none or all zeros. */
export function idOf(value: unknown, digits: 16 | 32): string {
  if (typeof value !== 'string') return ''
  const plain = value.replaceAll('-', '').toLowerCase()
  return idPattern[digits].test(plain) && /[^0]/.test(plain) ? plain : ''
}

/** Seconds since 1970 (number or text) or RFC 3339, as nanoseconds in two parts; null when it is no time. */
export function timeOf(value: unknown): { readonly seconds: number; readonly nanos: number } | null {
  if (typeof value === 'string' && /[T-]/.test(value.slice(1))) return dateOf(value)
  const number = numberOf(value)
  if (number === null) return null
  const seconds = Math.floor(number)
  // A double holds seconds of today to a quarter of a microsecond.
  return { seconds, nanos: Math.min(999_999_999, Math.round((number - seconds) * 1e6) * 1000) }
}

function dateOf(value: string): { seconds: number; nanos: number } | null {
  const ms = Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value}Z`)
  if (Number.isNaN(ms)) return null
  const fraction = /\.(\d{1,9})/.exec(value)?.[1] ?? ''
  return { seconds: Math.floor(ms / 1000), nanos: Number(fraction.padEnd(9, '0')) }
}
