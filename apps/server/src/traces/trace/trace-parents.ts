/**
 * Parents of the spans of a trace. Whoever's parent never came gets a node that stands for it; a chain of parents that leads back to a span is
 * cut there, so that what is drawn is always a forest.
 */
import { KeyTable } from '../counted/key-table.ts'
import type { TraceSpans } from './trace-spans.ts'

export interface TraceParents {
  /** By span: -1 for a root; `count + i` for the missing parent `i`. */
  readonly parents: Int32Array
  /** Halves of the ids of the missing parents. */
  readonly missingLow: readonly number[]
  readonly missingHigh: readonly number[]
  /** Spans whose parents led back to themselves; roots now. */
  readonly loops: readonly number[]
}

export function findParents(spans: TraceSpans): TraceParents {
  const { count } = spans
  const byId = new KeyTable(2, count)
  const spanOf = new Int32Array(count)
  const key = new Int32Array(2)
  for (let span = 0; span < count; span++) {
    key[0] = spans.idLow[span]!
    key[1] = spans.idHigh[span]!
    const known = byId.size
    const number = byId.add(key)
    // Of spans with one id, which senders that repeat themselves make, the first is the parent.
    if (number === known) spanOf[number] = span
  }
  const missing = new KeyTable(2)
  const [missingLow, missingHigh]: [number[], number[]] = [[], []]
  const parents = new Int32Array(count).fill(-1)
  for (let span = 0; span < count; span++) {
    const [low, high] = [spans.parentLow[span]!, spans.parentHigh[span]!]
    if (low === 0 && high === 0) continue
    key[0] = low
    key[1] = high
    const found = byId.find(key)
    if (found !== -1) parents[span] = spanOf[found]!
    else {
      const number = missing.add(key)
      if (number === missingLow.length) {
        missingLow.push(low)
        missingHigh.push(high)
      }
      parents[span] = count + number
    }
  }
  return { parents, missingLow, missingHigh, loops: cutLoops(parents) }
}

/** Cuts every chain that leads back to its start; gives where. */
function cutLoops(parents: Int32Array): number[] {
  const loops: number[] = []
  /** 0 unseen, otherwise the number of the walk that saw it. */
  const seen = new Int32Array(parents.length)
  for (let start = 0; start < parents.length; start++) {
    let span = start
    while (span !== -1 && span < parents.length && seen[span] === 0) {
      seen[span] = start + 1
      const up = parents[span]!
      if (up !== -1 && up < parents.length && seen[up] === start + 1) {
        loops.push(span)
        parents[span] = -1
        break
      }
      span = up
    }
  }
  return loops
}
