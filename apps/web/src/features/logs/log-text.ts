/** A row as text: its message on one line, what of it the search looked for, its time, and as JSON. Pure. */
import type { LogRow } from '@bellwether/protocol'
import { formatDateTime, type Zone } from '../../lib/time-format.ts'
import { searchTokens, type SearchToken } from '../../ui/search-tokens.ts'

/** Characters of a message that a line of the list holds; more are not on any screen. */
const lineMax = 2000
/** Attributes written for a row without a message. */
const attributesMax = 12

/** The message; for a row without one, its attributes. */
export function lineOf(row: Pick<LogRow, 'body' | 'attributes'>): string {
  if (row.body.trim() !== '') return row.body.slice(0, lineMax)
  return Object.entries(row.attributes)
    .slice(0, attributesMax)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
    .slice(0, lineMax)
}

/** Terminal colours and other control characters, of which nothing is to be seen; line breaks stay. */
export function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd')
}

function isNot(query: string, token: SearchToken | undefined): boolean {
  return token !== undefined && query.slice(token.from, token.to) === 'NOT'
}

/** Words and phrases of a search that are looked for in messages: without those of fields and those left out. */
export function wordsOf(query: string): readonly string[] {
  const words: string[] = []
  const tokens = searchTokens(query)
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'text' && token.kind !== 'string' && token.kind !== 'number') continue
    const before = tokens[index - 1]
    if (before?.kind === 'operator' || isNot(query, tokens[index - 2])) continue
    const text = query.slice(token.from, token.to)
    const bare = token.kind === 'string' ? text.replace(/^["'`]|["'`]$/g, '').replace(/\\(.)/g, '$1') : text
    words.push(...bare.split('*').filter((part) => part.length > 1))
  }
  return words
}

export interface TextPart {
  readonly text: string
  readonly isFound: boolean
}

/** The text cut where one of the words stands, without regard to case. */
export function markWords(text: string, words: readonly string[]): readonly TextPart[] {
  if (words.length === 0) return [{ text, isFound: false }]
  const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi')
  const parts: TextPart[] = []
  let at = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index), isFound: false })
    parts.push({ text: match[0], isFound: true })
    at = match.index + match[0].length
  }
  if (at < text.length) parts.push({ text: text.slice(at), isFound: false })
  return parts
}

const digitsOfSecond = /\.(\d+)Z$/

/** Milliseconds since 1970 of a time with nanoseconds. */
export function timeMsOf(timestamp: string): number {
  return Date.parse(timestamp.replace(digitsOfSecond, (_all, digits: string) => `.${digits.slice(0, 3)}Z`))
}

/** "21 Nov 2026, 09:04:05.123456789": everything the sender said. */
export function exactTime(timestamp: string, zone: Zone): string {
  const digits = digitsOfSecond.exec(timestamp)?.[1]?.replace(/0+$/, '') ?? ''
  return `${formatDateTime(timeMsOf(timestamp), zone)}${digits === '' ? '' : `.${digits.padEnd(3, '0')}`}`
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** "09:04:05.123", with the day before it where the list shows more than one. */
export function listTime(timestamp: string, zone: Zone, withDay: boolean): string {
  const key = `${zone}${withDay ? ' day' : ''}`
  let clock = clocks.get(key)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-GB', {
      ...(withDay ? { day: '2-digit', month: 'short' } : {}),
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
      ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
    })
    clocks.set(key, clock)
  }
  return clock.format(timeMsOf(timestamp)).replace(',', '')
}

/** Indented when the message is JSON, else as it came. */
export function prettyBody(body: string): { readonly text: string; readonly isJson: boolean } {
  if (!/^\s*[[{]/.test(body)) return { text: body, isJson: false }
  try {
    return { text: JSON.stringify(JSON.parse(body), null, 2), isJson: true }
  } catch {
    return { text: body, isJson: false }
  }
}

/** The row for the clipboard. */
export function jsonOf(row: LogRow): string {
  return JSON.stringify(row, null, 2)
}
