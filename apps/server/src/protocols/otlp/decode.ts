/**
 * `ExportMetricsServiceRequest` (OTLP protobuf) to a batch. Walks resource → scope → metric → point over the bytes; resource, scope
 * and metric header are known by their bytes (contexts.ts), series by their attributes' bytes. Every resource also gives a
 * `target_info` sample at the time of its newest point.
 */
import type { SeriesResolver } from '../../metrics/index.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'
import { type MetricContext, type MetricHeader, OtlpContexts, type ResourceContext, type ScopeContext } from './contexts.ts'
import { ExponentialPoints } from './exponential-points.ts'
import { HistogramPoints } from './histogram-points.ts'
import { NumberPoints } from './number-points.ts'
import { PointTools } from './point-tools.ts'
import { SeriesFinder } from './series-finder.ts'
import { SeriesGroups } from './series-groups.ts'
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
  readonly #histograms: HistogramPoints
  readonly #exponentials: ExponentialPoints
  readonly #summaries: SummaryPoints
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

  constructor(series: SeriesResolver, limits: ProtocolLimits) {
    this.#contexts = new OtlpContexts(limits)
    this.#finder = new SeriesFinder(series, this.#contexts, limits)
    const tools = new PointTools(this.#cursor, this.#finder)
    const groups = new SeriesGroups(tools, limits)
    this.#numbers = new NumberPoints(tools)
    this.#histograms = new HistogramPoints(tools, groups, limits)
    this.#exponentials = new ExponentialPoints(tools, limits)
    this.#summaries = new SummaryPoints(tools, groups, limits)
  }

  /** Fills the session's batch. Errors: `DecodeError`, `body.too_many_samples`. */
  decode(body: Uint8Array, session: DecodeSession): void {
    const cursor = this.#cursor
    cursor.reset(body)
    try {
      while (cursor.pos < cursor.end) {
        const tag = cursor.readTag()
        if (tag === 10) this.#resourceMetrics(session)
        else cursor.skip(tag)
      }
    } finally {
      cursor.release()
    }
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
    if (this.#dataTag !== 0) {
      cursor.pos = this.#dataStart
      cursor.end = this.#dataEnd
      this.#readTemporality()
      this.#setKind()
      const metric = this.#contexts.metric(scope, cursor.bytes, this.#header)
      cursor.pos = this.#dataStart
      this.#points(session, metric)
    }
    cursor.end = end
    cursor.leave(outer)
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

  #point(session: DecodeSession, metric: MetricContext): void {
    switch (metric.kind) {
      case 'gauge':
      case 'sum':
      case 'counter':
        this.#numbers.read(session, metric)
        return
      case 'histogram':
        this.#histograms.read(session, metric)
        return
      case 'exponential':
        this.#exponentials.read(session, metric)
        return
      case 'summary':
        this.#summaries.read(session, metric)
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

/** Time of the newest row added since, ms; 0 when there is none. */
function newestMs(session: DecodeSession, fromRow: number, fromHistogram: number): number {
  const { timesMs, sampleCount, histogramTimesMs, histogramCount } = session.batch
  let newest = 0
  for (let row = fromRow; row < sampleCount; row++) if (timesMs[row]! > newest) newest = timesMs[row]!
  for (let row = fromHistogram; row < histogramCount; row++) newest = Math.max(newest, histogramTimesMs[row] ?? 0)
  return newest
}
