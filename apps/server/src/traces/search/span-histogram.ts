/**
 * Spans that a search finds, counted by time and duration. Where the counts of operations can answer it and a step is whole minutes they do, by
 * all minutes that the range touches (hours where a step is hours); everything else is counted from the spans.
 */
import type { Scope } from '../../kernel/scope.ts'
import { numbersIn } from '../../signals/index.ts'
import { bucketUpperMs } from '../duration-buckets.ts'
import { both, spanSearch } from '../reads.ts'
import { spansTable } from '../tables.ts'
import { countedSearch } from './counted-search.ts'
import { bucketCountsIn } from './slowest-places.ts'
import type { SearchDeps, SpanSelection } from './selection.ts'

export interface SpanHistogram {
  readonly stepSec: number
  readonly firstMs: number
  readonly counts: number[]
  readonly errors: number[]
  readonly uppersMs: number[]
  readonly durations: number[][]
  readonly total: number
}

/** Buckets of durations that are one class here: a doubling. */
const perClass = 8
const stepsSec = [1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800]

/** The smallest usual step that gives at most so many. */
function stepFor(lengthSec: number, stepsMax: number): number {
  return stepsSec.find((step) => lengthSec / step <= stepsMax) ?? 604_800 * Math.ceil(lengthSec / 604_800 / stepsMax)
}

interface Steps {
  readonly stepSec: number
  /** Number of the first. */
  readonly first: number
  readonly length: number
}

interface Asked {
  readonly scope: Scope
  readonly selection: SpanSelection
}

/** Spans by step, added up. */
class Grid {
  readonly counts: number[]
  readonly errors: number[]
  readonly classes = new Map<number, number[]>()
  total = 0
  readonly #length: number

  constructor(steps: Steps) {
    this.#length = steps.length
    this.counts = new Array<number>(steps.length).fill(0)
    this.errors = new Array<number>(steps.length).fill(0)
  }

  add(step: number, spans: number, failed: number): void {
    if (step >= this.#length) return
    this.counts[step] = (this.counts[step] ?? 0) + spans
    this.errors[step] = (this.errors[step] ?? 0) + failed
    this.total += spans
  }

  addClass(step: number, number: number, spans: number): void {
    if (step >= this.#length) return
    const list = this.classes.get(number) ?? new Array<number>(this.#length).fill(0)
    this.classes.set(number, list)
    list[step] = (list[step] ?? 0) + spans
  }
}

/** Sampling counted in. Errors: `search.invalid`, `search.pattern`, the engine's. */
export async function spanHistogram(
  deps: SearchDeps,
  { scope, selection, steps: stepsMax }: Asked & { readonly steps: number },
  signal: AbortSignal,
): Promise<SpanHistogram> {
  const { fromMs, toMs } = selection
  const stepSec = stepFor((toMs - fromMs) / 1000, stepsMax)
  const first = Math.floor(fromMs / 1000 / stepSec)
  const steps = { stepSec, first, length: Math.max(1, Math.ceil(toMs / 1000 / stepSec) - first) }
  const asked = { scope, selection }
  const grid = (await countedGrid(deps, asked, steps, signal)) ?? (await scannedGrid(deps, asked, steps, signal))
  const { counts, errors, classes, total } = grid
  const [low, high] = [Math.min(...classes.keys()), Math.max(...classes.keys())]
  const numbers = classes.size === 0 ? [] : Array.from({ length: high - low + 1 }, (_, i) => low + i)
  return {
    stepSec,
    firstMs: first * stepSec * 1000,
    counts,
    errors,
    uppersMs: numbers.map((number) => bucketUpperMs(number * perClass)),
    durations: numbers.map((number) => classes.get(number) ?? new Array<number>(steps.length).fill(0)),
    total,
  }
}

// oxlint-disable-next-line max-params -- with what, what is asked, in which steps, and until when
async function scannedGrid(
  { engine, reads, clock }: SearchDeps,
  { scope, selection: { query, ...range } }: Asked,
  steps: Steps,
  signal: AbortSignal,
): Promise<Grid> {
  const where = both(reads.spans(scope, range), spanSearch(scope, query, clock.nowMs()))
  const sql = `SELECT toUInt32(intDiv(ts, ${steps.stepSec}000000000) - ${steps.first}) AS step,
      toUInt32(if(duration <= 1000, 0, least(32, ceil(log2(duration / 1000))))) AS class, sum(toFloat64(weight)) AS spans, sumIf(toFloat64(weight), status = 2) AS failed
    FROM ${spansTable} WHERE ${where} GROUP BY step, class`
  const grid = new Grid(steps)
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) {
    const [step, kind, spans, failed] = ['step', 'class', 'spans', 'failed'].map((name) => numbersIn(block, name))
    for (let row = 0; row < block.rows; row++) {
      grid.add(step?.[row] ?? 0, spans?.[row] ?? 0, failed?.[row] ?? 0)
      grid.addClass(step?.[row] ?? 0, kind?.[row] ?? 0, spans?.[row] ?? 0)
    }
  }
  return grid
}

/** Null: the counts do not know it, or not of all spans. */
// oxlint-disable-next-line max-params -- with what, what is asked, in which steps, and until when
async function countedGrid(
  { engine, reads, clock }: SearchDeps,
  { scope, selection: { query, ...range } }: Asked,
  steps: Steps,
  signal: AbortSignal,
): Promise<Grid | null> {
  if (steps.stepSec % 60 !== 0) return null
  const counted = countedSearch(reads, { scope, query, range, nowMs: clock.nowMs() }, steps.stepSec % 3600 === 0)
  if (counted === null) return null
  const { rows, count, errors, durations, isUnsure, missing, unitSec } = counted
  const sql = `SELECT toUInt32(intDiv(step, ${steps.stepSec / unitSec}) - ${steps.first}) AS at, toFloat64(sum(${count})) AS calls, toFloat64(sum(${errors})) AS failures,
      sumMap(${durations}) AS buckets, max(${isUnsure}) AS unsure, toFloat64(sum(${missing})) AS lost ${rows} GROUP BY at`
  const grid = new Grid(steps)
  let isKnown = true
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) {
    const [at, calls, failures] = ['at', 'calls', 'failures'].map((name) => numbersIn(block, name))
    const [unsure, lost] = [numbersIn(block, 'unsure'), numbersIn(block, 'lost')]
    const { offsets, buckets, counts } = bucketCountsIn(block, 'buckets')
    for (let row = 0; row < block.rows; row++) {
      const step = at?.[row] ?? 0
      isKnown &&= unsure[row] === 0 && (lost[row] ?? 0) < 0.5
      grid.add(step, calls?.[row] ?? 0, failures?.[row] ?? 0)
      for (let i = row === 0 ? 0 : (offsets[row - 1] ?? 0); i < (offsets[row] ?? 0); i++)
        grid.addClass(step, Math.ceil((buckets[i] ?? 0) / perClass), counts[i] ?? 0)
    }
  }
  return isKnown ? grid : null
}
