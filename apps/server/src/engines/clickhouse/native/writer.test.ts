import { expect, test } from 'vitest'
import { encodeNativeBlock, encodeNativePieces, type NativeWriteColumn } from './writer.ts'

test('a block is columns, rows, then name, type and values of each column', () => {
  const bytes = encodeNativeBlock(2, [
    { name: 'a', type: 'UInt32', values: { kind: 'u32', data: Uint32Array.of(1, 258, 99) } },
    { name: 's', type: 'String', values: { kind: 'string', data: ['x', 'é'] } },
  ])
  expect([...bytes]).toEqual([
    2, 2, //
    1, 97, 6, ...Buffer.from('UInt32'), 1, 0, 0, 0, 2, 1, 0, 0, //
    1, 115, 6, ...Buffer.from('String'), 1, 120, 2, 0xc3, 0xa9,
  ]) // prettier-ignore
})

test('64-bit values are two halves; arrays and maps are end offsets, then what they hold', () => {
  const bytes = encodeNativeBlock(2, [
    { name: 'w', type: 'UInt64', values: { kind: 'w64', signed: false, data: Uint32Array.of(1, 2, 3, 4) } },
    {
      name: 'm',
      type: 'Map(String, UInt8)',
      values: {
        kind: 'map',
        offsets: Float64Array.of(0, 1),
        keys: { kind: 'string', data: ['k', 'beyond the end'] },
        values: { kind: 'u8', data: Uint8Array.of(7, 8) },
      },
    },
  ])
  const names = [1, 119, 6, ...Buffer.from('UInt64')]
  expect([...bytes]).toEqual([
    2, 2, ...names, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, //
    1, 109, 18, ...Buffer.from('Map(String, UInt8)'), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 107, 7,
  ]) // prettier-ignore
})

test('a block of 300 rows has a two-byte row count', () => {
  const bytes = encodeNativeBlock(300, [{ name: 'a', type: 'UInt8', values: { kind: 'u8', data: new Uint8Array(300) } }])
  expect([...bytes.subarray(0, 3)]).toEqual([1, 0xac, 0x02])
  expect(bytes.length).toBe(3 + 2 + 6 + 300)
})

test('long and non-ASCII texts are counted in bytes', () => {
  const long = 'ab'.repeat(100)
  const bytes = encodeNativeBlock(2, [{ name: 's', type: 'String', values: { kind: 'string', data: [long, '日本'.repeat(50)] } }])
  const text = Buffer.from(bytes).toString('utf8')
  expect(text).toContain(long)
  expect(text).toContain('日本'.repeat(50))
})

test('a column that is too short is a bug, not a bad block', () => {
  expect(() => encodeNativeBlock(3, [{ name: 'a', type: 'UInt8', values: { kind: 'u8', data: new Uint8Array(2) } }])).toThrow(
    /fewer values/,
  )
})

test('pieces put together are the block, and columns of fixed width are not copied', () => {
  const numbers = new Float64Array([1, 2, 3, 4])
  const columns = [
    { name: 'f', type: 'Float64', values: { kind: 'f64', data: numbers } },
    { name: 's', type: 'String', values: { kind: 'string', data: ['a', 'é', ''] } },
    { name: 'w', type: 'Int64', values: { kind: 'w64', signed: true, data: new Uint32Array(6).fill(7) } },
    {
      name: 'a',
      type: 'Array(UInt8)',
      values: { kind: 'array', offsets: Float64Array.of(1, 1, 2), inner: { kind: 'u8', data: Uint8Array.of(5, 6) } },
    },
  ] satisfies NativeWriteColumn[]
  const pieces = encodeNativePieces(3, columns)
  expect(Buffer.concat(pieces)).toEqual(Buffer.from(encodeNativeBlock(3, columns)))
  expect(pieces.some((piece) => piece.buffer === numbers.buffer && piece.length === 24)).toBe(true)
  expect(() => encodeNativePieces(5, columns.slice(0, 1))).toThrow('fewer values')
})
