/**
 * Makes rows of rollup tables: five-minute buckets from samples, hours from five-minute buckets. Both stream, so that memory does not
 * depend on how much is made; both run with one thread, as background work.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { PastSeries } from '../series/past-series.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { BucketBuilder, sampleSql } from './builder.ts'
import { HourBuilder, hourRowSql } from './hour-builder.ts'
import { HourCollector } from './hour-collector.ts'
import type { HourMask } from './marks.ts'
import { RowWriter } from './row-writer.ts'
import { bucketsPerHour, fiveMinutes, oneHour, wholeHourMask } from './spans.ts'

export interface MakerDeps {
  readonly engine: Pick<ClickHouse, 'queryNative' | 'insertNative'>
  readonly registry: SeriesRegistry
  readonly past: Pick<PastSeries, 'bringIds'>
}

/** Series remembered of which no row is found. */
const lostMax = 100_000

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

/** Series of a statement that are not in the index, as ids: they left it, or no row says what they are (`lost`, which nobody can ask for). */
class Unknown {
  readonly ids: number[] = []
  readonly #seen = new Set<string>()
  readonly #lost: Set<string>

  constructor(lost: Set<string>) {
    this.#lost = lost
  }

  readonly note = (low: number, high: number): void => {
    const key = `${low}/${high}`
    if (this.#lost.has(key) || this.#seen.has(key)) return
    this.#seen.add(key)
    this.ids.push(low, high)
  }

  /** Those that were brought in no more than before. */
  giveUp(registry: Pick<SeriesRegistry, 'findId'>): void {
    if (this.#lost.size > lostMax) this.#lost.clear()
    for (let at = 0; at < this.ids.length; at += 2) {
      if (registry.findId(this.ids[at]!, this.ids[at + 1]!) === -1) this.#lost.add(`${this.ids[at]}/${this.ids[at + 1]}`)
    }
  }
}

export class RollupMaker {
  readonly #deps: MakerDeps
  readonly #lost = new Set<string>()

  constructor(deps: MakerDeps) {
    this.#deps = deps
  }

  /**
   * Five-minute buckets, and the hours of which all are made. Errors: the engine's. What was inserted before one is made again by a
   * later round.
   */
  makeSmall(run: HourRun, seq: number, signal: AbortSignal): Promise<MakeCost> {
    return this.#knowing(signal, (unknown) => this.#makeSmall(run, seq, signal, unknown))
  }

  /** The hours whose mask is whole, of five-minute buckets made one round after the other. Errors: the engine's. */
  makeHours(run: HourRun, seq: number, signal: AbortSignal): Promise<MakeCost> {
    return this.#knowing(signal, (unknown) => this.#makeHours(run, seq, signal, unknown))
  }

  /** Makes it again when there were series that had left the index: rows that are made twice are the same. */
  async #knowing(signal: AbortSignal, make: (unknown: Unknown) => Promise<MakeCost>): Promise<MakeCost> {
    const { registry, past } = this.#deps
    using _pin = registry.life.pin()
    const unknown = new Unknown(this.#lost)
    const cost = await make(unknown)
    if (unknown.ids.length === 0) return cost
    await past.bringIds(unknown.ids, signal)
    const before = this.#lost.size
    unknown.giveUp(registry)
    return this.#lost.size - before === unknown.ids.length / 2 ? cost : make(new Unknown(this.#lost))
  }

  async #makeSmall({ tenant, fromHour, masks }: HourRun, seq: number, signal: AbortSignal, unknown: Unknown): Promise<MakeCost> {
    const { engine, registry } = this.#deps
    const writer = new RowWriter(engine, fiveMinutes, registry)
    const hourWriter = new RowWriter(engine, oneHour, registry)
    const hours = new HourCollector((ref, hour, content) => hourWriter.push(ref, hour, seq, content))
    const fromMs = fromHour * oneHour.bucketMs + lowestBit(masks[0] ?? 0) * fiveMinutes.bucketMs
    const toMs = (fromHour + masks.length - 1) * oneHour.bucketMs + highestBit(masks.at(-1) ?? 0) * fiveMinutes.bucketMs
    const builder = new BucketBuilder(
      registry,
      (ref, bucket, content) => {
        const mask = masks[Math.floor(bucket / bucketsPerHour) - fromHour] ?? 0
        if (((mask >> (bucket % bucketsPerHour)) & 1) === 0) return
        writer.push(ref, bucket, seq, content)
        if (mask === wholeHourMask) hours.add(ref, bucket, content)
      },
      unknown.note,
    )
    const range = `hour BETWEEN ${Math.floor(fromMs / oneHour.bucketMs)} AND ${Math.floor(toMs / oneHour.bucketMs)}`
    const sql = `SELECT ${sampleSql(fromMs)} FROM samples WHERE ${tenantSql(tenant)} AND ${range} AND ts > ${fromMs} AND ts <= ${toMs}
      ORDER BY org, project, metric, hour, series, ts SETTINGS ${background}`
    for await (const block of engine.queryNative({ sql, class: 'internal', rowsMax, signal })) {
      builder.add(block, fromMs)
      await writer.flushFull()
      await hourWriter.flushFull()
    }
    builder.finish()
    hours.finish()
    await writer.finish()
    await hourWriter.finish()
    return { samples: builder.rows, rows: writer.rows, hourRows: hourWriter.rows }
  }

  async #makeHours({ tenant, fromHour, masks }: HourRun, seq: number, signal: AbortSignal, unknown: Unknown): Promise<MakeCost> {
    const { engine, registry } = this.#deps
    const writer = new RowWriter(engine, oneHour, registry)
    const builder = new HourBuilder(
      registry,
      (ref, hour, content) => {
        if (masks[hour - fromHour] === wholeHourMask) writer.push(ref, hour, seq, content)
      },
      unknown.note,
    )
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
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/** One more than the position of the highest bit. */
function highestBit(mask: number): number {
  return 32 - Math.clz32(mask)
}
