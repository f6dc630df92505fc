/**
 * `ExportMetricsServiceRequest` (OTLP protobuf) to a batch. Hot path: the kernel makes rows of it (kernel-rows.ts). Here is the reading
 * field by field of what it leaves: resource → scope → metric → point over the bytes; resource, scope and metric header are known by
 * their bytes (contexts.ts), series by their attributes' bytes. Every resource also gives a `target_info` sample at the time of its
 * newest point.
 */
import type { SeriesResolver } from '../../metrics/index.ts'
import { kernelPlainBytesMax } from '../decode/kernel-memory.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { type MetricContext, type MetricHeader, OtlpContexts, type ResourceContext, type ScopeContext } from './contexts.ts'
import { ExponentialPoints } from './exponential-points.ts'
import { HistogramPoints } from './histogram-points.ts'
import { type FieldReader, KernelRows, newestMs } from './kernel-rows.ts'
import { NumberPoints } from './number-points.ts'
import { PointTools } from './point-tools.ts'
import { SeriesFinder } from './series-finder.ts'
import { type SeriesGroup, SeriesGroups } from './series-groups.ts'
import { SummaryPoints } from './summary-points.ts'

const temporalityDelta = 1
const temporalityCumulative = 2

/** Tags of Metric's data fields. */
const gaugeTag = 42
const sumTag = 58
const histogramTag = 74
const exponentialTag = 82
const summaryTag = 90

/** Decodes one request at a time; keeps its buffers between requests. */
export class OtlpDecoder {
  readonly #cursor = new ProtoCursor()
  readonly #contexts: OtlpContexts
  readonly #finder: SeriesFinder
  readonly #numbers: NumberPoints
  readonly #groups: SeriesGroups
  readonly #histograms: HistogramPoints
  readonly #exponentials: ExponentialPoints
  readonly #summaries: SummaryPoints
  readonly #kernelBytesMax: number
  readonly #rows: KernelRows
  readonly #reader: FieldReader = {
    resource: (session, start, end) => this.#contexts.resource(session.batch.tenant, this.#cursor.bytes, start, end),
    scope: (resource, start, end) => this.#contexts.scope(resource, this.#cursor.bytes, start, end),
    metric: (scope, at, end) => this.#within(at, end, () => this.#metricOf(scope)),
    point: (session, metric, at, end) => this.#within(at, end, () => this.#onePoint(session, metric)),
    wholeMetric: (session, scope, at, end) => this.#within(at, end, () => this.#metric(session, scope)),
    wholeResource: (session, at, end) => this.#within(at, end, () => this.#resourceMetrics(session)),
    rest: (session, start, end) => this.#within(start, end, () => this.#fields(session)),
    resourceEnd: (session, resource, timeMs) => this.#targetInfo(session, resource, timeMs),
    groupUsed: (group) => this.#groups.use(group),
  }
  readonly #header: MetricHeader = {
    kind: 'gauge',
    delta: false,
    nameStart: 0,
    nameEnd: 0,
    helpStart: 0,
    helpEnd: 0,
    unitStart: 0,
    unitEnd: 0,
  }
  #dataTag = 0
  #dataStart = 0
  #dataEnd = 0
  #temporality = 0
  #monotonic = false

  /** `kernelBytesMax`: larger bodies are read field by field. */
  constructor(series: SeriesResolver, limits: ProtocolLimits, kernelBytesMax = kernelPlainBytesMax) {
    this.#kernelBytesMax = kernelBytesMax
    this.#rows = new KernelRows(series, limits)
    this.#contexts = new OtlpContexts(limits)
    this.#finder = new SeriesFinder(series, this.#contexts, limits)
    const tools = new PointTools(this.#cursor, this.#finder)
    this.#groups = new SeriesGroups(tools, limits)
    series.holdsRefs(this.#groups)
    this.#numbers = new NumberPoints(tools)
    this.#histograms = new HistogramPoints(tools, this.#groups, limits)
    this.#exponentials = new ExponentialPoints(tools, limits)
    this.#summaries = new SummaryPoints(tools, this.#groups, limits)
  }

  /** Fills the session's batch. Errors: `DecodeError`, `body.too_many_samples`. */
  decode(body: Uint8Array, session: DecodeSession): void {
    const cursor = this.#cursor
    session.state.metadata.repeat(session.batch)
    try {
      if (body.byteLength > this.#kernelBytesMax) {
        cursor.reset(body)
        this.#fields(session)
      } else {
        cursor.reset(this.#rows.take(body))
        this.#rows.decode(session, this.#reader)
      }
    } finally {
      cursor.release()
    }
  }

  #fields(session: DecodeSession): void {
    const cursor = this.#cursor
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 10) this.#resourceMetrics(session)
      else cursor.skip(tag)
    }
  }

  /** Reads what lies in `[start, end)` of the body. */
  #within<T>(start: number, end: number, read: () => T): T {
    const cursor = this.#cursor
    cursor.pos = start
    cursor.end = end
    return read()
  }

  #resourceMetrics(session: DecodeSession): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const start = cursor.pos
    const range = this.#findField(10)
    const resource = this.#contexts.resource(session.batch.tenant, cursor.bytes, range.start, range.end)
    const rowsBefore = session.batch.sampleCount
    const histogramsBefore = session.batch.histogramCount
    cursor.pos = start
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) this.#scopeMetrics(session, resource)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
    this.#targetInfo(session, resource, newestMs(session, rowsBefore, histogramsBefore))
  }

  #scopeMetrics(session: DecodeSession, resource: ResourceContext): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    const start = cursor.pos
    const range = this.#findField(10)
    const scope = this.#contexts.scope(resource, cursor.bytes, range.start, range.end)
    cursor.pos = start
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 18) this.#metric(session, scope)
      else cursor.skip(tag)
    }
    cursor.leave(outer)
  }

  /** Reads on to the end of the message; the content of its last field with `wanted` as tag, empty when there is none. */
  #findField(wanted: number): { start: number; end: number } {
    const cursor = this.#cursor
    let start = 0
    let end = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === wanted) {
        const length = cursor.readLength()
        start = cursor.pos
        end = start + length
        cursor.pos = end
      } else cursor.skip(tag)
    }
    return { start, end }
  }

  #metric(session: DecodeSession, scope: ScopeContext): void {
    const cursor = this.#cursor
    const outer = cursor.enter()
    this.#readHeader()
    const end = cursor.end
    if (this.#dataTag !== 0) this.#points(session, this.#enterData(scope))
    cursor.end = end
    cursor.leave(outer)
  }

  #metricOf(scope: ScopeContext): MetricContext {
    this.#cursor.enter()
    this.#readHeader()
    return this.#enterData(scope)
  }

  /** Gives the metric whose header was read, and stands before its points. */
  #enterData(scope: ScopeContext): MetricContext {
    const cursor = this.#cursor
    cursor.pos = this.#dataStart
    cursor.end = this.#dataEnd
    this.#readTemporality()
    this.#setKind()
    cursor.pos = this.#dataStart
    return this.#contexts.metric(scope, cursor.bytes, this.#header)
  }

  #readHeader(): void {
    const cursor = this.#cursor
    const header = this.#header
    header.nameStart = header.nameEnd = header.helpStart = header.helpEnd = header.unitStart = header.unitEnd = 0
    this.#dataTag = 0
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if ((tag & 7) !== 2) {
        cursor.skip(tag)
        continue
      }
      const length = cursor.readLength()
      const start = cursor.pos
      const end = start + length
      cursor.pos = end
      if (tag === 10) {
        header.nameStart = start
        header.nameEnd = end
      } else if (tag === 18) {
        header.helpStart = start
        header.helpEnd = end
      } else if (tag === 26) {
        header.unitStart = start
        header.unitEnd = end
      } else if (tag === gaugeTag || tag === sumTag || tag === histogramTag || tag === exponentialTag || tag === summaryTag) {
        this.#dataTag = tag
        this.#dataStart = start
        this.#dataEnd = end
      }
    }
  }

  #readTemporality(): void {
    const cursor = this.#cursor
    this.#temporality = 0
    this.#monotonic = false
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag === 16) this.#temporality = cursor.readVarint()
      else if (tag === 24) this.#monotonic = cursor.readVarint() !== 0
      else cursor.skip(tag)
    }
  }

  #setKind(): void {
    const header = this.#header
    header.delta = this.#temporality === temporalityDelta && this.#dataTag !== gaugeTag && this.#dataTag !== summaryTag
    if (this.#dataTag === gaugeTag) header.kind = 'gauge'
    else if (this.#dataTag === sumTag) header.kind = this.#monotonic ? 'counter' : 'sum'
    else if (this.#dataTag === histogramTag) header.kind = 'histogram'
    else if (this.#dataTag === exponentialTag) header.kind = 'exponential'
    else header.kind = 'summary'
  }

  /** True for the data that must say delta or cumulative and says neither. */
  #lacksTemporality(): boolean {
    if (this.#dataTag === gaugeTag || this.#dataTag === summaryTag) return false
    return this.#temporality !== temporalityDelta && this.#temporality !== temporalityCumulative
  }

  #points(session: DecodeSession, metric: MetricContext): void {
    const cursor = this.#cursor
    const { batch } = session
    const refusal = this.#lacksTemporality()
      ? { reason: 'temporality_missing', example: `${metric.name}: aggregation temporality is neither delta nor cumulative` }
      : metric.refusal
    const received = batch.pointsReceived
    const refused = batch.refusedTotal
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      if (tag !== 10) {
        cursor.skip(tag)
        continue
      }
      batch.pointsReceived++
      if (refusal !== null) {
        cursor.skip(tag)
        session.refuse(refusal.reason, 1, () => refusal.example)
      } else this.#point(session, metric)
    }
    if (batch.pointsReceived - received > batch.refusedTotal - refused) session.state.metadata.describe(batch, metric.metadata)
  }

  /** One point of a metric that says its temporality, if it needs one. */
  #onePoint(session: DecodeSession, metric: MetricContext): number | SeriesGroup | null {
    const { batch } = session
    batch.pointsReceived++
    if (metric.refusal !== null) {
      const { reason, example } = metric.refusal
      session.refuse(reason, 1, () => example)
      return null
    }
    const refused = batch.refusedTotal
    const made = this.#point(session, metric)
    if (batch.refusedTotal === refused) session.state.metadata.describe(batch, metric.metadata)
    return made
  }

  /** The series of a number or a histogram with bounds that was stored. */
  #point(session: DecodeSession, metric: MetricContext): number | SeriesGroup | null {
    switch (metric.kind) {
      case 'gauge':
      case 'sum':
      case 'counter': {
        const ref = this.#numbers.read(session, metric)
        return ref < 0 ? null : ref
      }
      case 'histogram':
        return this.#histograms.read(session, metric)
      case 'exponential':
        this.#exponentials.read(session, metric)
        return null
      case 'summary':
        this.#summaries.read(session, metric)
        return null
    }
  }

  /** One sample of the resource's `target_info`, when there was a point newer than its last one. */
  #targetInfo(session: DecodeSession, resource: ResourceContext, timeMs: number): void {
    if (resource.targetInfo === null || timeMs <= resource.targetMs) return
    if (resource.targetRef < 0) resource.targetRef = this.#finder.resolveLabels(session, 'target_info', resource.targetInfo)
    if (resource.targetRef < 0) return
    const before = resource.targetMs
    resource.targetMs = timeMs
    session.onUndo(() => {
      resource.targetMs = before
    })
    session.addOwnSample(resource.targetRef, timeMs, 1)
    session.state.metadata.describe(session.batch, {
      name: 'target_info',
      type: 'gauge',
      unit: '',
      help: 'Attributes of the resource that sends',
    })
  }
}
