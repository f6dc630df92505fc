/**
 * Where to look first for the newest (or oldest) rows: a window with about as many rows as are wanted, then one eight times as large, and so
 * on. How many rows lie where is known from the counts by minute; a wrong guess costs time, never rows.
 */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { bucketSec, numbersIn, wideIn } from '../signals/index.ts'
import { densitiesMax, densityMaxAgeMs, windowGrowth } from './limits.ts'
import type { Reading, TimeRange } from './ports.ts'
import { countsTable } from './tables.ts'
import { tenantSql } from './where.ts'

const bucketMs = bucketSec * 1000
const dayMs = 86_400_000

/** Rows of each bucket of ten minutes; those without rows are missing. */
export type Density = ReadonlyMap<number, number>

export interface Look {
  readonly order: 'newest' | 'oldest'
  /** Rows that the first window should have. */
  readonly firstRows: number
}

/**
 * The range cut into windows in the order in which to look. The first has about `firstRows`; what lies more than a day from the edge is one
 * window. Together they are the range.
 */
export function windowsOf(density: Density, range: TimeRange, { order, firstRows }: Look): TimeRange[] {
  const isNewest = order === 'newest'
  const sign = isNewest ? -1 : 1
  const edge = isNewest ? range.toMs : range.fromMs
  const end = isNewest ? Math.max(range.fromMs, edge - dayMs) : Math.min(range.toMs, edge + dayMs)
  const cuts: number[] = []
  let [wanted, passed, at] = [firstRows, 0, edge]
  while ((end - at) * sign > 0) {
    const bucket = Math.floor((isNewest ? at - 1 : at) / bucketMs)
    const next = isNewest ? Math.max(end, bucket * bucketMs) : Math.min(end, (bucket + 1) * bucketMs)
    const rows = ((density.get(bucket) ?? 0) * Math.abs(next - at)) / bucketMs
    if (passed + rows > wanted) {
      const share = (wanted - passed) / rows
      const cut = at + Math.trunc((next - at) * share)
      // Below a millisecond nothing is left to cut.
      if (cut !== at) cuts.push(cut)
      passed = wanted
      at = cut === at ? next : cut
      wanted *= windowGrowth
    } else {
      passed += rows
      at = next
    }
  }
  const last = isNewest ? range.fromMs : range.toMs
  if (end !== last && passed > 0) cuts.push(end)
  const edges = [edge, ...cuts.filter((cut) => cut !== last), last]
  return edges.slice(1).map((to, i) => {
    const from = edges[i] ?? edge
    return isNewest ? { fromMs: to, toMs: from } : { fromMs: from, toMs: to }
  })
}

export class Densities {
  readonly #engine: ClickHouse
  readonly #clock: Clock
  readonly #known = new Map<string, { readonly atMs: number; readonly density: Density }>()

  constructor(engine: ClickHouse, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  /** Of the day before the edge (or behind it, for the oldest). Errors: the engine's. */
  async of({ scope, signal }: Reading, edgeMs: number, order: 'newest' | 'oldest'): Promise<Density> {
    const edge = Math.floor(edgeMs / bucketMs)
    const key = `${scope.organizationId}/${scope.projectIds.join(',')}/${edge}/${order}`
    const known = this.#known.get(key)
    const nowMs = this.#clock.monotonicMs()
    if (known !== undefined && nowMs - known.atMs < densityMaxAgeMs) return known.density
    const [first, last] = order === 'newest' ? [edge - dayMs / bucketMs, edge] : [edge, edge + dayMs / bucketMs]
    const density = new Map<number, number>()
    const sql = `SELECT toUInt32(intDiv(minute, 10)) AS bucket, sum(rows) AS rows FROM ${countsTable} WHERE ${tenantSql(scope)} AND minute BETWEEN ${first * 10} AND ${last * 10 + 9} GROUP BY bucket`
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const buckets = numbersIn(block, 'bucket')
      const rows = wideIn(block, 'rows')
      for (let i = 0; i < block.rows; i++) density.set(buckets[i] ?? 0, (rows[i * 2] ?? 0) + (rows[i * 2 + 1] ?? 0) * 0x1_0000_0000)
    }
    this.#remember(key, { atMs: nowMs, density })
    return density
  }

  #remember(key: string, entry: { readonly atMs: number; readonly density: Density }): void {
    this.#known.delete(key)
    if (this.#known.size >= densitiesMax) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(key, entry)
  }
}
