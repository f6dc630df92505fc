/** Names, values and metrics of series that are in the engine only, counted and listed there: nothing is brought into the index for a list. */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Scope, Tenant } from '../../kernel/scope.ts'
import type { Hidden } from '../life/hidden.ts'
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
  readonly hidden?: Pick<Hidden, 'oldestShownMs' | 'hidesMetric'>
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

function secondsOf(ms: number, minutes: number): number {
  return Math.min(Math.max(Math.floor(ms / 1000) + minutes * 60, 0), 0xffffffff)
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
    const sql = `${labelNamesSql(scope.organizationId, this.#condition(scope, request))} ORDER BY found LIMIT ${request.limit}`
    return this.#texts(sql, {}, signal)
  }

  /** Errors: the engine's. */
  labelValues(scope: Scope, request: NamesRequest & { readonly label: string }, signal: AbortSignal): Promise<string[]> {
    const name = request.label
    const rows = this.#condition(scope, request)
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
    const always = this.#condition(scope, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
    const sql = `SELECT toString(name), toUInt32(uniq(series)), min(first_seen), max(last_seen), project FROM ${seriesTable}
      WHERE ${always} GROUP BY project, name`
    const found = new Map<string, PastMetric>()
    for await (const { rows, columns } of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [name, count, first, last, project] = columns
      if (name?.kind !== 'string' || count?.kind !== 'u32' || first?.kind !== 'u32' || last?.kind !== 'u32' || project?.kind !== 'u32')
        throw new Error('unexpected columns of series')
      for (let row = 0; row < rows; row++) {
        this.#add(
          found,
          { organizationId: scope.organizationId, projectId: project.data[row] ?? 0 },
          {
            name: name.data[row] ?? '',
            seriesCount: count.data[row] ?? 0,
            firstSeenMs: (first.data[row] ?? 0) * 1000,
            lastSeenMs: (last.data[row] ?? 0) * 1000,
          },
        )
      }
    }
    if (this.#metrics.size >= metricsKeptMax) this.#metrics.clear()
    const metrics = [...found.values()]
    this.#metrics.set(key, { atMs: nowMs, found: metrics })
    return metrics
  }

  /** Metrics were deleted: the counts are made anew. */
  forget(): void {
    this.#metrics.clear()
  }

  /** Adds what is shown of one project's metric. */
  #add(found: Map<string, PastMetric>, tenant: Tenant, one: PastMetric): void {
    const { hidden } = this.#deps
    if (hidden?.hidesMetric(tenant, one.name, one.lastSeenMs) === true) return
    const known = found.get(one.name)
    found.set(one.name, {
      name: one.name,
      seriesCount: one.seriesCount + (known?.seriesCount ?? 0),
      firstSeenMs: Math.min(Math.max(one.firstSeenMs, hidden?.oldestShownMs(tenant) ?? 0), known?.firstSeenMs ?? Infinity),
      lastSeenMs: Math.max(one.lastSeenMs, known?.lastSeenMs ?? 0),
    })
  }

  /** Rows that stand for something of the range that the projects' retention shows. */
  #condition({ organizationId, projectIds }: Scope, { fromMs, toMs }: Pick<NamesRequest, 'fromMs' | 'toMs'>): string {
    const byStart = new Map<number, number[]>()
    for (const projectId of projectIds) {
      const shownMs = this.#deps.hidden?.oldestShownMs({ organizationId, projectId }) ?? -Infinity
      const startSec = secondsOf(Math.max(fromMs, shownMs), -seriesRowLagMinutes - 1)
      byStart.set(startSec, [...(byStart.get(startSec) ?? []), projectId])
    }
    const projects = Array.from(byStart, ([startSec, ids]) => `project IN (${ids.join(',')}) AND last_seen >= toDateTime(${startSec})`)
    return `org = ${organizationId} AND (${projects.join(' OR ') || '0'})
      AND first_seen <= toDateTime(${secondsOf(toMs, seriesRowLeadMinutes + 1)})`
  }

  async #texts(sql: string, params: Record<string, unknown>, signal: AbortSignal): Promise<string[]> {
    const out: string[] = []
    for await (const block of this.#deps.engine.queryNative({ sql, params, class: 'interactive', signal })) out.push(...texts(block))
    return out
  }
}
