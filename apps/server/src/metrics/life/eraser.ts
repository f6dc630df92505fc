/**
 * Deletes series: their samples up to a time, histograms, exemplars, rollups, sets and rows of series. Two steps: what is in memory goes at
 * once (`hide`), the engine's rows once all that was acknowledged before is there (`erase`). Strings are left: others may have them.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { IngestLog } from '../../ingest/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { seriesListMax } from '../limits.ts'
import type { MetadataStore } from '../metadata-store.ts'
import type { Matcher } from '../model.ts'
import type { RollupMarks } from '../rollup/marks.ts'
import { fiveMinutes, oneHour } from '../rollup/spans.ts'
import type { Head } from '../samples/head.ts'
import type { HistogramHead } from '../samples/histogram-head.ts'
import { nameLabel } from '../series/labels.ts'
import type { PastNames } from '../series/past-names.ts'
import type { PastSeries } from '../series/past-series.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { metricHashOf } from '../series/series-id.ts'
import { setsTable } from '../sets/table.ts'
import { seriesTable } from '../tables.ts'
import type { Hidden, PendingDeletion } from './hidden.ts'

export interface EraserDeps {
  readonly engine: Pick<ClickHouse, 'queryNative' | 'command'>
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  readonly metadata: MetadataStore
  readonly past: PastSeries
  readonly pastNames: PastNames
  readonly hidden: Hidden
  readonly marks: RollupMarks
  /** Notes marks in the engine. */
  readonly writeMarks: () => Promise<void>
  /** Runs while no round of rollups does. */
  readonly exclusive: (run: () => Promise<void>) => Promise<void>
  readonly log: Pick<IngestLog, 'backlog'>
  readonly clock: Clock
}

/** What a deletion would take. */
export interface ErasureCount {
  readonly series: number
  readonly samples: number
}

/** What names series in the engine, and stays theirs when they leave the index. */
interface SeriesKeys {
  readonly idLow: Uint32Array
  readonly idHigh: Uint32Array
  /** Hash of the metric's name. */
  readonly metric: Uint32Array
}

/** Series that one deletion may name; more are deleted by metric, or in several deletions. */
export const erasedSeriesMax = 1_000_000
const waitMs = 100
const timeTables = ['samples', 'histograms', 'exemplars', setsTable] as const
/** Deletes and waits until every part is marked; rows go with the next merges. */
const settings = 'SETTINGS lightweight_deletes_sync = 2'

export class Eraser {
  readonly #deps: EraserDeps

  constructor(deps: EraserDeps) {
    this.#deps = deps
  }

  /** Brings in all series that match, and counts them and their samples in the engine. Errors: `query.too_many_series`, the engine's. */
  async count(tenant: Tenant, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<ErasureCount> {
    const refs = await this.#find(tenant, match, signal)
    const keys = this.#keysOf(refs)
    let samples = 0
    for (const condition of conditionsOf(tenant, keys, await this.#onlyMetric(tenant, match, signal))) {
      const sql = `SELECT toUInt32(count()) FROM samples WHERE ${condition}`
      for await (const { columns } of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
        if (columns[0]?.kind === 'u32') samples += columns[0].data[0] ?? 0
      }
    }
    return { series: refs.length, samples }
  }

  /** From now on nobody sees the samples. To be followed by `erase`. Errors: those of `count`. */
  async hide(deletion: PendingDeletion, signal: AbortSignal): Promise<void> {
    const { registry, head, histograms, hidden, pastNames } = this.#deps
    const refs = await this.#find(deletion.tenant, deletion.match, signal)
    hidden.addDeletion(deletion)
    pastNames.forget()
    this.#dropFromMemory(deletion, refs)
    // What came since then is in memory, if memory reaches back so far.
    const isKnown = head.coversFromMs <= deletion.beforeMs && histograms.coversFromMs <= deletion.beforeMs
    for (const ref of refs) {
      // Nothing newer: not in lists any more. In any case the next sample brings a row of its own.
      if (isKnown && !head.holds(ref) && !histograms.holds(ref)) registry.forgetSeen(ref)
      else registry.markLost(ref)
    }
  }

  /** Deletes in the engine; can be repeated. Errors: the engine's. */
  async erase(deletion: PendingDeletion, signal: AbortSignal): Promise<void> {
    const { registry, clock, hidden, pastNames, exclusive } = this.#deps
    const { tenant, match } = deletion
    const inUse = new Set(
      match.flatMap((matchers) => [...registry.select(registry.tenant(tenant), matchers)]).filter((ref) => registry.isSeen(ref)),
    )
    const refs = await this.#find(tenant, match, signal)
    // The rows that brought them in are about to go.
    for (const ref of refs)
      if (inUse.has(ref)) registry.markLost(ref)
      else registry.forgetSeen(ref)
    // All this may take hours: refs may mean other series by then.
    const keys = this.#keysOf(refs)
    const sinceMs = clock.monotonicMs()
    while (!this.#isInserted(clock.monotonicMs() - sinceMs)) {
      await clock.sleep(waitMs, signal)
      signal.throwIfAborted()
    }
    await exclusive(() => this.#deleteRows(deletion, keys, signal))
    this.#dropFromMemory(deletion, this.#refsOf(keys))
    hidden.endDeletion(deletion)
    pastNames.forget()
  }

  async #deleteRows({ tenant, match, beforeMs }: PendingDeletion, keys: SeriesKeys, signal: AbortSignal): Promise<void> {
    const { engine, marks, writeMarks } = this.#deps
    const metric = await this.#onlyMetric(tenant, match, signal)
    // Its other half is later data, of which the bucket is made again.
    marks.mark(tenant, beforeMs)
    await writeMarks()
    for (const condition of conditionsOf(tenant, keys, metric)) {
      for (const table of timeTables) await engine.command(`DELETE FROM ${table} WHERE ${condition} AND ts <= ${beforeMs} ${settings}`)
      for (const { table, bucketMs } of [fiveMinutes, oneHour]) {
        await engine.command(`DELETE FROM ${table} WHERE ${condition} AND bucket < ${Math.ceil(beforeMs / bucketMs)} ${settings}`)
      }
    }
    const own = `org = ${tenant.organizationId} AND project = ${tenant.projectId}`
    const lastSeen = `last_seen < toDateTime(${Math.floor(beforeMs / 60_000) * 60})`
    for (const { ids } of listsOf(keys)) {
      await engine.command(`DELETE FROM ${seriesTable} WHERE ${own} AND series IN (${ids}) AND ${lastSeen} ${settings}`)
    }
  }

  #dropFromMemory({ tenant, match, beforeMs }: PendingDeletion, refs: Iterable<number>): void {
    const { head, histograms, metadata } = this.#deps
    for (const ref of refs) {
      head.remove(ref, beforeMs)
      histograms.remove(ref, beforeMs)
    }
    for (const set of match) {
      const [only] = set
      if (set.length === 1 && only?.name === nameLabel && only.op === '=') metadata.forget(tenant, only.value)
    }
  }

  /** Ascending refs of the series that match, those brought in from the engine included; to be used at once. */
  async #find(tenant: Tenant, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<Uint32Array> {
    const { registry, past } = this.#deps
    using _pin = registry.life.pin()
    const refs = new Set<number>()
    for (const matchers of match) {
      await past.bringAll(tenant, matchers, { seriesMax: erasedSeriesMax, signal })
      for (const ref of registry.select(registry.tenant(tenant), matchers)) refs.add(ref)
    }
    return Uint32Array.from(refs).sort()
  }

  #isInserted(ageMs: number): boolean {
    const { segments, oldestMs } = this.#deps.log.backlog()
    return segments === 0 || oldestMs < ageMs
  }

  /** The metric's hash when the deletion is of one whole metric and no other metric of the project has the same hash. */
  async #onlyMetric(tenant: Tenant, match: readonly (readonly Matcher[])[], signal: AbortSignal): Promise<number | null> {
    const [set = []] = match
    const [only] = set
    if (match.length !== 1 || set.length !== 1 || only?.name !== nameLabel || only.op !== '=') return null
    const hash = metricHashOf(only.value)
    const sql = `SELECT toUInt32(count()) FROM ${seriesTable} WHERE org = ${tenant.organizationId} AND project = ${tenant.projectId}
      AND reinterpretAsUInt32(substring(SHA256(toString(name)), 1, 4)) = ${hash} AND name != {name:String}`
    let others: number | null = null
    // Read to its end: an answer that is left early costs its connection.
    for await (const { rows, columns } of this.#deps.engine.queryNative({ sql, params: { name: only.value }, class: 'internal', signal })) {
      if (rows > 0 && columns[0]?.kind === 'u32') others = columns[0].data[0] ?? null
    }
    return others === 0 ? hash : null
  }

  #keysOf(refs: Uint32Array): SeriesKeys {
    const { registry } = this.#deps
    return {
      idLow: refs.map((ref) => registry.idLow(ref)),
      idHigh: refs.map((ref) => registry.idHigh(ref)),
      metric: refs.map((ref) => registry.metricHash(ref)),
    }
  }

  /** Refs of those in the index. */
  #refsOf({ idLow, idHigh }: SeriesKeys): number[] {
    const { registry } = this.#deps
    return Array.from(idLow, (low, i) => registry.findId(low, idHigh[i] ?? 0)).filter((ref) => ref !== -1)
  }
}

function conditionsOf({ organizationId, projectId }: Tenant, keys: SeriesKeys, metric: number | null): string[] {
  const own = `org = ${organizationId} AND project = ${projectId}`
  if (metric !== null) return [`${own} AND metric = ${metric}`]
  return listsOf(keys).map(({ ids, metrics }) => `${own} AND metric IN (${metrics}) AND series IN (${ids})`)
}

/** Ids of the series and hashes of their metrics, as many as one statement takes. */
function listsOf({ idLow, idHigh, metric }: SeriesKeys): { readonly ids: string; readonly metrics: string }[] {
  const lists: { ids: string; metrics: string }[] = []
  for (let from = 0; from < idLow.length; from += seriesListMax) {
    const to = from + seriesListMax
    const lows = idLow.subarray(from, to)
    const ids = Array.from(lows, (low, i) => `0x${(idHigh[from + i] ?? 0).toString(16)}${low.toString(16).padStart(8, '0')}`)
    lists.push({ ids: ids.join(','), metrics: [...new Set(metric.subarray(from, to))].join(',') })
  }
  return lists
}
