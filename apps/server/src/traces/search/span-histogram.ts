/** Spans that a search finds, counted by time and duration. */
import type { Scope } from '../../kernel/scope.ts'
import { numbersIn } from '../../signals/index.ts'
import { bucketUpperMs } from '../duration-buckets.ts'
import { both, spanSearch } from '../reads.ts'
import { spansTable } from '../tables.ts'
import type { SearchDeps, SpanSelection } from './span-search.ts'

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

/** Sampling counted in. Errors: `search.invalid`, `search.pattern`, the engine's. */
export async function spanHistogram(
  { engine, reads, clock }: SearchDeps,
  { scope, selection, steps }: { readonly scope: Scope; readonly selection: SpanSelection; readonly steps: number },
  signal: AbortSignal,
): Promise<SpanHistogram> {
  const { query, ...range } = selection
  const stepSec = stepFor((range.toMs - range.fromMs) / 1000, steps)
  const first = Math.floor(range.fromMs / 1000 / stepSec)
  const length = Math.max(1, Math.ceil(range.toMs / 1000 / stepSec) - first)
  const where = both(reads.spans(scope, range), spanSearch(scope, query, clock.nowMs()))
  const sql = `SELECT toUInt32(intDiv(ts, ${stepSec}000000000) - ${first}) AS step,
      toUInt32(if(duration <= 1000, 0, least(32, ceil(log2(duration / 1000))))) AS class, sum(toFloat64(weight)) AS spans, sumIf(toFloat64(weight), status = 2) AS failed
    FROM ${spansTable} WHERE ${where} GROUP BY step, class`
  const [counts, errors] = [new Array<number>(length).fill(0), new Array<number>(length).fill(0)]
  const classes = new Map<number, number[]>()
  let total = 0
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) {
    const [step, kind, spans, failed] = ['step', 'class', 'spans', 'failed'].map((name) => numbersIn(block, name))
    for (let row = 0; row < block.rows; row++) {
      const [at, number, count] = [step?.[row] ?? 0, kind?.[row] ?? 0, spans?.[row] ?? 0]
      if (at >= length) continue
      const list = classes.get(number) ?? new Array<number>(length).fill(0)
      classes.set(number, list)
      list[at] = (list[at] ?? 0) + count
      counts[at] = (counts[at] ?? 0) + count
      errors[at] = (errors[at] ?? 0) + (failed?.[row] ?? 0)
      total += count
    }
  }
  const [low, high] = [Math.min(...classes.keys()), Math.max(...classes.keys())]
  const numbers = classes.size === 0 ? [] : Array.from({ length: high - low + 1 }, (_, i) => low + i)
  return {
    stepSec,
    firstMs: first * stepSec * 1000,
    counts,
    errors,
    uppersMs: numbers.map((number) => bucketUpperMs(number * perClass)),
    durations: numbers.map((number) => classes.get(number) ?? new Array<number>(length).fill(0)),
    total,
  }
}
