/**
 * A query whose steps are answered by several parts (a source that computes the function, a selection across the watermark, memory series
 * by series) gives what one read of everything gives, wherever the watermark and the end of the computed part are.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import type { Labels, SeriesBlock, SeriesGrid, SeriesScan } from '../../metrics/index.ts'
import { STALE } from '../../metrics/index.ts'
import { createPromqlEngine } from '../engine.ts'
import type { GridHint, QueryLimits, QueryValue, RangeQuery, SampleSource, SourceRequest } from '../ports.ts'
import { createMemoryStorage } from '../test-language/memory-storage.ts'

const limits: QueryLimits = { samplesMax: 1e7, seriesMax: 1e5, timeoutMs: 60_000, stepsMax: 11_000, lookbackMs: 300_000 }
const engine = createPromqlEngine({ clock: systemClock })
const never = new AbortController().signal

function textOfHint({ func, windowMs }: GridHint, selector: string): string {
  return func === 'last' ? selector : `${func}(${selector}[${windowMs}ms])`
}

interface Seam {
  readonly coversFromMs: number
  /** Steps before this time are computed by the source, if they are before the watermark. */
  readonly computedBeforeMs: number
}

class SeamSource implements SampleSource {
  readonly parts: string[] = []
  readonly #whole: SampleSource
  readonly #series: readonly { readonly labels: Labels }[]
  readonly #seam: Seam

  constructor(whole: SampleSource, series: readonly { readonly labels: Labels }[], seam: Seam) {
    this.#whole = whole
    this.#series = series
    this.#seam = seam
  }

  async select(request: SourceRequest): Promise<SeriesBlock> {
    this.parts.push('select')
    const block = await this.#whole.select(request, never)
    return { ...block, keys: this.#keysOf(block.labels) }
  }

  scan(request: SourceRequest): SeriesScan | null {
    if (request.toMs < this.#seam.coversFromMs) return null
    this.parts.push('scan')
    const blocks = new Map<number, SeriesBlock>()
    const wanted = this.#series.filter(({ labels }) =>
      request.matchers.every(({ name, value }) => labels.some((pair) => pair[0] === name && pair[1] === value)),
    )
    const labels = wanted.map((one) => one.labels)
    for (const [i, one] of wanted.entries()) blocks.set(i, this.#held.get(one.labels) ?? emptyBlock)
    const { coversFromMs } = this.#seam
    return {
      keys: this.#keysOf(labels),
      labels,
      coversFromMs,
      read(series) {
        const { timesMs, values } = blocks.get(series) ?? emptyBlock
        let start = 0
        while (start < timesMs.length && timesMs[start]! < Math.max(request.fromMs, coversFromMs)) start++
        let end = timesMs.length
        while (end > start && timesMs[end - 1]! > request.toMs) end--
        return { timesMs, values, start, end }
      },
      [Symbol.dispose]: () => undefined,
    }
  }

  async grid(request: SourceRequest, hint: GridHint): Promise<SeriesGrid | null> {
    const beforeMs = Math.min(this.#seam.coversFromMs, this.#seam.computedBeforeMs)
    let steps = 0
    const all = hint.stepMs > 0 ? Math.floor((hint.endMs - hint.startMs) / hint.stepMs) + 1 : 1
    while (steps < all && hint.startMs + steps * hint.stepMs < beforeMs) steps++
    if (steps === 0) return null
    this.parts.push('grid')
    const selector = `{${request.matchers.map(({ name, op, value }) => `${name}${op}"${value}"`).join(',')}}`
    const query = textOfHint(hint, selector)
    const endMs = hint.startMs + (steps - 1) * hint.stepMs
    const keys: number[] = []
    const labels: Labels[] = []
    const rows: Float64Array[] = []
    for (const [key, one] of this.#series.entries()) {
      const alone: SampleSource = { select: async (asked) => onlyOne(await this.#whole.select(asked, never), one.labels) }
      const step = Math.max(hint.stepMs, 1)
      const { value } = await engine.range({ query, startMs: hint.startMs, endMs, stepMs: step }, alone, limits, never)
      const found = value.type === 'matrix' ? value.series[0] : undefined
      if (found === undefined) continue
      const row = new Float64Array(steps).fill(STALE)
      for (const [i, timeMs] of found.timesMs.entries()) row[(timeMs - hint.startMs) / step] = found.values[i]!
      keys.push(key)
      labels.push(one.labels)
      rows.push(row)
    }
    return { keys: Uint32Array.from(keys), labels, steps, values: Float64Array.from(rows.flatMap((row) => [...row])) }
  }

  readonly #held = new Map<Labels, SeriesBlock>()

  async open(): Promise<this> {
    const matchers = [{ name: '__name__', op: '=', value: 'm' }] as const
    const block = await this.#whole.select({ matchers, fromMs: -Infinity, toMs: Infinity }, never)
    for (const labels of block.labels) this.#held.set(labels, onlyOne(block, labels))
    return this
  }

  #keysOf(labels: readonly Labels[]): Uint32Array {
    return Uint32Array.from(labels, (one) => this.#series.findIndex((series) => series.labels === one))
  }
}

const emptyBlock: SeriesBlock = {
  labels: [],
  offsets: new Uint32Array(1),
  timesMs: new Float64Array(0),
  values: new Float64Array(0),
  histograms: null,
}

function onlyOne(block: SeriesBlock, labels: Labels): SeriesBlock {
  const s = block.labels.indexOf(labels)
  if (s === -1) return emptyBlock
  const [start, end] = [block.offsets[s]!, block.offsets[s + 1]!]
  const rows = { timesMs: block.timesMs.slice(start, end), values: block.values.slice(start, end) }
  return { labels: [labels], offsets: Uint32Array.of(0, end - start), ...rows, histograms: null }
}

const pairs = fc.uniqueArray(
  fc.tuple(
    fc.integer({ min: 0, max: 900 }),
    fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -50, max: 100 }) }, { weight: 1, arbitrary: fc.constantFrom(NaN, STALE) }),
  ),
  { minLength: 1, maxLength: 50, selector: (pair) => pair[0] },
)
const world = fc.array(pairs, { minLength: 1, maxLength: 4 })
const gridOf = fc.record({
  startSec: fc.integer({ min: -50, max: 600 }),
  stepSec: fc.integer({ min: 1, max: 97 }),
  steps: fc.integer({ min: 1, max: 9 }),
})
const seamOf = fc.record({ coversFromSec: fc.integer({ min: -100, max: 1100 }), computedBeforeSec: fc.integer({ min: -100, max: 1100 }) })

const queries = [
  'm',
  'm offset 1m',
  'm @ 300',
  'm @ end()',
  'timestamp(m)',
  'rate(m[2m])',
  'increase(m[5m] offset 30s)',
  'irate(m[3m] @ 400)',
  'max_over_time(m[2m])',
  'quantile_over_time(0.3, m[3m])',
  'predict_linear(m[4m], 100)',
  'absent_over_time(m{job="1"}[1m])',
  'sum_over_time(m[2m:20s])',
  'sum by (job) (rate(m[2m])) / ignoring(x) m{job="1"}',
  'sum(m offset 20s)',
  'stddev without (job) (max_over_time(m[2m]))',
  'count(last_over_time(m[1m]))',
  'limitk(1, m)',
  'topk(1, delta(m[4m]))',
]

function textOf(value: QueryValue): unknown {
  if (value.type !== 'matrix') return value
  return value.series.map(({ labels, timesMs, values }) => [JSON.stringify(labels), Array.from(timesMs), Array.from(values, String)])
}

for (const query of queries) {
  test(`${query}: the seam is not seen`, async () => {
    await fc.assert(
      fc.asyncProperty(world, gridOf, seamOf, async (rows, { startSec, stepSec, steps }, { coversFromSec, computedBeforeSec }) => {
        const series = rows.map((some, i) => {
          const sorted = [...some].sort((a, b) => a[0] - b[0])
          const labels: Labels = [
            ['__name__', 'm'],
            ['job', String(i)],
          ]
          return { labels, timesMs: sorted.map((pair) => pair[0] * 1000), values: sorted.map((pair) => pair[1]), histograms: null }
        })
        const storage = createMemoryStorage()
        await storage.load(series)
        const request: RangeQuery = {
          query,
          startMs: startSec * 1000,
          endMs: (startSec + stepSec * (steps - 1)) * 1000,
          stepMs: stepSec * 1000,
        }
        const seam = { coversFromMs: coversFromSec * 1000, computedBeforeMs: computedBeforeSec * 1000 }
        const source = await new SeamSource(storage.source, series, seam).open()
        const want = await engine.range(request, storage.source, limits, never)
        const got = await engine.range(request, source, limits, never)
        expect(textOf(got.value)).toEqual(textOf(want.value))
      }),
      { numRuns: 60 },
    )
  })
}
