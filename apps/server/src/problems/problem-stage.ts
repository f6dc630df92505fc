/**
 * Gives every log record with an exception its problem, whatever protocol it came by and whether attributes or its text tell it. Sentry's
 * events bring theirs. A batch without such attributes and without texts of several lines costs a look at its names and one at its bytes.
 * A part of a body holds 4 MiB: what is read of its errors comes in steps of `stepBytes`, and of one text no more than its first characters.
 */
import { allSteps, type Steps } from '../kernel/steps.ts'
import type { SignalBatch, SignalStage } from '../signals/index.ts'
import { errorFactsOf, errorMarks, isThrownByLogger, loggerMarks, type AttributeOf } from './error-facts.ts'
import { groupError } from './grouping.ts'
import { beginsUncaught } from './thrown-text.ts'

/** ERROR of OpenTelemetry's severities. */
const errorFrom = 17
/** Beginning of a text that is read to see whether nobody caught it, bytes. */
const beginningBytes = 64
const newline = 0x0a
/** Bytes of texts and attributes of errors that are read in one step, and what an error costs besides them. */
const stepBytes = 65_536
const errorBytes = 512

export class ProblemStage implements SignalStage {
  apply(batch: SignalBatch): void {
    allSteps(this.steps(batch))
  }

  *steps(batch: SignalBatch): Steps {
    if (batch.schema.kind !== 'logs') return
    let read = 0
    for (const bytes of groups(batch)) {
      read += bytes
      if (read < stepBytes) continue
      read = 0
      yield
    }
  }
}

/** Yields the bytes read of each error. */
function* groups(batch: SignalBatch): Generator<number, void> {
  yield* groupMarked(batch)
  yield* groupTexts(batch)
}

function* groupMarked(batch: SignalBatch): Generator<number, void> {
  const { attributes, rows } = batch
  const marks = new Set<number>()
  const ofLoggers = new Set<number>()
  const { words } = attributes.keys
  // Word 0 is the empty name.
  for (let word = 1; word < words.size; word++) {
    const name = words.text(word)
    if (errorMarks.has(name)) marks.add(word)
    else if (loggerMarks.has(name)) ofLoggers.add(word)
  }
  if (marks.size + ofLoggers.size === 0) return
  const problem = batch.fixed('problem')
  for (let row = 0; row < rows; row++) {
    if (!problem.isZero(row)) continue
    if (hasMark(batch, row, marks)) yield group(batch, row, 'convention')
    else if (hasMark(batch, row, ofLoggers)) yield group(batch, row, 'logger')
  }
}

/** Only texts of several lines can have a stack: the ends of lines are looked for in all texts at once. */
function* groupTexts(batch: SignalBatch): Generator<number, void> {
  const { rows } = batch
  const body = batch.text('body')
  const problem = batch.fixed('problem')
  const severity = batch.fixed('severity')
  const { bytes, length } = body.data
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  let row = 0
  for (let at = view.indexOf(newline); at !== -1 && row < rows; at = view.indexOf(newline, at + 1)) {
    while (row < rows && body.end(row) <= at) row++
    // It may be the length of a text.
    if (row === rows || at < body.start(row)) continue
    const isError =
      severity.u8(row) >= errorFrom || beginsUncaught(view.toString('latin1', body.start(row), body.start(row) + beginningBytes))
    if (isError && problem.isZero(row)) yield group(batch, row, 'text')
    at = body.end(row) - 1
  }
}

/** About the bytes that it cost to read. `toldBy` a logger or a text, what has no exception has no problem. */
function group(batch: SignalBatch, row: number, toldBy: 'convention' | 'logger' | 'text'): number {
  const body = batch.text('body').text(row)
  let bytes = errorBytes + body.length
  const valueOf = attributesAt(batch, row)
  const attribute = (name: string): string => {
    const value = valueOf(name)
    bytes += value.length
    return value
  }
  if (toldBy === 'logger' && !isThrownByLogger(attribute, batch.fixed('severity').u8(row) >= errorFrom)) return bytes
  const facts = errorFactsOf(attribute, body)
  if (toldBy !== 'convention' && facts.chain.length === 0) return bytes
  const { id } = groupError(facts)
  const problem = batch.fixed('problem')
  problem.setU32(row, Number.parseInt(id.slice(8), 16), 0)
  problem.setU32(row, Number.parseInt(id.slice(0, 8), 16), 1)
  return bytes
}

function hasMark({ attributes }: SignalBatch, row: number, marks: ReadonlySet<number>): boolean {
  if (marks.size === 0) return false
  const last = attributes.last(row)
  for (let at = attributes.first(row); at < last; at++) if (marks.has(attributes.keys.word(at))) return true
  return false
}

/** Asked for in the batch's words, names that no row has would become some of them. */
function attributesAt({ attributes }: SignalBatch, row: number): AttributeOf {
  const places = new Map<string, number>()
  const last = attributes.last(row)
  for (let at = attributes.first(row); at < last; at++) {
    const name = attributes.keys.words.text(attributes.keys.word(at))
    if (!places.has(name)) places.set(name, at)
  }
  return (name) => {
    const at = places.get(name)
    return at === undefined ? '' : attributes.values.text(at)
  }
}
