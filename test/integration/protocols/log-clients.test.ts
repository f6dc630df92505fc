/** Real senders of logs against the routes and the gRPC server: OpenTelemetry's SDK, winston, pino; and what bad requests are answered. */
import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter as GrpcTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { logs } from '@opentelemetry/api-logs'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { OpenTelemetryTransportV3 } from '@opentelemetry/winston-transport'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { pinoLoki } from 'pino-loki'
import { afterEach, describe, expect, test } from 'vitest'
import { createLogger } from 'winston'
import { testKey } from '../../../apps/server/src/protocols/testing/door.ts'
import { type Listening, grpcMetadata, listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { LogsBatch, logsSchema } from '../../../apps/server/src/logs/index.ts'
import { CompiledPolicy, defaultPolicy } from '../../../apps/server/src/scrubbing/compiled-policy.ts'
import { ScrubbingStage } from '../../../apps/server/src/scrubbing/index.ts'
import { SignalHandler } from '../../../apps/server/src/signals/index.ts'
import { until } from '../../support/wait.ts'

const headers = { authorization: `Bearer ${testKey}` }
/** An object, because the type of the setting is in a package of its own. */
const gzip: object = { compression: 'gzip' }
const resource = resourceFromAttributes({
  'service.name': 'cart',
  'host.name': 'h1',
  'deployment.environment.name': 'prod',
  'service.version': '1.2',
})

const exporters: [string, (to: Listening) => LogRecordExporter][] = [
  ['HTTP protobuf', ({ httpUrl }) => new ProtobufExporter({ url: `${httpUrl}/v1/logs`, headers })],
  ['HTTP JSON, gzip', ({ httpUrl }) => new JsonExporter({ url: `${httpUrl}/v1/logs`, headers, ...gzip })],
  ['gRPC', ({ grpcPort }) => new GrpcExporter({ url: `http://127.0.0.1:${grpcPort}`, metadata: grpcMetadata(headers) })],
]

afterEach(() => logs.disable())

describe.each(exporters)('OpenTelemetry over %s', (_name, exporterTo) => {
  test('records of every kind', async () => {
    await using to = await listen()
    const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: exporterTo(to) })] })
    const logger = provider.getLogger('lib', '1.0')
    const atMs = Date.now() - 5000
    logger.emit({
      timestamp: atMs,
      severityNumber: SeverityNumber.ERROR,
      body: 'could not pay',
      attributes: { 'order.id': 42, paid: false, tags: ['a', 'b'] },
    })
    logger.emit({ severityText: 'WARN', body: { message: 'an object', nested: { deep: 1.5 } } })
    logger.emit({ eventName: 'session.start', body: 'started' })
    await provider.shutdown()
    expect(to.events.logs).toMatchObject([
      {
        time: new Date(atMs).toISOString(),
        severity: 17,
        body: 'could not pay',
        service: 'cart',
        host: 'h1',
        environment: 'prod',
        release: '1.2',
        scope: 'lib',
        source: 'otlp',
        attributes: { 'order.id': '42', paid: 'false', tags: '["a","b"]' },
      },
      { severity: 13, body: 'an object', attributes: { 'nested.deep': '1.5' } },
      { body: 'started', attributes: { 'event.name': 'session.start' } },
    ])
    expect(to.events.resources[0]).toMatchObject({ 'service.name': 'cart', 'host.name': 'h1' })
  })
})

test('winston through its OpenTelemetry transport', async () => {
  await using to = await listen()
  const provider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new ProtobufExporter({ url: `${to.httpUrl}/v1/logs`, headers }) })],
  })
  logs.setGlobalLoggerProvider(provider)
  const logger = createLogger({ level: 'silly', transports: [new OpenTelemetryTransportV3()] })
  logger.warn('low stock', { sku: 'x-1', left: 3 })
  logger.error('no stock')
  await provider.shutdown()
  expect(to.events.logs).toMatchObject([
    { severity: 13, body: 'low stock', service: 'cart', attributes: { sku: 'x-1', left: '3' } },
    { severity: 17, body: 'no stock' },
  ])
})

test('spans over gRPC go to the service of traces', async () => {
  await using to = await listen()
  const exporter = new GrpcTraceExporter({ url: `http://127.0.0.1:${to.grpcPort}`, metadata: grpcMetadata(headers) })
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] })
  provider.getTracer('lib').startSpan('GET /').end()
  await provider.shutdown()
  expect(to.events.spans).toBe(1)
})

test('pino through pino-loki, with labels and structured metadata', async () => {
  await using to = await listen()
  const stream = pinoLoki({
    host: to.httpUrl,
    basicAuth: { username: testKey, password: '' },
    batching: { interval: 0.05 },
    labels: { app: 'shop', env: 'prod' },
    structuredMetaKey: 'meta',
    silenceErrors: false,
  })
  const logger = pino({ name: 'checkout' }, stream)
  logger.error({ orderId: 7, meta: { trace_id: 'ab'.repeat(16) } }, 'could not pay')
  logger.info('paid')
  await until('two rows', () => to.events.logs.length === 2)
  const failed = to.events.logs.find(({ body }) => body === 'could not pay')
  expect(failed).toMatchObject({
    severity: 17,
    service: 'shop',
    environment: 'prod',
    traceId: 'ab'.repeat(16),
    source: 'loki',
    attributes: { orderId: '7', name: 'checkout' },
  })
  expect(to.events.logs.find(({ body }) => body === 'paid')?.severity).toBe(9)
})

interface Answer {
  readonly status: number
  readonly text: string
}

async function post(url: string, body: string | Uint8Array<ArrayBuffer>, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body, headers: { ...headers, ...more } })
  return { status: response.status, text: await response.text() }
}

test('JSON lines: what became of them is said', async () => {
  await using to = await listen()
  const url = `${to.httpUrl}/v1/logs/jsonl`
  expect(await post(url, '{"msg":"a"}\n{"msg":"b"}', { 'content-type': 'application/x-ndjson' })).toEqual({
    status: 200,
    text: '{"accepted":2,"refused":{},"examples":[]}',
  })
  expect(await post(url, Uint8Array.from(gzipSync('[{"msg":"c"}]')), { 'content-encoding': 'gzip' })).toMatchObject({ status: 200 })
  expect(JSON.parse((await post(url, '{"msg":"d"}\nnothing')).text)).toMatchObject({ accepted: 1, refused: { malformed: 1 } })
  const none = await post(url, 'nothing')
  expect([none.status, JSON.parse(none.text)]).toMatchObject([
    400,
    { error: { code: 'body.malformed', hint: 'Line 1 is no JSON object: "nothing".' }, accepted: 0 },
  ])
  expect(await post(url, '{"msg":"e"}', { authorization: 'Bearer ffffffffffffffffffffffffffffffff' })).toMatchObject({ status: 401 })
  expect(to.events.logs.map(({ body }) => body)).toEqual(['a', 'b', 'c', 'd'])
})

test('Loki: what its clients expect', async () => {
  await using to = await listen()
  const url = `${to.httpUrl}/loki/api/v1/push`
  const json = { 'content-type': 'application/json' }
  const body = (ns: string): string => JSON.stringify({ streams: [{ stream: { a: 'b' }, values: [[ns, 'x']] }] })
  expect(await post(url, body(`${Date.now()}000000`), json)).toEqual({ status: 204, text: '' })
  const old = await post(url, body('1000'), json)
  expect([old.status, old.text]).toEqual([400, expect.stringMatching(/^1 of 1 entries were refused \(too_old: 1\)\n/)])
  expect((await post(url, '{"streams":1}', json)).status).toBe(400)
  expect((await post(url, 'x', { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post(url, 'no snappy')).status).toBe(415)
  expect((await post(url, 'no snappy', { 'content-type': 'application/x-protobuf' })).status).toBe(400)
  to.it.lane = 'low'
  expect(await post(url, body(`${Date.now()}000000`), json)).toEqual({ status: 204, text: '' })
  expect(to.it.rawRecords.map(({ lane, record }) => [lane, record.kind, record.rows])).toEqual([['low', 'logs', 1]])
})

test('a body that waited unread in the low lane is scrubbed before it becomes a record', async () => {
  await using to = await listen()
  to.it.lane = 'low'
  const url = `${to.httpUrl}/v1/logs/jsonl`
  const answer = await post(url, '{"msg":"from ada@example.org","password":"hunter2"}\nnothing of carl@example.org')
  expect([answer.status, to.events.logs]).toEqual([202, []])
  const policy = new CompiledPolicy(defaultPolicy)
  const handler = new SignalHandler({
    schema: logsSchema,
    derived: [],
    createBatch: () => new LogsBatch(),
    decodeRaw: (record, batch, batchId) => to.events.door.decodeRaw(record, batch, batchId),
    stages: [new ScrubbingStage({ policyOf: () => policy })],
    conservation: to.it.conservation,
  })
  const [waiting] = to.it.rawRecords
  if (waiting === undefined) throw new Error('nothing waits')
  const { record, rows } = handler.processRaw(waiting.record, 'segment-0')
  const written = Buffer.from(record?.payload ?? []).toString('latin1')
  expect(rows).toBe(2)
  expect(written).toContain('from [scrubbed:email]')
  expect(['ada@', 'hunter2', 'carl@'].filter((secret) => written.includes(secret))).toEqual([])
})
