/**
 * Gives every log record with an exception its problem, whatever protocol it came by. Sentry's events bring theirs. A batch none of whose rows
 * has such an attribute costs a look at its names.
 */
import type { SignalBatch, SignalStage } from '../signals/index.ts'
import { errorFactsOf, errorMarks } from './error-facts.ts'
import { groupError } from './grouping.ts'

export class ProblemStage implements SignalStage {
  apply(batch: SignalBatch): void {
    if (batch.schema.kind !== 'logs') return
    const { attributes, rows } = batch
    const marks = new Set<number>()
    const { words } = attributes.keys
    // Word 0 is the empty name.
    for (let word = 1; word < words.size; word++) if (errorMarks.includes(words.text(word))) marks.add(word)
    if (marks.size === 0) return
    const problem = batch.fixed('problem')
    for (let row = 0; row < rows; row++) {
      if (!problem.isZero(row) || !hasMark(batch, row, marks)) continue
      const id = groupError(errorFactsOf((name) => attributeAt(batch, row, name), batch.text('body').text(row))).id
      problem.setU32(row, Number.parseInt(id.slice(8), 16), 0)
      problem.setU32(row, Number.parseInt(id.slice(0, 8), 16), 1)
    }
  }
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
