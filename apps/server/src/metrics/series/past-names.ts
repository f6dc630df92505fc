/** Names, values and metrics of series that are in the engine only, counted and listed there: nothing is brought into the index for a list. */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import { seriesRowLagMinutes, seriesRowLeadMinutes } from '../limits.ts'
import { labelNamesSql, labelValuesSql } from '../strings/label-sql.ts'
import { seriesTable } from '../tables.ts'
import { nameLabel } from './labels.ts'

/** Of one metric: its series, and times as minutes of the first and last sample say, ms. */
export interface PastMetric {
  readonly name: string
  readonly seriesCount: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

export interface PastNamesDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** What the names are of, and at most how many, the smallest first. */
export interface NamesRequest {
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
}

/** Counting all series of a project reads them all, so the counts are this old at most. */
const metricsForMs = 60_000
const metricsKeptMax = 100

function condition({ organizationId, projectIds }: Scope, { fromMs, toMs }: Pick<NamesRequest, 'fromMs' | 'toMs'>): string {
  const seconds = (ms: number, minutes: number): number => Math.min(Math.max(Math.floor(ms / 1000) + minutes * 60, 0), 0xffffffff)
  const projects = projectIds.length === 0 ? '0' : `project IN (${projectIds.join(',')})`
  return `org = ${organizationId} AND ${projects} AND last_seen >= toDateTime(${seconds(fromMs, -seriesRowLagMinutes - 1)})
    AND first_seen <= toDateTime(${seconds(toMs, seriesRowLeadMinutes + 1)})`
}

function* texts({ columns }: NativeBlock): Generator<string> {
  const [column] = columns
  if (column?.kind !== 'string') throw new Error('unexpected columns of series')
  yield* column.data
}

export class PastNames {
  readonly #deps: PastNamesDeps
  readonly #metrics = new Map<string, { readonly atMs: number; readonly found: readonly PastMetric[] }>()

  constructor(deps: PastNamesDeps) {
    this.#deps = deps
  }

  /** Errors: the engine's. */
  labelNames(scope: Scope, request: NamesRequest, signal: AbortSignal): Promise<string[]> {
    const sql = `${labelNamesSql(scope.organizationId, condition(scope, request))} ORDER BY found LIMIT ${request.limit}`
    return this.#texts(sql, {}, signal)
  }

  /** Errors: the engine's. */
  labelValues(scope: Scope, request: NamesRequest & { readonly label: string }, signal: AbortSignal): Promise<string[]> {
    const name = request.label
    const rows = condition(scope, request)
    const all =
      name === nameLabel
        ? `SELECT DISTINCT toString(name) AS found FROM ${seriesTable} WHERE ${rows} AND found != ''`
        : labelValuesSql(scope.organizationId, '{label:String}', rows)
    const sql = `${all} ORDER BY found LIMIT ${request.limit}`
    return this.#texts(sql, name === nameLabel ? {} : { label: name }, signal)
  }

  /** All metrics, whenever they were seen; counts of more than some ten thousand series are estimates. Errors: the engine's. */
  async metrics(scope: Scope, signal: AbortSignal): Promise<readonly PastMetric[]> {
    const key = `${scope.organizationId}/${scope.projectIds.join()}`
    const nowMs = this.#deps.clock.monotonicMs()
    const known = this.#metrics.get(key)
    if (known !== undefined && nowMs - known.atMs < metricsForMs) return known.found
    const always = condition(scope, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
    const sql = `SELECT toString(name), toUInt32(uniq(project, series)), min(first_seen), max(last_seen) FROM ${seriesTable} WHERE ${always}
      GROUP BY name ORDER BY name`
    const found: PastMetric[] = []
    for await (const { rows, columns } of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [name, count, first, last] = columns
      if (name?.kind !== 'string' || count?.kind !== 'u32' || first?.kind !== 'u32' || last?.kind !== 'u32')
        throw new Error('unexpected columns of series')
      for (let row = 0; row < rows; row++) {
        found.push({
          name: name.data[row] ?? '',
          seriesCount: count.data[row] ?? 0,
          firstSeenMs: (first.data[row] ?? 0) * 1000,
          lastSeenMs: (last.data[row] ?? 0) * 1000,
        })
      }
    }
    if (this.#metrics.size >= metricsKeptMax) this.#metrics.clear()
    this.#metrics.set(key, { atMs: nowMs, found })
    return found
  }

  /** Metrics were deleted: the counts are made anew. */
  forget(): void {
    this.#metrics.clear()
  }

  async #texts(sql: string, params: Record<string, unknown>, signal: AbortSignal): Promise<string[]> {
    const out: string[] = []
    for await (const block of this.#deps.engine.queryNative({ sql, params, class: 'interactive', signal })) out.push(...texts(block))
    return out
  }
}
