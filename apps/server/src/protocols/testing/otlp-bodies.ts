/**
 * OTLP metrics requests from a small description, as protobuf and as JSON. The protobuf is written field by field here, apart from
 * the schema that the JSON reader has, so that comparing both tests both.
 */
import { ProtoWriter } from '../protobuf/writer.ts'

export type AttributeValue =
  | string
  | boolean
  | number
  | bigint
  | { double: number }
  | { bytes: number[] }
  | AttributeValue[]
  | { map: Attributes }
export type Attributes = readonly (readonly [string, AttributeValue])[]

export interface ExemplarBody {
  readonly timeMs: number
  readonly value: number
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes?: Attributes
}

export interface PointBody {
  readonly attributes?: Attributes
  readonly timeMs: number
  readonly startMs?: number
  readonly flags?: number
  readonly exemplars?: readonly ExemplarBody[]
  /** Number points. */
  readonly double?: number
  readonly int?: bigint
  /** Histograms and summaries. */
  readonly count?: number
  readonly sum?: number
  readonly bounds?: readonly number[]
  readonly counts?: readonly number[]
  readonly quantiles?: readonly (readonly [number, number])[]
  /** Exponential histograms. */
  readonly scale?: number
  readonly zeroCount?: number
  readonly zeroThreshold?: number
  readonly positive?: readonly [offset: number, counts: readonly number[]]
  readonly negative?: readonly [offset: number, counts: readonly number[]]
}

export interface MetricBody {
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'
  readonly name: string
  readonly unit?: string
  readonly description?: string
  readonly temporality?: 0 | 1 | 2
  readonly monotonic?: boolean
  readonly points: readonly PointBody[]
}

export interface ResourceBody {
  readonly attributes?: Attributes
  readonly scope?: { readonly name?: string; readonly version?: string; readonly attributes?: Attributes }
  readonly metrics: readonly MetricBody[]
}

const dataField = { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 } as const
const attributesField = { gauge: 7, sum: 7, histogram: 9, exponentialHistogram: 1, summary: 7 } as const
const exemplarsField = { gauge: 5, sum: 5, histogram: 8, exponentialHistogram: 11, summary: 15 } as const
const flagsField = { gauge: 8, sum: 8, histogram: 10, exponentialHistogram: 10, summary: 8 } as const

export function otlpProtobuf(...resources: ResourceBody[]): Buffer {
  const writer = new ProtoWriter()
  for (const resource of resources) writer.messageField(1, (w) => writeResource(w, resource))
  return writer.finish()
}

function writeResource(writer: ProtoWriter, resource: ResourceBody): void {
  const { scope } = resource
  if (resource.attributes !== undefined) writer.messageField(1, (w) => writeAttributes(w, 1, resource.attributes))
  writer.messageField(2, (w) => {
    if (scope !== undefined) {
      w.messageField(1, (s) => {
        if (scope.name !== undefined) s.stringField(1, scope.name)
        if (scope.version !== undefined) s.stringField(2, scope.version)
        writeAttributes(s, 3, scope.attributes)
      })
    }
    for (const metric of resource.metrics) w.messageField(2, (m) => writeMetric(m, metric))
  })
}

function writeMetric(writer: ProtoWriter, metric: MetricBody): void {
  writer.stringField(1, metric.name)
  if (metric.description !== undefined) writer.stringField(2, metric.description)
  if (metric.unit !== undefined) writer.stringField(3, metric.unit)
  writer.messageField(dataField[metric.kind], (w) => {
    for (const point of metric.points) w.messageField(1, (p) => writePoint(p, metric.kind, point))
    if (metric.temporality !== undefined) w.varintField(2, metric.temporality)
    if (metric.monotonic === true) w.varintField(3, 1)
  })
}

function nanos(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n
}

function writePoint(writer: ProtoWriter, kind: MetricBody['kind'], point: PointBody): void {
  writeAttributes(writer, attributesField[kind], point.attributes)
  if (point.startMs !== undefined) writer.tag(2, 1).fixed64(nanos(point.startMs))
  writer.tag(3, 1).fixed64(nanos(point.timeMs))
  if (point.double !== undefined) writer.doubleField(4, point.double)
  if (point.int !== undefined) writer.tag(6, 1).fixed64(point.int)
  if (point.count !== undefined) writer.tag(4, 1).fixed64Number(point.count)
  if (point.sum !== undefined) writer.doubleField(5, point.sum)
  if (point.counts !== undefined) writer.messageField(6, (w) => point.counts?.forEach((count) => w.fixed64Number(count)))
  if (point.bounds !== undefined) writer.messageField(7, (w) => point.bounds?.forEach((bound) => w.double(bound)))
  for (const [quantile, value] of point.quantiles ?? []) writer.messageField(6, (w) => w.doubleField(1, quantile).doubleField(2, value))
  if (point.scale !== undefined) writer.tag(6, 0).zigzag(point.scale)
  if (point.zeroCount !== undefined) writer.tag(7, 1).fixed64Number(point.zeroCount)
  if (point.zeroThreshold !== undefined) writer.doubleField(14, point.zeroThreshold)
  writeBuckets(writer, 8, point.positive)
  writeBuckets(writer, 9, point.negative)
  for (const exemplar of point.exemplars ?? []) writer.messageField(exemplarsField[kind], (w) => writeExemplar(w, exemplar))
  if (point.flags !== undefined) writer.varintField(flagsField[kind], point.flags)
}

function writeBuckets(writer: ProtoWriter, field: number, buckets: PointBody['positive']): void {
  if (buckets === undefined) return
  writer.messageField(field, (w) => {
    w.tag(1, 0).zigzag(buckets[0])
    w.messageField(2, (counts) => buckets[1].forEach((count) => counts.varint(count)))
  })
}

function writeExemplar(writer: ProtoWriter, exemplar: ExemplarBody): void {
  writer.tag(2, 1).fixed64(nanos(exemplar.timeMs)).doubleField(3, exemplar.value)
  if (exemplar.spanId !== undefined) writer.bytesField(4, Buffer.from(exemplar.spanId, 'hex'))
  if (exemplar.traceId !== undefined) writer.bytesField(5, Buffer.from(exemplar.traceId, 'hex'))
  writeAttributes(writer, 7, exemplar.attributes)
}

export function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes = []): void {
  for (const [key, value] of attributes) writer.messageField(field, (w) => writeKeyValue(w, key, value))
}

function writeKeyValue(writer: ProtoWriter, key: string, value: AttributeValue): void {
  writer.stringField(1, key).messageField(2, (w) => writeAny(w, value))
}

function writeAny(writer: ProtoWriter, value: AttributeValue): void {
  if (typeof value === 'string') writer.stringField(1, value)
  else if (typeof value === 'boolean') writer.varintField(2, value ? 1 : 0)
  else if (typeof value === 'number' || typeof value === 'bigint') writer.tag(3, 0).varint64(BigInt(value))
  else if (Array.isArray(value)) writer.messageField(5, (w) => value.forEach((item) => w.messageField(1, (one) => writeAny(one, item))))
  else if ('double' in value) writer.doubleField(4, value.double)
  else if ('bytes' in value) writer.bytesField(7, Uint8Array.from(value.bytes))
  else writer.messageField(6, (w) => value.map.forEach(([key, item]) => w.messageField(1, (one) => writeKeyValue(one, key, item))))
}

/** The same request as OTLP/JSON. */
export function otlpJson(...resources: ResourceBody[]): Buffer {
  return Buffer.from(JSON.stringify({ resourceMetrics: resources.map(resourceJson) }))
}

function resourceJson(resource: ResourceBody): unknown {
  const { scope } = resource
  return {
    ...(resource.attributes === undefined ? {} : { resource: { attributes: attributesJson(resource.attributes) } }),
    scopeMetrics: [
      {
        ...(scope === undefined
          ? {}
          : { scope: { name: scope.name, version: scope.version, attributes: attributesJson(scope.attributes) } }),
        metrics: resource.metrics.map((metric) => ({
          name: metric.name,
          description: metric.description,
          unit: metric.unit,
          [metric.kind]: {
            dataPoints: metric.points.map(pointJson),
            aggregationTemporality: metric.temporality,
            isMonotonic: metric.monotonic,
          },
        })),
      },
    ],
  }
}

function pointJson(point: PointBody): unknown {
  return {
    attributes: attributesJson(point.attributes),
    timeUnixNano: String(nanos(point.timeMs)),
    startTimeUnixNano: point.startMs === undefined ? undefined : String(nanos(point.startMs)),
    flags: point.flags,
    asDouble: doubleJson(point.double),
    asInt: point.int?.toString(),
    count: point.count === undefined ? undefined : String(point.count),
    sum: doubleJson(point.sum),
    explicitBounds: point.bounds,
    bucketCounts: point.counts?.map(String),
    quantileValues: point.quantiles?.map(([quantile, value]) => ({ quantile, value: doubleJson(value) })),
    scale: point.scale,
    zeroCount: point.zeroCount,
    zeroThreshold: point.zeroThreshold,
    positive: bucketsJson(point.positive),
    negative: bucketsJson(point.negative),
    exemplars: point.exemplars?.map((exemplar) => ({
      timeUnixNano: String(nanos(exemplar.timeMs)),
      asDouble: doubleJson(exemplar.value),
      traceId: exemplar.traceId,
      spanId: exemplar.spanId,
      filteredAttributes: attributesJson(exemplar.attributes),
    })),
  }
}

function bucketsJson(buckets: PointBody['positive']): unknown {
  return buckets === undefined ? undefined : { offset: buckets[0], bucketCounts: buckets[1].map(String) }
}

function doubleJson(value: number | undefined): number | string | undefined {
  return value === undefined || Number.isFinite(value) ? value : String(value)
}

function attributesJson(attributes: Attributes = []): unknown[] {
  return attributes.map(([key, value]) => ({ key, value: anyJson(value) }))
}

function anyJson(value: AttributeValue): unknown {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number' || typeof value === 'bigint') return { intValue: String(value) }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyJson) } }
  if ('double' in value) return { doubleValue: doubleJson(value.double) }
  if ('bytes' in value) return { bytesValue: Buffer.from(value.bytes).toString('base64') }
  return { kvlistValue: { values: attributesJson(value.map) } }
}
