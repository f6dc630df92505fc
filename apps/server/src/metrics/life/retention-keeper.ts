/**
 * Makes room: whole partitions (a week of samples, four of hourly rollups) in which everything is past its retention are dropped; rows are
 * deleted only of projects and metrics that are kept shorter than others beside them, a day of them at a time. Queries do not wait for it:
 * see hidden.ts.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { hoursPerPartition, seriesListMax, seriesRowLagMinutes } from '../limits.ts'
import { fiveMinutes, oneHour } from '../rollup/spans.ts'
import { metricHashOf } from '../series/series-id.ts'
import { setsTable } from '../sets/table.ts'
import { seriesTable } from '../tables.ts'
import { Hidden, retentionCutMs, type RetentionPolicy } from './hidden.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const settings = 'SETTINGS lightweight_deletes_sync = 2'

interface KeptTable {
  readonly table: string
  readonly partitionMs: number
  /** A condition for what is at or before a time, which is the edge of an hour. */
  readonly upTo: (timeMs: number) => string
  readonly isRollup: boolean
}

function byTime(table: string): KeptTable {
  return {
    table,
    partitionMs: hoursPerPartition * hourMs,
    upTo: (timeMs) => `hour <= ${Math.floor(timeMs / hourMs)} AND ts <= ${timeMs}`,
    isRollup: false,
  }
}

function byBucket({ table, bucketMs, partitionBuckets }: typeof oneHour): KeptTable {
  return {
    table,
    partitionMs: partitionBuckets * bucketMs,
    upTo: (timeMs) => `bucket < ${Math.floor(timeMs / bucketMs)}`,
    isRollup: true,
  }
}

const tables: readonly KeptTable[] = [
  ...['samples', 'histograms', 'exemplars', setsTable].map(byTime),
  ...[fiveMinutes, oneHour].map(byBucket),
]

export interface RetentionKeeperDeps {
  readonly engine: Pick<ClickHouse, 'queryNative' | 'command'>
  readonly hidden: Hidden
  readonly clock: Pick<Clock, 'nowMs'>
}

/** What one run did. */
export interface RetentionRun {
  readonly droppedPartitions: number
  /** Rows of one project. Those in dropped partitions are not counted. */
  readonly deletedRows: ReadonlyMap<string, number>
}

/** What a policy would take now. */
export interface RetentionPreview {
  readonly samples: number
  readonly rollups: number
}

/** Metrics of a project that are kept equally long. */
interface KeptGroup {
  readonly condition: string
  readonly days: number | null
  readonly rollupDays: number | null
}

export class RetentionKeeper {
  readonly #deps: RetentionKeeperDeps

  constructor(deps: RetentionKeeperDeps) {
    this.#deps = deps
  }

  /** Can be repeated and interrupted. Errors: the engine's. */
  async run(signal: AbortSignal): Promise<RetentionRun> {
    const { hidden } = this.#deps
    const deletedRows = new Map<string, number>()
    if (hidden.policies.size === 0) return { droppedPartitions: 0, deletedRows }
    let droppedPartitions = 0
    for (const kept of tables) droppedPartitions += await this.#dropPartitions(kept, signal)
    for (const key of hidden.policies.keys()) {
      const [organizationId = 0, projectId = 0] = key.split('/').map(Number)
      deletedRows.set(key, await this.#deleteRows({ organizationId, projectId }, signal))
    }
    return { droppedPartitions, deletedRows }
  }

  /** Rows that are past the policy at this time. Errors: the engine's. */
  async preview(tenant: Tenant, policy: RetentionPolicy, signal: AbortSignal): Promise<RetentionPreview> {
    const nowMs = this.#deps.clock.nowMs()
    const as = new Hidden(this.#deps.clock)
    as.setPolicy(tenant, policy)
    const counts = { samples: 0, rollups: 0 }
    for (const group of await this.#groups(tenant, as, signal)) {
      for (const kept of tables) {
        const cutMs = retentionCutMs(kept.isRollup ? group.rollupDays : group.days, nowMs)
        if (!Number.isFinite(cutMs)) continue
        const rows = await this.#count(kept.table, `${group.condition} AND ${kept.upTo(cutMs)}`, signal)
        if (kept.isRollup) counts.rollups += rows
        else counts.samples += rows
      }
    }
    return counts
  }

  async #dropPartitions(kept: KeptTable, signal: AbortSignal): Promise<number> {
    const { engine, hidden, clock } = this.#deps
    const nowMs = clock.nowMs()
    const sql = `SELECT DISTINCT toUInt32(partition) AS number FROM system.parts
      WHERE database = currentDatabase() AND table = '${kept.table}' AND active ORDER BY number`
    let dropped = 0
    for (const partition of await this.#numbers(sql, signal)) {
      const endMs = (partition + 1) * kept.partitionMs
      if (![...hidden.policies.values()].some(({ longestDays }) => retentionCutMs(longestDays, nowMs) >= endMs)) continue
      // By part, so that what is inserted meanwhile stays.
      const parts = await this.#partsOf(kept.table, partition, signal)
      if (parts.length === 0 || !(await this.#isPast(kept, { parts, endMs }, signal))) continue
      for (const part of parts) await engine.command(`ALTER TABLE ${kept.table} DROP PART '${part}'`)
      dropped++
    }
    return dropped
  }

  async #partsOf(table: string, partition: number, signal: AbortSignal): Promise<string[]> {
    const sql = `SELECT name FROM system.parts WHERE database = currentDatabase() AND table = '${table}' AND active AND partition = '${partition}'`
    const parts: string[] = []
    for await (const { columns } of this.#deps.engine.queryNative({ sql, class: 'internal', signal })) {
      if (columns[0]?.kind === 'string') parts.push(...columns[0].data)
    }
    return parts
  }

  /** Is everything in these parts past the retention of whom it belongs to? */
  async #isPast(
    { table, isRollup }: KeptTable,
    { parts, endMs }: { readonly parts: readonly string[]; readonly endMs: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { hidden, engine, clock } = this.#deps
    const sql = `SELECT DISTINCT org, project FROM ${table} WHERE _part IN (${parts.map((part) => `'${part}'`).join(',')})`
    const isPastOf = ({ days, rules, rollupDays }: RetentionPolicy): boolean => {
      const sampleDays = days === null ? null : Math.max(days, ...rules.map((rule) => rule.days))
      const keptDays = isRollup && sampleDays !== null ? Math.max(sampleDays, rollupDays ?? 0) : sampleDays
      return retentionCutMs(keptDays, clock.nowMs()) >= endMs
    }
    let isPast = true
    // Read to its end: an answer that is left early costs its connection.
    for await (const { rows, columns } of engine.queryNative({ sql, class: 'internal', signal })) {
      const [org, project] = columns
      if (org?.kind !== 'u32' || project?.kind !== 'u32') throw new Error('unexpected columns')
      for (let row = 0; row < rows && isPast; row++) {
        const found = hidden.policies.get(`${org.data[row]}/${project.data[row]}`)
        isPast = found !== undefined && isPastOf(found.policy)
      }
    }
    return isPast
  }

  async #deleteRows(tenant: Tenant, signal: AbortSignal): Promise<number> {
    const { engine, hidden, clock } = this.#deps
    let deleted = 0
    const cutOf = (days: number | null): number => Math.floor(retentionCutMs(days, clock.nowMs()) / dayMs) * dayMs
    for (const group of await this.#groups(tenant, hidden, signal)) {
      for (const kept of tables) {
        const cutMs = cutOf(kept.isRollup ? group.rollupDays : group.days)
        if (!Number.isFinite(cutMs)) continue
        const condition = `${group.condition} AND ${kept.upTo(cutMs)}`
        const rows = await this.#count(kept.table, condition, signal)
        if (rows === 0) continue
        await engine.command(`DELETE FROM ${kept.table} WHERE ${condition} ${settings}`)
        deleted += rows
      }
    }
    const longestMs = cutOf(hidden.policies.get(`${tenant.organizationId}/${tenant.projectId}`)?.longestDays ?? null)
    if (!Number.isFinite(longestMs) || longestMs <= 0) return deleted
    const seen = `${ownSql(tenant)} AND last_seen < toDateTime(${Math.max(longestMs / 1000 - seriesRowLagMinutes * 60, 0)})`
    if ((await this.#count(seriesTable, seen, signal)) > 0) await engine.command(`DELETE FROM ${seriesTable} WHERE ${seen} ${settings}`)
    return deleted
  }

  /** The project's metrics by how long they are kept. Of two with one hash, which are one to the engine, the longer time holds. */
  async #groups(tenant: Tenant, hidden: Hidden, signal: AbortSignal): Promise<KeptGroup[]> {
    const own = ownSql(tenant)
    const policy = hidden.policies.get(`${tenant.organizationId}/${tenant.projectId}`)?.policy
    if (policy === undefined) return []
    if (policy.rules.length === 0) return [{ condition: own, ...hidden.daysOf(tenant, '') }]
    const byHash = new Map<number, { days: number | null; rollupDays: number | null }>()
    const longer = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : Math.max(a, b))
    const sql = `SELECT DISTINCT toString(name) FROM ${seriesTable} WHERE ${own}`
    for await (const { columns } of this.#deps.engine.queryNative({ sql, class: 'internal', signal })) {
      if (columns[0]?.kind !== 'string') throw new Error('unexpected columns of series')
      for (const name of columns[0].data) {
        const hash = metricHashOf(name)
        const days = hidden.daysOf(tenant, name)
        const known = byHash.get(hash)
        byHash.set(
          hash,
          known === undefined ? days : { days: longer(known.days, days.days), rollupDays: longer(known.rollupDays, days.rollupDays) },
        )
      }
    }
    const groups = new Map<string, { hashes: number[]; days: number | null; rollupDays: number | null }>()
    for (const [hash, { days, rollupDays }] of byHash) {
      const group = groups.get(`${days}`) ?? { hashes: [], days, rollupDays }
      group.hashes.push(hash)
      groups.set(`${days}`, group)
    }
    const out: KeptGroup[] = []
    for (const { hashes, days, rollupDays } of groups.values()) {
      if (days === null) continue
      for (let from = 0; from < hashes.length; from += seriesListMax) {
        out.push({ condition: `${own} AND metric IN (${hashes.slice(from, from + seriesListMax).join(',')})`, days, rollupDays })
      }
    }
    return out
  }

  async #count(table: string, condition: string, signal: AbortSignal): Promise<number> {
    const [count = 0] = await this.#numbers(`SELECT toUInt32(least(count(), 4294967295)) FROM ${table} WHERE ${condition}`, signal)
    return count
  }

  async #numbers(sql: string, signal: AbortSignal): Promise<number[]> {
    const out: number[] = []
    for await (const { rows, columns } of this.#deps.engine.queryNative({ sql, class: 'internal', signal })) {
      const [column] = columns
      if (column?.kind !== 'u32') throw new Error('unexpected columns')
      for (let row = 0; row < rows; row++) out.push(column.data[row] ?? 0)
    }
    return out
  }
}

function ownSql({ organizationId, projectId }: Tenant): string {
  return `org = ${organizationId} AND project = ${projectId}`
}
