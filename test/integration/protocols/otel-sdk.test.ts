/** The OpenTelemetry JS SDK, as an application uses it, over HTTP (protobuf, JSON) and gRPC, against the routes and the gRPC server. */
import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { AggregationTemporalityPreference, OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { until } from '../../support/wait.ts'
import { testKey } from '../../../apps/server/src/protocols/testing/door.ts'
import { type Listening, grpcMetadata, listen } from '../../../apps/server/src/protocols/testing/listen.ts'

const delta = { temporalityPreference: AggregationTemporalityPreference.DELTA }
/** An object, because the type of the setting is in a package of its own. */
const gzip: object = { compression: 'gzip' }
const headers = { authorization: `Bearer ${testKey}` }

const transports: [string, (to: Listening, options: object) => PushMetricExporter][] = [
  ['HTTP protobuf', ({ httpUrl }, options) => new ProtobufExporter({ url: `${httpUrl}/v1/metrics`, headers, ...options })],
  ['HTTP protobuf, gzip', ({ httpUrl }, options) => new ProtobufExporter({ url: `${httpUrl}/v1/metrics`, headers, ...gzip, ...options })],
  ['HTTP JSON', ({ httpUrl }, options) => new JsonExporter({ url: `${httpUrl}/v1/metrics`, headers, ...options })],
  [
    'gRPC',
    ({ grpcPort }, options) => new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}`, metadata: grpcMetadata(headers), ...options }),
  ],
  [
    'gRPC, gzip',
    ({ grpcPort }, options) =>
      new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}`, metadata: grpcMetadata(headers), ...gzip, ...options }),
  ],
]

/** An application with an instrument of every kind; gives the export of two collections. */
async function runApplication(exporter: PushMetricExporter): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 10_000 })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      'service.name': 'cart',
      'service.namespace': 'shop',
      'service.instance.id': 'i-1',
      'host.name': 'h1',
      'process.pid': 42,
    }),
    readers: [reader],
    views: [{ instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  const meter = provider.getMeter('lib', '1.2.3')
  const requests = meter.createCounter('http.requests', { unit: '{request}', description: 'Requests' })
  const active = meter.createUpDownCounter('active.requests')
  const duration = meter.createHistogram('http.duration', { unit: 's', advice: { explicitBucketBoundaries: [0.1, 1] } })
  const exponential = meter.createHistogram('exponential', { unit: 'ms' })
  meter.createObservableGauge('queue.fill', { unit: '1' }).addCallback((result) => result.observe(0.5, { queue: 'a' }))
  for (let round = 0; round < 2; round++) {
    requests.add(3, { 'http.route': '/pay', ok: true })
    active.add(2)
    duration.record(0.5)
    exponential.record(100)
    // Times are kept in ms: start, first and second collection must not fall into the same one.
    const recordedMs = Date.now()
    await until('later', () => Date.now() > recordedMs + 2)
    await reader.forceFlush()
  }
  await provider.shutdown()
}

/** Rows without their times. */
function timeless(rows: readonly string[]): string[] {
  return rows.map((row) => row.replace(/ @\d+$/, ''))
}

const scope = 'host_name="h1",instance="i-1",job="shop/cart"'
const tail = 'otel_scope_name="lib",otel_scope_version="1.2.3"'
const service = 'service_name="cart",service_namespace="shop"'

describe.each(transports)('%s', (_name, exporterTo) => {
  test('every kind of instrument, cumulative', async () => {
    await using to = await listen()
    await runApplication(exporterTo(to, {}))
    const rows = timeless(to.it.metrics.rows)
    const counter = `http_requests_total{${'host_name="h1",http_route="/pay",instance="i-1",job="shop/cart",ok="true"'},${tail},${service}}`
    // The zero at the start, then both collections (shutdown may collect once more).
    expect(rows.filter((row) => row.startsWith('http_requests_total')).slice(0, 3)).toEqual([
      `${counter} 0`,
      `${counter} 3`,
      `${counter} 6`,
    ])
    expect(rows).toContain(`active_requests{${scope},${tail},${service}} 4`)
    expect(rows).toContain(`queue_fill_ratio{host_name="h1",instance="i-1",job="shop/cart",${tail},queue="a",${service}} 0.5`)
    expect(rows).toContain(`http_duration_seconds_bucket{host_name="h1",instance="i-1",job="shop/cart",le="0.1",${tail},${service}} 0`)
    expect(rows).toContain(`http_duration_seconds_bucket{host_name="h1",instance="i-1",job="shop/cart",le="1",${tail},${service}} 2`)
    expect(rows).toContain(`http_duration_seconds_count{${scope},${tail},${service}} 2`)
    expect(rows).toContain(`http_duration_seconds_sum{${scope},${tail},${service}} 1`)
    expect(rows).toContain('target_info{host_name="h1",instance="i-1",job="shop/cart",process_pid="42"} 1')
    const native = to.it.metrics.histograms.at(-1)
    expect(native?.series).toBe(`exponential_milliseconds{${scope},${tail},${service}}`)
    expect(native?.histogram).toMatchObject({ count: 2, sum: 200, positiveCounts: [2] })
    expect(to.it.metrics.metadata).toContainEqual({ name: 'http_requests_total', type: 'counter', unit: '{request}', help: 'Requests' })
    expect([...to.it.conservation.counts.keys()]).toEqual([])
    expect(to.it.admissions.every(({ key, remoteAddress }) => key === testKey && remoteAddress.endsWith('127.0.0.1'))).toBe(true)
  })

  test('delta temporality adds up to the same', async () => {
    await using to = await listen()
    await runApplication(exporterTo(to, delta))
    const rows = timeless(to.it.metrics.rows).filter((row) => row.startsWith('http_requests_total'))
    expect(rows.map((row) => row.slice(row.lastIndexOf(' ') + 1)).slice(0, 3)).toEqual(['0', '3', '6'])
    expect(to.it.metrics.histograms.at(-1)?.histogram).toMatchObject({ count: 2, sum: 200 })
  })
})

// The SDK's gRPC exporter never tries again; grpc.test.ts looks at what it would be told.
describe.each(transports.filter(([name]) => name.startsWith('HTTP')))('%s', (_name, exporterTo) => {
  test('a full log: the exporter tries again and nothing is lost or doubled', async () => {
    await using to = await listen()
    const { metrics } = to.it
    metrics.failure = new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'full' }, { retryAfterSec: 1 })
    const accept = metrics.accept.bind(metrics)
    let refusals = 0
    metrics.accept = (batch, wireBytes) => {
      if (++refusals > 1) metrics.failure = null
      return accept(batch, wireBytes)
    }
    await runApplication(exporterTo(to, delta))
    expect(refusals).toBeGreaterThan(2)
    const rows = timeless(metrics.rows).filter((row) => row.startsWith('http_requests_total'))
    expect(rows.map((row) => row.slice(row.lastIndexOf(' ') + 1)).slice(0, 3)).toEqual(['0', '3', '6'])
  })
})
