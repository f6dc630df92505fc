/** Lines in blocks become the rows that they become one by one: whatever they are, in whatever order, and whatever the kernel has seen before. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogsBatch } from '../../logs/index.ts'
import { attributesMax, makeResource, noResource, type Resource } from '../../signals/index.ts'
import { testNowMs, testTenant } from '../testing/door.ts'
import { rowsOf } from '../testing/log-rows.ts'
import { LineBlock } from './line-block.ts'
import { LineKernel } from './line-kernel.ts'
import { LineWriter } from './line-writer.ts'

interface Line {
  readonly bytes: Uint8Array
  /** Index of `resources`. */
  readonly from: number
  readonly severity: number
  /** Milliseconds before the receipt; null: the protocol gives no time. */
  readonly ageMs: number | null
}

const resources: readonly Resource[] = [
  noResource,
  makeResource([['service', 'shop']]),
  makeResource([
    ['service', 'cart'],
    ['host', 'h1'],
    ['env', 'prod'],
    ['release', '1.2'],
  ]),
  makeResource([['host', 'h'.repeat(300)]]),
]

/** Kept for all tests: what one body leaves behind must not change the next. */
const fastLines = new LineWriter(new LogsBatch())
const slowLines = new LineWriter(new LogsBatch())
const kernel = new LineKernel()
const reading: { body: Uint8Array; slow: number } = { body: new Uint8Array(0), slow: 0 }
const block = new LineBlock(fastLines, kernel, (start, end) => {
  reading.slow++
  fastLines.line(reading.body, start, end)
  fastLines.row.close()
})

function begun(): LogsBatch {
  const batch = new LogsBatch()
  batch.begin(testTenant, testNowMs, 7)
  return batch
}

function joined(lines: readonly Line[]): Uint8Array {
  return Buffer.concat(lines.map(({ bytes }) => Buffer.concat([bytes, Buffer.from('\n')])))
}

/** Every row by `LineWriter`. */
function oneByOne(lines: readonly Line[], isText: boolean): LogsBatch {
  const batch = begun()
  slowLines.begin(batch, 'test', isText)
  for (const { bytes, from, severity, ageMs } of lines) {
    slowLines.row.from(resources[from] ?? noResource)
    slowLines.open()
    slowLines.row.severity = severity
    if (ageMs !== null) slowLines.row.at(Math.floor((testNowMs - ageMs) / 1000), 123_456_789)
    slowLines.line(bytes, 0, bytes.length)
    slowLines.row.close()
  }
  slowLines.end()
  return batch
}

function inBlocks(lines: readonly Line[], isText: boolean): LogsBatch {
  const batch = begun()
  const body = joined(lines)
  reading.body = body
  reading.slow = 0
  fastLines.begin(batch, 'test', isText)
  block.begin(body, isText)
  let at = 0
  for (const { bytes, from, severity, ageMs } of lines) {
    block.from(resources[from] ?? noResource, severity)
    if (ageMs === null) block.add(at, at + bytes.length, 0)
    else block.addTimed(at, at + bytes.length, Math.floor((testNowMs - ageMs) / 1000), 123_456_789)
    at += bytes.length + 1
  }
  block.flush()
  block.end()
  fastLines.end()
  return batch
}

function shapeOf(batch: LogsBatch): unknown {
  const { attributes } = batch
  const pairsOf = (row: number): string[][] =>
    Array.from({ length: attributes.last(row) - attributes.first(row) }, (_, i) => {
      const at = attributes.first(row) + i
      return [attributes.keys.text(at), attributes.values.text(at)]
    })
  return {
    rows: rowsOf(batch).map((row, index) => ({
      ...row,
      pairs: pairsOf(index),
      ts: batch.ts.raw(index).join(),
      resource: batch.resource.raw(index).join(),
      number: batch.fixed('row').u32(index),
      batch: batch.fixed('batch').u32(index),
      keep: batch.keep.u16(index),
      weight: batch.weight.f32(index),
      pattern: batch.pattern.isZero(index),
    })),
    columns: batch.columns.map(({ rows }) => rows),
    received: batch.received,
    refused: [...batch.refused],
    leftOut: [...batch.leftOut()],
    examples: batch.examples,
  }
}

function line(text: string | Uint8Array, more: Partial<Line> = {}): Line {
  return { bytes: typeof text === 'string' ? Buffer.from(text) : text, from: 0, severity: 0, ageMs: 1000, ...more }
}

/** How many lines the kernel did not read; the rows are those of one by one. */
function slowOf(lines: readonly Line[], isText = false): number {
  expect(shapeOf(inBlocks(lines, isText))).toEqual(shapeOf(oneByOne(lines, isText)))
  return reading.slow
}

const namesWithRoles =
  'msg message log event ts time @timestamp level severity trace_id traceId span_id service host hostname env release logger logger_name'
const names = [
  ...namesWithRoles.split(' '),
  'a',
  'b',
  'a name of many words',
  'é',
  'a"b',
  '',
  'n'.repeat(199),
  'n'.repeat(200),
  'n'.repeat(201),
]
const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEFg'), minLength: 16, maxLength: 16 })
const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    'info',
    'WARN',
    'error',
    'nonsense',
    'shop',
    'cart',
    'h1',
    'prod',
    '1.2',
    'x'.repeat(127),
    'x'.repeat(128),
    'x'.repeat(201),
  ),
  fc.constantFrom(
    '{"level":"error","msg":"inner"}',
    'level=warn msg=pairs',
    '{broken',
    'a\nb',
    'a line\n',
    'é',
    '2026-11-21',
    '9'.repeat(25),
  ),
  digits,
  fc.tuple(digits, digits).map((two) => two.join('')),
  fc
    .tuple(
      fc.constantFrom('2026-11-21T07:59:59', '2026-11-21 07:59:58', '2026-11-20t07:00:00', '2026-13-01T00:00:00', '2020-02-29T00:00'),
      fc.constantFrom('', '.5', ',123456789', '.1234567891', '.'),
      fc.constantFrom('', 'Z', 'z', '+01:00', '-0130', '+02', ' UTC', 'UTC', 'X'),
    )
    .map((parts) => parts.join('')),
)
const epochs = fc
  .tuple(
    fc.constantFrom(1, 1e3, 1e6, 1e9),
    fc.integer({ min: -100_000, max: 90_000 }),
    fc.constantFrom('', '.25', '.123456789123', '.x', '.'),
  )
  .map(([unit, offset, fraction]) => `${BigInt(Math.floor(testNowMs / 1000) + offset) * BigInt(unit)}${fraction}`)
const scalars = fc.oneof(
  fc.constantFrom(
    'null',
    'nope',
    'true',
    'false',
    'tru',
    '0',
    '-1.5e9',
    '30',
    '60',
    '1.2.3',
    '-',
    '+1',
    'x',
    '',
    '{"a":1}',
    '{}',
    '[1,"]"]',
    '[1',
  ),
  epochs,
)
const values = fc.oneof({ arbitrary: texts.map((text) => JSON.stringify(text)), weight: 4 }, scalars)
const blanks = fc.oneof({ arbitrary: fc.constant(''), weight: 8 }, fc.constantFrom(' ', '  ', '\t', '\r', '\v', '\n'))
const members = fc.tuple(fc.constantFrom(...names), values, blanks, blanks, blanks)
const objects = fc
  .tuple(fc.array(members, { maxLength: 8 }), blanks, fc.constantFrom('', '', '', ' ', ',', 'x', '}'))
  .map(([list, blank, tail]) => {
    const inner = list.map(([name, value, a, b, c]) => `${a}${JSON.stringify(name)}${b}:${c}${value}`)
    return Buffer.from(`${blank}{${inner.join()}}${tail}`)
  })
/** Some are cut, or have a byte that is another. */
const damaged = fc
  .tuple(objects, fc.nat(), fc.nat(255), fc.constantFrom('no', 'no', 'no', 'byte', 'cut'))
  .map(([bytes, place, byte, how]) => {
    const at = place % (bytes.length + 1)
    if (how === 'no') return bytes
    if (how === 'cut') return bytes.subarray(0, at)
    const other = Uint8Array.from(bytes)
    other[at] = byte
    return other
  })
const lines: fc.Arbitrary<Line> = fc.record({
  bytes: damaged,
  from: fc.nat(resources.length - 1),
  severity: fc.constantFrom(0, 9, 17),
  ageMs: fc.constantFrom(null, 0, 1000, 86_400_000, 40 * 86_400_000, -2 * 86_400_000, 1e15),
})

test('whatever the lines are, their rows are the same', () => {
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 12 }), (list) => {
      slowOf(list)
      const text = list.map((one) => ({ ...one, bytes: Buffer.from(Buffer.from(one.bytes).toString('utf8')) }))
      slowOf(text, true)
    }),
    { numRuns: 150 },
  )
})

const usual = (i: number, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ts: '2026-11-21T07:59:59.123Z',
    level: 'info',
    service: `s${i % 3}`,
    status: 200 + i,
    ms: i / 7,
    ok: true,
    ...more,
    msg: `line ${i}`,
  })

test('objects of one kind are for the kernel, all of them', () => {
  const list = Array.from({ length: 700 }, (_, i) =>
    line(usual(i, { user: `é${i}`, trace_id: 'ab'.repeat(16), span_id: '0F'.repeat(8) }), { from: i % 4 }),
  )
  expect(slowOf(list)).toBe(0)
})

test('several kinds among each other, and lines that are read one by one between them', () => {
  const kinds = [
    usual,
    () => '{"message":"m","severity":"warn","time":1795247999000}',
    (i: number) => usual(i, { deep: { a: i } }),
    () => 'plain ERROR text',
  ]
  const list = Array.from({ length: 600 }, (_, i) => line(kinds[i % 4]?.(i) ?? '', { severity: 9 }))
  expect(slowOf(list)).toBe(300)
})

test('a block without any object goes by without the kernel', () => {
  const list = Array.from({ length: 300 }, (_, i) => line(`plain text ${i}`))
  expect(slowOf(list)).toBe(300)
})

test('more words than the kernel keeps', () => {
  const list = Array.from({ length: 3000 }, (_, i) => line(usual(i, { host: `host-${i}`, [`name ${i}`]: 1 }), { severity: 9 }))
  expect(slowOf(list)).toBe(0)
})

test('a line with more words than the kernel keeps', () => {
  const many = (name: (i: number) => string): string =>
    `{"msg":"x","level":"info",${Array.from({ length: 5000 }, (_, i) => `"${name(i)}":"w${i}"`).join()}}`
  expect(slowOf([line(usual(1)), line(many(() => 'host')), line(usual(2)), line(many((i) => `n${i}`)), line(usual(3))])).toBe(2)
})

test('attributes up to the bound of a row, and beyond', () => {
  const many = (count: number): string => `{"level":"info",${Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join()}}`
  // First it learns the names.
  slowOf(Array.from({ length: 20 }, () => line(many(attributesMax))))
  const list = [line(many(attributesMax)), line(many(attributesMax + 1)), ...Array.from({ length: 100 }, () => line(many(attributesMax)))]
  expect(slowOf(list)).toBe(1)
})

test('long lines', () => {
  const long = (length: number): string => usual(1, { text: 'x'.repeat(length) })
  expect(slowOf([line(long(32_000)), line(long(33_000)), line(usual(1)), line(long(300_000)), line(usual(2))])).toBe(2)
  const whole = Array.from({ length: 20 }, () => line(`{"level":"info","a":"${'y'.repeat(30_000)}"}`))
  expect(slowOf(whole)).toBe(0)
})

test('rows beyond the time that rows are kept are refused, in their place', () => {
  const days = [0, 29, 31, -2, 0]
  const list = days.map((day, i) => line(usual(i, { ts: new Date(testNowMs - day * 86_400_000).toISOString() }), { ageMs: null }))
  expect(slowOf(list)).toBe(2)
})

test('blocks that share a kernel take turns within their bodies', () => {
  const bodies = [0, 1].map((which) => Array.from({ length: 4 }, (_, i) => line(usual(i, { host: `h${which}${i}`, [`n${which}`]: i }))))
  const open = bodies.map((list) => {
    const bytes = joined(list)
    const writer = new LineWriter(new LogsBatch())
    const batch = begun()
    const own = new LineBlock(writer, kernel, () => expect.unreachable())
    writer.begin(batch, 'test', false)
    own.begin(bytes, false)
    return { batch, own, list, at: 0 }
  })
  for (let i = 0; i < 4; i++)
    for (const body of open) {
      const size = body.list[i]?.bytes.length ?? 0
      body.own.addTimed(body.at, body.at + size, Math.floor(testNowMs / 1000) - 1, 123_456_789)
      body.at += size + 1
      body.own.flush()
    }
  for (const { batch, list } of open) expect(shapeOf(batch)).toEqual(shapeOf(oneByOne(list, false)))
})

test('of a line with many new names the kernel learns some, and goes on', () => {
  const wide = (prefix: number): string =>
    `{"msg":"x","level":"info",${Array.from({ length: 120 }, (_, i) => `"${prefix}new${i}":${i}`).join()}}`
  expect(slowOf(Array.from({ length: 40 }, () => line(wide(0))))).toBe(3)
  // Each has names of its own.
  expect(slowOf(Array.from({ length: 100 }, (_, i) => line(wide(i + 1))))).toBe(100)
})

test('names of where lines come from are remembered within bounds', () => {
  const own = new LineKernel()
  for (let i = 0; i < 10_000; i++) own.setGroup(0, makeResource([['service', `${i} ${'x'.repeat(200)}`]]), 0)
  expect(own.textCount).toBe(0)
  for (let i = 0; i < 10_000; i++) if (!own.setGroup(0, makeResource([['service', `service ${i}`]]), 0)) own.forget()
  expect(own.textCount).toBeLessThanOrEqual(own.wordsMax)
})
