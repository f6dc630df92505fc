/** Conditions on numeric fields: names, units and times become numbers of the column. */
import type { Condition, Span, Value } from './ast.ts'
import { plainText } from './ast.ts'
import { failAt } from './errors.ts'
import { nearest } from './near-names.ts'
import { durationNsOf, numberOf, sizeBytesOf, timeMsOf } from './literals.ts'
import type { NumberRange, Plan } from './plan.ts'
import type { NamedRange, SearchField } from './ports.ts'

export interface NumericTerm {
  readonly condition: Condition
  readonly place: Span
  readonly field: SearchField
  readonly nowMs: number
}

/** Throws `SearchError`. */
export function numericRange(term: NumericTerm): Plan {
  const { field } = term
  const range = rangeOf(term)
  if (term.condition.op === 'exists' && field.zeroIsNone === true) {
    return { type: 'not', inner: { type: 'number', field: { ...field, zeroIsNone: false }, range: only(0, 0) } }
  }
  return { type: 'number', field, range }
}

function only(low: number, high: number): NumberRange {
  return { low, lowOpen: false, high, highOpen: false }
}

/** What a value stands for; `highOpen`: up to `high`, without it. */
interface Meant {
  readonly low: number
  readonly high: number
  readonly highOpen: boolean
}

const dayMs = 86_400_000

/** A date alone is all of its day. */
function meantBy(value: Value, field: SearchField, nowMs: number): Meant {
  const { low, high } = readNumber(value, field, nowMs)
  const isDay = field.type === 'time' && /^\d{4}-\d{2}-\d{2}$/.test(plainText(value))
  return isDay ? { low, high: low + dayMs, highOpen: true } : { low, high, highOpen: false }
}

function rangeOf({ condition, place, field, nowMs }: NumericTerm): NumberRange {
  const read = (value: Value): Meant => meantBy(value, field, nowMs)
  switch (condition.op) {
    case 'exists':
      return { low: null, lowOpen: false, high: null, highOpen: false }
    case 'pattern':
      return failAt(`“${field.name}” is not a text, so no pattern can match it.`, place)
    case 'is':
    case 'equals':
      return { lowOpen: false, ...read(condition.value) }
    case 'compare': {
      const { low, high, highOpen } = read(condition.value)
      if (condition.with === '>') return { low: high, lowOpen: !highOpen, high: null, highOpen: false }
      if (condition.with === '>=') return { low, lowOpen: false, high: null, highOpen: false }
      if (condition.with === '<') return { low: null, lowOpen: false, high: low, highOpen: true }
      return { low: null, lowOpen: false, high, highOpen }
    }
    case 'range': {
      const low = condition.low === null ? null : read(condition.low)
      const high = condition.high === null ? null : read(condition.high)
      return {
        low: low === null ? null : condition.lowOpen ? low.high : low.low,
        lowOpen: condition.lowOpen && low?.highOpen !== true,
        high: high === null ? null : condition.highOpen ? high.low : high.high,
        highOpen: condition.highOpen || high?.highOpen === true,
      }
    }
  }
}

const wanted: Readonly<Record<string, string>> = {
  number: 'a number, like 500 or 1.5k',
  duration: 'a duration, like 100ms, 1.5s or 2m',
  size: 'a size, like 512, 10kB or 5MiB',
  time: 'a time, like 2026-01-31T12:00:00Z or now-15m',
}

/** The number or numbers that a value stands for, in the unit of the column (ms for times). */
export function readNumber(value: Value, field: SearchField, nowMs: number): NamedRange {
  const text = plainText(value)
  if (field.type === 'names') return namedRange(value, field)
  const found = value.pieces.length > 1 ? null : readPlain(text, field, nowMs)
  if (found !== null) return { name: text, low: found, high: found }
  const hint = field.type === 'duration' && numberOf(text) !== null ? `Write ${text}ms or ${text}s.` : null
  return failAt(`“${text}” is not ${wanted[field.type] ?? 'a number'}.`, value, hint)
}

function readPlain(text: string, field: SearchField, nowMs: number): number | null {
  switch (field.type) {
    case 'duration':
      return text === '0' ? 0 : durationNsOf(text)
    case 'size':
      return numberOf(text) ?? sizeBytesOf(text)
    case 'time':
      return timeMsOf(text, nowMs)
    default:
      return numberOf(text)
  }
}

function namedRange(value: Value, field: SearchField): NamedRange {
  const text = plainText(value)
  const names = field.values ?? []
  const found = names.find((one) => one.name === text.toLowerCase())
  if (found !== undefined) return found
  const plain = numberOf(text)
  if (plain !== null && value.pieces.length === 1) return { name: text, low: plain, high: plain }
  const list = names.map((one) => one.name)
  const meant = nearest(text, list)
  const hint = meant === null ? `It is one of ${list.join(', ')}.` : `Did you mean ${meant}? It is one of ${list.join(', ')}.`
  return failAt(`“${text}” is no ${field.name}.`, value, hint)
}
