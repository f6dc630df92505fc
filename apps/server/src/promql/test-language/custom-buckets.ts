/** `load_with_nhcb`: native histograms with custom buckets beside the classic ones they were converted from. */
import type { Labels, NativeHistogram } from '../../metrics/index.ts'
import { labelValue, withLabels } from '../evaluator/label-sets.ts'
import { customSchema } from '../histograms/sparse.ts'
import { numberOrNull } from '../syntax/literals.ts'
import type { SequenceValue, SeriesLine } from './series-reader.ts'

interface Classic {
  readonly labels: Labels
  readonly buckets: Map<number, readonly SequenceValue[]>
  sums: readonly SequenceValue[]
  counts: readonly SequenceValue[]
}

/** One native histogram series for each group of `_bucket` series (with its `_sum` and `_count` when they are there). */
export function customBucketSeries(lines: readonly SeriesLine[]): SeriesLine[] {
  const found = new Map<string, Classic>()
  for (const line of lines) {
    const name = labelValue(line.labels, '__name__')
    const suffix = ['_bucket', '_sum', '_count'].find((ending) => name.endsWith(ending))
    if (suffix === undefined) continue
    const base = name.slice(0, -suffix.length)
    const labels = withLabels(
      line.labels,
      new Map([
        ['__name__', base],
        ['le', ''],
      ]),
    )
    const key = JSON.stringify(labels)
    let classic = found.get(key)
    if (classic === undefined) found.set(key, (classic = { labels, buckets: new Map(), sums: [], counts: [] }))
    if (suffix === '_sum') classic.sums = line.values
    else if (suffix === '_count') classic.counts = line.values
    else {
      const bound = numberFrom(labelValue(line.labels, 'le'))
      if (bound !== null) classic.buckets.set(bound, line.values)
    }
  }
  return [...found.values()].filter((classic) => classic.buckets.size > 0).map(convert)
}

function numberFrom(text: string): number | null {
  const value = numberOrNull(text.replace(/^[+-]/, ''))
  return value === null || Number.isNaN(value) ? null : text.startsWith('-') ? -value : value
}

function numberAt(values: readonly SequenceValue[], i: number): number | null {
  const value = values[i]
  return typeof value === 'number' ? value : null
}

function convert(classic: Classic): SeriesLine {
  const bounds = [...classic.buckets.keys()].sort((a, b) => a - b)
  const finite = bounds.filter((bound) => bound !== Infinity)
  const length = Math.max(...[...classic.buckets.values()].map((values) => values.length))
  const values: SequenceValue[] = []
  for (let i = 0; i < length; i++) values.push(histogramAt(classic, finite, i))
  return { labels: classic.labels, values }
}

function histogramAt(classic: Classic, finite: readonly number[], i: number): NativeHistogram | null {
  const cumulative = finite.map((bound) => numberAt(classic.buckets.get(bound) ?? [], i))
  const infinite = numberAt(classic.buckets.get(Infinity) ?? [], i)
  if (infinite === null && cumulative.every((count) => count === null)) return null
  const last = cumulative.reduce<number>((most, count) => Math.max(most, count ?? 0), 0)
  const total = numberAt(classic.counts, i) ?? infinite ?? last
  const counts: number[] = []
  let previous = 0
  for (const count of [...cumulative, total]) {
    const now = count ?? previous
    counts.push(now - previous)
    previous = now
  }
  return {
    schema: customSchema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: total,
    sum: numberAt(classic.sums, i) ?? 0,
    positiveSpans: [0, counts.length],
    positiveCounts: counts,
    negativeSpans: [],
    negativeCounts: [],
    customValues: finite,
    resetHint: 'unknown',
  }
}
