/**
 * Every series in use of every tenant: id, labels, postings, first and last sample, and whether its row is durable. In memory, process-local;
 * refs are dense numbers. Size: about 45 bytes of columns, 8-12 a label (its pair and its place in the pair's list) and 12 of hash slots a
 * series, plus the distinct pairs and texts. Series that were not seen for long can be let go of (`expire`); their rows are in the engine.
 */
import type { Scope, Tenant } from '../../kernel/scope.ts'
import { symbolBytesMax, type SeriesLimits } from '../limits.ts'
import type { Labels, Matcher } from '../model.ts'
import { droppedByRule, notPlainAscii, type SeriesResolver, type SeriesRules } from '../ports.ts'
import { HashedRefs, type IsGone } from './hashed-refs.ts'
import { IdTable } from './id-table.ts'
import { nameLabel } from './labels.ts'
import { PairRuns } from './pair-runs.ts'
import { TenantPostings } from './postings.ts'
import { selectSeries } from './selecting.ts'
import { SeriesColumns, type SeenMinutes } from './series-columns.ts'
import { LabelBytes, metricHashOf, type SeriesIdHalves } from './series-id.ts'
import { SymbolTable } from './symbols.ts'
import { WireCache } from './wire-cache.ts'

/** One tenant's part of the index. */
export interface TenantSeries {
  /** Dense number of the tenant in this process. */
  readonly index: number
  readonly tenant: Tenant
  readonly postings: TenantPostings
  count: number
}

export class SeriesRegistry implements SeriesResolver {
  readonly symbols: SymbolTable
  readonly #limits: SeriesLimits
  readonly #ids = new IdTable()
  readonly #wire: WireCache
  readonly #hashed: HashedRefs
  readonly #tenants: TenantSeries[] = []
  readonly #byOrganization = new Map<number, Map<number, TenantSeries>>()
  #lastTenant: TenantSeries | null = null
  readonly #metricHashes = new Map<number, number>()
  readonly #id: SeriesIdHalves = { low: 0, high: 0 }
  /** Symbol of `__name__`. */
  readonly #name: number
  readonly #labelBytes = new LabelBytes()
  readonly #runs = new PairRuns()

  readonly #columns = new SeriesColumns()
  readonly #holders: ((isGone: IsGone) => void)[] = []
  #rules: SeriesRules | null = null

  /** `seed`: random in production, so that slots of the wire cache cannot be guessed. */
  constructor(limits: SeriesLimits, seed: number) {
    this.#limits = limits
    this.symbols = new SymbolTable(seed)
    this.#name = this.symbols.intern(nameLabel)
    this.symbols.hold(this.#name)
    this.#wire = new WireCache(limits.wireCacheBytesMax, seed >>> 0)
    this.#hashed = new HashedRefs(limits.wireCacheBytesMax)
  }

  get seriesCount(): number {
    return this.#ids.count
  }

  /** Memory of what is known by its bytes on the wire, bytes. */
  get wireCacheSizeBytes(): number {
    return this.#wire.sizeBytes + this.#hashed.sizeBytes
  }

  // Finding and making series.

  lookup(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#wire.find(this.#tenantSeries(tenant).index, context >>> 0, bytes, start, end)
  }

  remember(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number, ref: number): void {
    this.#wire.remember(this.#tenantSeries(tenant).index, context >>> 0, bytes, start, end, ref)
  }

  tenantIndex(tenant: Tenant): number {
    return this.#tenantSeries(tenant).index
  }

  lookupHash(words: Uint32Array, at: number): number {
    return this.#hashed.find(words, at)
  }

  rememberHash(words: Uint32Array, at: number, ref: number): void {
    this.#hashed.remember(words, at, ref)
  }

  /** Lets go of the last request's bytes. */
  releaseWire(): void {
    this.#wire.release()
  }

  /** -1 too in the practically impossible case that another label set has the same 64-bit id. */
  resolve(tenant: Tenant, labels: Labels): number {
    const stored = this.#rules?.has(tenant) === true ? this.#rules.rewrite(tenant, labels) : labels
    if (stored === null) return droppedByRule
    this.#take(tenant, stored)
    return this.#resolve(tenant)
  }

  resolveBytes(tenant: Tenant, source: Uint8Array, spans: Uint32Array, count: number): number {
    const bytes = this.#labelBytes
    bytes.begin(tenant)
    for (let at = 0; at < count * 4; at += 4) if (spans[at + 2]! < spans[at + 3]!) bytes.putBytes(source, spans, at)
    if (!bytes.isAscii) return notPlainAscii
    return this.#rules?.has(tenant) === true ? this.resolve(tenant, bytes.labels()) : this.#resolve(tenant)
  }

  /** From now on labels of unknown series are what these rules make of them. Known ones: see `forgetTenant`. */
  useRules(rules: SeriesRules): void {
    this.#rules = rules
  }

  /** The tenant's rules changed: what was learned of bytes on the wire is forgotten, so that all its series are resolved anew. */
  forgetTenant(tenant: Tenant): void {
    const { index } = this.#tenantSeries(tenant)
    const { tenantOf } = this.#columns
    const isGone: IsGone = (ref) => ref < tenantOf.length && tenantOf[ref] === index
    for (const forget of this.#holders) forget(isGone)
    for (const cache of [this.#wire, this.#hashed]) for (const _ of cache.forgetting(isGone));
  }

  holdsRefs(forget: (isGone: IsGone) => void): void {
    this.#holders.push(forget)
  }

  /**
   * Adds a series read from a log or store, limits aside; its row is durable. Gives its ref; -1 when the id does not fit the labels
   * (a damaged row).
   */
  restore(tenant: Tenant, { low, high }: SeriesIdHalves, labels: Labels, seen: SeenMinutes): number {
    let ref = this.#ids.find(low, high)
    if (ref === -1) {
      this.#take(tenant, labels)
      this.#labelBytes.id(this.#id)
      if (this.#id.low !== low || this.#id.high !== high) return -1
      ref = this.#insert(this.#tenantSeries(tenant))
    }
    this.#columns.noteRow(ref, seen)
    return ref
  }

  /** Ref of a series id, or -1. */
  findId(low: number, high: number): number {
    return this.#ids.find(low, high)
  }

  // One series.

  idLow(ref: number): number {
    return this.#ids.lowOf(ref)
  }

  idHigh(ref: number): number {
    return this.#ids.highOf(ref)
  }

  metricHash(ref: number): number {
    return this.#columns.metricOf[ref]!
  }

  tenantOf(ref: number): TenantSeries {
    return this.#tenants[this.#columns.tenantOf[ref]!]!
  }

  labels(ref: number): Labels {
    const { postings } = this.tenantOf(ref)
    const out: (readonly [string, string])[] = []
    this.eachPair(ref, (pair) => out.push([this.symbols.text(postings.nameOf(pair)), this.symbols.text(postings.valueOf(pair))]))
    return out
  }

  /** Calls `visit` with each label of the series as a pair of its tenant's postings, in the order of the labels. */
  eachPair(ref: number, visit: (pair: number) => void): void {
    const { pairs } = this.#runs
    for (let at = this.#runs.start(ref), end = this.#runs.end(ref); at < end; at++) visit(pairs[at]!)
  }

  // Life of a series.

  /** Notes a sample's time. True when the series needs a row in the log: it has none, or one that lags too far. */
  touch(ref: number, timeMs: number): boolean {
    return this.#columns.touch(ref, timeMs)
  }

  /** A row with these times is in the log now. */
  markDurable(ref: number, firstMinute: number, lastMinute: number): void {
    this.#columns.markDurable(ref, firstMinute, lastMinute)
  }

  /** The series' row may have gone with a buried record: its next sample brings one again. */
  markLost(ref: number): void {
    if (ref !== -1) this.#columns.markLost(ref)
  }

  isDurable(ref: number): boolean {
    return this.#columns.isDurable(ref)
  }

  firstMinute(ref: number): number {
    return this.#columns.firstMinute[ref]!
  }

  lastMinute(ref: number): number {
    return this.#columns.lastMinute[ref]!
  }

  /** Can the series have samples in `[fromMs, toMs]`? Never a wrong no. */
  isActive(ref: number, fromMs: number, toMs: number): boolean {
    return this.#columns.isActive(ref, fromMs, toMs)
  }

  // Selecting.

  /** Tenants of the scope that have series. */
  tenantsOf(scope: Scope): TenantSeries[] {
    const projects = this.#byOrganization.get(scope.organizationId)
    const out: TenantSeries[] = []
    for (const id of new Set(scope.projectIds)) {
      const tenant = projects?.get(id)
      if (tenant !== undefined) out.push(tenant)
    }
    return out
  }

  /** Ascending refs of the tenant's series that satisfy every matcher. Throws `metrics.bad_regexp`. */
  select(tenant: TenantSeries, matchers: readonly Matcher[]): Uint32Array<ArrayBuffer> {
    return selectSeries({ symbols: this.symbols, runs: this.#runs }, tenant.postings, matchers)
  }

  /** Number of series of the tenant with the same metric as `ref`. */
  metricSeriesCount(ref: number): number {
    const { postings } = this.tenantOf(ref)
    let count = 0
    this.eachPair(ref, (pair) => {
      if (postings.nameOf(pair) === this.#name) count = postings.seriesCount(pair)
    })
    return count
  }

  // Internals.

  #tenantSeries(tenant: Tenant): TenantSeries {
    const last = this.#lastTenant
    if (last !== null && last.tenant.projectId === tenant.projectId && last.tenant.organizationId === tenant.organizationId) return last
    let projects = this.#byOrganization.get(tenant.organizationId)
    if (projects === undefined) this.#byOrganization.set(tenant.organizationId, (projects = new Map()))
    let found = projects.get(tenant.projectId)
    if (found === undefined) {
      found = { index: this.#tenants.length, tenant: { ...tenant }, postings: new TenantPostings(this.symbols), count: 0 }
      this.#tenants.push(found)
      projects.set(tenant.projectId, found)
    }
    this.#lastTenant = found
    return found
  }

  /** Takes the labels into `#labelBytes`. */
  #take(tenant: Tenant, labels: Labels): void {
    this.#labelBytes.begin(tenant)
    for (const [name, value] of labels) this.#labelBytes.put(name, value)
  }

  /** The series in `#labelBytes`. */
  #resolve(tenant: Tenant): number {
    this.#labelBytes.id(this.#id)
    const known = this.#ids.find(this.#id.low, this.#id.high)
    const owner = this.#tenantSeries(tenant)
    if (known !== -1) return this.#columns.tenantOf[known] === owner.index && this.#hasLabels(known) ? known : -1
    if (owner.count >= this.#limits.perTenantMax || this.#ids.count >= this.#limits.totalMax) return -1
    return this.symbols.textBytes > symbolBytesMax ? -1 : this.#insert(owner)
  }

  /** Are the labels those in `#labelBytes`? */
  #hasLabels(ref: number): boolean {
    const { bytes, spans, count } = this.#labelBytes
    const { postings } = this.tenantOf(ref)
    const start = this.#runs.start(ref)
    if (this.#runs.end(ref) - start !== count) return false
    for (let i = 0; i < count; i++) {
      const pair = this.#runs.pairs[start + i]!
      if (this.symbols.findBytes(bytes, spans[i * 4]!, spans[i * 4 + 1]!) !== postings.nameOf(pair)) return false
      if (this.symbols.findBytes(bytes, spans[i * 4 + 2]!, spans[i * 4 + 3]!) !== postings.valueOf(pair)) return false
    }
    return true
  }

  /** Adds the series in `#labelBytes` with the id in `#id`. */
  #insert(owner: TenantSeries): number {
    const ref = this.#ids.count
    this.#columns.reserve(ref + 1)
    this.#columns.begin(ref, owner.index)
    this.#ids.add(ref, this.#id.low, this.#id.high)
    const { bytes, spans, count } = this.#labelBytes
    const { postings } = owner
    const start = this.#runs.take(ref, count)
    for (let i = 0; i < count; i++) {
      const nameSymbol = this.symbols.internBytes(bytes, spans[i * 4]!, spans[i * 4 + 1]!)
      const valueSymbol = this.symbols.internBytes(bytes, spans[i * 4 + 2]!, spans[i * 4 + 3]!)
      this.#runs.set(start + i, postings.intern(nameSymbol, valueSymbol))
      if (nameSymbol === this.#name) this.#columns.metricOf[ref] = this.#hashOfMetric(valueSymbol)
    }
    postings.hold(this.#runs.pairs, start, start + count)
    postings.add(ref, this.#runs.pairs, start, start + count)
    owner.count++
    return ref
  }

  #hashOfMetric(symbol: number): number {
    let hash = this.#metricHashes.get(symbol)
    if (hash === undefined) this.#metricHashes.set(symbol, (hash = metricHashOf(this.symbols.text(symbol))))
    return hash
  }
}
