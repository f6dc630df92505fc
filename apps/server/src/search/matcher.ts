/** A plan as a function of a row in memory: the live tail and rules at ingest. It says what the engine says of the same row. */
import { compileFinder } from '../metrics/index.ts'
import { matchedLengthMax } from './limits.ts'
import { numberOfAttribute } from './literals.ts'
import type { NumberRange, Place, Plan, StringTest, TextPattern } from './plan.ts'
import type { RowView, SearchField } from './ports.ts'
import { hasWordsInOrder, isWordChar } from './words.ts'

type RowTest = (row: RowView) => boolean
type TextTest = (text: string) => boolean

export function matcherOf(plan: Plan): RowTest {
  switch (plan.type) {
    case 'and': {
      const tests = plan.parts.map(matcherOf)
      return (row) => tests.every((test) => test(row))
    }
    case 'or': {
      const tests = plan.parts.map(matcherOf)
      return (row) => tests.some((test) => test(row))
    }
    case 'not': {
      const test = matcherOf(plan.inner)
      return (row) => !test(row)
    }
    case 'words': {
      const { column } = plan.text
      return (row) => hasWordsInOrder(foldedText(row, column), plan.words)
    }
    case 'glob': {
      const { column } = plan.text
      return (row) => meetsGlob(foldedText(row, column), plan.pieces)
    }
    case 'textPattern': {
      const { column } = plan.text
      const finds = patternTest(plan.pattern)
      return (row) => finds(row.text(column))
    }
    case 'number':
      return numberTest(plan.field, plan.range)
    case 'bytes':
      return bytesTest(plan.field.column, plan.low, plan.high)
    case 'string':
      return placeTest(plan.place, plan.test)
    case 'anyAttribute': {
      const test = textTest(plan.test)
      return (row) => row.someAttribute((_key, value) => test(value))
    }
  }
}

function foldedText(row: RowView, column: string): string {
  return row.folded?.(column) ?? row.text(column).toLowerCase()
}

function placeTest(place: Place, what: StringTest): RowTest {
  if (place.in === 'column') {
    const test = textTest(what)
    return (row) => test(row.text(place.column))
  }
  const read = (row: RowView): string | null => (place.in === 'row' ? row.attribute(place.key) : row.resourceAttribute(place.key))
  if (what.test === 'exists') return (row) => read(row) !== null
  const test = textTest(what)
  return (row) => {
    const value = read(row)
    return value !== null && test(value)
  }
}

function textTest(what: StringTest): TextTest {
  switch (what.test) {
    case 'equals':
      return (text) => text === what.value
    case 'like':
      return (text) => meetsLike(text, what.pieces)
    case 'pattern':
      return patternTest(what.pattern)
    case 'exists':
      return (text) => text !== ''
    case 'number':
      return (text) => isIn(numberOfAttribute(text), what.range)
  }
}

/** Texts are cut to a bound, and one that is too much for the pattern does not match: a row must not stop the others. */
function patternTest({ source, ignoresCase }: TextPattern): TextTest {
  const finder = compileFinder(ignoresCase ? `(?i)${source}` : source)
  return (text) => {
    try {
      return finder.finds(text.length > matchedLengthMax ? text.slice(0, matchedLengthMax) : text)
    } catch {
      return false
    }
  }
}

function isIn(value: number, { low, lowOpen, high, highOpen }: NumberRange): boolean {
  if (Number.isNaN(value)) return false
  if (low !== null && (lowOpen ? value <= low : value < low)) return false
  return high === null || (highOpen ? value < high : value <= high)
}

function numberTest({ column, zeroIsNone }: SearchField, range: NumberRange): RowTest {
  return (row) => {
    const value = row.number(column)
    return !(zeroIsNone === true && value === 0) && isIn(value, range)
  }
}

function bytesTest(column: string, low: string, high: string): RowTest {
  const none = '0'.repeat(low.length)
  return (row) => {
    const written = row.text(column)
    const value = written === '' ? none : written
    return value >= low && value <= high
  }
}

/** Pieces one after another: the first at the beginning, the last at the end. */
function meetsLike(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (!text.startsWith(first)) return false
  let at = first.length
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] ?? ''
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** Pieces one after another anywhere; the outer edges of the first and last are edges of words. `text` is in lower case. */
function meetsGlob(text: string, pieces: readonly string[]): boolean {
  let at = startOf(text, pieces[0] ?? '')
  if (at === -1) return false
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] ?? ''
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return endsAfter(text, pieces.at(-1) ?? '', at)
}

/** Where the first piece's earliest occurrence at a word's edge ends; -1 when there is none. */
function startOf(text: string, piece: string): number {
  if (piece === '') return 0
  const needsEdge = isWordChar(piece.charCodeAt(0))
  for (let at = text.indexOf(piece); at !== -1; at = text.indexOf(piece, at + 1)) {
    if (!needsEdge || at === 0 || !isWordChar(text.charCodeAt(at - 1))) return at + piece.length
  }
  return -1
}

function endsAfter(text: string, piece: string, from: number): boolean {
  if (piece === '') return true
  const needsEdge = isWordChar(piece.charCodeAt(piece.length - 1))
  for (let at = text.indexOf(piece, from); at !== -1; at = text.indexOf(piece, at + 1)) {
    const end = at + piece.length
    if (!needsEdge || end === text.length || !isWordChar(text.charCodeAt(end))) return true
  }
  return false
}
