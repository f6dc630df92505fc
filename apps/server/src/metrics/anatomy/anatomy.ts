/**
 * One metric as it lies in memory and on the disk, for the page that explains the data model: one of its series with the numbers it is
 * stored under, and how many rows each table has of it. Counting is bounded to the newest days, so that it stays a look and no scan.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Scope } from '../../kernel/scope.ts'
import type { Labels } from '../model.ts'
import type { MetricsCatalog } from '../ports.ts'
import { metricHashOf, seriesIdOf } from '../series/series-id.ts'

export interface SeriesAnatomy {
  readonly labels: Labels
  /** Unsigned, decimal: 64 bits are more than a number holds. */
  readonly seriesId: string
}

export interface TableAnatomy {
  readonly table: (typeof tables)[number]
  /** Rows of this metric in the newest `daysCounted` days. */
  readonly rows: number
  /** Compressed bytes on the disk by row, over all metrics of the table; null before anything is stored. */
  readonly bytesPerRow: number | null
}

export interface MetricAnatomy {
  readonly name: string
  /** The `metric` column. */
  readonly metricHash: number
  /** A series that was active lately; null when there is none. */
  readonly example: SeriesAnatomy | null
  readonly daysCounted: number
  readonly tables: readonly TableAnatomy[]
}

export interface MetricAnatomist {
  /** Null when the scope has no such metric. Errors: the engine's. */
  anatomy(scope: Scope, name: string, signal: AbortSignal): Promise<MetricAnatomy | null>
}

export interface AnatomyDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly catalog: Pick<MetricsCatalog, 'series' | 'allSeries'>
  readonly clock: Pick<Clock, 'nowMs'>
}

const daysCounted = 2
const dayMs = 86_400_000
const hourMs = 3_600_000
/** Hours of a slot; `slot` is the time column of the rollups' keys (docs/formats/rollups.md). */
const slotHours = { samples_5m: 6, samples_1h: 168 } as const
const timeColumns = { samples: 'hour', histograms: 'hour', sets: 'hour', samples_5m: 'slot', samples_1h: 'slot' } as const
const tables = ['samples', 'histograms', 'sets', 'samples_5m', 'samples_1h'] as const

class EngineAnatomist implements MetricAnatomist {
  readonly #deps: AnatomyDeps

  constructor(deps: AnatomyDeps) {
    this.#deps = deps
  }

  async anatomy(scope: Scope, name: string, signal: AbortSignal): Promise<MetricAnatomy | null> {
    const nowMs = this.#deps.clock.nowMs()
    const matchers = [[{ name: '__name__', op: '=' as const, value: name }]]
    const lately = { matchers, fromMs: nowMs - daysCounted * dayMs, toMs: nowMs, limit: 1 }
    const always = { ...lately, fromMs: Number.MIN_SAFE_INTEGER, toMs: Number.MAX_SAFE_INTEGER }
    const { catalog } = this.#deps
    // One in use if there is any; those that left memory are asked of the engine.
    const labels =
      catalog.series(scope, lately)[0] ?? catalog.series(scope, always)[0] ?? (await catalog.allSeries(scope, always, signal))[0]
    if (labels === undefined) return null
    const metricHash = metricHashOf(name)
    const sizes = await this.#bytesPerRow(signal)
    const counted = await Promise.all(
      tables.map(async (table) => ({
        table,
        rows: await this.#rows({ table, scope, metricHash, fromMs: lately.fromMs }, signal),
        bytesPerRow: sizes.get(table) ?? null,
      })),
    )
    return { name, metricHash, example: exampleOf(scope, labels), daysCounted, tables: counted }
  }

  async #rows(
    { table, scope, metricHash, fromMs }: { table: (typeof tables)[number]; scope: Scope; metricHash: number; fromMs: number },
    signal: AbortSignal,
  ): Promise<number> {
    const fromHour = Math.floor(fromMs / hourMs)
    const from = table === 'samples_5m' || table === 'samples_1h' ? Math.floor(fromHour / slotHours[table]) : fromHour
    const sql = `SELECT toUInt64(count()) FROM ${table}
WHERE org = {org:UInt32} AND project IN {projects:Array(UInt32)} AND metric = {metric:UInt32} AND ${timeColumns[table]} >= {from:UInt32}`
    const params = { org: scope.organizationId, projects: scope.projectIds, metric: metricHash, from }
    let rows = 0
    // Read to its end: an answer that is left early costs its connection.
    for await (const { columns } of this.#deps.engine.queryNative({ sql, params, class: 'interactive', signal })) {
      const column = columns[0]
      if (column?.kind === 'w64') rows += (column.data[0] ?? 0) + (column.data[1] ?? 0) * 2 ** 32
    }
    return rows
  }

  /** Of whole tables: a part does not say which of its bytes are whose, and what one tenant stores is not told to another by its size. */
  async #bytesPerRow(signal: AbortSignal): Promise<Map<string, number>> {
    const sql = `SELECT table, sum(data_compressed_bytes) / sum(rows) FROM system.parts
WHERE active AND database = currentDatabase() AND table IN ('${tables.join("', '")}') GROUP BY table HAVING sum(rows) > 0`
    const sizes = new Map<string, number>()
    for await (const { rows, columns } of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [names, values] = columns
      if (names?.kind !== 'string' || values?.kind !== 'f64') continue
      for (let row = 0; row < rows; row++) sizes.set(names.data[row] ?? '', values.data[row] ?? 0)
    }
    return sizes
  }
}

/** The id depends on the project, which labels do not tell: only a scope of one project has an answer. */
function exampleOf(scope: Scope, labels: Labels): SeriesAnatomy | null {
  const [projectId] = scope.projectIds
  if (projectId === undefined || scope.projectIds.length > 1) return null
  const id = { low: 0, high: 0 }
  seriesIdOf({ organizationId: scope.organizationId, projectId }, labels, id)
  return { labels, seriesId: ((BigInt(id.high >>> 0) << 32n) | BigInt(id.low >>> 0)).toString() }
}

export function createMetricAnatomist(deps: AnatomyDeps): MetricAnatomist {
  return new EngineAnatomist(deps)
}
