/**
 * Makes rows of rollup tables: five-minute buckets from samples, hours from five-minute buckets. Both stream, so that memory does not
 * depend on how much is made; both run with one thread, as background work.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { BucketBuilder, sampleSql, type BucketSink, type BuiltSeries, type OnUnknown } from './builder.ts'
import { HourBuilder, hourRowSql } from './hour-builder.ts'
import { HourCollector } from './hour-collector.ts'
import type { HourMask } from './marks.ts'
import { LocalSeries, ownerSql } from './local-series.ts'
import type { RowKey } from './row-columns.ts'
import { RowWriter } from './row-writer.ts'
import { bucketsPerHour, fiveMinutes, oneHour, wholeHourMask } from './spans.ts'

export interface MakerDeps {
  readonly engine: Pick<ClickHouse, 'queryNative' | 'insertNative'>
  readonly registry: SeriesRegistry
}

/** Adjacent hours of one project, or of all. Only buckets of the masks are made. */
export interface HourRun {
  readonly tenant: Tenant | null
  readonly fromHour: number
  /** By hour after `fromHour`. */
  readonly masks: readonly number[]
}

/** What one piece of work took. */
export interface MakeCost {
  readonly samples: number
  /** Of five minutes. */
  readonly rows: number
  readonly hourRows: number
}

/** Others' statements go first, and one core at most is used. */
const background = 'max_threads = 1, os_threads_nice_value_query = 10'
/** A statement over a few hours of a very large project may return this many rows. */
const rowsMax = 1_000_000_000

const tenantSql = (tenant: Tenant | null): string =>
  tenant === null ? '1' : `org = ${tenant.organizationId} AND project = ${tenant.projectId}`

/** Cuts marks, in any order, into runs of at most `hoursMax` adjacent hours of one project. */
export function hourRuns(marks: readonly HourMask[], hoursMax: number): HourRun[] {
  const runs: { tenant: Tenant; fromHour: number; masks: number[] }[] = []
  const sorted = marks.toSorted(
    (a, b) => a.tenant.organizationId - b.tenant.organizationId || a.tenant.projectId - b.tenant.projectId || a.hour - b.hour,
  )
  for (const { tenant, hour, mask } of sorted) {
    const run = runs.at(-1)
    const isNext =
      run?.tenant.organizationId === tenant.organizationId &&
      run.tenant.projectId === tenant.projectId &&
      run.fromHour + run.masks.length === hour &&
      run.masks.length < hoursMax
    if (isNext) run.masks.push(mask)
    else runs.push({ tenant, fromHour: hour, masks: [mask] })
  }
  return runs
}

export class RollupMaker {
  readonly #deps: MakerDeps
  readonly #key: RowKey = { org: 0, project: 0, metric: 0, low: 0, high: 0 }

  constructor(deps: MakerDeps) {
    this.#deps = deps
  }

  /**
   * Five-minute buckets, and the hours of which all are made. Errors: the engine's. What was inserted before one is made again by a
   * later round.
   */
  async makeSmall(run: HourRun, seq: number, signal: AbortSignal): Promise<MakeCost> {
    const { registry } = this.#deps
    const unknown = new LocalSeries()
    // Series that leave the index meanwhile keep their refs.
    using _pin = registry.life.pin()
    const known = await this.#make(run, seq, { series: registry, keyOf: (ref) => this.#keyOf(ref), onUnknown: unknown.note }, signal)
    if (unknown.count === 0) return known
    const reader = { series: unknown, keyOf: (ref: number) => unknown.keyOf(ref), onUnknown: () => {}, learn: unknown }
    const past = await this.#make(run, seq, reader, signal)
    return { samples: known.samples + past.samples, rows: known.rows + past.rows, hourRows: known.hourRows + past.hourRows }
  }

  async #make({ tenant, fromHour, masks }: HourRun, seq: number, reader: RunReader, signal: AbortSignal): Promise<MakeCost> {
    const { engine } = this.#deps
    const { series, keyOf, onUnknown, learn } = reader
    const writer = new RowWriter(engine, fiveMinutes)
    const hourWriter = new RowWriter(engine, oneHour)
    const hours = new HourCollector((ref, hour, content) => hourWriter.push(keyOf(ref), hour, seq, content))
    const fromMs = fromHour * oneHour.bucketMs + lowestBit(masks[0] ?? 0) * fiveMinutes.bucketMs
    const toMs = (fromHour + masks.length - 1) * oneHour.bucketMs + highestBit(masks.at(-1) ?? 0) * fiveMinutes.bucketMs
    const sink: BucketSink = (ref, bucket, content) => {
      const mask = masks[Math.floor(bucket / bucketsPerHour) - fromHour] ?? 0
      if (((mask >> (bucket % bucketsPerHour)) & 1) === 0) return
      writer.push(keyOf(ref), bucket, seq, content)
      if (mask === wholeHourMask) hours.add(ref, bucket, content)
    }
    const builder = new BucketBuilder(series, sink, onUnknown)
    const range = `hour BETWEEN ${Math.floor(fromMs / oneHour.bucketMs)} AND ${Math.floor(toMs / oneHour.bucketMs)}`
    const columns = learn === undefined ? sampleSql(fromMs) : `${sampleSql(fromMs)}, ${ownerSql}`
    const sql = `SELECT ${columns} FROM samples WHERE ${tenantSql(tenant)} AND ${range} AND ts > ${fromMs} AND ts <= ${toMs}
      ORDER BY org, project, metric, hour, series, ts SETTINGS ${background}`
    for await (const block of engine.queryNative({ sql, class: 'internal', rowsMax, signal })) {
      learn?.learn(block)
      builder.add(block, fromMs)
      await writer.flushFull()
      await hourWriter.flushFull()
    }
    builder.finish()
    hours.finish()
    await writer.finish()
    await hourWriter.finish()
    return { samples: learn === undefined ? builder.rows : 0, rows: writer.rows, hourRows: hourWriter.rows }
  }

  /** The hours whose mask is whole, of five-minute buckets made one round after the other. Errors: the engine's. */
  async makeHours({ tenant, fromHour, masks }: HourRun, seq: number, signal: AbortSignal): Promise<MakeCost> {
    const { engine } = this.#deps
    const writer = new RowWriter(engine, oneHour)
    const builder = new HourBuilder((key, hour, content) => {
      if (masks[hour - fromHour] === wholeHourMask) writer.push(key, hour, seq, content)
    })
    const first = fromHour * bucketsPerHour
    const last = (fromHour + masks.length) * bucketsPerHour - 1
    const slot = (bucket: number): number => Math.floor(bucket / fiveMinutes.slotBuckets)
    const sql = `SELECT ${hourRowSql} FROM samples_5m
      WHERE ${tenantSql(tenant)} AND slot BETWEEN ${slot(first)} AND ${slot(last)} AND bucket BETWEEN ${first} AND ${last}
      ORDER BY org, project, metric, slot, series, bucket, seq SETTINGS ${background}`
    for await (const block of engine.queryNative({ sql, class: 'internal', rowsMax, signal })) {
      builder.add(block)
      await writer.flushFull()
    }
    builder.finish()
    await writer.finish()
    return { samples: 0, rows: 0, hourRows: writer.rows }
  }

  #keyOf(ref: number): RowKey {
    const { registry } = this.#deps
    const { tenant } = registry.tenantOf(ref)
    const key = this.#key
    key.org = tenant.organizationId
    key.project = tenant.projectId
    key.metric = registry.metricHash(ref)
    key.low = registry.idLow(ref)
    key.high = registry.idHigh(ref)
    return key
  }
}

/** Where a run finds its series, and what it does with those it does not find. */
interface RunReader {
  readonly series: BuiltSeries
  readonly keyOf: (ref: number) => RowKey
  readonly onUnknown: OnUnknown
  /** To be shown each block first; it has the columns for it. */
  readonly learn?: LocalSeries
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/** One more than the position of the highest bit. */
function highestBit(mask: number): number {
  return 32 - Math.clz32(mask)
}
