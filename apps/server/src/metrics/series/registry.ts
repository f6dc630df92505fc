/**
 * Every series of every tenant: id, labels, postings, first and last sample, and whether its row is durable. In memory, process-local; refs are
 * dense numbers. Size: about 40 bytes of columns, 8 a label, 4-8 a posting and 4-8 of hash slots a series, plus the distinct strings.
 */
import type { Scope, Tenant } from '../../kernel/scope.ts'
import { seriesRowLagMinutes, seriesRowLeadMinutes, type SeriesLimits } from '../limits.ts'
import type { Labels, Matcher } from '../model.ts'
import type { SeriesResolver } from '../ports.ts'
import { grownU32 } from './growable.ts'
import { HashedRefs } from './hashed-refs.ts'
import { IdTable } from './id-table.ts'
import { nameLabel } from './labels.ts'
import { compileMatcher, type CompiledMatcher } from './matcher.ts'
import { TenantPostings } from './postings.ts'
import { metricHashOf, seriesIdOf, type SeriesIdHalves } from './series-id.ts'
import { intersectKernel, unionDisjointKernel, type RefList } from './sorted-refs.ts'
import { SymbolTable } from './symbols.ts'
import { WireCache } from './wire-cache.ts'

/** No sample seen yet, or no row written yet. */
const never = 0xffffffff

/** First and last sample of a series, minutes since 1970. */
export interface SeenMinutes {
  readonly firstMinute: number
  readonly lastMinute: number
}

/** One tenant's part of the index. */
export interface TenantSeries {
  /** Dense number of the tenant in this process. */
  readonly index: number
  readonly tenant: Tenant
  readonly postings: TenantPostings
  count: number
}

function minuteOf(timeMs: number): number {
  return Math.min(Math.max(Math.floor(timeMs / 60_000), 0), never - 1)
}

/** Equal as UTF-8: a lone surrogate (JSON may bring one) comes back from log and store as U+FFFD. */
function isSameText(a: string, b: string): boolean {
  return a === b || Buffer.from(a).equals(Buffer.from(b))
}

export class SeriesRegistry implements SeriesResolver {
  readonly symbols = new SymbolTable()
  readonly #limits: SeriesLimits
  readonly #ids = new IdTable()
  readonly #wire: WireCache
  readonly #hashed: HashedRefs
  readonly #tenants: TenantSeries[] = []
  readonly #byOrganization = new Map<number, Map<number, TenantSeries>>()
  #lastTenant: TenantSeries | null = null
  readonly #metricHashes = new Map<number, number>()
  readonly #id: SeriesIdHalves = { low: 0, high: 0 }

  /** Columns by ref. `#pairStart` has one more. */
  #pairs = new Uint32Array(1024)
  #pairStart = new Uint32Array(1024)
  #tenantOf = new Uint32Array(1024)
  #metricOf = new Uint32Array(1024)
  /** Minutes since 1970. */
  #firstMinute = new Uint32Array(1024)
  #lastMinute = new Uint32Array(1024)
  /** What the newest durable row of the series says; `never` when there is none. */
  #rowFirstMinute = new Uint32Array(1024)
  #rowLastMinute = new Uint32Array(1024)

  /** `seed`: random in production, so that slots of the wire cache cannot be guessed. */
  constructor(limits: SeriesLimits, seed: number) {
    this.#limits = limits
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
    seriesIdOf(tenant, labels, this.#id)
    const known = this.#ids.find(this.#id.low, this.#id.high)
    const owner = this.#tenantSeries(tenant)
    if (known !== -1) return this.#tenantOf[known] === owner.index && this.#hasLabels(known, labels) ? known : -1
    if (owner.count >= this.#limits.perTenantMax || this.#ids.count >= this.#limits.totalMax) return -1
    return this.#insert(owner, this.#id.low, this.#id.high, labels)
  }

  /**
   * Adds a series read from a log or store, limits aside; its row is durable. Gives its ref; -1 when the id does not fit the labels
   * (a damaged row).
   */
  restore(tenant: Tenant, { low, high }: SeriesIdHalves, labels: Labels, { firstMinute, lastMinute }: SeenMinutes): number {
    let ref = this.#ids.find(low, high)
    if (ref === -1) {
      seriesIdOf(tenant, labels, this.#id)
      if (this.#id.low !== low || this.#id.high !== high) return -1
      ref = this.#insert(this.#tenantSeries(tenant), low, high, labels)
    }
    // Samples may lie outside a row's times by as much as rows may lag.
    this.#firstMinute[ref] = Math.min(this.#firstMinute[ref]!, Math.max(firstMinute - seriesRowLeadMinutes, 0))
    this.#lastMinute[ref] = Math.max(this.#lastMinute[ref]!, lastMinute + seriesRowLagMinutes)
    this.markDurable(ref, firstMinute, lastMinute)
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
    return this.#metricOf[ref]!
  }

  tenantOf(ref: number): TenantSeries {
    return this.#tenants[this.#tenantOf[ref]!]!
  }

  labels(ref: number): Labels {
    const out: (readonly [string, string])[] = []
    for (let at = this.#pairStart[ref]!; at < this.#pairStart[ref + 1]!; at += 2) {
      out.push([this.symbols.text(this.#pairs[at]!), this.symbols.text(this.#pairs[at + 1]!)])
    }
    return out
  }

  /** Symbol of the label's value, or -1 when the series lacks it. */
  labelSymbol(ref: number, name: number): number {
    const pairs = this.#pairs
    for (let at = this.#pairStart[ref]!, end = this.#pairStart[ref + 1]!; at < end; at += 2) if (pairs[at] === name) return pairs[at + 1]!
    return -1
  }

  /** Calls `visit` with the symbol of each label name of the series. */
  eachLabelName(ref: number, visit: (name: number) => void): void {
    for (let at = this.#pairStart[ref]!; at < this.#pairStart[ref + 1]!; at += 2) visit(this.#pairs[at]!)
  }

  // Life of a series.

  /** Notes a sample's time. True when the series needs a row in the log: it has none, or one that lags too far. */
  touch(ref: number, timeMs: number): boolean {
    const minute = minuteOf(timeMs)
    if (minute < this.#firstMinute[ref]!) this.#firstMinute[ref] = minute
    if (minute > this.#lastMinute[ref]!) this.#lastMinute[ref] = minute
    const rowLast = this.#rowLastMinute[ref]!
    if (rowLast === never) return true
    return minute > rowLast + seriesRowLagMinutes || minute + seriesRowLeadMinutes < this.#rowFirstMinute[ref]!
  }

  /** A row with these times is in the log now. */
  markDurable(ref: number, firstMinute: number, lastMinute: number): void {
    this.#rowFirstMinute[ref] = Math.min(this.#rowFirstMinute[ref]!, firstMinute)
    this.#rowLastMinute[ref] = this.#rowLastMinute[ref] === never ? lastMinute : Math.max(this.#rowLastMinute[ref]!, lastMinute)
  }

  /** The series' row may have gone with a buried record: its next sample brings one again. */
  markLost(ref: number): void {
    if (ref === -1) return
    this.#rowFirstMinute[ref] = never
    this.#rowLastMinute[ref] = never
  }

  isDurable(ref: number): boolean {
    return this.#rowLastMinute[ref] !== never
  }

  firstMinute(ref: number): number {
    return this.#firstMinute[ref]!
  }

  lastMinute(ref: number): number {
    return this.#lastMinute[ref]!
  }

  /** Can the series have samples in `[fromMs, toMs]`? Never a wrong no. */
  isActive(ref: number, fromMs: number, toMs: number): boolean {
    return this.#firstMinute[ref] !== never && this.#firstMinute[ref]! * 60_000 <= toMs && (this.#lastMinute[ref]! + 1) * 60_000 > fromMs
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
    const compiled = matchers.map(compileMatcher)
    const candidates = this.#candidates(tenant, compiled)
    let refs = candidates.refs
    for (const matcher of candidates.rest) {
      if (refs.length === 0) break
      refs = this.#filter(refs, matcher)
    }
    return refs
  }

  /** Number of series of the tenant with the same metric as `ref`. */
  metricSeriesCount(ref: number): number {
    const name = this.symbols.find(nameLabel)
    return this.tenantOf(ref).postings.label(name)?.list(this.labelSymbol(ref, name)).length ?? 0
  }

  /** Intersection of the matchers that name their values; the others are left to be checked series by series. */
  #candidates(tenant: TenantSeries, matchers: readonly CompiledMatcher[]): { refs: Uint32Array<ArrayBuffer>; rest: CompiledMatcher[] } {
    const rest: CompiledMatcher[] = []
    const lists: RefList[] = []
    for (const matcher of matchers) {
      if (matcher.literals === null || matcher.matchesEmpty) rest.push(matcher)
      else lists.push(this.#listOfValues(tenant, matcher.name, matcher.literals))
    }
    lists.sort((a, b) => a.length - b.length)
    const first = lists[0]
    if (first !== undefined) {
      let refs = new Uint32Array(first.refs.slice(0, first.length))
      for (const list of lists.slice(1)) refs = intersectKernel({ refs, length: refs.length }, list)
      return { refs, rest }
    }
    const lead = rest.findIndex((matcher) => !matcher.matchesEmpty)
    const leading = rest[lead]
    if (leading === undefined) return { refs: new Uint32Array(tenant.postings.all.refs.slice(0, tenant.postings.all.length)), rest }
    rest.splice(lead, 1)
    return { refs: this.#scanValues(tenant, leading), rest }
  }

  #listOfValues(tenant: TenantSeries, name: string, values: readonly string[]): RefList {
    const label = tenant.postings.label(this.symbols.find(name))
    if (label === null) return { refs: [], length: 0 }
    const lists = values.map((value) => label.list(this.symbols.find(value)))
    if (lists.length === 1 && lists[0] !== undefined) return lists[0]
    const refs = unionDisjointKernel(lists)
    return { refs, length: refs.length }
  }

  #scanValues(tenant: TenantSeries, matcher: CompiledMatcher): Uint32Array<ArrayBuffer> {
    const label = tenant.postings.label(this.symbols.find(matcher.name))
    const lists: RefList[] = []
    if (label !== null) for (const value of label.values()) if (matcher.matches(this.symbols.text(value))) lists.push(label.list(value))
    return unionDisjointKernel(lists)
  }

  /** Keeps the refs whose label matches; every distinct value is judged once. */
  #filter(refs: Uint32Array<ArrayBuffer>, matcher: CompiledMatcher): Uint32Array<ArrayBuffer> {
    const name = this.symbols.find(matcher.name)
    if (name === -1) return matcher.matchesEmpty ? refs : new Uint32Array(0)
    const verdicts = new Map<number, boolean>([[-1, matcher.matchesEmpty]])
    const out = new Uint32Array(refs.length)
    let count = 0
    for (const ref of refs) {
      const value = this.labelSymbol(ref, name)
      let verdict = verdicts.get(value)
      if (verdict === undefined) verdicts.set(value, (verdict = matcher.matches(this.symbols.text(value))))
      if (verdict) out[count++] = ref
    }
    return out.slice(0, count)
  }

  // Internals.

  #tenantSeries(tenant: Tenant): TenantSeries {
    const last = this.#lastTenant
    if (last !== null && last.tenant.projectId === tenant.projectId && last.tenant.organizationId === tenant.organizationId) return last
    let projects = this.#byOrganization.get(tenant.organizationId)
    if (projects === undefined) this.#byOrganization.set(tenant.organizationId, (projects = new Map()))
    let found = projects.get(tenant.projectId)
    if (found === undefined) {
      found = { index: this.#tenants.length, tenant: { ...tenant }, postings: new TenantPostings(), count: 0 }
      this.#tenants.push(found)
      projects.set(tenant.projectId, found)
    }
    this.#lastTenant = found
    return found
  }

  #hasLabels(ref: number, labels: Labels): boolean {
    const start = this.#pairStart[ref]!
    if (this.#pairStart[ref + 1]! - start !== labels.length * 2) return false
    return labels.every(
      ([name, value], i) =>
        isSameText(this.symbols.text(this.#pairs[start + i * 2]!), name) &&
        isSameText(this.symbols.text(this.#pairs[start + i * 2 + 1]!), value),
    )
  }

  #insert(owner: TenantSeries, low: number, high: number, labels: Labels): number {
    const ref = this.#ids.add(low, high)
    this.#reserve(ref + 1)
    const start = this.#pairStart[ref]!
    this.#pairs = grownU32(this.#pairs, start + labels.length * 2)
    let at = start
    for (const [name, value] of labels) {
      const valueSymbol = this.symbols.intern(value)
      this.#pairs[at++] = this.symbols.intern(name)
      this.#pairs[at++] = valueSymbol
      if (name === nameLabel) this.#metricOf[ref] = this.#hashOfMetric(valueSymbol)
    }
    this.#pairStart[ref + 1] = at
    this.#tenantOf[ref] = owner.index
    this.#firstMinute[ref] = never
    this.#rowFirstMinute[ref] = never
    this.#rowLastMinute[ref] = never
    owner.postings.add(ref, this.#pairs, start, at)
    owner.count++
    return ref
  }

  #hashOfMetric(symbol: number): number {
    let hash = this.#metricHashes.get(symbol)
    if (hash === undefined) this.#metricHashes.set(symbol, (hash = metricHashOf(this.symbols.text(symbol))))
    return hash
  }

  #reserve(count: number): void {
    if (count + 1 <= this.#pairStart.length) return
    this.#pairStart = grownU32(this.#pairStart, count + 1)
    const length = this.#pairStart.length
    this.#tenantOf = grownU32(this.#tenantOf, length)
    this.#metricOf = grownU32(this.#metricOf, length)
    this.#firstMinute = grownU32(this.#firstMinute, length)
    this.#lastMinute = grownU32(this.#lastMinute, length)
    this.#rowFirstMinute = grownU32(this.#rowFirstMinute, length)
    this.#rowLastMinute = grownU32(this.#rowLastMinute, length)
  }
}
