/** Blocks of ours through the real engine and back: whatever we write, the engine understands, and what it answers, we do. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type ClickHouseEngine,
  encodeNativeBlock,
  type NativeBlock,
  type NativeColumn,
  type NativeWriteColumn,
  openClickHouse,
} from '../../../apps/server/src/engines/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { engineFolder } from './engine-folder.ts'

const folder = engineFolder()
let engine: ClickHouseEngine

beforeAll(async () => {
  engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir: folder.path,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  })
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** A row as plain values; the table keeps them in the order of `at`. */
interface Row {
  readonly w64: readonly [low: number, high: number]
  readonly f64: number
  readonly i32: number
  readonly text: string
  readonly low: string
  readonly list: readonly number[]
  readonly tags: readonly string[]
  readonly labels: readonly (readonly [string, string])[]
}

const half = fc.integer({ min: 0, max: 0xffff_ffff })
const text = fc.string({ unit: 'grapheme', maxLength: 60 })
const row: fc.Arbitrary<Row> = fc.record({
  w64: fc.tuple(half, half),
  f64: fc.double({ noNaN: true }),
  i32: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  text,
  low: fc.constantFrom('', 'a', 'b', 'ü'),
  list: fc.array(fc.double({ noNaN: true }), { maxLength: 4 }),
  tags: fc.array(text, { maxLength: 3 }),
  labels: fc.uniqueArray(fc.tuple(text, text), { maxLength: 4, selector: ([key]) => key }),
})

const definition = `at UInt32, w64 Int64, f64 Float64, i32 Int32, text String, low LowCardinality(String), list Array(Float64),
  tags Array(LowCardinality(String)), labels Map(LowCardinality(String), String)`
const names = ['at', 'w64', 'f64', 'i32', 'text', 'low', 'list', 'tags', 'labels']

function columnsOf(rows: readonly Row[], first: number): NativeWriteColumn[] {
  const strings = (data: readonly string[]): NativeColumn => ({ kind: 'string', data })
  const ends = (lengths: readonly number[]): Float64Array => {
    let end = 0
    return Float64Array.from(lengths, (length) => (end += length))
  }
  const labels = rows.flatMap((r) => r.labels)
  return [
    { name: 'at', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.from(rows, (_, i) => first + i) } },
    { name: 'w64', type: 'Int64', values: { kind: 'w64', signed: true, data: Uint32Array.from(rows.flatMap((r) => r.w64)) } },
    { name: 'f64', type: 'Float64', values: { kind: 'f64', data: Float64Array.from(rows, (r) => r.f64) } },
    { name: 'i32', type: 'Int32', values: { kind: 'i32', data: Int32Array.from(rows, (r) => r.i32) } },
    { name: 'text', type: 'String', values: strings(rows.map((r) => r.text)) },
    { name: 'low', type: 'String', values: strings(rows.map((r) => r.low)) },
    {
      name: 'list',
      type: 'Array(Float64)',
      values: {
        kind: 'array',
        offsets: ends(rows.map((r) => r.list.length)),
        inner: { kind: 'f64', data: Float64Array.from(rows.flatMap((r) => r.list)) },
      },
    },
    {
      name: 'tags',
      type: 'Array(String)',
      values: { kind: 'array', offsets: ends(rows.map((r) => r.tags.length)), inner: strings(rows.flatMap((r) => r.tags)) },
    },
    {
      name: 'labels',
      type: 'Map(String, String)',
      values: {
        kind: 'map',
        offsets: ends(rows.map((r) => r.labels.length)),
        keys: strings(labels.map(([key]) => key)),
        values: strings(labels.map(([, value]) => value)),
      },
    },
  ]
}

test('rows of every type come back as they were sent', async () => {
  let table = 0
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), fc.array(row, { minLength: 1, maxLength: 5 }), async (a, b) => {
      const name = `round_trip_${table++}`
      await engine.command(`CREATE TABLE ${name} (${definition}) ENGINE = MergeTree ORDER BY at`)
      const body = [encodeNativeBlock(a.length, columnsOf(a, 0)), encodeNativeBlock(b.length, columnsOf(b, a.length))]
      await engine.insertNative({ table: name, columns: names, body, token: name })
      const blocks: NativeBlock[] = []
      for await (const block of engine.queryNative({ sql: `SELECT ${names.join(', ')} FROM ${name} ORDER BY at`, class: 'internal' }))
        blocks.push(block)
      expect(blocks.length).toBe(1)
      expect(blocks[0]?.names).toEqual(names)
      expect(blocks[0]?.columns).toEqual(columnsOf([...a, ...b], 0).map((column) => column.values))
      await engine.command(`DROP TABLE ${name}`)
    }),
    { numRuns: 25 },
  )
})
