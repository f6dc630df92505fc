/** OTLP traces to columns: what each field becomes, and what cannot be taken. Bodies are JSON, turned into protobuf as at the door. */
import { describe, expect, test, vi } from 'vitest'
import { rowsPerBatchMax } from '../../signals/index.ts'
import { SpansBatch } from '../../traces/index.ts'
import { EventSession } from '../event-session.ts'
import { allSteps } from '../../kernel/steps.ts'
import { defaultProtocolLimits } from '../limits.ts'
import { DecodeError } from '../protobuf/cursor.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { AttributeReader } from './attributes.ts'
import { otlpJsonToProtobuf } from './json.ts'
import { exportTraceRequest } from './traces-json.ts'
import { OtlpTracesDecoder } from './traces.ts'

const nowMs = 1_790_000_000_000
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const startNs = '1789999999123456789'

type Attributes = Readonly<Record<string, unknown>>

function keyValues(attributes: Attributes): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value }))
}

const text = (stringValue: string): unknown => ({ stringValue })
const whole = (intValue: number | string): unknown => ({ intValue })

function body(spans: readonly unknown[], resource: Attributes = { 'service.name': text('shop') }): Buffer {
  const json = {
    resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans: [{ scope: { name: 'lib', version: '1' }, spans }] }],
  }
  return otlpJsonToProtobuf(Buffer.from(JSON.stringify(json)), 100_000, exportTraceRequest)
}

function span(more: Readonly<Record<string, unknown>> = {}): unknown {
  return { traceId, spanId, name: 'GET /', kind: 2, startTimeUnixNano: startNs, endTimeUnixNano: '1790000000123456790', ...more }
}

function decode(bytes: Uint8Array): SpansBatch {
  const session = new EventSession({ prepare: () => undefined }, {})
  session.begin({ organizationId: 1, projectId: 1 }, 'otlp-http', nowMs, 1)
  allSteps(new OtlpTracesDecoder(defaultProtocolLimits).decode(bytes, session))
  return session.spans
}

function attributesOf(batch: SpansBatch, row = 0): Record<string, string> {
  const { keys, values } = batch.attributes
  const out: Record<string, string> = {}
  for (let at = batch.attributes.first(row); at < batch.attributes.last(row); at++) out[keys.text(at)] = values.text(at)
  return out
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('a span', () => {
  const batch = decode(
    body(
      [
        span({
          parentSpanId: '00f067aa0ba902b7',
          status: { code: 'STATUS_CODE_ERROR', message: 'it broke' },
          attributes: keyValues({
            'http.request.method': text('GET'),
            'http.route': text('/cart/:id'),
            'http.response.status_code': whole(503),
            items: whole('9007199254740993'),
            ratio: { doubleValue: 0.25 },
            isNew: { boolValue: true },
            list: { arrayValue: { values: [text('a'), whole(2)] } },
            nothing: {},
          }),
          events: [{ timeUnixNano: startNs, name: 'exception', attributes: keyValues({ 'exception.type': text('Error') }) }],
          links: [{ traceId, spanId, attributes: keyValues({ why: text('batch') }) }],
        }),
      ],
      { 'service.name': text('shop'), 'service.version': text('1.2'), 'host.name': text('h1'), 'deployment.environment': text('prod') },
    ),
  )

  test('has its ids, times and words', () => {
    expect(batch.rows).toBe(1)
    expect([hex(batch.traceId.raw(0)), hex(batch.spanId.raw(0)), hex(batch.parentId.raw(0))]).toEqual([traceId, spanId, '00f067aa0ba902b7'])
    expect(Buffer.from(batch.ts.raw(0)).readBigInt64LE()).toBe(BigInt(startNs))
    expect(Buffer.from(batch.duration.raw(0)).readBigUInt64LE()).toBe(1_000_000_001n)
    expect([batch.service.text(0), batch.host.text(0), batch.environment.text(0), batch.release.text(0)]).toEqual([
      'shop',
      'h1',
      'prod',
      '1.2',
    ])
    expect([batch.name.text(0), batch.scope.text(0), batch.source.text(0)]).toEqual(['GET /', 'lib', 'otlp'])
    expect([batch.kind.u8(0), batch.status.u8(0), batch.statusMessage.text(0)]).toEqual([2, 2, 'it broke'])
    expect(batch.weight.f32(0)).toBe(1)
  })

  test('has columns for what is asked for most', () => {
    expect([batch.httpMethod.text(0), batch.httpRoute.text(0), batch.httpStatus.u16(0)]).toEqual(['GET', '/cart/:id', 503])
  })

  test('keeps its attributes as texts', () => {
    expect(attributesOf(batch)).toEqual({
      'http.request.method': 'GET',
      'http.route': '/cart/:id',
      'http.response.status_code': '503',
      items: '9007199254740993',
      ratio: '0.25',
      isNew: 'true',
      list: '["a",2]',
      nothing: '',
    })
  })

  test('keeps events and links as JSON', () => {
    expect(JSON.parse(batch.events.text(0))).toEqual([
      { name: 'exception', timeUnixNano: startNs, attributes: { 'exception.type': 'Error' } },
    ])
    expect(JSON.parse(batch.links.text(0))).toEqual([{ traceId, spanId, attributes: { why: 'batch' } }])
  })
})

const peers: [string, number, Attributes, string, string][] = [
  ['a service says its name', 3, { 'peer.service': text('billing'), 'server.address': text('10.0.0.1') }, 'billing', ''],
  ['an address and its port', 3, { 'server.address': text('api.example'), 'server.port': whole(8080) }, 'api.example:8080', ''],
  ['a usual port is left out', 3, { 'net.peer.name': text('api.example'), 'net.peer.port': whole(443) }, 'api.example', ''],
  ['the host of an address', 3, { 'url.full': text('https://u:p@api.example:8443/x?y') }, 'api.example:8443', ''],
  [
    'a database by its name',
    3,
    { 'db.system': text('postgresql'), 'db.name': text('shop'), 'db.statement': text(' select 1') },
    'shop',
    'SELECT',
  ],
  ['a database by its address', 3, { 'db.system.name': text('redis'), 'server.address': text('cache') }, 'cache', ''],
  ['a database by its kind', 3, { 'db.system': text('sqlite'), 'db.operation.name': text('insert') }, 'sqlite', 'insert'],
  ['a queue', 4, { 'messaging.destination.name': text('orders') }, 'orders', ''],
  ['a server has none', 2, { 'server.address': text('me') }, '', ''],
  ['nor has internal work', 1, { 'server.address': text('me') }, '', ''],
]
test.each(peers)('the other end: %s', (_name, kind, attributes, peer, operation) => {
  const batch = decode(body([span({ kind, attributes: keyValues(attributes) })]))
  expect([batch.peer.text(0), batch.dbOperation.text(0)]).toEqual([peer, operation])
})

const weights: [string, Readonly<Record<string, unknown>>, number][] = [
  ['threshold', { traceState: 'ot=th:c' }, 4],
  ['weight', { attributes: keyValues({ 'sampling.weight': whole(10) }) }, 10],
  ['rate as text', { attributes: keyValues({ SampleRate: text('20') }) }, 20],
  ['probability', { attributes: keyValues({ 'sentry.sample_rate': { doubleValue: 0.25 } }) }, 4],
  ['nonsense', { attributes: keyValues({ 'sampling.weight': text('many') }) }, 1],
]
test.each(weights)('sampling by %s', (_name, more, weight) => expect(decode(body([span(more)])).weight.f32(0)).toBe(weight))

test('what cannot be taken is refused by reason, the others stay', () => {
  const batch = decode(
    body([
      span({ traceId: '' }),
      span({ spanId: '0000000000000000' }),
      span({ startTimeUnixNano: '1000000000' }),
      span({ startTimeUnixNano: '4102444800000000000' }),
      span({ startTimeUnixNano: '0' }),
      span({ endTimeUnixNano: '1' }),
      span({ kind: 77 }),
    ]),
  )
  expect(Object.fromEntries(batch.refused)).toEqual({ no_id: 2, too_old: 1, too_new: 1 })
  expect([batch.rows, batch.received]).toEqual([3, 7])
  // Without a start: the time of receipt. An end before the start: no length.
  expect(Number(Buffer.from(batch.ts.raw(0)).readBigInt64LE() / 1_000_000n)).toBe(nowMs)
  expect([batch.duration.isZero(0), batch.duration.isZero(1), batch.kind.u8(2)]).toEqual([true, true, 0])
})

test('2,000 attributes are cut to the bound', () => {
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i % 2 === 0 ? text('v') : whole(i)]))
  const batch = decode(body([span({ attributes: keyValues(many) })]))
  expect([batch.rows, [...batch.leftOut()], Object.keys(attributesOf(batch)).length]).toEqual([1, [['attributes_limit', 1744]], 256])
})

test('a value nested too deeply is left out', () => {
  let deep: unknown = whole(1)
  for (let i = 0; i < 40; i++) deep = { arrayValue: { values: [deep] } }
  const batch = decode(body([span({ attributes: keyValues({ deep, flat: text('x') }) })]))
  expect([attributesOf(batch), [...batch.leftOut()]]).toEqual([{ flat: 'x' }, [['attribute_unreadable', 1]]])
})

test('broken UTF-8 costs nothing but itself', () => {
  const bytes = new ProtoWriter()
    .messageField(1, (resource) =>
      resource.messageField(2, (scope) =>
        scope.messageField(2, (one) =>
          one
            .bytesField(1, Buffer.from(traceId, 'hex'))
            .bytesField(2, Buffer.from(spanId, 'hex'))
            .bytesField(5, Uint8Array.of(0x61, 0xff, 0xfe)),
        ),
      ),
    )
    .finish()
  const batch = decode(bytes)
  expect([batch.rows, batch.name.text(0), batch.service.text(0)]).toEqual([1, 'a\ufffd\ufffd', 'unknown_service'])
})

function length(size: number): number[] {
  return size < 128 ? [size] : [(size & 127) | 128, ...length(Math.floor(size / 128))]
}

const field = (tag: number, content: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(tag, ...length(content.length)), content])

test('a body of more spans than a batch takes: the others are counted', () => {
  const one = field(18, Buffer.concat([field(10, Buffer.from(traceId, 'hex')), field(18, Buffer.from(spanId, 'hex'))]))
  const spans = Buffer.concat(Array.from({ length: rowsPerBatchMax + 5 }, () => one))
  const batch = decode(field(10, field(18, spans)))
  expect([batch.rows, batch.received, Object.fromEntries(batch.refused)]).toEqual([
    rowsPerBatchMax,
    rowsPerBatchMax + 5,
    { too_many_rows: 5 },
  ])
})

test('nothing is made of resources that have no spans', () => {
  const attribute = (i: number): Uint8Array =>
    field(10, Buffer.concat([field(10, Buffer.from('k')), field(18, field(10, Buffer.from(`${i}`)))]))
  const made = vi.spyOn(AttributeReader.prototype, 'readWhatFits')
  decode(Buffer.concat(Array.from({ length: 100 }, (_, i) => field(10, field(10, attribute(i))))))
  expect(made).not.toHaveBeenCalled()
  made.mockRestore()
})

test('what is known of resources is bounded by their bytes', () => {
  const decoder = new OtlpTracesDecoder(defaultProtocolLimits)
  const session = new EventSession({ prepare: () => undefined }, {})
  const made = vi.spyOn(AttributeReader.prototype, 'readWhatFits')
  const one = field(18, field(18, Buffer.concat([field(10, Buffer.from(traceId, 'hex')), field(18, Buffer.from(spanId, 'hex'))])))
  const large = field(10, field(10, Buffer.concat([field(10, Buffer.from('k')), field(18, field(10, Buffer.alloc(100_000, 65)))])))
  for (let i = 0; i < 2; i++) {
    session.begin({ organizationId: 1, projectId: 1 }, 'otlp-http', nowMs, 1)
    allSteps(decoder.decode(field(10, Buffer.concat([large, one])), session))
    expect(session.spans.rows).toBe(1)
  }
  // The large one was not remembered.
  expect(made).toHaveBeenCalledTimes(2)
  made.mockRestore()
})

test('a body cut anywhere is malformed or shorter, never worse', () => {
  const whole = body([span(), span({ name: 'second', attributes: keyValues({ a: text('b'), c: { doubleValue: 2 } }) })])
  for (let length = 0; length < whole.length; length++) {
    try {
      expect(decode(whole.subarray(0, length)).rows).toBe(0)
    } catch (error) {
      expect(error).toBeInstanceOf(DecodeError)
    }
  }
})
