/**
 * A plan as a condition of ClickHouse's SQL. Words go to the text index (`hasAllTokens`, `hasPhrase` over `lowerUTF8(column)`), and what an
 * index cannot answer (stars, patterns) has the words it surely contains in front of it. No condition is ever NULL, so that NOT is exact.
 */
import type { NumberRange, Place, Plan, StringTest, TextPattern } from './plan.ts'
import type { FreeText, SearchField, SearchFields } from './ports.ts'
import { isWordChar } from './words.ts'
import { likeText, patternText, sqlNumber, sqlString } from './sql-literals.ts'

/** Characters of no word, as a class of a regular expression over text in lower case. */
const noWordChar = '[^0-9a-z\\x{80}-\\x{10FFFF}]'

export function sqlOf(plan: Plan, fields: SearchFields): string {
  switch (plan.type) {
    case 'and':
      return plan.parts.length === 0 ? '1' : `(${plan.parts.map((part) => sqlOf(part, fields)).join(' AND ')})`
    case 'or':
      return plan.parts.length === 0 ? '0' : `(${plan.parts.map((part) => sqlOf(part, fields)).join(' OR ')})`
    case 'not':
      return `NOT (${sqlOf(plan.inner, fields)})`
    case 'words':
      return wordsSql(plan.text, plan.words)
    case 'glob':
      return globSql(plan.text, plan.pieces, plan.words)
    case 'textPattern':
      return allOf([...indexWords(plan.text, plan.pattern.words), matchSql(plan.text.column, plan.pattern)])
    case 'number':
      return numberSql(plan.field, plan.range)
    case 'bytes':
      return bytesSql(plan.field, plan.low, plan.high)
    case 'string':
      return placeSql(plan.place, plan.test, fields)
    case 'anyAttribute':
      return `arrayExists(v -> ${testSql('v', plan.test)}, mapValues(${fields.attributes}))`
  }
}

function allOf(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '1') : `(${parts.join(' AND ')})`
}

function folded(text: FreeText): string {
  return `lowerUTF8(${text.column})`
}

function indexWords(text: FreeText, words: readonly string[]): string[] {
  return text.isIndexed && words.length > 0 ? [`hasAllTokens(${folded(text)}, [${words.map(sqlString).join(', ')}])`] : []
}

function wordsSql(text: FreeText, words: readonly string[]): string {
  // One word is answered by the index alone, without the column; several are looked up in the rows that the index leaves.
  if (words.length === 1) return `hasAllTokens(${folded(text)}, [${sqlString(words[0] ?? '')}])`
  return `hasPhrase(${folded(text)}, ${sqlString(words.join(' '))})`
}

function globSql(text: FreeText, pieces: readonly string[], words: readonly string[]): string {
  const inner = pieces.slice(1, -1)
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  const parts = indexWords(text, words)
  if (first === '' && last === '') {
    const [only] = inner
    // The plain search is faster than LIKE, which would walk the index's whole dictionary.
    if (inner.length === 1 && only !== undefined) parts.push(`position(${folded(text)}, ${sqlString(only)}) > 0`)
    else parts.push(`match(${folded(text)}, ${sqlString(`(?s)${inner.map(patternText).join('.*')}`)})`)
    return allOf(parts)
  }
  const start = isWordEdge(first.charAt(0)) ? `(?:^|${noWordChar})` : ''
  const end = isWordEdge(last.charAt(last.length - 1)) ? `(?:$|${noWordChar})` : ''
  // A fixed text in front of the pattern lets the engine leave most rows before the pattern runs.
  const longest = pieces.reduce((a, b) => (b.length > a.length ? b : a), '')
  parts.push(`position(${folded(text)}, ${sqlString(longest)}) > 0`)
  const from = pieces.findIndex((piece) => piece !== '')
  const to = pieces.findLastIndex((piece) => piece !== '')
  const middle = pieces
    .slice(from, to + 1)
    .map(patternText)
    .join('.*')
  parts.push(`match(${folded(text)}, ${sqlString(`(?s)${start}${middle}${end}`)})`)
  return allOf(parts)
}

function isWordEdge(char: string): boolean {
  return char !== '' && isWordChar(char.charCodeAt(0))
}

function matchSql(expression: string, { source, ignoresCase }: TextPattern): string {
  return `match(${expression}, ${sqlString(`${ignoresCase ? '(?i)' : ''}${source}`)})`
}

/** A condition on a string expression that has a value. */
function testSql(expression: string, test: StringTest): string {
  switch (test.test) {
    case 'equals':
      return `${expression} = ${sqlString(test.value)}`
    case 'like':
      return `${expression} LIKE ${sqlString(test.pieces.map(likeText).join('%'))}`
    case 'pattern':
      return matchSql(expression, test.pattern)
    case 'exists':
      return `${expression} != ''`
    case 'number':
      return `ifNull(${rangeSql(`toFloat64OrNull(${expression})`, test.range, sqlNumber)}, 0)`
  }
}

function placeSql(place: Place, test: StringTest, fields: SearchFields): string {
  if (place.in === 'column') return testSql(place.column, test)
  if (place.in === 'row') return attributeSql(fields.attributes, place.key, test)
  const { resources } = fields
  return resources === null ? '0' : resources.sqlOf(attributeSql(resources.attributes, place.key, test))
}

function attributeSql(column: string, key: string, test: StringTest): string {
  const there = `mapContains(${column}, ${sqlString(key)})`
  const value = `${column}[${sqlString(key)}]`
  if (test.test === 'exists') return there
  // An absent key reads as '': what '' would meet needs the key itself; numbers and texts that are not empty do not.
  const emptyMeets =
    (test.test === 'equals' && test.value === '') ||
    (test.test === 'like' && test.pieces.every((piece) => piece === '')) ||
    test.test === 'pattern'
  return emptyMeets ? `(${there} AND ${testSql(value, test)})` : testSql(value, test)
}

function rangeSql(expression: string, range: NumberRange, literal: (value: number) => string): string {
  const { low, lowOpen, high, highOpen } = range
  if (low !== null && low === high && !lowOpen && !highOpen) return `${expression} = ${literal(low)}`
  const parts: string[] = []
  if (low !== null) parts.push(`${expression} ${lowOpen ? '>' : '>='} ${literal(low)}`)
  if (high !== null) parts.push(`${expression} ${highOpen ? '<' : '<='} ${literal(high)}`)
  return parts.length === 0 ? '1' : allOf(parts)
}

function numberSql(field: SearchField, range: NumberRange): string {
  const literal = field.type === 'time' ? nanosecondsOf : sqlNumber
  const inRange = rangeSql(field.column, range, literal)
  return field.zeroIsNone === true && meetsZero(range) ? allOf([`${field.column} != 0`, inRange]) : inRange
}

function meetsZero({ low, lowOpen, high, highOpen }: NumberRange): boolean {
  return (low === null || low < 0 || (low === 0 && !lowOpen)) && (high === null || high > 0 || (high === 0 && !highOpen))
}

/** Milliseconds as the integer of nanoseconds that an Int64 column has; to the microsecond. */
function nanosecondsOf(ms: number): string {
  return `toInt64(${BigInt(Math.round(ms * 1000)) * 1000n})`
}

function bytesSql(field: SearchField, low: string, high: string): string {
  const literal = (hex: string): string =>
    field.type === 'hash' ? `toUInt64(${BigInt(`0x${hex}`)})` : `toFixedString(unhex('${hex}'), ${hex.length / 2})`
  if (low === high) return `${field.column} = ${literal(low)}`
  return `(${field.column} >= ${literal(low)} AND ${field.column} <= ${literal(high)})`
}
