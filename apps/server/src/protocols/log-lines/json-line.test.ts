/** What a line, or its sender, has said stays when a text that begins like an object turns out to be none. */
import { describe, expect, test } from 'vitest'
import { LogsBatch } from '../../logs/index.ts'
import { attributeNamesMax, attributesMax } from '../../signals/index.ts'
import type { EventSession } from '../event-session.ts'
import type { Steps } from '../../kernel/steps.ts'
import { decodedBatch, rowsOf, type LogRowShape } from '../testing/log-rows.ts'
import { LineWriter } from './line-writer.ts'
import type { LogRow } from './log-row.ts'

const encoder = new TextEncoder()
const lines = new LineWriter(new LogsBatch())

/** One row: what the protocol says beside the line, and the line. */
function batchOf(line: string, give: (row: LogRow) => void = () => undefined): LogsBatch {
  const decoder = {
    // oxlint-disable-next-line require-yield -- one row
    *decode(plain: Uint8Array, session: EventSession): Steps {
      lines.begin(session.logs, 'test', false)
      lines.open()
      give(lines.row)
      lines.line(plain, 0, plain.length)
      lines.row.close()
      lines.end()
    },
  }
  return decodedBatch(decoder, line)
}

function row(line: string, give?: (row: LogRow) => void): LogRowShape {
  const [first] = rowsOf(batchOf(line, give))
  if (first === undefined) throw new Error('no row')
  return first
}

const traceId = 'aa'.repeat(16)
const spanId = 'cc'.repeat(8)

/** A field of the row, how a line names it, what it says, and what the broken text says instead. */
const fields: [field: keyof LogRowShape, name: string, said: string, other: string, stored: unknown][] = [
  ['service', 'service', 'api', 'other', 'api'],
  ['host', 'host', 'h1', 'h2', 'h1'],
  ['environment', 'env', 'prod', 'test', 'prod'],
  ['release', 'release', 'r1', 'r2', 'r1'],
  ['scope', 'logger', 'db', 'web', 'db'],
  ['severity', 'level', 'error', 'debug', 17],
  ['time', 'ts', '2026-11-21T07:59:59.123Z', '2026-11-21T07:00:00Z', '2026-11-21T07:59:59.123Z'],
  ['traceId', 'trace_id', traceId, 'bb'.repeat(16), traceId],
  ['spanId', 'span_id', spanId, 'dd'.repeat(8), spanId],
]

const given: Readonly<Record<string, (row: LogRow, bytes: Uint8Array) => unknown>> = {
  severity: (open) => (open.severity = 17),
  time: (open) => Object.assign(open, { hasTime: true, seconds: Date.parse('2026-11-21T07:59:59Z') / 1000, nanos: 123e6 }),
  service: (open, bytes) => open.takeService(bytes, 0, bytes.length),
  host: (open, bytes) => open.takeHost(bytes, 0, bytes.length),
  environment: (open, bytes) => open.takeEnvironment(bytes, 0, bytes.length),
  release: (open, bytes) => open.takeRelease(bytes, 0, bytes.length),
  scope: (open, bytes) => open.takeScope(bytes, 0, bytes.length),
  traceId: (open, bytes) => open.readTraceId(bytes, 0, bytes.length),
  spanId: (open, bytes) => open.readSpanId(bytes, 0, bytes.length),
}

describe.each(fields)('%s', (field, name, said, other, stored) => {
  const broken = `{"${name}":"${other}", broken`

  test.each(['{id} not found', broken])('an object whose message is %s', (msg) => {
    expect(row(JSON.stringify({ [name]: said, msg }))).toMatchObject({ [field]: stored, body: msg, attributes: {} })
    expect(row(JSON.stringify({ msg, [name]: said }))).toMatchObject({ [field]: stored, body: msg, attributes: {} })
  })

  test.each(['{id} not found', broken])('pairs whose message is %s', (msg) => {
    const line = `${name}=${said} took=3ms msg=${JSON.stringify(msg)}`
    expect(row(line)).toMatchObject({ [field]: stored, body: msg, attributes: { took: '3ms' } })
  })

  test.each(['{id} not found', broken])('what the protocol gave beside the text %s', (text) => {
    const give = (open: LogRow): void => void given[field]?.(open, encoder.encode(said))
    expect(row(text, give)).toMatchObject({ [field]: stored, body: text, attributes: {} })
  })

  test('nothing of a text that is no object is kept', () => {
    const nothing = row('plain')
    expect(row(broken)).toEqual({ ...nothing, body: broken })
  })
})

test.each([
  ['trace_id', 'traceId', traceId, 32],
  ['span_id', 'spanId', spanId, 16],
] as const)('a second %s that is none leaves the first as it is', (name, field, id, digits) => {
  const wrong = `${'b'.repeat(digits - 1)}z`
  const line = JSON.stringify({ msg: 'x', [name]: id, [field]: wrong })
  expect(row(line)).toMatchObject({ [field]: id, attributes: { [field]: wrong } })
})

describe('parts that a row is kept without', () => {
  const many = (count: number, prefix = 'k'): string => Array.from({ length: count }, (_, i) => `"${prefix}${i}":1`).join()

  test('of a text that is no object after all, nothing was left out', () => {
    const batch = batchOf(`{${many(attributesMax + 40)}, broken`)
    expect([batch.rows, batch.attributes.last(0), [...batch.leftOut()]]).toEqual([1, 0, []])
  })

  test('nor of names without room', () => {
    const batch = batchOf(`{${many(20, 'a name without room ')}, broken`, ({ batch: { attributes } }) => {
      for (let i = 0; i < attributeNamesMax; i++) attributes.keys.words.internString(`name ${i}`)
    })
    expect([batch.rows, batch.attributes.last(0), [...batch.leftOut()]]).toEqual([1, 0, []])
  })

  test('what the line around it was kept without is counted, once', () => {
    const text = JSON.stringify(`{"":1,${many(9, 'inner')}, broken`)
    const batch = batchOf(`{"":1,${many(attributesMax + 5)},"msg":${text}}`)
    expect([batch.attributes.last(0), Object.fromEntries(batch.leftOut())]).toEqual([
      attributesMax,
      { attributes_limit: 5, attribute_names_limit: 1 },
    ])
  })
})

test('a name with an escape in one line is not the name of a member of the next', () => {
  const decoder = {
    // oxlint-disable-next-line require-yield -- two rows
    *decode(plain: Uint8Array, session: EventSession): Steps {
      lines.begin(session.logs, 'test', false)
      for (const [start, end] of [
        [0, plain.indexOf(10)],
        [plain.indexOf(10) + 1, plain.length],
      ] as const) {
        lines.open()
        lines.line(plain, start, end)
        lines.row.close()
      }
      lines.end()
    },
  }
  const batch = decodedBatch(decoder, '{"msg":"one","level":"info"}\n{"a\\"b":"x","msg":"two"}')
  const third = decodedBatch(decoder, '{"a\\"b":"x","msg":"two"}\n{"msg":"three"}')
  expect(rowsOf(batch)).toMatchObject([{ body: 'one' }, { body: 'two', attributes: { 'a"b': 'x' } }])
  expect(rowsOf(third)[1]).toMatchObject({ body: 'three', attributes: {} })
})

test('any blank may stand before a value', () => {
  expect(row('{"msg":\t"a","n":\n 1,"level" :\r"warn"}')).toMatchObject({ body: 'a', severity: 13, attributes: { n: '1' } })
})

test.each([
  ['with an escape', '"l\\u0065vel":"error"', { severity: 17, attributes: { 'ctx.b': '1' } }],
  ['that is long', `"${'x'.repeat(250)}":"y"`, { attributes: { 'ctx.b': '1', ['x'.repeat(200)]: 'y' } }],
] as const)('a name %s behind an object is not within it', (_, member, expected) => {
  expect(row(`{"msg":"m","ctx":{"b":1},${member}}`)).toMatchObject({ body: 'm', ...expected })
})
