import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NativeBlock, NativeColumn } from './block.ts'
import { NativeBlockReader } from './reader.ts'
import { encodeNativeBlock, type NativeWriteColumn } from './writer.ts'

/** A column type with an arbitrary of its values, `rows` long. */
interface Shape {
  readonly type: string
  readonly values: (rows: number) => fc.Arbitrary<NativeColumn>
}

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 200 }))
const ints = (min: number, max: number, rows: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: rows, maxLength: rows })

const shapes: readonly Shape[] = [
  { type: 'UInt8', values: (n) => ints(0, 255, n).map((v) => ({ kind: 'u8', data: Uint8Array.from(v) })) },
  { type: 'UInt16', values: (n) => ints(0, 65_535, n).map((v) => ({ kind: 'u16', data: Uint16Array.from(v) })) },
  { type: "DateTime('UTC')", values: (n) => ints(0, 0xffff_ffff, n).map((v) => ({ kind: 'u32', data: Uint32Array.from(v) })) },
  { type: "Enum8('a, (b' = 1, 'c\\'' = 2)", values: (n) => ints(-128, 127, n).map((v) => ({ kind: 'i8', data: Int8Array.from(v) })) },
  { type: 'Int32', values: (n) => ints(-0x8000_0000, 0x7fff_ffff, n).map((v) => ({ kind: 'i32', data: Int32Array.from(v) })) },
  {
    type: 'Int64',
    values: (n) => ints(0, 0xffff_ffff, 2 * n).map((v) => ({ kind: 'w64', signed: true, data: Uint32Array.from(v) })),
  },
  {
    type: 'Float64',
    values: (n) => fc.array(fc.double(), { minLength: n, maxLength: n }).map((v) => ({ kind: 'f64', data: Float64Array.from(v) })),
  },
  { type: 'String', values: (n) => fc.array(text, { minLength: n, maxLength: n }).map((data) => ({ kind: 'string', data })) },
]

const nested = (shape: Shape): Shape => ({
  type: `Array(${shape.type})`,
  values: (n) =>
    ints(0, 4, n).chain((lengths) => {
      const offsets = endOffsets(lengths)
      return shape.values(offsets.at(-1) ?? 0).map((inner) => ({ kind: 'array', offsets, inner }))
    }),
})

const mapped = (value: Shape): Shape => ({
  type: `Map(String, ${value.type})`,
  values: (n) =>
    ints(0, 3, n).chain((lengths) => {
      const offsets = endOffsets(lengths)
      const inner = offsets.at(-1) ?? 0
      return fc
        .tuple(fc.array(text, { minLength: inner, maxLength: inner }), value.values(inner))
        .map(([keys, values]): NativeColumn => ({ kind: 'map', offsets, keys: { kind: 'string', data: keys }, values }))
    }),
})

function endOffsets(lengths: readonly number[]): Float64Array {
  let end = 0
  return Float64Array.from(lengths, (length) => (end += length))
}

const anyShape = fc.constantFrom(...shapes, ...shapes.map(nested), ...shapes.map(mapped), ...shapes.map((s) => nested(nested(s))))

const anyBlock = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.array(anyShape, { minLength: 1, maxLength: 5 })).chain(([rows, picked]) =>
  fc.tuple(...picked.map((shape) => shape.values(rows))).map((values) => ({
    rows,
    columns: values.map((column, i): NativeWriteColumn => ({ name: `c${i}`, type: picked[i]?.type ?? '', values: column })),
  })),
)

function readCut(bytes: Uint8Array, cuts: readonly number[]): NativeBlock[] {
  const reader = new NativeBlockReader()
  const blocks: NativeBlock[] = []
  const chunks: Uint8Array[] = []
  let start = 0
  for (const end of [...cuts, bytes.length]) {
    const chunk = Uint8Array.from(bytes.subarray(start, end))
    chunks.push(chunk)
    blocks.push(...reader.push(chunk))
    start = end
  }
  reader.finish()
  // A column that kept a view of a chunk would be seen to change.
  for (const chunk of chunks) chunk.fill(0xee)
  return blocks
}

test('what was written is read, whatever the types and wherever the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(anyBlock, { maxLength: 3 }), fc.array(fc.nat(), { maxLength: 8 }), (blocks, cutSeeds) => {
      const bytes = Buffer.concat(blocks.map(({ rows, columns }) => encodeNativeBlock(rows, columns)))
      const cuts = cutSeeds.map((seed) => (bytes.length === 0 ? 0 : seed % bytes.length)).sort((a, b) => a - b)
      expect(readCut(bytes, cuts)).toEqual(
        blocks.map(({ rows, columns }) => ({ rows, names: columns.map((c) => c.name), columns: columns.map((c) => c.values) })),
      )
    }),
    { numRuns: 200 },
  )
})

const sample = Buffer.concat([
  encodeNativeBlock(2, [
    { name: 'a', type: 'UInt64', values: { kind: 'w64', signed: false, data: Uint32Array.of(1, 2, 3, 4) } },
    { name: 's', type: 'String', values: { kind: 'string', data: ['é'.repeat(100), ''] } },
  ]),
  encodeNativeBlock(1, [{ name: 'b', type: 'UInt8', values: { kind: 'u8', data: Uint8Array.of(9) } }]),
])

test('a cut at every byte, and one byte at a time, gives the same blocks', () => {
  const whole = readCut(sample, [])
  expect(whole.map((block) => block.rows)).toEqual([2, 1])
  for (let cut = 0; cut <= sample.length; cut++) expect(readCut(sample, [cut])).toEqual(whole)
  expect(
    readCut(
      sample,
      Array.from(sample, (_, i) => i),
    ),
  ).toEqual(whole)
})

test('a stream that ends inside a block is an error at every byte', () => {
  const boundaries = new Set([0, sample.length, encodedFirst().length])
  for (let end = 0; end <= sample.length; end++) {
    if (boundaries.has(end)) readCut(sample.subarray(0, end), [])
    else expect(() => readCut(sample.subarray(0, end), []), `cut at ${end}`).toThrow(/ended inside/)
  }
})

function encodedFirst(): Uint8Array {
  return sample.subarray(
    0,
    sample.length - encodeNativeBlock(1, [{ name: 'b', type: 'UInt8', values: { kind: 'u8', data: Uint8Array.of(9) } }]).length,
  )
}

test('an error message in the middle of a result is thrown as the engine wrote it', () => {
  const bytes = Buffer.concat([sample, Buffer.from('\r\n__exception__\r\nCode: 159. DB::Exception: Timeout exceeded\r\n')])
  for (const cut of [0, sample.length, sample.length + 1, sample.length + 10, sample.length + 30]) {
    expect(() => readCut(bytes, [cut])).toThrow(/Code: 159/)
  }
})

test('rubbish is refused without reserving memory for it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      try {
        readCut(bytes, [])
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
    }),
    { numRuns: 500 },
  )
  expect(() => readCut(Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), [])).toThrow(/rows/)
})
