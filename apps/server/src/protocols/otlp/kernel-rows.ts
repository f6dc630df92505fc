/**
 * The kernel's rows to samples. A known point costs a look into a table by its hash (tenant, resource, scope, metric and attributes) and no
 * object; its sample goes from column to column. Points not seen before, and all that the kernel left, are read field by field, in their place.
 */
import type { SeriesResolver } from '../../metrics/index.ts'
import { rowEnd, rowKind, rowSamplesEnd, rowStart, rowWords } from '../decode/kernel-memory.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { MetricContext, ResourceContext, ScopeContext } from './contexts.ts'
import {
  kindCounter,
  kindGauge,
  kindHistogram,
  kindMetric,
  kindOtherMetric,
  kindOtherResource,
  kindPoint,
  kindResource,
  kindResourceEnd,
  kindRest,
  kindScope,
  OtlpKernel,
} from './otlp-kernel.ts'
import type { SeriesGroup } from './series-groups.ts'

/** Reads parts of the request that is being decoded, field by field. Places are offsets in it; a field's place is that of its length. */
export interface FieldReader {
  resource(session: DecodeSession, start: number, end: number): ResourceContext
  scope(resource: ResourceContext, start: number, end: number): ScopeContext
  /** The metric whose field is at `[at, end)`. */
  metric(scope: ScopeContext, at: number, end: number): MetricContext
  /** Stores a point, or counts it as refused. Gives its series, or null. */
  point(session: DecodeSession, metric: MetricContext, at: number, end: number): number | SeriesGroup | null
  wholeMetric(session: DecodeSession, scope: ScopeContext, at: number, end: number): void
  wholeResource(session: DecodeSession, at: number, end: number): void
  rest(session: DecodeSession, start: number, end: number): void
  resourceEnd(session: DecodeSession, resource: ResourceContext, newestMs: number): void
  /** A point of the group was read here: points that only say that it ended mean these bounds. */
  groupUsed(group: SeriesGroup): void
}

interface KnownGroup {
  readonly group: SeriesGroup
  /** Refs of the point's samples, in their order: bounds, +Inf, sum, count. */
  readonly refs: Uint32Array
}

export class KernelRows {
  readonly #kernel = new OtlpKernel()
  readonly #series: SeriesResolver
  readonly #groupsMax: number
  readonly #contextsMax: number
  /** By number, which is what the hash of a histogram point, a resource or a scope finds. Numbers are never used twice. */
  readonly #groups = new Map<number, KnownGroup>()
  readonly #resources = new Map<number, ResourceContext>()
  readonly #scopes = new Map<number, ScopeContext>()
  #nextNumber = 0
  #refs = new Uint32Array(0)
  /** First sample of the kernel's that is not in the batch yet. */
  #runFrom = 0
  #plainAt = 0
  /** What the current rows belong to; the metric is made when a point asks for it. */
  #resource: ResourceContext | null = null
  #scope: ScopeContext | null = null
  #metric: MetricContext | null = null
  #metricRow = 0
  /** Rows of the batch when the current resource began. */
  #samplesBefore = 0
  #histogramsBefore = 0

  constructor(series: SeriesResolver, limits: Pick<ProtocolLimits, 'histogramGroupsMax' | 'contextsMax'>) {
    this.#series = series
    this.#groupsMax = limits.histogramGroupsMax
    this.#contextsMax = limits.contextsMax
    series.holdsRefs(this)
  }

  /** Forgets groups of which a series is gone. */
  unlearn(isGone: (ref: number) => boolean): void {
    for (const [number, { refs }] of this.#groups) if (refs.some(isGone)) this.#groups.delete(number)
  }

  /** Puts the body where the kernel reads it; gives the bytes that the field reader has to read. */
  take(body: Uint8Array): Uint8Array {
    this.#kernel.memory.take(body)
    this.#plainAt = this.#kernel.memory.plainAt
    return this.#kernel.memory.plain()
  }

  /** Fills the session's batch from the body taken. Errors: those of the reader, `body.too_many_samples`. */
  decode(session: DecodeSession, reader: FieldReader): void {
    const { memory } = this.#kernel
    const plainBytes = memory.plainEnd - memory.plainAt
    memory.begin(this.#series.tenantIndex(session.batch.tenant), session.timeMinMs, session.timeMaxMs)
    for (let offset = 0; offset < plainBytes;) {
      offset = this.#kernel.walk(offset)
      const { rowCount, sampleCount } = memory
      if (this.#refs.length < sampleCount) this.#refs = new Uint32Array(this.#kernel.times.length)
      this.#takeRows(session, reader, rowCount)
    }
  }

  #takeRows(session: DecodeSession, reader: FieldReader, rowCount: number): void {
    const { rows } = this.#kernel
    let samples = 0
    this.#runFrom = 0
    for (let at = 0, end = rowCount * rowWords; at < end; at += rowWords) {
      const next = rows[at + rowSamplesEnd]!
      const kind = rows[at + rowKind]!
      if (kind === kindGauge || kind === kindCounter) this.#number(session, reader, at, samples, kind === kindCounter)
      else if (kind === kindHistogram) this.#histogram(session, reader, at, samples, next)
      else if (kind === kindMetric) {
        this.#metricRow = at
        this.#metric = null
      } else {
        this.#takeRun(session, samples, samples)
        this.#part(session, reader, at, kind)
      }
      samples = next
    }
    this.#takeRun(session, samples, samples)
  }

  #number(session: DecodeSession, reader: FieldReader, at: number, sample: number, isCounter: boolean): void {
    const { rows, starts, times } = this.#kernel
    const ref = this.#series.lookupHash(rows, at)
    if (ref < 0) {
      this.#takeRun(session, sample, sample + 1)
      const made = this.#readPoint(session, reader, at)
      if (typeof made === 'number') this.#series.rememberHash(rows, at, made)
      return
    }
    session.batch.pointsReceived++
    this.#refs[sample] = ref
    if (!isCounter || !(starts[sample]! > 0)) return
    if (!session.beginsAnew(ref, starts[sample]!, times[sample]!, this.#series.isDurable(ref))) return
    this.#takeRun(session, sample, sample)
    session.addOwnSample(ref, starts[sample]!, 0)
  }

  #histogram(session: DecodeSession, reader: FieldReader, at: number, from: number, end: number): void {
    const { rows, starts, times } = this.#kernel
    const known = this.#groups.get(this.#series.lookupHash(rows, at))
    if (known === undefined) {
      this.#takeRun(session, from, end)
      const made = this.#readPoint(session, reader, at)
      if (made !== null && typeof made === 'object') this.#rememberGroup(at, made)
      return
    }
    session.batch.pointsReceived++
    const { refs, group } = known
    this.#refs.set(refs, from)
    reader.groupUsed(group)
    const { countRef } = group
    if (!(starts[from]! > 0) || !session.beginsAnew(countRef, starts[from]!, times[from]!, this.#series.isDurable(countRef))) return
    this.#takeRun(session, from, from)
    for (const ref of refs) session.addOwnSample(ref, starts[from]!, 0)
  }

  #rememberGroup(row: number, group: SeriesGroup): void {
    const { boundRefs, sumRef, countRef } = group
    const refs = new Uint32Array(boundRefs.length + 2)
    refs.set(boundRefs)
    refs[boundRefs.length] = sumRef
    refs[boundRefs.length + 1] = countRef
    this.#keep(this.#groups, this.#groupsMax, row, { group, refs })
  }

  /** Makes the row's hash find `value`; when there are too many, all are forgotten and learned again. */
  #keep<T>(known: Map<number, T>, countMax: number, row: number, value: T): T {
    if (known.size >= countMax) known.clear()
    known.set(this.#nextNumber, value)
    this.#series.rememberHash(this.#kernel.rows, row, this.#nextNumber++)
    return value
  }

  #readPoint(session: DecodeSession, reader: FieldReader, row: number): number | SeriesGroup | null {
    this.#metric ??= this.#range(this.#metricRow, (at, end) => reader.metric(this.#currentScope(), at, end))
    const metric = this.#metric
    return this.#range(row, (at, end) => reader.point(session, metric, at, end))
  }

  /** Every row but those of points that the kernel read. */
  #part(session: DecodeSession, reader: FieldReader, row: number, kind: number): void {
    switch (kind) {
      case kindPoint:
        this.#readPoint(session, reader, row)
        return
      case kindResource:
        this.#resource = this.#resourceOf(session, reader, row)
        this.#samplesBefore = session.batch.sampleCount
        this.#histogramsBefore = session.batch.histogramCount
        return
      case kindScope:
        // At once, so that damaged bytes of a scope are found where they are, whether it has points or not.
        this.#scope = this.#scopeOf(reader, row)
        return
      case kindResourceEnd:
        if (this.#resource !== null) {
          reader.resourceEnd(session, this.#resource, newestMs(session, this.#samplesBefore, this.#histogramsBefore))
        }
        return
      case kindOtherMetric:
        this.#range(row, (at, end) => reader.wholeMetric(session, this.#currentScope(), at, end))
        return
      case kindOtherResource:
        this.#range(row, (at, end) => reader.wholeResource(session, at, end))
        return
      case kindRest:
        this.#range(row, (start, end) => reader.rest(session, start, end))
        return
      default:
        throw new Error(`the kernel made a row of kind ${kind}`)
    }
  }

  #resourceOf(session: DecodeSession, reader: FieldReader, row: number): ResourceContext {
    const known = this.#resources.get(this.#series.lookupHash(this.#kernel.rows, row))
    if (known !== undefined) return known
    const made = this.#range(row, (start, end) => reader.resource(session, start, end))
    return this.#keep(this.#resources, this.#contextsMax, row, made)
  }

  #scopeOf(reader: FieldReader, row: number): ScopeContext {
    const resource = this.#resource
    if (resource === null) throw new Error('the kernel made a scope without a resource')
    const known = this.#scopes.get(this.#series.lookupHash(this.#kernel.rows, row))
    if (known !== undefined) return known
    const made = this.#range(row, (start, end) => reader.scope(resource, start, end))
    return this.#keep(this.#scopes, this.#contextsMax, row, made)
  }

  #currentScope(): ScopeContext {
    if (this.#scope === null) throw new Error('the kernel made a metric without a scope')
    return this.#scope
  }

  #range<T>(row: number, use: (start: number, end: number) => T): T {
    const { rows } = this.#kernel
    return use(rows[row + rowStart]! - this.#plainAt, rows[row + rowEnd]! - this.#plainAt)
  }

  /** Puts the samples before `to` into the batch; the next run begins at `next`. */
  #takeRun(session: DecodeSession, to: number, next: number): void {
    const from = this.#runFrom
    this.#runFrom = next
    if (to > from) session.addSamples(this.#refs, this.#kernel.times, this.#kernel.values, from, to)
  }
}

/** Time of the newest row added since, ms; 0 when there is none. */
export function newestMs(session: DecodeSession, fromRow: number, fromHistogram: number): number {
  const { timesMs, sampleCount, histogramTimesMs, histogramCount } = session.batch
  let newest = 0
  for (let row = fromRow; row < sampleCount; row++) if (timesMs[row]! > newest) newest = timesMs[row]!
  for (let row = fromHistogram; row < histogramCount; row++) newest = Math.max(newest, histogramTimesMs[row] ?? 0)
  return newest
}
