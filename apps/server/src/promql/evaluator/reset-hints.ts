/**
 * Counter reset hints found by comparing neighbours, for queries that read only the counts and sums of histograms
 * (`histogram_count`, `histogram_sum`, `histogram_avg`). Prometheus reads such histograms without their buckets and detects resets
 * on the way; with the hints an aggregation can say that it mixes resets.
 */
import type { NativeHistogram, SeriesBlock } from '../../metrics/index.ts'
import { isCounterReset } from '../histograms/reset.ts'
import type { BinaryExpr, Call } from '../syntax/ast.ts'
import { trimOperators } from './element-ops.ts'

const statistics: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg'])
const needsBuckets: ReadonlySet<string> = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction'])

/** Whether the arguments of a call (or the sides of an operator) are read for their counts and sums alone. */
export function readsStatistics(node: Call | BinaryExpr, outer: boolean): boolean {
  if (node.kind === 'binary') return outer && !trimOperators.has(node.op)
  if (statistics.has(node.func)) return true
  return outer && !needsBuckets.has(node.func)
}

/** The block with 'yes' and 'no' in place of unknown hints, except on the first histogram of a series. */
export function withDetectedHints(block: SeriesBlock): SeriesBlock {
  if (block.histograms === null) return block
  const histograms: (NativeHistogram | null)[] = [...block.histograms]
  for (let s = 0; s < block.labels.length; s++) {
    let previous: NativeHistogram | null = null
    for (let row = block.offsets[s]!; row < block.offsets[s + 1]!; row++) {
      const histogram: NativeHistogram | null = block.histograms[row] ?? null
      if (histogram !== null && previous !== null && histogram.resetHint !== 'gauge') {
        const reset = isCounterReset(previous, { ...histogram, resetHint: 'unknown' })
        histograms[row] = { ...histogram, resetHint: reset ? 'yes' : 'no' }
      }
      previous = histogram
    }
  }
  return { ...block, histograms }
}
