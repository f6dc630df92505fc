/** OTLP/JSON `ExportMetricsServiceRequest` bodies, as the services' OpenTelemetry SDKs would send them (opentelemetry-proto 1.x). */
import { versionAt, type Story } from './calendar.ts'
import { environmentName, type Attributes, type Family, type HistogramPoint, type NumberPoint, type Source } from './points.ts'
import { services } from './services.ts'
import type { Shop } from './shop.ts'

interface KeyValue {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly intValue: string }
}

interface OtlpMetric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly gauge?: { dataPoints: unknown[] }
  readonly sum?: { dataPoints: unknown[]; aggregationTemporality: 2; isMonotonic: true }
  readonly histogram?: { dataPoints: unknown[]; aggregationTemporality: 2 }
}

/** Nanoseconds since 1970 as protobuf's JSON wants them: a decimal string. */
function nanos(timeMs: number): string {
  return `${Math.round(timeMs)}000000`
}

function keyValues(attributes: Attributes): KeyValue[] {
  return Object.entries(attributes).map(([key, value]) =>
    key === 'http.response.status_code' ? { key, value: { intValue: value } } : { key, value: { stringValue: value } },
  )
}

/** The body for all present points of the sources that `wanted` says yes to, with the number of points in it. */
export function otlpBody(
  { points, timeMs, story }: Pick<Shop, 'points' | 'timeMs' | 'story'>,
  wanted: (source: Source) => boolean,
): { body: string; points: number } {
  const bySource = new Map<Source, Map<Family, OtlpMetric>>()
  let count = 0
  for (const point of points.numbers) {
    if (!point.present || !wanted(point.source)) continue
    numberPoints(metricOf(bySource, point.source, point.family)).push(numberPoint(point, timeMs))
    count += 1
  }
  for (const point of points.histograms) {
    if (!wanted(point.source)) continue
    metricOf(bySource, point.source, point.family).histogram?.dataPoints.push(histogramPoint(point, timeMs))
    count += 1
  }
  const resourceMetrics = [...bySource].map(([source, metrics]) => ({
    resource: { attributes: keyValues(resourceAttributes(source, timeMs, story)) },
    scopeMetrics: [{ scope: {}, metrics: [...metrics.values()] }],
  }))
  return { body: JSON.stringify({ resourceMetrics }), points: count }
}

function resourceAttributes(source: Source, timeMs: number, story: Story): Attributes {
  const place = services.findIndex(({ name }) => name === source.serviceName)
  return {
    'service.name': source.serviceName,
    'service.namespace': source.namespace,
    'service.instance.id': source.instance,
    'service.version': versionAt({ service: source.serviceName, place }, timeMs, story),
    'deployment.environment.name': environmentName,
  }
}

function metricOf(bySource: Map<Source, Map<Family, OtlpMetric>>, source: Source, family: Family): OtlpMetric {
  const metrics = bySource.get(source) ?? new Map<Family, OtlpMetric>()
  bySource.set(source, metrics)
  const metric = metrics.get(family) ?? emptyMetric(family)
  metrics.set(family, metric)
  return metric
}

function emptyMetric({ otlpName, otlpUnit, help, kind }: Family): OtlpMetric {
  const head = { name: otlpName, description: help, unit: otlpUnit }
  switch (kind) {
    case 'gauge':
      return { ...head, gauge: { dataPoints: [] } }
    case 'counter':
      return { ...head, sum: { dataPoints: [], aggregationTemporality: 2, isMonotonic: true } }
    case 'histogram':
      return { ...head, histogram: { dataPoints: [], aggregationTemporality: 2 } }
  }
}

function numberPoints(metric: OtlpMetric): unknown[] {
  return metric.gauge?.dataPoints ?? metric.sum?.dataPoints ?? []
}

function numberPoint(point: NumberPoint, timeMs: number): unknown {
  const value = point.read()
  return {
    attributes: keyValues(point.attributes),
    startTimeUnixNano: nanos(point.source.startedMs),
    timeUnixNano: nanos(timeMs),
    ...(point.family.whole ? { asInt: String(value) } : { asDouble: value }),
  }
}

/** OTLP wants each bucket's own count, not the cumulative one. */
function histogramPoint(point: HistogramPoint, timeMs: number): unknown {
  const { bounds } = point.family
  const bucketCounts: string[] = []
  for (let bucket = 0, below = 0; bucket <= bounds.length; bucket++) {
    const upTo = point.read(bucket)
    bucketCounts.push(String(upTo - below))
    below = upTo
  }
  return {
    attributes: keyValues(point.attributes),
    startTimeUnixNano: nanos(point.source.startedMs),
    timeUnixNano: nanos(timeMs),
    count: String(point.read(bounds.length)),
    sum: point.readSum(),
    bucketCounts,
    explicitBounds: bounds,
  }
}
