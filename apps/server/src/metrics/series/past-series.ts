/**
 * Brings series back into the index that left it, or were never read into it, when someone asks for their time or their id. What a query
 * asked for stays for minutes, and what was found for it is remembered until a series of the project leaves the index.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Scope, Tenant } from '../../kernel/scope.ts'
import { tooManySeries } from '../errors.ts'
import { seriesListMax, seriesRowLagMinutes, seriesRowLeadMinutes } from '../limits.ts'
import type { Hidden } from '../life/hidden.ts'
import type { Labels, Matcher, SelectRequest } from '../model.ts'
import { labelIsIn } from '../strings/label-sql.ts'
import { StringTexts } from '../strings/string-texts.ts'
import { seriesTable } from '../tables.ts'
import { nameLabel } from './labels.ts'
import { compileMatcher, type CompiledMatcher } from './matcher.ts'
import type { SeriesRegistry } from './registry.ts'
import { eachSeriesRow, seriesRowSql, type SeriesRow } from './series-rows.ts'

export interface PastSeriesDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly registry: SeriesRegistry
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Rows of series whose deletion is under way are passed over. */
  readonly hidden?: Pick<Hidden, 'isDeleted'>
}

export interface PastBounds {
  readonly seriesMax: number
  readonly signal: AbortSignal
}

/** Series that satisfy any of the sets of matchers and may have samples in the range. */
export interface PastRequest {
  readonly sets: readonly (readonly Matcher[])[]
  readonly fromMs: number
  readonly toMs: number
}

/** What was brought in for some matchers. */
interface Known {
  readonly epoch: number
  readonly fromMs: number
  readonly toMs: number
  readonly atMs: number
}

/** Answers remembered; the oldest is forgotten. */
const knownMax = 1_000
/** What was brought in stays longer than this unless memory presses, and then a series that leaves ends the memory of it. */
const knownForMs = 120_000
/** Rows made into series between two pauses: a few milliseconds. */
const rowsPerBlock = 1_024
/** Values that go into the statement; longer lists are judged here. */
const literalsMax = 100
const literalTextMax = 2_000
const plainText = /^[ !#-&(-[\]-~]*$/

const settings = `SETTINGS max_block_size = ${rowsPerBlock}`

export class PastSeries {
  readonly #deps: PastSeriesDeps
  readonly #known = new Map<string, Known>()
  readonly #texts: StringTexts

  constructor(deps: PastSeriesDeps) {
    this.#deps = deps
    this.#texts = new StringTexts(deps.engine)
  }

  /** Does the index know all series of the scope that have samples at or after `fromMs`? */
  covers(scope: Scope, fromMs: number): boolean {
    return this.#missing(scope, fromMs).length === 0
  }

  /**
   * Afterwards every series of the scope that satisfies the matchers and may have samples in the range is in the index. Errors by code:
   * `query.too_many_series`, `metrics.bad_regexp`, and the engine's.
   */
  async bring(scope: Scope, { matchers, fromMs, toMs }: SelectRequest, bounds: PastBounds): Promise<void> {
    await this.bringAny(scope, { sets: [matchers], fromMs, toMs }, bounds)
  }

  /** The same of series that satisfy any of the sets of matchers. */
  async bringAny(scope: Scope, request: PastRequest, bounds: PastBounds): Promise<void> {
    const { registry } = this.#deps
    const owners = tenantsOf(scope).map((tenant) => registry.tenant(tenant))
    const epochs = owners.map(({ epoch }) => epoch)
    await this.#bringMissing(scope, request, bounds)
    if (owners.every(({ epoch }, i) => epoch === epochs[i])) return
    // Series left the index meanwhile, which may be asked for as well: again, and now none leaves.
    using _kept = registry.life.keep(owners)
    await this.#bringMissing(scope, request, bounds)
  }

  /** Brings in all series of the project that satisfy the matchers, those that are being deleted too. Errors: those of `bring`. */
  async bringAll(tenant: Tenant, matchers: readonly Matcher[], bounds: PastBounds): Promise<void> {
    await this.#read(tenant, { matchers, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, bounds, () => false)
  }

  /** Brings in the series with these ids (low and high halves in turn), whosever they are. Errors: the engine's. */
  async bringIds(ids: ArrayLike<number>, signal: AbortSignal): Promise<void> {
    for (let from = 0; from < ids.length; from += 2 * seriesListMax) {
      const list: string[] = []
      for (let at = from; at < Math.min(ids.length, from + 2 * seriesListMax); at += 2) {
        list.push(`0x${(ids[at + 1] ?? 0).toString(16)}${(ids[at] ?? 0).toString(16).padStart(8, '0')}`)
      }
      const sql = `SELECT ${seriesRowSql} FROM ${seriesTable} WHERE series IN (${list.join(',')}) ${settings}`
      for await (const block of this.#deps.engine.queryNative({ sql, class: 'internal', signal })) {
        await eachSeriesRow(block, { texts: this.#texts, signal }, (row) =>
          this.#deps.registry.restore(row.tenant, row.id, row.labels, row),
        )
      }
    }
  }

  async #bringMissing(scope: Scope, { sets, fromMs, toMs }: PastRequest, bounds: PastBounds): Promise<void> {
    for (const tenant of this.#missing(scope, fromMs)) {
      for (const matchers of sets) await this.#bringTenant(tenant, { matchers, fromMs, toMs }, bounds)
    }
  }

  /** Projects of the scope of which the index may not know all series from `fromMs` on. */
  #missing(scope: Scope, fromMs: number): Tenant[] {
    return tenantsOf(scope).filter((tenant) => {
      const { knownFromMinute } = this.#deps.registry.tenant(tenant)
      return knownFromMinute !== -1 && fromMs < knownFromMinute * 60_000
    })
  }

  async #bringTenant(tenant: Tenant, request: SelectRequest, bounds: PastBounds): Promise<void> {
    const { registry, clock } = this.#deps
    const owner = registry.tenant(tenant)
    const { fromMs } = request
    // Series with samples after that are in the index.
    const toMs = Math.min(request.toMs, owner.knownFromMinute * 60_000)
    const key = JSON.stringify([owner.index, request.matchers.map(({ name, op, value }) => [name, op, value])])
    const known = this.#known.get(key)
    const nowMs = clock.monotonicMs()
    if (known?.epoch === owner.epoch && known.fromMs <= fromMs && known.toMs >= toMs && nowMs - known.atMs < knownForMs) return
    const isDeleted = ({ labels, lastMinute }: SeriesRow): boolean => this.#deps.hidden?.isDeleted(tenant, labels, lastMinute) === true
    const isWhole = await this.#read(tenant, { matchers: request.matchers, fromMs, toMs }, bounds, isDeleted)
    this.#known.delete(key)
    if (this.#known.size >= knownMax) for (const oldest of [...this.#known.keys()].slice(0, knownMax / 10)) this.#known.delete(oldest)
    // What left the index meanwhile may have been asked for: the next query looks again.
    if (isWhole) this.#known.set(key, { epoch: owner.epoch, fromMs, toMs, atMs: nowMs })
  }

  /** False when series of the tenant left the index meanwhile. */
  async #read(
    tenant: Tenant,
    request: SelectRequest,
    { seriesMax, signal }: PastBounds,
    isLeftOut: (row: SeriesRow) => boolean,
  ): Promise<boolean> {
    const { registry } = this.#deps
    const owner = registry.tenant(tenant)
    const matchers = request.matchers.map(compileMatcher)
    const { sql, params } = statementOf(tenant, matchers, request)
    const found = new Set<number>()
    const { epoch } = owner
    for await (const block of this.#deps.engine.queryNative({ sql, params, class: 'interactive', signal })) {
      await eachSeriesRow(block, { texts: this.#texts, signal }, (row) => {
        if (!matches(row.labels, matchers) || isLeftOut(row)) return
        found.add(registry.restore(row.tenant, row.id, row.labels, row))
      })
      if (found.size > seriesMax) {
        throw new AppError(tooManySeries, { publicText: `The query touches more than ${seriesMax} series, which is what is allowed.` })
      }
    }
    return owner.epoch === epoch
  }
}

function tenantsOf({ organizationId, projectIds }: Scope): Tenant[] {
  return Array.from(new Set(projectIds), (projectId) => ({ organizationId, projectId }))
}

function matches(labels: Labels, matchers: readonly CompiledMatcher[]): boolean {
  return matchers.every(({ name, matches: accepts }) => accepts(labels.find((pair) => pair[0] === name)?.[1] ?? ''))
}

/** Rows that may match: the engine leaves out what it can tell by values alone; the rest is judged here, by the same code as in memory. */
function statementOf(
  { organizationId, projectId }: Tenant,
  matchers: readonly CompiledMatcher[],
  { fromMs, toMs }: Pick<SelectRequest, 'fromMs' | 'toMs'>,
): { sql: string; params: Record<string, unknown> } {
  const params: Record<string, unknown> = {}
  const seconds = (ms: number, minutes: number): number => Math.min(Math.max(Math.floor(ms / 1000) + minutes * 60, 0), 0xffffffff)
  const conditions = [
    `org = ${organizationId} AND project = ${projectId}`,
    `last_seen >= toDateTime(${seconds(fromMs, -seriesRowLagMinutes - 1)})`,
    `first_seen <= toDateTime(${seconds(toMs, seriesRowLeadMinutes + 1)})`,
  ]
  matchers.forEach(({ name, literals, matchesEmpty }, i) => {
    if (literals === null || matchesEmpty || literals.length > literalsMax || !plainText.test(name)) return
    if (literals.join('').length > literalTextMax || !literals.every((value) => plainText.test(value))) return
    params[`v${i}`] = [...literals]
    if (name !== nameLabel) params[`k${i}`] = name
    const values = `{v${i}:Array(String)}`
    conditions.push(name === nameLabel ? `name IN ${values}` : labelIsIn(organizationId, `{k${i}:String}`, values))
  })
  return { sql: `SELECT ${seriesRowSql} FROM ${seriesTable} WHERE ${conditions.join(' AND ')} ${settings}`, params }
}
