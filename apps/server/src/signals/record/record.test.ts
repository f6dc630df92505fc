import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LogsBatch, logsSchema } from '../../logs/schema.ts'
import { makeResource } from '../resources.ts'
import { decodeSignalRecord, type SignalRecord } from './decode.ts'
import { encodeSignalRecord } from './encode.ts'
import { subsetRecord } from './subset.ts'
import { f32At, hexAt, pairStarts, textsOf, u32At, u8At, wordTexts } from './views.ts'

interface Row {
  readonly severity: number
  readonly service: string
  readonly body: string
  readonly attributes: readonly (readonly [string, string])[]
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    severity: fc.integer({ min: 0, max: 24 }),
    service: fc.constantFrom('api', 'shop', '', 'größe'),
    body: fc.oneof(text, fc.string({ minLength: 120, maxLength: 300 })),
    attributes: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'http.status', 'ключ'), text), { maxLength: 6 }),
  }),
  { maxLength: 30 },
)

const nowMs = Date.UTC(2026, 10, 21)

function batchOf(list: readonly Row[]): LogsBatch {
  const batch = new LogsBatch()
  batch.begin({ organizationId: 1, projectId: 2 }, nowMs, 77)
  for (const row of list) {
    expect(batch.time(nowMs / 1000 - 5, 123)).toBe(true)
    batch.from(makeResource(row.service === '' ? [] : [['service.name', row.service]]))
    batch.severity.pushU8(row.severity)
    batch.body.pushString(row.body)
    for (const [name, value] of row.attributes) batch.attribute(name, value)
    batch.endRow()
  }
  return batch
}

function rowsOf(record: SignalRecord): Row[] {
  const bodies = textsOf(record.text('body'), record.rows)
  const services = wordTexts(record.word('service'))
  const pairs = record.pairs('attributes')
  const starts = pairStarts(pairs)
  const keys = wordTexts(pairs.keys)
  const values = textsOf(pairs.values, pairs.pairs)
  return bodies.map((body, row) => ({
    severity: u8At(record.fixed('severity'), row),
    service: services[record.word('service').numbers[row]!]!,
    body,
    attributes: Array.from({ length: starts[row + 1]! - starts[row]! }, (_, i) => {
      const pair = starts[row]! + i
      return [keys[pairs.keys.numbers[pair]!]!, values[pair]!] as const
    }),
  }))
}

test('a batch written and read is the same, wherever the payload begins', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 0, max: 7 }), (list, offset) => {
      const payload = encodeSignalRecord(batchOf(list))
      const shifted = new Uint8Array(payload.length + offset).subarray(offset)
      shifted.set(payload)
      const record = decodeSignalRecord(logsSchema, shifted)
      expect(rowsOf(record)).toEqual(list)
      list.forEach((_, row) => {
        expect(u32At(record.fixed('batch'), row)).toBe(77)
        expect(u32At(record.fixed('row'), row)).toBe(row)
        expect(f32At(record.fixed('weight'), row)).toBe(1)
        expect(hexAt(record.fixed('trace_id'), row)).toBe('0'.repeat(32))
      })
    }),
    { numRuns: 200 },
  )
})

test('a dropped row leaves no trace, whatever it had pushed', () => {
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      const batch = batchOf(before)
      batch.time(nowMs / 1000, 0)
      batch.body.pushString('gone')
      batch.attribute('gone', 'x')
      batch.dropRow()
      for (const row of after) {
        batch.time(nowMs / 1000 - 5, 123)
        batch.from(makeResource(row.service === '' ? [] : [['service.name', row.service]]))
        batch.severity.pushU8(row.severity)
        batch.body.pushString(row.body)
        for (const [name, value] of row.attributes) batch.attribute(name, value)
        batch.endRow()
      }
      expect(rowsOf(decodeSignalRecord(logsSchema, encodeSignalRecord(batch)))).toEqual([...before, ...after])
    }),
    { numRuns: 100 },
  )
})

test('some rows of a record are those rows', () => {
  fc.assert(
    fc.property(rows, fc.func(fc.boolean()), (list, keep) => {
      const record = decodeSignalRecord(logsSchema, encodeSignalRecord(batchOf(list)))
      const chosen = Uint32Array.from(list.keys()).filter((row) => keep(row))
      expect(rowsOf(subsetRecord(record, chosen))).toEqual(Array.from(chosen, (row) => list[row]))
    }),
    { numRuns: 100 },
  )
})

test('texts put in place of others', () => {
  const batch = batchOf([
    { severity: 1, service: 'api', body: 'one', attributes: [] },
    { severity: 1, service: 'api', body: 'two', attributes: [] },
    { severity: 1, service: 'api', body: 'three', attributes: [] },
  ])
  batch.body.replace(new Map([[1, Buffer.from('[scrubbed]')]]))
  expect([0, 1, 2].map((row) => batch.body.text(row))).toEqual(['one', '[scrubbed]', 'three'])
})

describe('what is damaged is said to be, and nothing else happens', () => {
  const good = encodeSignalRecord(batchOf([{ severity: 9, service: 'api', body: 'hello', attributes: [['a', 'b']] }]))

  test('cut anywhere', () => {
    for (let length = 0; length < good.length; length++)
      expect(() => decodeSignalRecord(logsSchema, good.subarray(0, length))).toThrow(/signals\.record_damaged/)
  })

  test('changed anywhere: read as something or refused', () => {
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice()
      bad[at] = bad[at]! ^ 0xff
      try {
        rowsOf(decodeSignalRecord(logsSchema, bad))
      } catch (error) {
        expect(String(error)).toContain('signals.record_damaged')
      }
    }
  })
})

test('times beyond the bounds are refused and counted', () => {
  const batch = new LogsBatch()
  batch.begin({ organizationId: 1, projectId: 2 }, nowMs)
  expect(batch.time(0, 0)).toBe(false)
  expect(batch.time(Date.UTC(2100, 0, 1) / 1000, 0)).toBe(false)
  expect([...batch.refused]).toEqual([
    ['too_old', 1],
    ['too_new', 1],
  ])
  expect(batch.examples[0]?.text).toContain('1970-01-01')
})
