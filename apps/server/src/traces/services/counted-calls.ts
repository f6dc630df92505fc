/** Reads the tables of counts: calls added up by some of their key columns, and by step. */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { numbersIn, textsIn } from '../../signals/index.ts'
import { parseExample } from '../counted/example-trace.ts'
import { quantileMs } from '../duration-buckets.ts'
import { groupsMax } from '../limits.ts'
import type { ExampleTrace, TimeRange, TraceReads } from '../ports.ts'

/** Calls added up. Counts are weighted by sampling. */
export class CallFigures {
  count = 0
  errors = 0
  totalMs = 0
  /** Calls by bucket, see duration-buckets.ts. */
  readonly durations = new Map<number, number>()
  slowest: ExampleTrace | null = null
  failed: ExampleTrace | null = null

  add(other: CallFigures): void {
    this.count += other.count
    this.errors += other.errors
    this.totalMs += other.totalMs
    for (const [bucket, count] of other.durations) this.durations.set(bucket, (this.durations.get(bucket) ?? 0) + count)
    this.slowest = slower(this.slowest, other.slowest)
    this.failed = slower(this.failed, other.failed)
  }

  /** As `RedFigures` of the protocol. */
  red(lengthSec: number): RedFigures {
    const { count, errors } = this
    return {
      count,
      perSec: count / Math.max(1, lengthSec),
      errors,
      errorRate: count === 0 ? null : Math.min(1, errors / count),
      averageMs: count === 0 ? null : this.totalMs / count,
      p50Ms: quantileMs(this.durations, 0.5),
      p90Ms: quantileMs(this.durations, 0.9),
      p95Ms: quantileMs(this.durations, 0.95),
      p99Ms: quantileMs(this.durations, 0.99),
    }
  }
}

export interface RedFigures {
  readonly count: number
  readonly perSec: number
  readonly errors: number
  readonly errorRate: number | null
  readonly averageMs: number | null
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
}

function slower(a: ExampleTrace | null, b: ExampleTrace | null): ExampleTrace | null {
  if (a === null || b === null) return a ?? b
  return b.durationMs > a.durationMs ? b : a
}

export interface CountedRow {
  /** In the order of `by`. */
  readonly keys: readonly string[]
  /** Number of the step, from the first of the range on. */
  readonly step: number
  readonly calls: CallFigures
}

export interface CountedRequest {
  readonly tables: 'operations' | 'edges'
  /** Expressions over the key's columns, text each. */
  readonly by: readonly string[]
  /** Further condition; null for none. */
  readonly where: string | null
  readonly range: TimeRange
  /** Steps at most; 1 adds up the whole range. */
  readonly points: number
  /** Groups at most, those with the most calls; `groupsMax` when absent. */
  readonly limit?: number
}

/** The range in steps that the tables have. */
export interface CountedSteps {
  readonly stepSec: number
  /** Start of the first step, ms since 1970. */
  readonly firstMs: number
  readonly length: number
}

const hourSec = 3600
/** A longer range that is added up is read by whole hours: that an hour more is in it shows no longer, and it is a sixtieth of the rows. */
const minutesReadMaxSec = 15 * hourSec

/** Seconds of a step of the table that a range is added up from. */
function unitOf({ fromMs, toMs }: TimeRange): number {
  return (toMs - fromMs) / 1000 > minutesReadMaxSec ? hourSec : 60
}

/** All whole minutes, or hours, that the range touches, as one step: it begins where the range does, not where such steps always begin. */
function oneStep(range: TimeRange): CountedSteps {
  const { fromMs, toMs } = range
  const unit = unitOf(range)
  const first = Math.floor(fromMs / 1000 / unit)
  return { stepSec: Math.max(1, Math.ceil(toMs / 1000 / unit) - first) * unit, firstMs: first * unit * 1000, length: 1 }
}

/** Steps of whole minutes; of whole hours where the range is so long that nobody sees minutes. */
export function stepsOf(range: TimeRange, points: number): CountedSteps {
  if (points === 1) return oneStep(range)
  const { fromMs, toMs } = range
  const lengthSec = Math.max(60, (toMs - fromMs) / 1000)
  const wanted = lengthSec / points
  const unit = wanted >= hourSec || lengthSec > 4 * 86_400 ? hourSec : 60
  const choices = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10_080]
    .map((minutes) => minutes * 60)
    .filter((sec) => sec % unit === 0)
  const stepSec = choices.find((sec) => lengthSec / sec <= points) ?? Math.ceil(wanted / 604_800) * 604_800
  const first = Math.floor(fromMs / 1000 / stepSec)
  return { stepSec, firstMs: first * stepSec * 1000, length: Math.max(1, Math.ceil(toMs / 1000 / stepSec) - first) }
}

export class CountedReader {
  readonly #engine: ClickHouse
  readonly #reads: TraceReads

  constructor(engine: ClickHouse, reads: TraceReads) {
    this.#engine = engine
    this.#reads = reads
  }

  /** Errors: the engine's. */
  async read(
    scope: Scope,
    request: CountedRequest,
    signal: AbortSignal,
  ): Promise<{ rows: CountedRow[]; steps: CountedSteps; isPartial: boolean }> {
    const { tables, by, where, range, points, limit = groupsMax } = request
    const steps = stepsOf(range, points)
    const unit = points === 1 ? unitOf(range) : steps.stepSec % hourSec === 0 ? hourSec : 60
    const table = unit === hourSec ? `${tables}_1h` : tables
    const whole = { fromMs: steps.firstMs, toMs: Math.max(range.toMs, steps.firstMs + 1) }
    const condition = `${this.#reads.counts(scope, whole, unit)}${where === null ? '' : ` AND ${where}`}`
    const keys = by.map((expression, i) => `${expression} AS k${i}`)
    const names = by.map((_, i) => `k${i}`)
    const step = points === 1 ? 'toUInt32(0)' : `toUInt32(intDiv(step, ${steps.stepSec / unit}) - ${steps.firstMs / 1000 / steps.stepSec})`
    // The groups with the most calls, whole: a group cut in the middle of its steps would be wrong.
    const chosen =
      by.length === 0
        ? ''
        : ` AND (${by.join(', ')}) IN (SELECT ${by.join(', ')} FROM ${table} WHERE ${condition} GROUP BY ${by.map((_, i) => i + 1).join(', ')} ORDER BY sum(count) DESC LIMIT ${limit})`
    const sql = `SELECT ${[...keys, ''].join(', ')}${step} AS at, sum(count) AS calls, sum(errors) AS failures, sum(total_ms) AS total, sumMap(durations) AS buckets,
        max(slowest) AS slow, max(failed) AS fail
      FROM ${table} WHERE ${condition}${points === 1 ? '' : chosen} GROUP BY ${[...names, 'at'].join(', ')}
      ${points === 1 ? `ORDER BY calls DESC LIMIT ${limit + 1}` : ''}`
    const rows: CountedRow[] = []
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) rows.push(...rowsIn(block, names))
    const isPartial = points === 1 ? rows.length > limit : false
    return { rows: isPartial ? rows.slice(0, limit) : rows, steps, isPartial }
  }
}

function rowsIn(block: NativeBlock, names: readonly string[]): CountedRow[] {
  const keys = names.map((name) => textsIn(block, name))
  const [at, calls, failures, total] = ['at', 'calls', 'failures', 'total'].map((name) => numbersIn(block, name))
  const [slow, fail] = [textsIn(block, 'slow'), textsIn(block, 'fail')]
  const buckets = block.columns[block.names.indexOf('buckets')]
  if (buckets?.kind !== 'map' || buckets.keys.kind !== 'u32' || buckets.values.kind !== 'f64') throw new Error('durations are no map')
  const [offsets, bucket, counts] = [buckets.offsets, buckets.keys.data, buckets.values.data]
  return Array.from({ length: block.rows }, (_, row): CountedRow => {
    const figures = new CallFigures()
    figures.count = calls?.[row] ?? 0
    figures.errors = failures?.[row] ?? 0
    figures.totalMs = total?.[row] ?? 0
    figures.slowest = parseExample(slow[row]!)
    figures.failed = parseExample(fail[row]!)
    for (let i = row === 0 ? 0 : offsets[row - 1]!; i < offsets[row]!; i++) figures.durations.set(bucket[i]!, counts[i]!)
    return { keys: keys.map((column) => column[row]!), step: at?.[row] ?? 0, calls: figures }
  })
}
