/** A test storage in memory: the smallest correct `SampleSource`. */
import type { Labels, Matcher, NativeHistogram, SeriesBlock } from '../../metrics/index.ts'
import { labelValue } from '../evaluator/label-sets.ts'
import type { SourceRequest } from '../ports.ts'
import { compileAnchored } from '../syntax/re2.ts'
import type { TestSeries, TestStorage } from './ports.ts'

interface Row {
  readonly timeMs: number
  readonly value: number
  readonly histogram: NativeHistogram | null
}

interface Stored {
  readonly labels: Labels
  rows: Row[]
}

function tester(matcher: Matcher): (labels: Labels) => boolean {
  const { name, op, value } = matcher
  if (op === '=') return (labels) => labelValue(labels, name) === value
  if (op === '!=') return (labels) => labelValue(labels, name) !== value
  const regex = compileAnchored(value)
  return (labels) => regex.test(labelValue(labels, name)) === (op === '=~')
}

export function createMemoryStorage(): TestStorage {
  const stored = new Map<string, Stored>()
  return {
    async load(series: readonly TestSeries[]) {
      for (const { labels, timesMs, values, histograms } of series) {
        const key = JSON.stringify(labels)
        let target = stored.get(key)
        if (target === undefined) stored.set(key, (target = { labels, rows: [] }))
        // The first value of a time stays, as a store that refuses duplicates keeps it.
        const taken = new Set(target.rows.map((row) => row.timeMs))
        for (const [i, timeMs] of timesMs.entries()) {
          if (!taken.has(timeMs)) target.rows.push({ timeMs, value: values[i] ?? NaN, histogram: histograms?.[i] ?? null })
        }
        target.rows.sort((a, b) => a.timeMs - b.timeMs)
      }
    },
    async clear() {
      stored.clear()
    },
    source: {
      async select(request: SourceRequest): Promise<SeriesBlock> {
        const testers = request.matchers.map(tester)
        const matched: Stored[] = []
        for (const series of stored.values()) {
          if (!testers.every((test) => test(series.labels))) continue
          const rows = series.rows.filter((row) => row.timeMs >= request.fromMs && row.timeMs <= request.toMs)
          if (rows.length > 0) matched.push({ labels: series.labels, rows })
        }
        return blockOf(matched)
      },
    },
  }
}

function blockOf(series: readonly Stored[]): SeriesBlock {
  const offsets = new Uint32Array(series.length + 1)
  for (const [s, { rows }] of series.entries()) offsets[s + 1] = (offsets[s] ?? 0) + rows.length
  const rows = series.flatMap((one) => one.rows)
  return {
    labels: series.map((one) => one.labels),
    offsets,
    timesMs: Float64Array.from(rows, (row) => row.timeMs),
    values: Float64Array.from(rows, (row) => row.value),
    histograms: rows.some((row) => row.histogram !== null) ? rows.map((row) => row.histogram) : null,
  }
}
