/** JSON lines: what the fields of a line become, and what is no line. */
import { describe, expect, test } from 'vitest'
import { attributesMax, attributeValueBytesMax, bodyBytesMax } from '../../signals/index.ts'
import { decodedBatch, rowsOf, type LogRowShape } from '../testing/log-rows.ts'
import { testNowMs } from '../testing/door.ts'
import { rowsPerBodyMax } from '../log-lines/limits.ts'
import { LineKernel } from '../log-lines/line-kernel.ts'
import { JsonLinesDecoder } from './decode.ts'

const kernel = new LineKernel()
const receivedAt = new Date(testNowMs).toISOString()

function rows(text: string | Uint8Array): LogRowShape[] {
  return rowsOf(decodedBatch(new JsonLinesDecoder(kernel), text))
}

function row(value: unknown): LogRowShape {
  const [first] = rows(typeof value === 'string' ? value : JSON.stringify(value))
  if (first === undefined) throw new Error('no row')
  return first
}

describe('one object', () => {
  test.each<[string, unknown, Partial<LogRowShape>]>([
    ['nothing', {}, { body: '{}', severity: 0, time: receivedAt, attributes: {}, source: 'json-lines' }],
    ['a message', { msg: 'hello' }, { body: 'hello', attributes: {} }],
    ['no message: the line itself', { a: 1 }, { body: '{"a":1}', attributes: { a: '1' } }],
    ['the better of two names', { event: 'login', message: 'hello' }, { body: 'hello', attributes: { event: 'login' } }],
    ['the better one first', { message: 'hello', event: 'login' }, { body: 'hello', attributes: { event: 'login' } }],
    ['both with escapes', { event: 'a\nb', message: 'c\nd' }, { body: 'c\nd', attributes: { event: 'a\nb' } }],
    ['both with escapes, better first', { message: 'c\nd', event: 'a\nb' }, { body: 'c\nd', attributes: { event: 'a\nb' } }],
    ['a level in words', { msg: 'x', level: 'Warning' }, { severity: 13, attributes: {} }],
    ['a level of pino', { msg: 'x', level: 50 }, { severity: 17, attributes: {} }],
    ['a level of syslog', { msg: 'x', level: 3 }, { severity: 17, attributes: {} }],
    ['a level nobody knows', { msg: 'x', level: 'blue' }, { severity: 0, attributes: { level: 'blue' } }],
    ['a nested level', { msg: 'x', log: { level: 'error', logger: 'db' } }, { severity: 17, scope: 'db', attributes: {} }],
    ['a time in text', { msg: 'x', time: '2026-11-21T07:59:59.123Z' }, { time: '2026-11-21T07:59:59.123Z', attributes: {} }],
    ['a time in ms', { msg: 'x', ts: 1795247999123 }, { time: '2026-11-21T07:59:59.123Z' }],
    ['a time in s with a fraction', { msg: 'x', ts: 1795247999.5 }, { time: '2026-11-21T07:59:59.500Z' }],
    ['a duration', { msg: 'GET /', time: 0.53 }, { time: receivedAt, attributes: { time: '0.53' } }],
    ['a day', { msg: 'x', date: '2019-03-01' }, { time: receivedAt, attributes: { date: '2019-03-01' } }],
    ['the zero time of Go', { msg: 'x', ts: '0001-01-01T00:00:00Z' }, { time: receivedAt, attributes: { ts: '0001-01-01T00:00:00Z' } }],
    [
      'a duration before the time',
      { msg: 'x', time: 12, ts: 1795247999123 },
      { time: '2026-11-21T07:59:59.123Z', attributes: { time: '12' } },
    ],
    ['a time that is none', { msg: 'x', time: 'soon' }, { time: receivedAt, attributes: { time: 'soon' } }],
    [
      'ids',
      { msg: 'x', trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) },
      { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), attributes: {} },
    ],
    ['an id that is none', { msg: 'x', trace_id: '12345' }, { traceId: '', attributes: { trace_id: '12345' } }],
    [
      'where it is from',
      { msg: 'x', service: 's', hostname: 'h', env: 'e', release: 'r' },
      { service: 's', host: 'h', environment: 'e', release: 'r', attributes: {} },
    ],
    ['a service that is an object', { msg: 'x', service: { name: 's', id: 7 } }, { service: 's', attributes: { 'service.id': '7' } }],
    ['nested objects', { msg: 'x', a: { b: { c: true }, d: 'y' } }, { attributes: { 'a.b.c': 'true', 'a.d': 'y' } }],
    ['lists, null, numbers', { msg: 'x', l: [1, { z: 2 }], n: null, f: -1.5e3 }, { attributes: { l: '[1,{"z":2}]', f: '-1500' } }],
    ['escapes', { msg: 'a"b\\c\n\u00e9\ud83d\ude00', 'k"1': '\t' }, { body: 'a"b\\c\n\u00e9\ud83d\ude00', attributes: { 'k"1': '\t' } }],
    ['an escaped name within', { msg: 'x', a: { 'b"': 'y' } }, { attributes: { 'a.b"': 'y' } }],
    ['unicode escapes', '{"msg":"\\u00e9\\ud83d\\ude00\\ud800"}', { body: 'é😀\ufffd' }],
    ['blanks everywhere', ' { "msg" : "x" , "a" : 1 , "o" : { "p" : "q" } } ', { body: 'x', attributes: { a: '1', 'o.p': 'q' } }],
    [
      'a line of a container',
      { log: '{"msg":"inner","level":"error","k":"v"}\n', stream: 'stdout' },
      { body: 'inner', severity: 17, attributes: { stream: 'stdout', k: 'v' } },
    ],
    ['a text of a container', { log: 'plain text\n', stream: 'stderr' }, { body: 'plain text', attributes: { stream: 'stderr' } }],
  ])('%s', (_name, value, expected) => {
    expect(row(value)).toMatchObject(expected)
    expect(row(value).attributes).toEqual(expected.attributes ?? row(value).attributes)
  })

  test('names that change places are found again', () => {
    const lines = [
      { a: 1, msg: 'x', b: 2 },
      { msg: 'y', b: 3, a: 4 },
      { b: 5, a: 6, msg: 'z' },
      { aa: 7, ms: 'n', msg: 'w' },
    ]
    expect(rows(lines.map((line) => JSON.stringify(line)).join('\n')).map(({ body, attributes }) => [body, attributes])).toEqual([
      ['x', { a: '1', b: '2' }],
      ['y', { b: '3', a: '4' }],
      ['z', { b: '5', a: '6' }],
      ['w', { aa: '7', ms: 'n' }],
    ])
  })

  test('a decoder used again has forgotten the words of the batch before', () => {
    const decoder = new JsonLinesDecoder(kernel)
    decodedBatch(decoder, '{"zzz":1,"msg":"a","level":"info"}')
    expect(rowsOf(decodedBatch(decoder, '{"msg":"b","zzz":2,"level":"warn"}'))[0]).toMatchObject({
      body: 'b',
      severity: 13,
      attributes: { zzz: '2' },
    })
  })
})

describe('bodies', () => {
  test('lines, empty ones between, no newline at the end', () => {
    expect(rows('{"msg":"a"}\n\n  \r\n{"msg":"b"}').map(({ body }) => body)).toEqual(['a', 'b'])
  })

  test('an array', () => {
    expect(rows('[{"msg":"a"}, {"msg":"b"}\n]').map(({ body }) => body)).toEqual(['a', 'b'])
    expect(rows('[]')).toEqual([])
    expect(rows('')).toEqual([])
  })

  test('lines that are no object are refused one by one, in words', () => {
    const batch = decodedBatch(new JsonLinesDecoder(kernel), '{"msg":"a"}\nplain\n{"a":\n{"msg":"b"} x\n[1]\n{"msg":"c"}')
    expect(rowsOf(batch).map(({ body }) => body)).toEqual(['a', 'c'])
    expect([...batch.refused]).toEqual([['malformed', 4]])
    expect(batch.received).toBe(6)
    expect(batch.examples[0]?.text).toBe('Line 2 is no JSON object: "plain".')
  })

  test('an array that is cut', () => {
    const batch = decodedBatch(new JsonLinesDecoder(kernel), '[{"msg":"a"},{"msg":"b')
    expect([rowsOf(batch).length, [...batch.refused]]).toEqual([1, [['malformed', 1]]])
  })

  test('times of 1970 and 2100 are refused', () => {
    const batch = decodedBatch(
      new JsonLinesDecoder(kernel),
      '{"msg":"a","ts":"1970-01-02T00:00:00Z"}\n{"msg":"b","ts":"2100-01-01T00:00:00Z"}\n{"msg":"c"}',
    )
    expect([...batch.refused]).toEqual([
      ['too_old', 1],
      ['too_new', 1],
    ])
    expect(rowsOf(batch).map(({ body }) => body)).toEqual(['c'])
  })
})

describe('bad input is bounded', () => {
  test('a line of 1 MB is cut, and says so', () => {
    const { body, attributes } = row({ msg: 'é'.repeat(524_288) })
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(bodyBytesMax)
    expect(body.endsWith('é')).toBe(true)
    expect(attributes['truncated']).toBe('1048576')
  })

  test('2,000 attributes', () => {
    const batch = decodedBatch(
      new JsonLinesDecoder(kernel),
      JSON.stringify({ msg: 'x', ...Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i])) }),
    )
    expect(batch.attributes.last(0)).toBe(attributesMax)
    expect([...batch.leftOut()]).toEqual([['attributes_limit', 2000 - attributesMax]])
  })

  test('of lines that are refused nothing was left out', () => {
    const many = Array.from({ length: 300 }, (_, i) => `"k${i}":1`).join()
    const batch = decodedBatch(
      new JsonLinesDecoder(kernel),
      `{${many},"":1, broken\n{"ts":"1970-01-02T00:00:00Z","":1,${many}}\n{"msg":"x"}`,
    )
    expect([batch.rows, [...batch.refused.keys()], [...batch.leftOut()]]).toEqual([1, ['malformed', 'too_old'], []])
  })

  test('an object of a depth of 100,000', () => {
    const depth = 100_000
    const { attributes } = row(`{"msg":"x","a":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`)
    expect(Object.keys(attributes)).toEqual(['a.a.a.a.a.a.a.a.a'])
    expect(attributes['a.a.a.a.a.a.a.a.a']?.length).toBe(attributeValueBytesMax)
  })

  test('bytes that are no UTF-8', () => {
    const bad = Buffer.concat([
      Buffer.from('{"msg":"a'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('","k'),
      Buffer.from([0x80]),
      Buffer.from('":"v"}'),
    ])
    expect(rows(bad)[0]).toMatchObject({ body: 'a\ufffd\ufffd', attributes: { 'k\ufffd': 'v' } })
  })

  test('bytes of zero and control characters are kept as they are, but for codes of terminals', () => {
    expect(row('{"msg":"a\\u0000b\\u0007\\u001b[31m"}').body).toBe('a\0b\u0007')
  })

  test('more lines than a body may have', () => {
    expect(() => decodedBatch(new JsonLinesDecoder(kernel), '{}\n'.repeat(rowsPerBodyMax + 1))).toThrow('too many log records')
  })

  test('pieces of lines, cut anywhere, give a row or a refusal', () => {
    const line = Buffer.from('{"ts":"2026-11-21T07:59:59Z","msg":"a\\u00e9\\"b","o":{"p":[1,{"q":"r"}]},"n":-1.5,"t":true}')
    for (let end = 1; end <= line.length; end++) {
      const batch = decodedBatch(new JsonLinesDecoder(kernel), line.subarray(0, end))
      expect([batch.rows, batch.refusedTotal]).toEqual(end === line.length ? [1, 0] : [0, 1])
    }
  })
})
