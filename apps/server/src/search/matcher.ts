/** A plan as a function of a row in memory: the live tail and rules at ingest. It says what the engine says of the same row. */
import { AppError } from '../kernel/errors.ts'
import { compileFinder, type PatternFinder } from '../metrics/index.ts'
import { badSearchPattern } from './errors.ts'
import { matchedLengthMax, matcherProgramMax } from './limits.ts'
import { numberOfAttribute } from './literals.ts'
import { failForWork, MatchWork } from './match-work.ts'
import type { NumberRange, Place, Plan, StringTest, TextPattern } from './plan.ts'
import type { RowMatcher, RowView, SearchField } from './ports.ts'
import { hasWordsInOrder, isWordChar } from './words.ts'

type RowTest = (row: RowView, work: MatchWork) => boolean
type TextTest = (text: string, work: MatchWork) => boolean

/** Steps of any test, and characters that are gone through in one step. */
const testSteps = 0.5
const charsPerStep = 64
/** Words of a phrase that cost nothing of their own; each further one may be tried wherever the first stands. */
const freeWords = 8
/** Attributes that are gone through in a step. */
const attributesPerStep = 10

/** Throws `search.pattern`. */
export function matcherOf(plan: Plan): RowMatcher {
  const test = testOf(plan)
  return (row, work = new MatchWork(Number.POSITIVE_INFINITY)) => test(row, work)
}

function testOf(plan: Plan): RowTest {
  switch (plan.type) {
    case 'and': {
      const tests = plan.parts.map(testOf)
      return (row, work) => tests.every((test) => test(row, work))
    }
    case 'or': {
      const tests = plan.parts.map(testOf)
      return (row, work) => tests.some((test) => test(row, work))
    }
    case 'not': {
      const test = testOf(plan.inner)
      return (row, work) => !test(row, work)
    }
    case 'words': {
      const { column } = plan.text
      const times = 1 + 5 * Math.max(0, plan.words.length - freeWords)
      return (row, work) => hasWordsInOrder(seen(foldedText(row, column), work, times), plan.words)
    }
    case 'glob': {
      const { column } = plan.text
      return (row, work) => meetsGlob(seen(foldedText(row, column), work), plan.pieces)
    }
    case 'textPattern': {
      const { column } = plan.text
      const finds = patternTest(plan.pattern)
      return (row, work) => finds(row.text(column), work)
    }
    case 'number':
      return numberTest(plan.field, plan.range)
    case 'bytes':
      return bytesTest(plan.field.column, plan.low, plan.high)
    case 'string':
      return placeTest(plan.place, plan.test)
    case 'anyAttribute': {
      const test = textTest(plan.test)
      return (row, work) => row.someAttribute((_key, value) => test(value, work))
    }
  }
}

function foldedText(row: RowView, column: string): string {
  return row.folded?.(column) ?? row.text(column).toLowerCase()
}

/** The text, once it is paid for. */
function seen(text: string, work: MatchWork, times = 1): string {
  work.spend(testSteps + (text.length * times) / charsPerStep)
  return text
}

function placeTest(place: Place, what: StringTest): RowTest {
  if (place.in === 'column') {
    const test = textTest(what)
    return (row, work) => test(row.text(place.column), work)
  }
  const read = (row: RowView, work: MatchWork): string | null => {
    work.spend(testSteps + (row.attributeCount?.() ?? 0) / attributesPerStep)
    return place.in === 'row' ? row.attribute(place.key) : row.resourceAttribute(place.key)
  }
  if (what.test === 'exists') return (row, work) => read(row, work) !== null
  const test = textTest(what)
  return (row, work) => {
    const value = read(row, work)
    return value !== null && test(value, work)
  }
}

function textTest(what: StringTest): TextTest {
  switch (what.test) {
    case 'equals':
      return (text, work) => seen(text, work) === what.value
    case 'like':
      return (text, work) => meetsLike(seen(text, work), what.pieces)
    case 'pattern':
      return patternTest(what.pattern)
    case 'exists':
      return (text, work) => seen(text, work) !== ''
    case 'number':
      return (text, work) => isIn(numberOfAttribute(seen(text, work)), what.range)
  }
}

/** Texts are cut to a bound. Of one that is too much for the pattern nothing is known, and that is said: it may match. */
function patternTest({ source, ignoresCase }: TextPattern): TextTest {
  const finder = finderOf(ignoresCase ? `(?i)${source}` : source)
  return (text, work) => {
    const looked = seen(text.length > matchedLengthMax ? text.slice(0, matchedLengthMax) : text, work)
    try {
      return finder.finds(looked, work)
    } catch {
      return failForWork()
    }
  }
}

function finderOf(pattern: string): PatternFinder {
  try {
    return compileFinder(pattern, matcherProgramMax)
  } catch (error) {
    const publicText = 'The regular expression is too large to be looked for in rows as they come in.'
    throw new AppError(badSearchPattern, { publicText, hint: 'Searches of stored rows take larger ones.', cause: error })
  }
}

function isIn(value: number, { low, lowOpen, high, highOpen }: NumberRange): boolean {
  if (Number.isNaN(value)) return false
  if (low !== null && (lowOpen ? value <= low : value < low)) return false
  return high === null || (highOpen ? value < high : value <= high)
}

function numberTest({ column, zeroIsNone }: SearchField, range: NumberRange): RowTest {
  return (row, work) => {
    work.spend(testSteps)
    const value = row.number(column)
    return !(zeroIsNone === true && value === 0) && isIn(value, range)
  }
}

function bytesTest(column: string, low: string, high: string): RowTest {
  const none = '0'.repeat(low.length)
  return (row, work) => {
    work.spend(testSteps)
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
