/** From what was written to a plan: names are resolved, literals read in the unit of their field, and what makes no sense is said. */
import { compileFinder } from '../metrics/index.ts'
import type { Condition, FieldName, SearchNode, Span, TermNode, Value } from './ast.ts'
import { plainText } from './ast.ts'
import { badSearchPattern, failAt as fail, SearchError } from './errors.ts'
import { resolveName } from './field-table.ts'
import { numericRange } from './field-values.ts'
import { indexWordsMax } from './limits.ts'
import { attributeNumberOf } from './literals.ts'
import { everything, type NumberRange, type Plan, type StringTest, type TextPattern } from './plan.ts'
import type { FreeText, SearchField, SearchFields, SearchOptions } from './ports.ts'
import { wholeWordsOf, wordsOf } from './words.ts'

/** What a condition on one name is checked with. */
interface Context {
  readonly fields: SearchFields
  readonly nowMs: number
}

/** Throws `SearchError`. */
export function planOf(node: SearchNode, fields: SearchFields, options: SearchOptions): Plan {
  return plan(node, { fields, nowMs: options.nowMs })
}

function plan(node: SearchNode, context: Context): Plan {
  switch (node.type) {
    case 'all':
      return everything
    case 'and':
    case 'or':
      return { type: node.type, parts: node.parts.map((part) => plan(part, context)) }
    case 'not':
      return { type: 'not', inner: plan(node.inner, context) }
    case 'term':
      return node.field === null ? freeText(node, context) : fieldTerm(node, node.field, context)
  }
}

function either(parts: readonly Plan[]): Plan {
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : { type: 'or', parts }
}

/** A word, a phrase, a text with stars or a pattern without a field: in any of the texts of the catalogue. */
function freeText(node: TermNode, { fields }: Context): Plan {
  const { condition } = node
  if (condition.op === 'pattern') {
    const pattern = textPattern(condition, node)
    return either(fields.freeText.map((text): Plan => ({ type: 'textPattern', text, pattern })))
  }
  if (condition.op !== 'is') fail('This needs a field in front of it.', node)
  return either(fields.freeText.map((text) => inText(text, condition.value)))
}

function inText(text: FreeText, value: Value): Plan {
  const { pieces } = value
  if (pieces.length > 1) {
    const folded = pieces.map((piece) => piece.toLowerCase())
    const last = folded.length - 1
    const words = folded.flatMap((piece, i) => wholeWordsOf(piece, i === 0, i === last))
    return { type: 'glob', text, pieces: folded, words: words.slice(0, indexWordsMax) }
  }
  const [piece = ''] = pieces
  const words = wordsOf(piece)
  // Signs alone are no words: they are looked for as they are.
  if (words.length === 0) return { type: 'glob', text, pieces: ['', piece, ''], words: [] }
  return { type: 'words', text, words }
}

function textPattern(condition: Extract<Condition, { op: 'pattern' }>, place: Span): TextPattern {
  const { source, ignoresCase } = condition
  try {
    const finder = compileFinder(ignoresCase ? `(?i)${source}` : source)
    const words = finder.runs.flatMap((run) => wholeWordsOf(run, false, false)).slice(0, indexWordsMax)
    return { source, ignoresCase, words }
  } catch (error) {
    const isOurs = error instanceof Error && 'publicText' in error && typeof error.publicText === 'string'
    if (!isOurs) throw error
    const hint = 'Patterns take RE2 syntax: no look-around, no back-references. A slash is written \\/.'
    throw new SearchError({ message: String(error.publicText), hint, from: place.from, to: place.to }, badSearchPattern)
  }
}

function fieldTerm(node: TermNode, name: FieldName, context: Context): Plan {
  if (name.name === 'has') return has(node, context)
  const resolved = resolveName(context.fields, name.name)
  if ('any' in resolved) return anywhere(node, context)
  if ('field' in resolved) return onField(node, resolved.field, context)
  const test = attributeTest(node, resolved.key)
  return either(resolved.places.map((place): Plan => ({ type: 'string', place, test })))
}

/** `has:name`. */
function has(node: TermNode, context: Context): Plan {
  const { condition } = node
  if (condition.op !== 'is') fail('“has:” takes the name of a field.', node, 'For example has:trace_id or has:http.route.')
  const name = plainText(condition.value)
  return fieldTerm({ ...node, condition: { op: 'exists' } }, { name, from: condition.value.from, to: condition.value.to }, context)
}

/** `*:value`: in the texts, or an attribute of the row. */
function anywhere(node: TermNode, context: Context): Plan {
  const { condition } = node
  if (condition.op !== 'is' && condition.op !== 'equals' && condition.op !== 'pattern') {
    fail('Every field can be searched for a value or a pattern only.', node)
  }
  const text = freeText(condition.op === 'equals' ? { ...node, condition: { op: 'is', value: condition.value } } : node, context)
  return either([text, { type: 'anyAttribute', test: stringTest(condition, node) }])
}

function onField(node: TermNode, field: SearchField, context: Context): Plan {
  const { condition } = node
  switch (field.type) {
    case 'word':
      return { type: 'string', place: { in: 'column', column: field.column }, test: attributeTest(node, field.name) }
    case 'text':
      return onText(node, field, context)
    case 'id':
    case 'hash':
      return onId(node, field)
    case 'flag':
      return { type: 'number', field, range: flagRange(node, field) }
    default:
      return numericRange({ condition, place: node, field, nowMs: context.nowMs })
  }
}

function onText(node: TermNode, field: SearchField, { fields }: Context): Plan {
  const { condition } = node
  const text = fields.freeText.find((one) => one.column === field.column) ?? { column: field.column, isIndexed: false }
  if (condition.op === 'is') return inText(text, condition.value)
  if (condition.op === 'pattern') return { type: 'textPattern', text, pattern: textPattern(condition, node) }
  if (condition.op === 'range' && condition.written !== null) return inText(text, condition.written)
  if (condition.op === 'compare' || condition.op === 'range') {
    fail(`“${field.name}” is a text and cannot be compared.`, node, `Search it for words: ${field.name}:timeout.`)
  }
  return { type: 'string', place: { in: 'column', column: field.column }, test: stringTest(condition, node) }
}

function stringTest(condition: Extract<Condition, { op: 'is' | 'equals' | 'pattern' | 'exists' }>, place: Span): StringTest {
  switch (condition.op) {
    case 'exists':
      return { test: 'exists' }
    case 'pattern':
      return { test: 'pattern', pattern: textPattern(condition, place) }
    default:
      return ofValue(condition.value)
  }
}

function ofValue({ pieces }: Value): StringTest {
  return pieces.length === 1 ? { test: 'equals', value: pieces[0] ?? '' } : { test: 'like', pieces }
}

/** A test of a word or of an attribute, whose text is compared as a number when the literal is one. */
function attributeTest(node: TermNode, name: string): StringTest {
  const { condition } = node
  if (condition.op === 'compare') {
    const value = attributeNumber(name, condition.value)
    const isLow = condition.with === '>' || condition.with === '>='
    const isOpen = condition.with === '>' || condition.with === '<'
    const range = { low: isLow ? value : null, lowOpen: isOpen, high: isLow ? null : value, highOpen: isOpen }
    return { test: 'number', range }
  }
  if (condition.op === 'range') return attributeRange(name, condition)
  return stringTest(condition, node)
}

function attributeRange(name: string, condition: Extract<Condition, { op: 'range' }>): StringTest {
  const { low, high, lowOpen, highOpen, written } = condition
  const isNumber = (value: Value | null): boolean => value === null || attributeNumberOf(name, plainText(value)) !== null
  if (written !== null && !(isNumber(low) && isNumber(high))) return ofValue(written)
  const range: NumberRange = {
    low: low === null ? null : attributeNumber(name, low),
    lowOpen,
    high: high === null ? null : attributeNumber(name, high),
    highOpen,
  }
  return { test: 'number', range }
}

function attributeNumber(name: string, value: Value): number {
  const text = plainText(value)
  const found = attributeNumberOf(name, text)
  if (found === 'unit') {
    const hint = 'Units are understood for names that end with one (elapsed_ms, body_bytes) and for the fields of the list.'
    fail(`The unit of “${name}” is not known; write a plain number.`, value, hint)
  }
  if (found === null)
    fail(`“${text}” is not a number, so “${name}” cannot be compared with it.`, value, 'To search for the text itself, put it into quotes.')
  return found
}

const trueWords = new Set(['true', 'yes', '1'])
const falseWords = new Set(['false', 'no', '0'])

function flagRange({ condition, from, to }: TermNode, field: SearchField): NumberRange {
  const value = condition.op === 'is' || condition.op === 'equals' ? plainText(condition.value).toLowerCase() : ''
  const isTrue = condition.op === 'exists' || trueWords.has(value)
  if (!isTrue && !falseWords.has(value)) fail(`“${field.name}” is true or false.`, { from, to })
  return isTrue ? { low: 0, lowOpen: true, high: null, highOpen: false } : { low: 0, lowOpen: false, high: 0, highOpen: false }
}

/** Ids are written in hexadecimal, whole or with a star at the end. */
function onId({ condition, from, to }: TermNode, field: SearchField): Plan {
  const digits = 2 * (field.type === 'hash' ? 8 : (field.sizeBytes ?? 8))
  const zero = '0'.repeat(digits)
  if (condition.op === 'exists') return { type: 'not', inner: { type: 'bytes', field, low: zero, high: zero } }
  if (condition.op !== 'is' && condition.op !== 'equals') fail(`“${field.name}” is an id and cannot be compared.`, { from, to })
  const { value } = condition
  const isPrefix = value.pieces.length === 2 && value.pieces[1] === ''
  const text = (value.pieces[0] ?? '').toLowerCase().replaceAll('-', '')
  if (text === '' && value.isQuoted) return { type: 'bytes', field, low: zero, high: zero }
  const isRight = /^[0-9a-f]+$/.test(text) && (isPrefix ? text.length <= digits : text.length === digits)
  if (!isRight || (value.pieces.length > 1 && !isPrefix)) {
    const hint = `It has ${digits} hexadecimal digits; a beginning is written with a star, like ${field.name}:4bf9*.`
    fail(`“${plainText(value)}” is not a ${field.name}.`, value, hint)
  }
  return { type: 'bytes', field, low: text.padEnd(digits, '0'), high: text.padEnd(digits, 'f') }
}
