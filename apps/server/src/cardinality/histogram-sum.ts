/**
 * Native histograms added up by what each grew by. Buckets are those of the coarsest schema seen (a finer one halves exactly into a coarser);
 * custom bounds only add up with the same bounds. Thresholds of the zero bucket are taken to be the widest.
 */
import type { NativeHistogram } from '../metrics/index.ts'

/** Schema of histograms with bounds of their own. */
const customSchema = -53

/** Counts by bucket index. */
type Buckets = Map<number, number>

/** Bucket i of schema s lies in bucket i' of schema s - by: (base^(i-1), base^i] halves into its pair. */
function coarser(index: number, by: number): number {
  return Math.ceil(index / 2 ** by)
}

function bucketsOf(spans: readonly number[], counts: readonly number[], by: number): Buckets {
  const out: Buckets = new Map()
  let index = 0
  let at = 0
  for (let span = 0; span + 1 < spans.length; span += 2) {
    index += spans[span] ?? 0
    for (let i = 0; i < (spans[span + 1] ?? 0); i++, index++) {
      const to = by === 0 ? index : coarser(index, by)
      out.set(to, (out.get(to) ?? 0) + (counts[at++] ?? 0))
    }
  }
  return out
}

function spansOf(buckets: Buckets): { spans: number[]; counts: number[] } {
  const spans: number[] = []
  const counts: number[] = []
  let next = 0
  for (const [index, count] of [...buckets].filter(([, one]) => one !== 0).sort(([a], [b]) => a - b)) {
    if (counts.length > 0 && index === next) spans.push(1 + (spans.pop() ?? 0))
    else spans.push(index - next, 1)
    counts.push(count)
    next = index + 1
  }
  return { spans, counts }
}

/** What one histogram has over an earlier one, or null when it fell: then it began anew. Both of the same schema after `by`. */
function growth(now: Buckets, before: Buckets): Buckets | null {
  const out: Buckets = new Map(now)
  for (const [index, count] of before) {
    const left = (now.get(index) ?? 0) - count
    if (left < 0) return null
    out.set(index, left)
  }
  return out
}

export class HistogramSum {
  #schema: number
  readonly #customValues: readonly number[]
  #zeroThreshold: number
  #zeroCount = 0
  #count = 0
  #sum = 0
  #positive: Buckets = new Map()
  #negative: Buckets = new Map()

  constructor(like: NativeHistogram) {
    this.#schema = like.schema
    this.#customValues = like.customValues
    this.#zeroThreshold = like.zeroThreshold
  }

  /** Can it be added to this? */
  takes({ schema, customValues, resetHint }: NativeHistogram): boolean {
    if (resetHint === 'gauge' || (schema === customSchema) !== (this.#schema === customSchema)) return false
    return (
      schema !== customSchema ||
      (customValues.length === this.#customValues.length && customValues.every((v, i) => v === this.#customValues[i]))
    )
  }

  /** Adds what `now` has over `before`; all of it when there is none or when it fell. */
  add(now: NativeHistogram, before: NativeHistogram | null): void {
    this.#coarsen(Math.min(now.schema, before?.schema ?? now.schema))
    this.#zeroThreshold = Math.max(this.#zeroThreshold, now.zeroThreshold)
    const grown = before === null || now.resetHint === 'yes' ? null : this.#growth(now, before)
    const { positive, negative } = grown ?? this.#parts(now)
    for (const [index, count] of positive) this.#positive.set(index, (this.#positive.get(index) ?? 0) + count)
    for (const [index, count] of negative) this.#negative.set(index, (this.#negative.get(index) ?? 0) + count)
    const from = grown === null ? null : before
    this.#zeroCount += now.zeroCount - (from?.zeroCount ?? 0)
    this.#count += now.count - (from?.count ?? 0)
    this.#sum += now.sum - (from?.sum ?? 0)
  }

  get total(): NativeHistogram {
    const positive = spansOf(this.#positive)
    const negative = spansOf(this.#negative)
    return {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount,
      count: this.#count,
      sum: this.#sum,
      positiveSpans: positive.spans,
      positiveCounts: positive.counts,
      negativeSpans: negative.spans,
      negativeCounts: negative.counts,
      customValues: this.#customValues,
      resetHint: 'unknown',
    }
  }

  #parts(histogram: NativeHistogram): { positive: Buckets; negative: Buckets } {
    const by = histogram.schema === customSchema ? 0 : histogram.schema - this.#schema
    return {
      positive: bucketsOf(histogram.positiveSpans, histogram.positiveCounts, by),
      negative: bucketsOf(histogram.negativeSpans, histogram.negativeCounts, by),
    }
  }

  #growth(now: NativeHistogram, before: NativeHistogram): { positive: Buckets; negative: Buckets } | null {
    if (now.count < before.count || now.zeroCount < before.zeroCount) return null
    const [to, from] = [this.#parts(now), this.#parts(before)]
    const positive = growth(to.positive, from.positive)
    const negative = growth(to.negative, from.negative)
    return positive === null || negative === null ? null : { positive, negative }
  }

  #coarsen(schema: number): void {
    const by = this.#schema - schema
    if (by <= 0) return
    const merged = (buckets: Buckets): Buckets => {
      const out: Buckets = new Map()
      for (const [index, count] of buckets) out.set(coarser(index, by), (out.get(coarser(index, by)) ?? 0) + count)
      return out
    }
    this.#positive = merged(this.#positive)
    this.#negative = merged(this.#negative)
    this.#schema = schema
  }
}
