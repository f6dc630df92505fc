/**
 * Runs: spans of one service and name, one after another under one parent, without children and without a failure. Twenty queries of one
 * shape are one row until someone wants to see each.
 */
import { statusError, type SpanColumns } from './span-columns.ts'

/** Shorter runs stay as they are. */
const runMin = 5

export interface SpanRuns {
  /** By node: how many spans are in the run that begins with it; 0 where none begins. */
  readonly runLength: Int32Array
  /** By node: the first of the run that it is in, -1 in none. */
  readonly runFirst: Int32Array
}

interface TreeShape {
  readonly order: Int32Array
  readonly parent: Int32Array
  readonly childCount: Int32Array
}

export function findRuns(spans: SpanColumns, { order, parent, childCount }: TreeShape): SpanRuns {
  const runLength = new Int32Array(order.length)
  const runFirst = new Int32Array(order.length).fill(-1)
  const mayBeIn = (node: number): boolean => node < spans.count && childCount[node] === 0 && spans.status[node] !== statusError
  const goesOn = (first: number, node: number): boolean =>
    mayBeIn(node) &&
    parent[node] === parent[first] &&
    spans.name[node] === spans.name[first] &&
    spans.service[node] === spans.service[first] &&
    spans.shiftNs[node] === spans.shiftNs[first]
  for (let at = 0; at < order.length;) {
    const first = order[at]!
    let behind = at + 1
    if (mayBeIn(first) && parent[first] !== -1) while (behind < order.length && goesOn(first, order[behind]!)) behind += 1
    if (behind - at >= runMin) {
      runLength[first] = behind - at
      for (let i = at; i < behind; i += 1) runFirst[order[i]!] = first
    }
    at = behind
  }
  return { runLength, runFirst }
}

/** Stretches drawn for one run at most. */
const stretchesMax = 200

export interface Stretch {
  readonly fromNs: number
  readonly toNs: number
}

/** When the spans of a run ran; those that are nearer than `gapNs` are drawn as one. */
export function runStretches(
  { startNs, endNs }: { readonly startNs: Float64Array; readonly endNs: Float64Array },
  members: Int32Array,
  gapNs: number,
): readonly Stretch[] {
  const found: { fromNs: number; toNs: number }[] = []
  for (const node of members) {
    const last = found.at(-1)
    const [from, to] = [startNs[node]!, endNs[node]!]
    if (last !== undefined && (from - last.toNs < gapNs || found.length >= stretchesMax)) last.toNs = Math.max(last.toNs, to)
    else found.push({ fromNs: from, toNs: to })
  }
  return found
}
