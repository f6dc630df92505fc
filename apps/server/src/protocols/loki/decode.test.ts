/** Loki's push requests: both formats give the same rows; labels, metadata, and what is no request. */
import { describe, expect, test } from 'vitest'
import { LineKernel } from '../log-lines/line-kernel.ts'
import { ProtoWriter } from '../protobuf/writer.ts'
import { testNowMs } from '../testing/door.ts'
import { decodedBatch, rowsOf, type LogRowShape } from '../testing/log-rows.ts'
import { LokiJsonDecoder } from './decode-json.ts'
import { LokiProtobufDecoder } from './decode-protobuf.ts'
import { parseLabels } from './labels.ts'

const kernel = new LineKernel()

interface Stream {
  readonly labels: Readonly<Record<string, string>>
  readonly entries: readonly (readonly [atMs: number, line: string, metadata?: Readonly<Record<string, string>>])[]
}

function protobuf(streams: readonly Stream[]): Buffer {
  const writer = new ProtoWriter()
  for (const { labels, entries } of streams) {
    writer.messageField(1, (stream) => {
      stream.stringField(
        1,
        `{${Object.entries(labels)
          .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
          .join(', ')}}`,
      )
      for (const [atMs, line, metadata] of entries) {
        stream.messageField(2, (entry) => {
          entry.messageField(1, (time) => time.varintField(1, Math.floor(atMs / 1000)).varintField(2, (atMs % 1000) * 1e6))
          entry.stringField(2, line)
          for (const [name, value] of Object.entries(metadata ?? {}))
            entry.messageField(3, (pair) => pair.stringField(1, name).stringField(2, value))
        })
      }
    })
  }
  return writer.finish()
}

function json(streams: readonly Stream[]): string {
  return JSON.stringify({
    streams: streams.map(({ labels, entries }) => ({
      stream: labels,
      values: entries.map(([atMs, line, metadata]) => [`${atMs}000000`, line, ...(metadata === undefined ? [] : [metadata])]),
    })),
  })
}

const streams: Stream[] = [
  {
    labels: { service_name: 'shop', env: 'prod', level: 'warn' },
    entries: [
      [testNowMs - 1500, 'plain text with "quotes" and é'],
      [testNowMs - 1000, '{"msg":"from json","level":"error","ts":"2026-11-21T07:59:59Z","n":5,"service":"shop"}'],
      [testNowMs - 500, 'with metadata', { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8), user: 'é\n"x"', detected_level: 'info' }],
    ],
  },
  { labels: { job: 'node', host: 'h1', colour: 'blue', severity: 'blue' }, entries: [[testNowMs, 'ERROR at start']] },
]

const expected: Partial<LogRowShape>[] = [
  {
    time: '2026-11-21T07:59:58.500Z',
    body: 'plain text with "quotes" and é',
    severity: 13,
    service: 'shop',
    environment: 'prod',
    source: 'loki',
    attributes: {},
  },
  { body: 'from json', severity: 17, attributes: { n: '5' } },
  { body: 'with metadata', severity: 9, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), attributes: { user: 'é\n"x"' } },
  { body: 'ERROR at start', severity: 17, service: 'node', host: 'h1', attributes: {} },
]

describe.each([
  ['protobuf', () => decodedBatch(new LokiProtobufDecoder(kernel), protobuf(streams))],
  ['json', () => decodedBatch(new LokiJsonDecoder(kernel), json(streams))],
] as const)('%s', (_format, decode) => {
  test('rows', () => {
    const batch = decode()
    expect(rowsOf(batch)).toMatchObject(expected)
    expect(batch.resources.map(({ attributes }) => Object.fromEntries(attributes))).toEqual([
      { env: 'prod', service_name: 'shop' },
      { colour: 'blue', host: 'h1', job: 'node', severity: 'blue' },
    ])
  })
})

test('JSON with the labels behind the values, null values, and fields that nobody knows', () => {
  const body =
    '{"x":[{"y":"}"}],"streams":[{"values":[["1795248000000000000","a"]],"stream":{"app":"s"}},{"stream":{},"values":null}],"z":1}'
  expect(rowsOf(decodedBatch(new LokiJsonDecoder(kernel), body))).toMatchObject([{ body: 'a', service: 's' }])
})

test('a time that is too old is refused, the others are taken', () => {
  const batch = decodedBatch(
    new LokiJsonDecoder(kernel),
    json([
      {
        labels: { a: 'b' },
        entries: [
          [1000, 'old'],
          [testNowMs, 'new'],
        ],
      },
    ]),
  )
  expect([rowsOf(batch).map(({ body }) => body), [...batch.refused]]).toEqual([['new'], [['too_old', 1]]])
})

describe('what is no request', () => {
  test.each([
    '',
    '[]',
    '{"streams":',
    '{"streams":[{"stream":{"a":1},"values":[]}]}',
    '{"streams":[{"stream":{"a":"b"},"values":[["x","line"]]}]}',
    '{"streams":[{"stream":{"a":"b"},"values":[["1","line"',
    '{"streams":[{"stream":{"a":"b"},"values":[["1795248000000000000","\\q"]]}]}',
    '{"streams":[]} x',
    '{"streams":[]',
  ])('%s', (body) => {
    expect(() => decodedBatch(new LokiJsonDecoder(kernel), body)).toThrow('no push request in JSON')
  })

  test('every piece of a good body', () => {
    const whole = Buffer.from(json(streams))
    for (let end = 0; end < whole.length; end++) expect(() => decodedBatch(new LokiJsonDecoder(kernel), whole.subarray(0, end))).toThrow()
  })

  test('protobuf with damaged bytes never gives more than an error', () => {
    const whole = protobuf(streams)
    const decoder = new LokiProtobufDecoder(kernel)
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8))
      try {
        decodedBatch(decoder, damaged)
      } catch (error) {
        expect(String(error)).toMatch(/DecodeError|AppError|label/)
      }
    }
    expect(rowsOf(decodedBatch(decoder, whole))).toMatchObject(expected)
  })

  test('labels that cannot be read', () => {
    const body = new ProtoWriter().messageField(1, (stream) => stream.stringField(1, '{a=b}')).finish()
    expect(() => decodedBatch(new LokiProtobufDecoder(kernel), body)).toThrow(`couldn't parse labels: {a=b}`)
  })
})

test.each<[string, unknown]>([
  ['{}', []],
  ['{a="b"}', [['a', 'b']]],
  [
    ' { a = "b" , c="d,}" , }',
    [
      ['a', 'b'],
      ['c', 'd,}'],
    ],
  ],
  ['{a="\\"\\n\\u00e9\\x41\\101"}', [['a', '"\né' + 'AA']]],
  ['{a=`b\\c`}', [['a', 'b\\c']]],
  ['{a="b"', null],
  ['{a="\\q"}', null],
  ['{a="b" c="d"}', null],
  ['{1a="b"}', null],
  ['a', null],
])('labels %s', (text, labels) => {
  expect(parseLabels(text)).toEqual(labels)
})

test('codes for terminals are found in each line of a body, in both formats', () => {
  const lines = [
    'a "quoted" word',
    '\u001b[31mred\u001b[0m "a"',
    'b "b"',
    '\u001b[1m{"msg":"bold","level":"warn"}',
    '{"msg":"\u001b[1mx","level":"warn"}',
  ]
  const streams = [{ labels: { app: 'x' }, entries: lines.map((line, i) => [testNowMs - i, line] as const) }]
  const bodies = ['a "quoted" word', 'red "a"', 'b "b"', 'bold', 'x']
  expect(rowsOf(decodedBatch(new LokiProtobufDecoder(kernel), protobuf(streams))).map(({ body }) => body)).toEqual(bodies)
  expect(rowsOf(decodedBatch(new LokiJsonDecoder(kernel), json(streams))).map(({ body }) => body)).toEqual(bodies)
})

test('lines of all sizes, in both formats', () => {
  const sizes = [10, 200_000, 100, 100_000, 50_000, 300_000, 20, 262_100, 262_144, 5]
  const lines = sizes.map((size, i) => (i % 2 === 0 ? JSON.stringify({ level: 'info', msg: 'm'.repeat(size) }) : `"${'t'.repeat(size)}"`))
  const streams = [{ labels: { app: 'x' }, entries: lines.map((line, i) => [testNowMs - i, line] as const) }]
  const rows = rowsOf(decodedBatch(new LokiProtobufDecoder(kernel), protobuf(streams)))
  expect(rows.map(({ body }) => body.length)).toEqual([10, 200_002, 100, 100_002, 50_000, 262_144, 20, 262_102, 262_144, 7])
  expect(rowsOf(decodedBatch(new LokiJsonDecoder(kernel), json(streams)))).toEqual(rows)
})
