/**
 * Gives every log record with an exception its problem, whatever protocol it came by and whether attributes or its text tell it. Sentry's
 * events bring theirs. A batch without such attributes and without texts of several lines costs a look at its names and one at its bytes.
 */
import type { SignalBatch, SignalStage } from '../signals/index.ts'
import { errorFactsOf, errorMarks } from './error-facts.ts'
import { groupError } from './grouping.ts'
import { beginsUncaught } from './thrown-text.ts'

/** ERROR of OpenTelemetry's severities. */
const errorFrom = 17
/** Beginning of a text that is read to see whether nobody caught it, bytes. */
const beginningBytes = 64
const newline = 0x0a

export class ProblemStage implements SignalStage {
  apply(batch: SignalBatch): void {
    if (batch.schema.kind !== 'logs') return
    groupMarked(batch)
    groupTexts(batch)
  }
}

function groupMarked(batch: SignalBatch): void {
  const { attributes, rows } = batch
  const marks = new Set<number>()
  const { words } = attributes.keys
  // Word 0 is the empty name.
  for (let word = 1; word < words.size; word++) if (errorMarks.includes(words.text(word))) marks.add(word)
  if (marks.size === 0) return
  const problem = batch.fixed('problem')
  for (let row = 0; row < rows; row++) if (problem.isZero(row) && hasMark(batch, row, marks)) group(batch, row, false)
}

/** Only texts of several lines can have a stack: the ends of lines are looked for in all texts at once. */
function groupTexts(batch: SignalBatch): void {
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
    if (isError && problem.isZero(row)) group(batch, row, true)
    at = body.end(row) - 1
  }
}

/** `onlyThrown`: what has no exception has no problem. */
function group(batch: SignalBatch, row: number, onlyThrown: boolean): void {
  const facts = errorFactsOf((name) => attributeAt(batch, row, name), batch.text('body').text(row))
  if (onlyThrown && facts.chain.length === 0) return
  const { id } = groupError(facts)
  const problem = batch.fixed('problem')
  problem.setU32(row, Number.parseInt(id.slice(8), 16), 0)
  problem.setU32(row, Number.parseInt(id.slice(0, 8), 16), 1)
}

function hasMark({ attributes }: SignalBatch, row: number, marks: ReadonlySet<number>): boolean {
  const last = attributes.last(row)
  for (let at = attributes.first(row); at < last; at++) if (marks.has(attributes.keys.word(at))) return true
  return false
}

function attributeAt({ attributes }: SignalBatch, row: number, name: string): string {
  const at = attributes.find(row, attributes.keys.words.internString(name))
  return at === -1 ? '' : attributes.values.text(at)
}
