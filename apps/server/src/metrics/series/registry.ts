/**
 * Every series in use of every tenant: id, labels, postings, first and last sample, and whether its row is durable. In memory, process-local;
 * refs are dense numbers. Size: about 45 bytes of columns, 8-12 a label (its pair and its place in the pair's list) and 12 of hash slots a
 * series, plus the distinct pairs and texts. Series that were not seen for long can be let go of (`expire`); their rows are in the engine.
 */
import type { Scope, Tenant } from '../../kernel/scope.ts'
import { symbolBytesMax, type SeriesLimits } from '../limits.ts'
import type { Labels, Matcher } from '../model.ts'
import { droppedByRule, notPlainAscii, type RefHolder, type SeriesResolver, type SeriesRules } from '../ports.ts'
import { HashedRefs, type IsGone } from './hashed-refs.ts'
import { IdTable } from './id-table.ts'
import { nameLabel } from './labels.ts'
import { PairRuns } from './pair-runs.ts'
import { selectSeries } from './selecting.ts'
import { alive, leaving, never, retired, SeriesColumns, type SeenMinutes } from './series-columns.ts'
import { SeriesLife } from './series-life.ts'
import { LabelBytes, metricHashOf, type SeriesIdHalves } from './series-id.ts'
import { SeriesTenants, type TenantSeries } from './series-tenants.ts'
import { SymbolTable } from './symbols.ts'
import { WireCache } from './wire-cache.ts'

/** What one series takes beside its labels: columns, id, slots, and its place in the head. */
const refBytes = 85
/** What one label of a series takes: its pair, and its place in the pair's list. */
const labelBytes = 10
/** What a distinct pair and a distinct text take, beside the text. */
const pairBytes = 28
const symbolBytes = 26

export class SeriesRegistry implements SeriesResolver {
  readonly symbols: SymbolTable
  readonly #limits: SeriesLimits
  readonly #ids = new IdTable()
  readonly #wire: WireCache
  readonly #hashed: HashedRefs
  readonly #tenants: SeriesTenants
  readonly #metricHashes = new Map<number, number>()
  readonly #id: SeriesIdHalves = { low: 0, high: 0 }
  /** Symbol of `__name__`. */
  readonly #name: number
  readonly #labelBytes = new LabelBytes()
  readonly #runs = new PairRuns()

  readonly #columns = new SeriesColumns()
  readonly life: SeriesLife
  #made = 0
  #rules: SeriesRules | null = null

  /** `seed`: random in production, so that slots of the wire cache cannot be guessed. `perStep`: see `IndexParts`. */
  constructor(limits: SeriesLimits, seed: number, perStep?: number) {
    this.#limits = limits
    this.symbols = new SymbolTable(seed)
    this.#tenants = new SeriesTenants(this.symbols)
    this.#name = this.symbols.intern(nameLabel)
    this.symbols.hold(this.#name)
    this.#wire = new WireCache(limits.wireCacheBytesMax, seed >>> 0)
    this.#hashed = new HashedRefs(limits.wireCacheBytesMax)
    this.life = new SeriesLife({
      columns: this.#columns,
      ids: this.#ids,
      runs: this.#runs,
      tenants: this.#tenants.all,
      wire: this.#wire,
      hashed: this.#hashed,
      eachPair: (ref, visit) => this.eachPair(ref, visit),
      onReleased: () => this.#metricHashes.clear(),
      ...(perStep === undefined ? {} : { perStep }),
    })
  }

  get seriesCount(): number {
    return this.#ids.count - this.life.restingCount
  }

  get limits(): SeriesLimits {
    return this.#limits
  }

  get tenants(): readonly TenantSeries[] {
    return this.#tenants.all
  }

  /** Series without samples from this minute (since 1970) on were not read into the index at start; -1: all were. */
  get loadedFromMinute(): number {
    return this.#tenants.loadedFromMinute
  }

  /** Refs are below this. */
  get refCount(): number {
    return this.#made
  }

  get columns(): Readonly<SeriesColumns> {
    return this.#columns
  }

  /** Memory in use by series, those that rest included: about what they take, without what is kept free for others. */
  get usedBytes(): number {
    const pairs = this.#tenants.pairCount
    const { symbols } = this
    return this.#ids.count * refBytes + this.#runs.count * labelBytes + pairs * pairBytes + symbols.textBytes + symbols.size * symbolBytes
  }

  /** Memory of what is known by its bytes on the wire, bytes. */
  get wireCacheSizeBytes(): number {
    return this.#wire.sizeBytes + this.#hashed.sizeBytes
  }

  // Finding and making series.

  lookup(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#wire.find(this.#tenants.of(tenant).wireKey, context >>> 0, bytes, start, end)
  }

  remember(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number, ref: number): void {
    this.#wire.remember(this.#tenants.of(tenant).wireKey, context >>> 0, bytes, start, end, ref)
  }

  tenantIndex(tenant: Tenant): number {
    return this.#tenants.of(tenant).wireKey
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
    const owner = this.#tenants.of(tenant)
    this.#tenants.renewWireKey(owner)
    const { index } = owner
    const { tenantOf } = this.#columns
    const isGone: IsGone = (ref) => ref < tenantOf.length && tenantOf[ref] === index
    for (const holder of this.life.holders) holder.unlearn?.(isGone)
  }

  holdsRefs(holder: RefHolder): void {
    this.life.addHolder(holder)
  }

  /**
   * Adds a series read from a log or store, limits aside; its row is durable. Gives its ref; -1 when the id does not fit the labels
   * (a damaged row).
   */
  restore(tenant: Tenant, { low, high }: SeriesIdHalves, labels: Labels, seen: SeenMinutes, seenMinute = this.#columns.nowMinute): number {
    let ref = this.#ids.find(low, high)
    if (ref === -1) {
      this.#take(tenant, labels)
      this.#labelBytes.id(this.#id)
      if (this.#id.low !== low || this.#id.high !== high) return -1
      ref = this.#insert(this.#tenants.of(tenant))
      this.#columns.seenMinute[ref] = seenMinute
    } else this.#use(ref)
    this.#columns.noteRow(ref, seen)
    return ref
  }

  /** Ref of the series with this id that is in the index, or -1. */
  findId(low: number, high: number): number {
    const ref = this.#ids.find(low, high)
    return ref === -1 || this.#columns.state[ref]! >= retired ? -1 : ref
  }

  /** The tenant's part, made when new. */
  tenant(tenant: Tenant): TenantSeries {
    return this.#tenants.of(tenant)
  }

  /** Moves the clock on by which series count as not seen for long, minutes since 1970. */
  setNow(minute: number): void {
    this.#columns.nowMinute = Math.max(this.#columns.nowMinute, minute)
  }

  /** Series without samples from this minute on were not read into the index. */
  loadedFrom(minute: number): void {
    this.#tenants.loadedFrom(minute)
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
    return this.#tenants.all[this.#columns.tenantOf[ref]!]!
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

  /** Is the series in the index? If not, its ref can still be read for a while. */
  isListed(ref: number): boolean {
    return this.#columns.state[ref]! < retired
  }

  /** Brings a series back that left the index after someone found it. */
  revive(ref: number): void {
    if (this.#columns.state[ref] === retired) this.life.revive(ref)
  }

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

  /** Was there a sample of the series, as far as is known? */
  isSeen(ref: number): boolean {
    return this.#columns.firstMinute[ref] !== never
  }

  /** As of `SeriesColumns`. */
  forgetSeen(ref: number): void {
    this.#columns.forgetSeen(ref)
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
    return this.#tenants.ofScope(scope)
  }

  /** Ascending refs of the tenant's series that satisfy every matcher. Throws `metrics.bad_regexp`. */
  select(tenant: TenantSeries, matchers: readonly Matcher[]): Uint32Array<ArrayBuffer> {
    const refs = selectSeries({ symbols: this.symbols, runs: this.#runs }, tenant.postings, matchers)
    return this.life.isRemoving ? refs.filter((ref) => this.isListed(ref)) : refs
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

  /** Takes the labels into `#labelBytes`. */
  #take(tenant: Tenant, labels: Labels): void {
    this.#labelBytes.begin(tenant)
    for (const [name, value] of labels) this.#labelBytes.put(name, value)
  }

  /** The series in `#labelBytes`. */
  #resolve(tenant: Tenant): number {
    this.#labelBytes.id(this.#id)
    const known = this.#ids.find(this.#id.low, this.#id.high)
    const owner = this.#tenants.of(tenant)
    if (known !== -1) {
      if (this.#columns.tenantOf[known] !== owner.index || !this.#hasLabels(known)) return -1
      this.#use(known)
      return known
    }
    if (owner.count >= this.#limits.perTenantMax || this.seriesCount >= this.#limits.totalMax) return -1
    return this.symbols.textBytes > symbolBytesMax ? -1 : this.#insert(owner)
  }

  /** It is asked for, and must not go now. */
  #use(ref: number): void {
    const { state, seenMinute, nowMinute } = this.#columns
    if (state[ref] === retired) this.life.revive(ref)
    if (state[ref] === leaving) state[ref] = alive
    seenMinute[ref] = nowMinute
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
    const freed = this.life.takeFree()
    const ref = freed === -1 ? this.#made++ : freed
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
