/** The parts of the grammar around selectors: matchers in braces, durations in brackets, `offset` and `@`. */
import type { Matcher } from '../../metrics/index.ts'
import type { DurationExpr, RangeMode, TimeShift, VectorSelector } from './ast.ts'
import { durationOrNull, isLegacyLabelName, isWellFormed, numberOrNull } from './literals.ts'
import { compileAnchored } from './re2.ts'
import type { TokenReader } from './token-reader.ts'

export const noShift: TimeShift = { offset: null, at: null }

/** A selector at the cursor: `name`, `name{...}` or `{...}`. Regular expressions are checked to compile. */
export function parseVectorSelector(reader: TokenReader, outerName: string | null, start: number): VectorSelector {
  const matchers: Matcher[] = []
  let name = outerName ?? ''
  if (reader.takeSymbol('{')) {
    while (!reader.isSymbol('}')) {
      const before = reader.peek()
      const quotedName = parseMatcher(reader, matchers)
      if (quotedName !== null) {
        if (name !== '') reader.fail(before.start, `metric name must not be set twice: "${name}" or "${quotedName}"`)
        name = quotedName
      }
      if (!reader.takeSymbol(',')) break
    }
    reader.expectSymbol('}', 'label matching')
  }
  if (outerName !== null) {
    const other = matchers.find((matcher) => matcher.name === '__name__')
    if (other !== undefined) reader.fail(start, `metric name must not be set twice: "${outerName}" or "${other.value}"`)
    matchers.push({ name: '__name__', op: '=', value: outerName })
  } else if (name !== '') matchers.push({ name: '__name__', op: '=', value: name })
  if (!matchers.some((matcher) => !matchesEmpty(matcher))) {
    reader.fail(start, 'vector selector must contain at least one non-empty matcher')
  }
  return { kind: 'selector', name, matchers, shift: noShift, mode: 'plain', start, end: reader.lastEnd() }
}

/** One `label op "value"`; a lone quoted string is the metric name and is returned. */
function parseMatcher(reader: TokenReader, matchers: Matcher[]): string | null {
  const token = reader.peek()
  let name: string
  if (token.kind === 'string') {
    name = reader.string('label matching')
    if (reader.isSymbol(',') || reader.isSymbol('}')) {
      if (name === '' || !isWellFormed(name)) reader.fail(token.start, `invalid metric name ${JSON.stringify(name)}`)
      return name
    }
    if (name === '' || !isWellFormed(name)) reader.fail(token.start, `invalid label name ${JSON.stringify(name)}`)
  } else if (token.kind === 'word') {
    if (!isLegacyLabelName(token.text)) reader.unexpected('label matching', 'label name')
    name = reader.next().text
  } else reader.unexpected('label matching', 'identifier or "}"')
  const operator = reader.peek()
  const op = operator.kind === 'symbol' ? operator.text : ''
  if (op !== '=' && op !== '!=' && op !== '=~' && op !== '!~') return reader.unexpected('label matching', 'label matching operator')
  reader.next()
  const value = reader.string('label matching')
  if (op === '=~' || op === '!~') checkRegex(reader, value, operator.start)
  matchers.push({ name, op, value })
  return null
}

function checkRegex(reader: TokenReader, pattern: string, offset: number): void {
  try {
    compileAnchored(pattern)
  } catch {
    reader.fail(offset, `error parsing regexp: ${JSON.stringify(pattern)}`)
  }
}

/** A matcher that accepts a series without the label. */
export function matchesEmpty(matcher: Matcher): boolean {
  switch (matcher.op) {
    case '=':
      return matcher.value === ''
    case '!=':
      return matcher.value !== ''
    case '=~':
      return compileAnchored(matcher.value).test('')
    case '!~':
      return !compileAnchored(matcher.value).test('')
  }
}

/** `offset`, `@`, `anchored`, `smoothed` after a selector or subquery; null when none is there. */
export function parseShift(reader: TokenReader, current: TimeShift): TimeShift | null {
  if (reader.isWord('offset')) {
    const token = reader.next()
    if (current.offset !== null) reader.fail(token.start, 'offset may not be set multiple times')
    return { ...current, offset: parseOffset(reader) }
  }
  if (reader.isSymbol('@')) {
    const token = reader.next()
    if (current.at !== null) reader.fail(token.start, '@ <timestamp> may not be set multiple times')
    return { ...current, at: parseAt(reader) }
  }
  return null
}

export function parseMode(reader: TokenReader): RangeMode {
  if (reader.takeWord('anchored')) return 'anchored'
  if (reader.takeWord('smoothed')) return 'smoothed'
  return 'plain'
}

function parseAt(reader: TokenReader): TimeShift['at'] {
  for (const kind of ['start', 'end'] as const) {
    if (reader.isWord(kind)) {
      reader.next()
      reader.expectSymbol('(', 'at modifier')
      reader.expectSymbol(')', 'at modifier')
      return { kind }
    }
  }
  let sign = 1
  if (reader.takeSymbol('-')) sign = -1
  else reader.takeSymbol('+')
  const token = reader.peek()
  const seconds = secondsOf(reader)
  if (seconds === null) return reader.unexpected('at modifier', 'timestamp')
  if (!Number.isFinite(seconds)) reader.fail(token.start, `timestamp out of bounds for @ modifier: ${seconds}`)
  return { kind: 'time', ms: Math.round(sign * seconds * 1000) }
}

function secondsOf(reader: TokenReader): number | null {
  const token = reader.peek()
  if (token.kind === 'duration') {
    const ms = durationOrNull(token.text)
    if (ms === null) reader.fail(token.start, `not a valid duration string: "${token.text}"`)
    reader.next()
    return ms / 1000
  }
  if (token.kind !== 'number' && token.kind !== 'word') return null
  const value = numberOrNull(token.text)
  if (value !== null) reader.next()
  return value
}

/** After `offset` only a signed atom may stand; anything longer needs parentheses. */
function parseOffset(reader: TokenReader): DurationExpr {
  if (reader.takeSymbol('-')) return negate(parseDurationAtom(reader, 'offset'))
  reader.takeSymbol('+')
  return parseDurationAtom(reader, 'offset')
}

function negate(expr: DurationExpr): DurationExpr {
  return expr.kind === 'ms' ? { kind: 'ms', ms: -expr.ms } : { kind: 'negate', expr }
}

const durationPrecedence: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 4 }

/** A duration expression as it may stand in brackets. */
export function parseDurationExpr(reader: TokenReader, minimum = 0): DurationExpr {
  let lhs: DurationExpr
  if (reader.takeSymbol('-')) lhs = negate(parseDurationExpr(reader, 3))
  else if (reader.takeSymbol('+')) lhs = parseDurationExpr(reader, 3)
  else lhs = parseDurationAtom(reader, 'duration')
  for (;;) {
    const token = reader.peek()
    const precedence = token.kind === 'symbol' ? durationPrecedence[token.text] : undefined
    if (precedence === undefined || precedence < minimum) return lhs
    const op = token.text
    if (op !== '+' && op !== '-' && op !== '*' && op !== '/' && op !== '%' && op !== '^') return lhs
    reader.next()
    lhs = { kind: 'binary', op, lhs, rhs: parseDurationExpr(reader, op === '^' ? precedence : precedence + 1) }
  }
}

function parseDurationAtom(reader: TokenReader, context: string): DurationExpr {
  if (reader.takeSymbol('(')) {
    const expr = parseDurationExpr(reader)
    reader.expectSymbol(')', context)
    return { kind: 'paren', expr }
  }
  for (const kind of ['step', 'range'] as const) {
    if (reader.isWord(kind) && reader.isSymbol('(', 1)) {
      reader.next()
      reader.next()
      reader.expectSymbol(')', context)
      return { kind }
    }
  }
  for (const func of ['min_of', 'max_of'] as const) {
    if (reader.isWord(func) && reader.isSymbol('(', 1)) {
      reader.next()
      reader.next()
      const lhs = parseDurationExpr(reader)
      reader.expectSymbol(',', context)
      const rhs = parseDurationExpr(reader)
      reader.expectSymbol(')', context)
      return { kind: 'choose', func, lhs, rhs }
    }
  }
  const token = reader.peek()
  const seconds = secondsOf(reader)
  if (seconds === null) return reader.unexpected(context, 'number, duration, step(), or range()')
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 9.2e9) reader.fail(token.start, 'duration out of range')
  return { kind: 'ms', ms: Math.round(seconds * 1000) }
}
