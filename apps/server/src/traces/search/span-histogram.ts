/**
 * Spans that a search finds, counted by time and duration. Where the counts of operations can answer it and a step is whole minutes they do, for
 * the hours and minutes that lie whole within the range; everything else is counted from the spans, so that the total is what a list has.
 */
import type { Scope } from '../../kernel/scope.ts'
import { numbersIn } from '../../signals/index.ts'
import { bucketUpperMs } from '../duration-buckets.ts'
import type { TimeRange } from '../ports.ts'
import { both, spanSearch } from '../reads.ts'
import { spansTable } from '../tables.ts'
import { countedSearch, type CountedSpans } from './counted-search.ts'
import { rangePieces } from './range-pieces.ts'
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

/** More projects with days of their own make too many pieces of a range. */
const shownFromMax = 4

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
  readonly steps: Steps
  readonly #length: number

  constructor(steps: Steps) {
    this.steps = steps
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
  const { grid, left } = (await countedGrid(deps, asked, steps, signal)) ?? { grid: new Grid(steps), left: [selection] }
  await addSpans(deps, { ...asked, ranges: left }, grid, signal)
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

// oxlint-disable-next-line max-params -- with what, what is asked, what they are added to, and until when
async function addSpans(
  { engine, reads, clock }: SearchDeps,
  { scope, selection: { query }, ranges }: Asked & { readonly ranges: readonly TimeRange[] },
  grid: Grid,
  signal: AbortSignal,
): Promise<void> {
  if (ranges.length === 0) return
  const { stepSec, first } = grid.steps
  const search = spanSearch(scope, query, clock.nowMs())
  const parts = ranges.map(
    (range) => `SELECT toUInt32(intDiv(ts, ${stepSec}000000000) - ${first}) AS step,
      toUInt32(if(duration <= 1000, 0, least(32, ceil(log2(duration / 1000))))) AS class, sum(toFloat64(weight)) AS spans, sumIf(toFloat64(weight), status = 2) AS failed
    FROM ${spansTable} WHERE ${both(reads.spans(scope, range), search)} GROUP BY step, class`,
  )
  for await (const block of engine.queryNative({ sql: parts.join(' UNION ALL '), class: 'interactive', signal })) {
    const [step, kind, spans, failed] = ['step', 'class', 'spans', 'failed'].map((name) => numbersIn(block, name))
    for (let row = 0; row < block.rows; row++) {
      grid.add(step?.[row] ?? 0, spans?.[row] ?? 0, failed?.[row] ?? 0)
      grid.addClass(step?.[row] ?? 0, kind?.[row] ?? 0, spans?.[row] ?? 0)
    }
  }
}

interface Counted {
  readonly grid: Grid
  /** What is to be counted from the spans. */
  readonly left: readonly TimeRange[]
}

/** Null: the counts do not know it, or not of all spans. */
// oxlint-disable-next-line max-params -- with what, what is asked, in which steps, and until when
async function countedGrid(
  { engine, reads, clock }: SearchDeps,
  { scope, selection: { query, ...range } }: Asked,
  steps: Steps,
  signal: AbortSignal,
): Promise<Counted | null> {
  if (steps.stepSec % 60 !== 0) return null
  // An hour in which a project's spans begin to be shown is shown whole by its count.
  const shownFrom = reads.shownFromMs(scope).filter((ms) => ms > range.fromMs && ms < range.toMs)
  if (shownFrom.length > shownFromMax) return null
  const { hours, minutes, spans } = rangePieces(range, shownFrom, steps.stepSec % 3600 === 0)
  const parts: string[] = []
  for (const piece of [...hours, ...minutes]) {
    const asked = { scope, query, range: piece, nowMs: clock.nowMs() }
    const counted = countedSearch(reads, asked, hours.includes(piece))
    if (counted === null) return null
    parts.push(countedSql(counted, steps))
  }
  const grid = new Grid(steps)
  if (parts.length === 0) return { grid, left: spans }
  let isKnown = true
  for await (const block of engine.queryNative({ sql: parts.join(' UNION ALL '), class: 'interactive', signal })) {
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
  return isKnown ? { grid, left: spans } : null
}

function countedSql({ rows, count, errors, durations, isUnsure, missing, unitSec }: CountedSpans, { stepSec, first }: Steps): string {
  return `SELECT toUInt32(intDiv(step, ${stepSec / unitSec}) - ${first}) AS at, toFloat64(sum(${count})) AS calls, toFloat64(sum(${errors})) AS failures,
      sumMap(${durations}) AS buckets, max(${isUnsure}) AS unsure, toFloat64(sum(${missing})) AS lost ${rows} GROUP BY at`
}
