/**
 * Envelopes: a line of JSON, then items, each a line of JSON and a payload. Read as bytes: payloads may hold anything, and lengths count
 * bytes. Grammar: https://develop.sentry.dev/sdk/data-model/envelopes/. Only `\n` separates; a `\r` before it belongs to the data.
 */
import { countJson, hasMoreJsonThan } from '../body/json-extent.ts'
import { sentryLimits } from './limits.ts'

/** What is wrong with an envelope as a whole; the text goes to its sender. */
export class EnvelopeError extends Error {
  readonly reason: 'malformed' | 'too_large' | 'too_many_items'

  constructor(reason: EnvelopeError['reason'], message: string) {
    super(message)
    this.name = 'EnvelopeError'
    this.reason = reason
  }
}

export interface EnvelopeItem {
  readonly type: string
  readonly header: Readonly<Record<string, unknown>>
  /** A view of the envelope's bytes. */
  readonly payload: Uint8Array
}

export interface Envelope {
  readonly header: Readonly<Record<string, unknown>>
  readonly items: readonly EnvelopeItem[]
}

const newline = 0x0a
const text = new TextDecoder('utf-8')

/** Errors: `EnvelopeError`. Everything in it is a view of `bytes`. */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const headerEnd = endOfLine(bytes, 0)
  const header = parseHeader(bytes, { from: 0, to: headerEnd }, 'the envelope header')
  const items: EnvelopeItem[] = []
  let headersBytes = headerEnd
  let at = headerEnd + 1
  while (at < bytes.byteLength) {
    // A blank line between items comes from clients that end the last one with two.
    if (bytes[at] === newline) {
      at++
      continue
    }
    if (items.length >= sentryLimits.itemsMax) throw new EnvelopeError('too_many_items', `more than ${sentryLimits.itemsMax} items`)
    const lineEnd = endOfLine(bytes, at)
    headersBytes += lineEnd - at
    if (headersBytes > sentryLimits.headersBytesMax)
      throw new EnvelopeError('too_large', `its headers are longer than ${sentryLimits.headersBytesMax} bytes`)
    const item = parseHeader(bytes, { from: at, to: lineEnd }, `the header of item ${items.length + 1}`)
    const { type } = item
    if (typeof type !== 'string' || type === '') throw new EnvelopeError('malformed', `item ${items.length + 1} has no type`)
    const { payload, next } = payloadOf(bytes, lineEnd + 1, { length: item['length'], number: items.length + 1 })
    items.push({ type, header: item, payload })
    at = next
  }
  return { header, items }
}

interface Payload {
  readonly payload: Uint8Array
  /** Where the next item begins. */
  readonly next: number
}

/** With a length: exactly so many bytes, then a newline or the end. Without: up to the newline. */
function payloadOf(bytes: Uint8Array, from: number, item: { readonly length: unknown; readonly number: number }): Payload {
  const { length, number } = item
  if (length === undefined || length === null) {
    const start = Math.min(from, bytes.byteLength)
    const end = endOfLine(bytes, start)
    return { payload: bytes.subarray(start, end), next: end + 1 }
  }
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0)
    throw new EnvelopeError('malformed', `item ${number} has a length that is no whole number`)
  const end = from + length
  if (end > bytes.byteLength)
    throw new EnvelopeError('malformed', `item ${number} ends after ${Math.max(0, bytes.byteLength - from)} of ${length} bytes`)
  if (end < bytes.byteLength && bytes[end] !== newline)
    throw new EnvelopeError('malformed', `item ${number} is longer than the ${length} bytes it says`)
  return { payload: bytes.subarray(from, end), next: end + 1 }
}

function endOfLine(bytes: Uint8Array, from: number): number {
  const found = bytes.indexOf(newline, from)
  return found === -1 ? bytes.byteLength : found
}

function parseHeader(bytes: Uint8Array, { from, to }: { from: number; to: number }, what: string): Record<string, unknown> {
  if (to - from > sentryLimits.headerBytesMax)
    throw new EnvelopeError('too_large', `${what} is longer than ${sentryLimits.headerBytesMax} bytes`)
  const value = parseJson(bytes.subarray(from, to))
  if (!isRecord(value)) throw new EnvelopeError('malformed', `${what} is no JSON object`)
  return value
}

/** Whether so much would come of it that nothing is made of it. A text has fewer members than bytes, so most need no look. */
export function isTooMuchJson(bytes: Uint8Array): boolean {
  return bytes.byteLength > sentryLimits.jsonMembersMax && hasMoreJsonThan(bytes, sentryLimits.jsonMembersMax)
}

/** JSON of one envelope as it is taken, item by item. */
export class JsonAllowance {
  #left: number
  readonly #isAmple: boolean

  /** `sizeBytes`: of the envelope. */
  constructor(sizeBytes: number) {
    this.#left = sentryLimits.envelopeMembersMax
    this.#isAmple = sizeBytes <= sentryLimits.jsonMembersMax
  }

  /** False: so much would come of it that nothing is made of it. A text has fewer members than bytes, so most need no look. */
  takes(bytes: Uint8Array): boolean {
    if (this.#isAmple) return true
    const max = Math.min(this.#left, sentryLimits.jsonMembersMax)
    const count = countJson(bytes, max)
    if (count > max) return false
    this.#left -= count
    return true
  }
}

/** Undefined where it is no JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(text.decode(bytes))
    return value
  } catch {
    return undefined
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
