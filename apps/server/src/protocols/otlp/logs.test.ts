/** OTLP logs: protobuf and JSON give the same rows. */
import { describe, expect, test } from 'vitest'
import { attributeNamesMax, attributesMax } from '../../signals/index.ts'
import { defaultProtocolLimits } from '../limits.ts'
import { testNowMs } from '../testing/door.ts'
import { decodedBatch, rowsOf, type LogRowShape } from '../testing/log-rows.ts'
import { otlpJsonToProtobuf } from './json.ts'
import { exportLogsRequest } from './logs-json.ts'
import { OtlpLogsDecoder } from './logs.ts'

const attribute = (key: string, value: unknown): unknown => ({ key, value })
const text = (stringValue: string): unknown => ({ stringValue })

function bodyOf(records: readonly unknown[], resource: readonly unknown[] = []): Buffer {
  const request = { resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ scope: { name: 'lib' }, logRecords: records }] }] }
  return otlpJsonToProtobuf(Buffer.from(JSON.stringify(request)), 100_000, exportLogsRequest)
}

function row(record: unknown): LogRowShape {
  const [first] = rowsOf(
    decodedBatch(new OtlpLogsDecoder(defaultProtocolLimits), bodyOf([record], [attribute('service.name', text('shop'))])),
  )
  if (first === undefined) throw new Error('no row')
  return first
}

const at = `${testNowMs - 1000}000000`

describe('one record', () => {
  test.each<[string, unknown, Partial<LogRowShape>]>([
    [
      'all of it',
      { timeUnixNano: at, severityNumber: 9, body: text('hello'), traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) },
      {
        time: '2026-11-21T07:59:59.000Z',
        severity: 9,
        body: 'hello',
        traceId: 'ab'.repeat(16),
        spanId: 'cd'.repeat(8),
        service: 'shop',
        scope: 'lib',
        source: 'otlp',
        attributes: {},
      },
    ],
    ['nothing', {}, { time: new Date(testNowMs).toISOString(), severity: 0, body: '' }],
    ['the time of the observation', { observedTimeUnixNano: at }, { time: '2026-11-21T07:59:59.000Z' }],
    ['both times', { observedTimeUnixNano: `${testNowMs}000000`, timeUnixNano: at }, { time: '2026-11-21T07:59:59.000Z' }],
    ['a severity by its name', { severityNumber: 'SEVERITY_NUMBER_ERROR2' }, { severity: 18 }],
    ['a severity in words', { severityText: 'Warning' }, { severity: 13 }],
    ['a severity in the line', { body: text('ERROR x') }, { severity: 17 }],
    [
      'attributes of every kind',
      {
        attributes: [
          attribute('s', text('é')),
          attribute('i', { intValue: '9007199254740993' }),
          attribute('n', { intValue: -5 }),
          attribute('d', { doubleValue: 1.5 }),
          attribute('b', { boolValue: true }),
          attribute('l', { arrayValue: { values: [{ intValue: 1 }, text('x')] } }),
          attribute('m', { kvlistValue: { values: [attribute('k', text('v'))] } }),
          attribute('e', {}),
          attribute('y', { bytesValue: 'AAE=' }),
        ],
      },
      { attributes: { s: 'é', i: '9007199254740993', n: '-5', d: '1.5', b: 'true', l: '[1,"x"]', m: '{"k":"v"}', e: '', y: 'AAE=' } },
    ],
    [
      'a body that is an object in text',
      { body: text('{"msg":"m","level":"error","k":1}') },
      { body: 'm', severity: 17, attributes: { k: '1' } },
    ],
    [
      'a body that is an object',
      { body: { kvlistValue: { values: [attribute('message', text('m')), attribute('k', { intValue: 1 })] } } },
      { body: 'm', attributes: { k: '1' } },
    ],
    ['a body that is a number', { body: { intValue: 5 } }, { body: '5' }],
    ['an event', { eventName: 'session.start' }, { body: 'session.start', attributes: { 'event.name': 'session.start' } }],
    ['a trace id of the wrong length', { traceId: 'abcd' }, { traceId: '' }],
  ])('%s', (_name, record, expected) => {
    expect(row(record)).toMatchObject(expected)
    if (expected.attributes !== undefined) expect(row(record).attributes).toEqual(expected.attributes)
  })
})

test('resources are told apart and kept once', () => {
  const scopeLogs = [{ logRecords: [{ body: text('x') }, { body: text('y') }] }]
  const resourceLogs = ['a', 'b', 'a'].map((name) => ({ scopeLogs, resource: { attributes: [attribute('service.name', text(name))] } }))
  const body = otlpJsonToProtobuf(Buffer.from(JSON.stringify({ resourceLogs })), 100_000, exportLogsRequest)
  const batch = decodedBatch(new OtlpLogsDecoder(defaultProtocolLimits), body)
  expect(rowsOf(batch).map(({ service }) => service)).toEqual(['a', 'a', 'b', 'b', 'a', 'a'])
  expect(batch.resources.map(({ service }) => service)).toEqual(['a', 'b'])
  expect(batch.resource.u32(0)).toBe(batch.resource.u32(4))
  expect(batch.resource.u32(0)).not.toBe(batch.resource.u32(2))
})

test('attributes beyond the bound of names are counted, once per pair that a row is kept without', () => {
  const perRecord = 200
  const records = Array.from({ length: attributeNamesMax / perRecord + 1 }, (_, record) => ({
    attributes: Array.from({ length: perRecord }, (_, i) => attribute(`name ${record * perRecord + i}`, { intValue: i })),
  }))
  const batch = decodedBatch(new OtlpLogsDecoder(defaultProtocolLimits), bodyOf(records))
  const { attributes, rows } = batch
  expect([rows, attributes.last(rows - 1), [...batch.leftOut()]]).toEqual([
    records.length,
    attributeNamesMax,
    [['attribute_names_limit', perRecord]],
  ])
})

test('of a record that is refused nothing was left out', () => {
  const many = Array.from({ length: attributesMax + 9 }, (_, i) => attribute(`k${i}`, text('v')))
  const body = bodyOf([{ timeUnixNano: '1000000000', attributes: [...many, attribute('', text('v'))] }, { body: text('x') }])
  const batch = decodedBatch(new OtlpLogsDecoder(defaultProtocolLimits), body)
  expect([batch.rows, [...batch.refused], [...batch.leftOut()]]).toEqual([1, [['too_old', 1]], []])
})

test('a text that begins like an object and is none keeps the scope and the ids of its record', () => {
  const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
  const broken = `{"trace_id":"${'ef'.repeat(16)}","spanId":"${'01'.repeat(8)}","logger":"other", broken`
  expect(row({ ...ids, body: text(broken) })).toMatchObject({ ...ids, scope: 'lib', service: 'shop', body: broken, attributes: {} })
})

test('texts that are no UTF-8 are repaired', () => {
  const body = bodyOf([{ body: text('a\u0001b'), attributes: [attribute('k', text('c\u0001d'))] }])
  const broken = Buffer.from(body.map((byte) => (byte === 1 ? 0xff : byte)))
  // Only within the texts: 1 is also a length or a tag elsewhere, so those are put back.
  for (let index = 0; index < body.length; index++) {
    const isText = body[index - 1] === 0x61 || body[index - 1] === 0x63
    if (!isText) broken[index] = body[index] ?? 0
  }
  expect(rowsOf(decodedBatch(new OtlpLogsDecoder(defaultProtocolLimits), broken))[0]).toMatchObject({
    body: 'a\ufffdb',
    attributes: { k: 'c\ufffdd' },
  })
})

test('bodies cut anywhere and with flipped bits are decoded or refused, and leave nothing behind', () => {
  const decoder = new OtlpLogsDecoder(defaultProtocolLimits)
  const whole = bodyOf([
    { timeUnixNano: at, body: text('hello'), attributes: [attribute('a', { kvlistValue: { values: [attribute('k', text('v'))] } })] },
  ])
  for (let end = 0; end < whole.length; end++) {
    for (const bytes of [whole.subarray(0, end), Buffer.from(whole).fill((whole[end] ?? 0) ^ 0x10, end, end + 1)]) {
      try {
        decodedBatch(decoder, bytes)
      } catch (error) {
        expect(String(error)).toMatch(/at byte|too many/)
      }
    }
  }
  expect(rowsOf(decodedBatch(decoder, whole))[0]).toMatchObject({ body: 'hello', attributes: { a: '{"k":"v"}' } })
})
