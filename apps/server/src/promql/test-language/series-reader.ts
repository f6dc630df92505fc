/** Reads series lines: `metric{a="b"} 0+10x5 _ stale {{schema:0 count:1}}`. */
import { STALE, type Labels, type NativeHistogram } from '../../metrics/index.ts'
import { labelsFrom } from '../evaluator/label-sets.ts'
import { combined } from '../histograms/arithmetic.ts'
import { customSchema } from '../histograms/sparse.ts'
import { isDigit, isLetter } from '../syntax/lexer.ts'
import { numberOrNull, unquote } from '../syntax/literals.ts'

/** A value of a sequence; null: no sample. */
export type SequenceValue = number | NativeHistogram | null

/** A series may not expand to more values than this. */
const sequenceLengthMax = 1_000_000

export interface SeriesLine {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

/** Thrown for a line that cannot be read; caught by the file parser, which counts the command as failed. */
export class TestSyntaxError extends Error {}

class Cursor {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  fail(what: string): never {
    throw new TestSyntaxError(`expected ${what} at column ${this.at + 1} of "${this.text}"`)
  }

  blank(): void {
    while (/\s/.test(this.text.charAt(this.at))) this.at++
  }

  take(symbol: string): boolean {
    if (!this.text.startsWith(symbol, this.at)) return false
    this.at += symbol.length
    return true
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) this.fail(`"${symbol}"`)
  }

  get isDone(): boolean {
    return this.at >= this.text.length
  }

  word(): string {
    const start = this.at
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (!isLetter(code) && !isDigit(code) && code !== 58) break
      this.at++
    }
    return this.text.slice(start, this.at)
  }

  quoted(): string {
    const quote = this.text.charAt(this.at)
    const start = this.at
    for (this.at++; this.at < this.text.length && this.text.charAt(this.at) !== quote; this.at++) {
      if (this.text.charAt(this.at) === '\\' && quote !== '`') this.at++
    }
    this.expect(quote)
    return unquote(this.text.slice(start, this.at)) ?? this.fail('a quoted string')
  }

  /** A signed number; stops before the `x` of a repetition. */
  number(): number {
    const match = /^[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI][nN][fF]|[nN][aA][nN])/.exec(
      this.text.slice(this.at),
    )
    // `0x5` is zero repeated, not hexadecimal, in a sequence of values.
    const text = match === null ? '' : match[0].replace(/^([+-]?0)[xX].*$/, '$1')
    if (text === '') return this.fail('a number')
    this.at += text.length
    const value = numberOrNull(/^[+-]/.test(text) ? text.slice(1) : text) ?? this.fail('a number')
    return text.startsWith('-') ? -value : value
  }
}

/** Label part of a series line. */
function readLabels(cursor: Cursor): Labels {
  const found: [string, string][] = []
  const name = cursor.word()
  if (name !== '') found.push(['__name__', name])
  cursor.blank()
  // Two braces open a histogram, the first value of a series without labels.
  if (!cursor.text.startsWith('{{', cursor.at) && cursor.take('{')) {
    cursor.blank()
    while (!cursor.take('}')) {
      const isQuoted = /["'`]/.test(cursor.text.charAt(cursor.at))
      const label = isQuoted ? cursor.quoted() : cursor.word()
      cursor.blank()
      if (isQuoted && !cursor.text.startsWith('=', cursor.at)) found.push(['__name__', label])
      else {
        cursor.expect('=')
        cursor.blank()
        found.push([label, cursor.quoted()])
      }
      cursor.blank()
      if (cursor.take(',')) cursor.blank()
      else if (!cursor.text.startsWith('}', cursor.at)) cursor.fail('"," or "}"')
    }
  }
  return labelsFrom(found)
}

export function readSeriesLine(text: string): SeriesLine {
  const cursor = new Cursor(text)
  const labels = readLabels(cursor)
  const values: SequenceValue[] = []
  for (cursor.blank(); !cursor.isDone; cursor.blank()) {
    readItem(cursor, values)
    if (!cursor.isDone && !/\s/.test(cursor.text.charAt(cursor.at))) cursor.fail('a space')
    if (values.length > sequenceLengthMax) throw new TestSyntaxError(`more than ${sequenceLengthMax} values`)
  }
  return { labels, values }
}

function repetitions(cursor: Cursor): number | null {
  if (!cursor.take('x')) return null
  const match = /^\d+/.exec(cursor.text.slice(cursor.at))
  if (match === null) return cursor.fail('a count')
  cursor.at += match[0].length
  const count = Number(match[0])
  if (count > sequenceLengthMax) throw new TestSyntaxError(`more than ${sequenceLengthMax} values`)
  return count
}

function readItem(cursor: Cursor, values: SequenceValue[]): void {
  if (cursor.take('_')) {
    const count = repetitions(cursor) ?? 1
    for (let i = 0; i < count; i++) values.push(null)
  } else if (cursor.take('stale')) values.push(STALE)
  else if (cursor.text.startsWith('{{', cursor.at)) readHistograms(cursor, values)
  else readFloats(cursor, values)
}

/** `a`, `axN`, `a+bxN`, `a-bxN`; the repetitions come after the first value. */
function readFloats(cursor: Cursor, values: SequenceValue[]): void {
  let value = cursor.number()
  const signed = /[+-]/.test(cursor.text.charAt(cursor.at)) ? cursor.number() : 0
  const count = repetitions(cursor)
  values.push(value)
  for (let i = 0; i < (count ?? 0); i++) values.push((value += signed))
}

function readHistograms(cursor: Cursor, values: SequenceValue[]): void {
  let histogram = readHistogram(cursor)
  const sign = cursor.take('+') ? 1 : cursor.take('-') ? -1 : 0
  const step = sign === 0 ? null : readHistogram(cursor)
  const count = repetitions(cursor)
  values.push(histogram)
  for (let i = 0; i < (count ?? 0); i++) {
    if (step !== null) {
      const next = combined(histogram, step, sign === 1 ? 1 : -1)
      if (next === null) throw new TestSyntaxError('histograms of different kinds cannot be added')
      histogram = next.histogram
    }
    values.push(histogram)
  }
}

const hints: Readonly<Record<string, NativeHistogram['resetHint']>> = { unknown: 'unknown', reset: 'yes', not_reset: 'no', gauge: 'gauge' }

function readHistogram(cursor: Cursor): NativeHistogram {
  cursor.expect('{{')
  const numbers = new Map<string, number>()
  const lists = new Map<string, number[]>()
  let hint = 'unknown'
  for (cursor.blank(); !cursor.take('}}'); cursor.blank()) {
    const key = cursor.word().replace(/:$/, '')
    // `word` takes colons, and with them a keyword value: `counter_reset_hint:gauge`.
    if (key.startsWith('counter_reset_hint:')) hint = key.slice('counter_reset_hint:'.length)
    else if (/:\w/.test(key)) {
      cursor.at -= key.length - key.indexOf(':') - 1
      numbers.set(key.slice(0, key.indexOf(':')), cursor.number())
    } else if (cursor.take('[')) lists.set(key, readList(cursor))
    else numbers.set(key, cursor.number())
  }
  const resetHint = hints[hint]
  if (resetHint === undefined) throw new TestSyntaxError(`unknown counter reset hint ${hint}`)
  const of = (name: string): number => numbers.get(name) ?? 0
  const positive = lists.get('buckets') ?? []
  const negative = lists.get('n_buckets') ?? []
  return {
    schema: of('schema'),
    zeroThreshold: of('z_bucket_w'),
    zeroCount: of('z_bucket'),
    count: of('count'),
    sum: of('sum'),
    positiveSpans: positive.length === 0 ? [] : [of('offset'), positive.length],
    positiveCounts: positive,
    negativeSpans: negative.length === 0 ? [] : [of('n_offset'), negative.length],
    negativeCounts: negative,
    customValues: of('schema') === customSchema ? (lists.get('custom_values') ?? []) : [],
    resetHint,
  }
}

function readList(cursor: Cursor): number[] {
  const list: number[] = []
  for (cursor.blank(); !cursor.take(']'); cursor.blank()) list.push(cursor.number())
  return list
}
