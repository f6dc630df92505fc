/**
 * Where the slowest spans are, told by the counts of operations: those have durations by bucket, so they say how slow the slowest are at least,
 * and in which minutes such spans are at all. Only their buckets are read, and of most rows nothing but the duration.
 */
import type { NativeBlock } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { bucketSec, numbersIn, textsIn } from '../../signals/index.ts'
import { parseExample } from '../counted/example-trace.ts'
import { bucketOf, bucketUpperMs } from '../duration-buckets.ts'
import type { TimeRange } from '../ports.ts'
import { countedSearch } from './counted-search.ts'
import type { SearchDeps } from './selection.ts'

export interface SlowestWanted extends TimeRange {
  readonly query: string
  /** Spans that must be left, and spans of different traces that are as good. */
  readonly spans: number
  readonly traces: number
  /** ns: only spans below it count as found; null: all. */
  readonly belowNs: string | null
}

/** More than durations are rounded by on their way, as a share. */
const hair = 1e-9
/** A longer range is looked at by hours. */
const minutesLookedAtMaxMs = 15 * 3_600_000

/** Steps with the buckets of duration that occur in them. */
interface Steps {
  readonly onSpans: string
  readonly unitSec: number
  readonly slowestBucket: Map<number, number>
  /** Spans by bucket of duration, of those that the search means for sure. */
  readonly spans: Map<number, number>
  /** ns of the slowest span of a step, by its trace; of those that the search means for sure. */
  readonly examples: Map<string, number>
}

/** `slow`: what leaves nearly all rows by small columns, to be looked at first. `where`: where such rows can be. */
export interface SlowestPlaces {
  readonly slow: string
  readonly where: string
}

/**
 * Conditions beside the search's own. Every span that is slower than all they leave out meets them, so the first of what they leave are the
 * slowest if they are as many as wanted; sampled spans count for several, so they may be fewer: then the answer is to be read without it.
 * Null: nothing is known. Errors: the engine's.
 */
export async function slowestPlaces(
  deps: SearchDeps,
  { scope, wanted }: { readonly scope: Scope; readonly wanted: SlowestWanted },
  signal: AbortSignal,
): Promise<SlowestPlaces | null> {
  const steps = await stepsOf(deps, scope, wanted, signal)
  if (steps === null) return null
  const aboveNs = Math.max(leastByBuckets(steps, wanted), leastByExamples(steps, wanted))
  if (aboveNs <= 0) return null
  // A hair below: a span that is longer is in this bucket or a later one however both were rounded.
  const least = bucketOf((aboveNs / 1000) * (1 - hair))
  const perUnit = steps.unitSec / bucketSec
  const buckets = new Set<number>()
  for (const [step, slowest] of steps.slowestBucket) {
    if (slowest < least) continue
    const first = Math.floor(step * perUnit)
    for (let bucket = first; bucket < Math.max(first + 1, first + perUnit); bucket++) buckets.add(bucket)
  }
  return { slow: `${steps.onSpans} AND duration > ${Math.floor(aboveNs)}`, where: `bucket IN (${[...buckets].join(', ')})` }
}

/** Where the wanted spans begin by the buckets of their durations, ns; 0 when there are fewer. */
function leastByBuckets({ spans }: Steps, wanted: SlowestWanted): number {
  const below = wanted.belowNs === null ? Infinity : bucketOf(Number(wanted.belowNs) / 1000)
  let found = 0
  for (const [bucket, count] of [...spans].sort(([a], [b]) => b - a)) {
    if (bucket >= below) continue
    found += count
    if (found >= wanted.spans) return bucket === 0 ? 0 : bucketUpperMs(bucket - 1) * 1e6 * (1 - hair)
  }
  return 0
}

/** The same by spans that are known: each step tells its slowest. */
function leastByExamples({ examples }: Steps, wanted: SlowestWanted): number {
  const below = wanted.belowNs === null ? Infinity : Number(wanted.belowNs)
  const durations = [...examples.values()].filter((ns) => ns < below * (1 - hair)).sort((a, b) => b - a)
  return Math.max(0, (durations[wanted.traces - 1] ?? 0) * (1 - hair) - 1)
}

// oxlint-disable-next-line max-params -- with what, whose, which, and until when
async function stepsOf(
  { engine, reads, clock }: SearchDeps,
  scope: Scope,
  wanted: SlowestWanted,
  signal: AbortSignal,
): Promise<Steps | null> {
  const isByHour = wanted.toMs - wanted.fromMs > minutesLookedAtMaxMs
  const counted = countedSearch(reads, { scope, query: wanted.query, range: wanted, nowMs: clock.nowMs() }, isByHour)
  if (counted === null) return null
  const { onSpans, rows, durations, slowest, isUnsure, missing, unitSec } = counted
  const sql = `SELECT step, ${isUnsure} AS unsure, sumMap(${durations}) AS buckets, max(${slowest}) AS example, toFloat64(sum(${missing})) AS missing ${rows} GROUP BY step, unsure`
  const steps: Steps = { onSpans, unitSec, slowestBucket: new Map(), spans: new Map(), examples: new Map() }
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) addSteps(steps, block)
  return steps
}

function addSteps({ slowestBucket, spans, examples }: Steps, block: NativeBlock): void {
  const slowest = textsIn(block, 'example')
  const [step, unsure, missing] = [numbersIn(block, 'step'), numbersIn(block, 'unsure'), numbersIn(block, 'missing')]
  const { offsets, buckets, counts } = bucketCountsIn(block, 'buckets')
  for (let row = 0; row < block.rows; row++) {
    const at = step[row] ?? 0
    // Calls in no bucket may have taken any time.
    if ((missing[row] ?? 0) > 0.5) slowestBucket.set(at, Infinity)
    const example = unsure[row] === 0 ? parseExample(slowest[row] ?? '') : null
    if (example !== null) examples.set(example.traceId, Math.max(example.durationMs * 1e6, examples.get(example.traceId) ?? 0))
    for (let i = row === 0 ? 0 : (offsets[row - 1] ?? 0); i < (offsets[row] ?? 0); i++) {
      const bucket = buckets[i] ?? 0
      slowestBucket.set(at, Math.max(bucket, slowestBucket.get(at) ?? 0))
      if (unsure[row] === 0) spans.set(bucket, (spans.get(bucket) ?? 0) + (counts[i] ?? 0))
    }
  }
}

export interface BucketCounts {
  /** Of each row, where the next one begins. */
  readonly offsets: ArrayLike<number>
  readonly buckets: ArrayLike<number>
  readonly counts: ArrayLike<number>
}

/** A column of `Map(UInt32, Float64)`. */
export function bucketCountsIn(block: NativeBlock, name: string): BucketCounts {
  const map = block.columns[block.names.indexOf(name)]
  if (map?.kind !== 'map' || map.keys.kind !== 'u32' || map.values.kind !== 'f64') throw new Error(`${name} is no map of counts`)
  return { offsets: map.offsets, buckets: map.keys.data, counts: map.values.data }
}
