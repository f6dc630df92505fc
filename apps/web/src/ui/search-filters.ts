/**
 * Conditions added to and taken from the text of a search by a click: `service:checkout`, `-host:"web 1"`, `service:(a OR b)`.
 * What a person typed besides stays as it is.
 */
import { endOfQuoted, topTerms } from './search-tokens.ts'

export interface SearchFilter {
  readonly field: string
  readonly value: string
  /** Rows that have it are left out. */
  readonly exclude: boolean
}

/** A condition at the top that is about single values of one field. */
interface FieldTerm {
  readonly from: number
  readonly to: number
  readonly field: string
  readonly exclude: boolean
  readonly values: readonly string[]
}

/** A slash at the beginning would be a pattern, two points a range. */
const bareValue = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_/@-]|\.(?!\.))*$/u
const bareField = /^@?[A-Za-z_](?:[\w./-]*\w)?$/
const words = new Set(['AND', 'OR', 'NOT', 'TO'])

/** A text that means exactly itself: in quotes unless it is plain. */
export function quoteSearch(text: string): string {
  if (bareValue.test(text) && !words.has(text)) return text
  return `"${escaped(text)}"`
}

function escaped(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r')
}

/** A field's name as it stands before the colon. */
export function writeField(field: string): string {
  return bareField.test(field) ? field : `"${escaped(field)}"`
}

/** The field's name of what stands before the colon. */
export function readField(text: string): string {
  return text.startsWith('"') ? unquote(text) : text
}

/** Rows that have the field at all, or those that have not. */
export function writePresence(field: string, isThere: boolean): string {
  return `${isThere ? '' : '-'}${writeField(field)}:*`
}

export function writeFilter({ field, value, exclude }: SearchFilter): string {
  return writeTerm(field, [value], exclude)
}

function writeTerm(field: string, values: readonly string[], exclude: boolean): string {
  const quoted = values.map(quoteSearch)
  return `${exclude ? '-' : ''}${writeField(field)}:${quoted.length === 1 ? (quoted[0] ?? '') : `(${quoted.join(' OR ')})`}`
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  return text.slice(1, text.endsWith('"') ? -1 : undefined).replace(/\\(.)/g, (_all, char: string) => escapes[char] ?? char)
}

/** One value as `quoteSearch` writes it, or null for anything else (a wildcard, a comparison, two words). */
function readValue(text: string): string | null {
  if (text.startsWith('"')) return endOfQuoted(text, 0) === text.length && text.length > 1 && text.endsWith('"') ? unquote(text) : null
  return bareValue.test(text) && !words.has(text) ? text : null
}

function readTerm(term: { readonly from: number; readonly to: number; readonly text: string }): FieldTerm | null {
  const exclude = term.text.startsWith('-')
  const rest = exclude ? term.text.slice(1) : term.text
  const nameEnd = rest.startsWith('"') ? endOfQuoted(rest, 0) : rest.indexOf(':')
  if (nameEnd <= 0 || rest[nameEnd] !== ':') return null
  const list = rest.slice(nameEnd + 1)
  const isGroup = list.startsWith('(') && list.endsWith(')')
  const parts = isGroup ? topTerms(list.slice(1, -1)).map(({ text }) => text) : [list]
  const values: string[] = []
  for (const [index, part] of parts.entries()) {
    if (isGroup && index % 2 === 1) {
      if (part !== 'OR') return null
      continue
    }
    const value = readValue(part)
    if (value === null) return null
    values.push(value)
  }
  return { from: term.from, to: term.to, field: unquote(rest.slice(0, nameEnd)), exclude, values }
}

function fieldTerms(query: string): readonly FieldTerm[] {
  const terms = topTerms(query)
  // Beside an OR a condition alone decides nothing.
  if (terms.some(({ text }) => text === 'OR')) return []
  const found: FieldTerm[] = []
  for (const [index, term] of terms.entries()) {
    const read = terms[index - 1]?.text === 'NOT' ? null : readTerm(term)
    if (read !== null) found.push(read)
  }
  return found
}

/** All conditions on single values that the search has at its top. */
export function filtersOf(query: string): readonly SearchFilter[] {
  return fieldTerms(query).flatMap(({ field, exclude, values }) => values.map((value) => ({ field, value, exclude })))
}

/** How the search treats a value of a field: asks for it, leaves it out, or says nothing of it. */
export function filterState(query: string, field: string, value: string): 'only' | 'not' | null {
  const term = fieldTerms(query).find((each) => each.field === field && each.values.includes(value))
  return term === undefined ? null : term.exclude ? 'not' : 'only'
}

/** Values of a field that the search asks for. */
export function valuesAsked(query: string, field: string): readonly string[] {
  return fieldTerms(query).flatMap((term) => (term.field === field && !term.exclude ? term.values : []))
}

function replaceRange(query: string, { from, to }: { readonly from: number; readonly to: number }, text: string): string {
  const joined =
    text === '' ? `${query.slice(0, from).trimEnd()} ${query.slice(to).trimStart()}` : query.slice(0, from) + text + query.slice(to)
  return joined.trim()
}

/** Another condition that must hold too. */
export function addCondition(query: string, condition: string): string {
  const text = query.trim()
  if (text === '') return condition
  const isEither = topTerms(text).some((term) => term.text === 'OR')
  return `${isEither ? `(${text})` : text} ${condition}`
}

/** The search without any condition on this value. */
export function withoutFilter(query: string, field: string, value: string): string {
  const term = fieldTerms(query).find((each) => each.field === field && each.values.includes(value))
  if (term === undefined) return query.trim()
  const rest = term.values.filter((each) => each !== value)
  const next = replaceRange(query, term, rest.length === 0 ? '' : writeTerm(field, rest, term.exclude))
  return withoutFilter(next, field, value)
}

/** The search with the condition. Several values asked of one field are alternatives; the opposite condition goes. */
export function withFilter(query: string, filter: SearchFilter): string {
  const { field, value, exclude } = filter
  const base = withoutFilter(query, field, value)
  const term = exclude ? undefined : fieldTerms(base).find((each) => each.field === field && !each.exclude)
  if (term !== undefined) return replaceRange(base, term, writeTerm(field, [...term.values, value], false))
  return addCondition(base, writeFilter(filter))
}

/** The search with only this value asked of the field. */
export function withOnly(query: string, field: string, value: string): string {
  let next = query
  for (const each of valuesAsked(query, field)) next = withoutFilter(next, field, each)
  return withFilter(next, { field, value, exclude: false })
}
