/** `io.prometheus.client.MetricFamily` messages for tests, written field by field. */
import { ProtoWriter } from '../protobuf/writer.ts'

export interface FamilyBody {
  readonly name: string
  readonly help?: string
  readonly unit?: string
  /** COUNTER 0, GAUGE 1, SUMMARY 2, UNTYPED 3, HISTOGRAM 4, GAUGE_HISTOGRAM 5 */
  readonly type: number
  readonly metrics: readonly MetricBody[]
}

export interface MetricBody {
  readonly labels?: Readonly<Record<string, string>>
  readonly timeMs?: number
  /** Field 2 (gauge), 3 (counter) or 5 (untyped), by the type. */
  readonly value?: number
  readonly createdMs?: number
  readonly exemplar?: ExemplarBody
  readonly summary?: { count: number; sum: number; quantiles: readonly (readonly [number, number])[] }
  readonly histogram?: HistogramBody
}

export interface ExemplarBody {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly timeMs?: number
}

export interface HistogramBody {
  readonly count: number
  /** Counts as doubles, in the fields of float histograms. */
  readonly isFloat?: boolean
  readonly sum: number
  readonly buckets?: readonly (readonly [upperBound: number, count: number])[]
  readonly schema?: number
  readonly zeroThreshold?: number
  readonly zeroCount?: number
  /** offset, length, ... */
  readonly positiveSpans?: readonly number[]
  /** Differences, or counts when `isFloat`. */
  readonly positive?: readonly number[]
  readonly negativeSpans?: readonly number[]
  readonly negative?: readonly number[]
  readonly exemplars?: readonly ExemplarBody[]
}

const valueFields = [3, 2, 0, 5]

/** Messages one after the other, each behind its length. */
export function exposedFamilies(families: readonly FamilyBody[]): Buffer {
  return Buffer.concat(
    families.map((body) => {
      const family = familyOf(body)
      return Buffer.concat([new ProtoWriter().varint(family.length).finish(), family])
    }),
  )
}

function familyOf({ name, help, unit, type, metrics }: FamilyBody): Buffer {
  const out = new ProtoWriter()
  out.stringField(1, name)
  if (help !== undefined) out.stringField(2, help)
  out.tag(3, 0).varint(type)
  for (const metric of metrics) out.bytesField(4, metricOf(type, metric))
  if (unit !== undefined) out.stringField(5, unit)
  return out.finish()
}

function metricOf(type: number, body: MetricBody): Buffer {
  const out = new ProtoWriter()
  labels(out, body.labels)
  if (body.value !== undefined) {
    const value = new ProtoWriter().tag(1, 1).double(body.value)
    if (body.exemplar !== undefined) value.bytesField(2, exemplarOf(body.exemplar))
    if (body.createdMs !== undefined) value.bytesField(3, timestamp(body.createdMs))
    out.bytesField(valueFields[type] ?? 5, value.finish())
  }
  if (body.summary !== undefined) {
    const summary = new ProtoWriter().tag(1, 0).varint(body.summary.count).tag(2, 1).double(body.summary.sum)
    for (const [quantile, value] of body.summary.quantiles)
      summary.bytesField(3, new ProtoWriter().tag(1, 1).double(quantile).tag(2, 1).double(value).finish())
    if (body.createdMs !== undefined) summary.bytesField(4, timestamp(body.createdMs))
    out.bytesField(4, summary.finish())
  }
  if (body.histogram !== undefined) out.bytesField(7, histogramOf(body.histogram, body.createdMs))
  if (body.timeMs !== undefined) out.tag(6, 0).varint(body.timeMs)
  return out.finish()
}

function histogramOf(body: HistogramBody, createdMs: number | undefined): Buffer {
  const out = new ProtoWriter()
  if (body.isFloat === true) out.tag(4, 1).double(body.count)
  else out.tag(1, 0).varint(body.count)
  out.tag(2, 1).double(body.sum)
  for (const [upperBound, count] of body.buckets ?? [])
    out.bytesField(3, new ProtoWriter().tag(1, 0).varint(count).tag(2, 1).double(upperBound).finish())
  if (body.schema !== undefined) out.tag(5, 0).zigzag(body.schema)
  if (body.zeroThreshold !== undefined) out.tag(6, 1).double(body.zeroThreshold)
  if (body.zeroCount !== undefined) {
    if (body.isFloat === true) out.tag(8, 1).double(body.zeroCount)
    else out.tag(7, 0).varint(body.zeroCount)
  }
  buckets(out, { spans: body.negativeSpans ?? [], values: body.negative ?? [], spanField: 9, isFloat: body.isFloat === true })
  buckets(out, { spans: body.positiveSpans ?? [], values: body.positive ?? [], spanField: 12, isFloat: body.isFloat === true })
  if (createdMs !== undefined) out.bytesField(15, timestamp(createdMs))
  for (const exemplar of body.exemplars ?? []) out.bytesField(16, exemplarOf(exemplar))
  return out.finish()
}

/** Differences are in the field behind the spans, counts in the one behind that. */
function buckets(
  out: ProtoWriter,
  { spans, values, spanField, isFloat }: { spans: readonly number[]; values: readonly number[]; spanField: number; isFloat: boolean },
): void {
  for (let at = 0; at < spans.length; at += 2) {
    const span = new ProtoWriter()
      .tag(1, 0)
      .zigzag(spans[at] ?? 0)
      .tag(2, 0)
      .varint(spans[at + 1] ?? 0)
    out.bytesField(spanField, span.finish())
  }
  for (const value of values) {
    if (isFloat) out.tag(spanField + 2, 1).double(value)
    else out.tag(spanField + 1, 0).zigzag(value)
  }
}

function exemplarOf({ labels: pairs, value, timeMs }: ExemplarBody): Buffer {
  const out = new ProtoWriter()
  labels(out, pairs)
  out.tag(2, 1).double(value)
  if (timeMs !== undefined) out.bytesField(3, timestamp(timeMs))
  return out.finish()
}

function timestamp(timeMs: number): Buffer {
  return new ProtoWriter()
    .tag(1, 0)
    .varint(Math.floor(timeMs / 1000))
    .tag(2, 0)
    .varint((timeMs % 1000) * 1_000_000)
    .finish()
}

function labels(out: ProtoWriter, pairs: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries(pairs)) {
    const pair = new ProtoWriter()
    pair.stringField(1, name)
    pair.stringField(2, value)
    out.bytesField(1, pair.finish())
  }
}
