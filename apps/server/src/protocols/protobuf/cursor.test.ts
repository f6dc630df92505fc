/** Numbers at their edges and messages that end too early. */
import { describe, expect, test } from 'vitest'
import { DecodeError, ProtoCursor } from './cursor.ts'
import { ProtoWriter } from './writer.ts'

function cursorOf(bytes: Uint8Array | readonly number[]): ProtoCursor {
  const cursor = new ProtoCursor()
  cursor.reset(Uint8Array.from(bytes))
  return cursor
}

describe('varints', () => {
  const numbers = [
    0n,
    1n,
    127n,
    128n,
    300n,
    16_383n,
    16_384n,
    268_435_455n,
    268_435_456n,
    4_294_967_295n,
    4_294_967_296n,
    9_007_199_254_740_991n,
    1_795_247_999_999n,
  ]
  test.each(numbers)('%d', (number) => {
    const bytes = new ProtoWriter().varint64(number).finish()
    expect(cursorOf(bytes).readVarint()).toBe(Number(number))
    expect(cursorOf(bytes).readInt64()).toBe(Number(number))
    if (number <= 4_294_967_295n) expect(new ProtoWriter().varint(Number(number)).finish()).toEqual(bytes)
  })

  test.each([-1n, -2n, -128n, -1_000_000n, -9_007_199_254_740_991n])('%d as int64', (number) => {
    expect(cursorOf(new ProtoWriter().varint64(number).finish()).readInt64()).toBe(Number(number))
  })

  test('the largest', () => {
    const bytes = new ProtoWriter().varint64(2n ** 64n - 1n).finish()
    expect(cursorOf(bytes).readVarint()).toBe(2 ** 64)
    expect(cursorOf(new ProtoWriter().varint64(-(2n ** 63n)).finish()).readInt64()).toBe(-(2 ** 63))
  })

  test.each([0, 1, -1, 2, -2, 2_147_483_647, -2_147_483_648])('zigzag %d', (number) => {
    expect(cursorOf(new ProtoWriter().zigzag(number).finish()).readZigzag()).toBe(number)
  })

  const bad: [string, number[]][] = [
    ['empty', []],
    ['cut', [0x80, 0x80]],
    ['11 bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['over 64 bits', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02]],
  ]
  test.each(bad)('%s is malformed', (_name, bytes) => {
    expect(() => cursorOf(bytes).readVarint()).toThrow(DecodeError)
  })
})

describe('fixed numbers', () => {
  test('fixed64, sfixed64 and double', () => {
    const bytes = new ProtoWriter()
      .fixed64(1_795_000_000_123_456_789n)
      .fixed64(-5n)
      .double(-0.1)
      .fixed64Number(2 ** 40 + 3)
      .finish()
    const cursor = cursorOf(bytes)
    expect(cursor.readFixed64()).toBe(Number(1_795_000_000_123_456_789n))
    expect(cursor.readSfixed64()).toBe(-5)
    expect(cursor.readDouble()).toBe(-0.1)
    expect(cursor.readFixed64()).toBe(2 ** 40 + 3)
    expect(() => cursor.readDouble()).toThrow(DecodeError)
  })
})

describe('messages', () => {
  test('a length beyond its message is malformed, even when the body has as much', () => {
    const cursor = cursorOf([0x0a, 0x02, 0x0a, 0x05, 1, 2, 3, 4, 5])
    expect(cursor.readTag()).toBe(10)
    cursor.enter()
    expect(cursor.readTag()).toBe(10)
    expect(() => cursor.readLength()).toThrow(/runs over the end of its message/)
  })

  test.each([[[0x0b]], [[0x0c]], [[0x0e]], [[0x0f]]])('wire type of tag %j does not exist', (bytes) => {
    const cursor = cursorOf(bytes)
    expect(() => cursor.skip(cursor.readTag())).toThrow(/wire type/)
  })

  test.each([[[0x00]], [[0x07]], [[0x80, 0x80, 0x80, 0x80, 0x10]]])('tag %j is out of range', (bytes) => {
    expect(() => cursorOf(bytes).readTag()).toThrow(/field number/)
  })

  test('every kind of field can be passed over', () => {
    const writer = new ProtoWriter(1).varintField(1, 300).doubleField(2, 1).stringField(3, 'abc').tag(4, 5).raw(new Uint8Array(4))
    writer.messageField(500, (inner) => inner.stringField(1, 'x'.repeat(300)))
    const cursor = cursorOf(writer.finish())
    const fields: number[] = []
    while (cursor.pos < cursor.end) {
      const tag = cursor.readTag()
      fields.push(tag >>> 3)
      cursor.skip(tag)
    }
    expect(fields).toEqual([1, 2, 3, 4, 500])
  })

  test('nested messages grow the writer without losing bytes', () => {
    for (let size = 0; size < 300; size++) {
      const writer = new ProtoWriter(16).messageField(1, (outer) =>
        outer.messageField(2, (inner) => inner.stringField(3, 'y'.repeat(size))),
      )
      const cursor = cursorOf(writer.finish())
      cursor.readTag()
      cursor.enter()
      cursor.readTag()
      cursor.enter()
      cursor.readTag()
      const length = cursor.readLength()
      expect(length).toBe(size)
      expect(Buffer.from(cursor.bytes.subarray(cursor.pos, cursor.pos + length)).toString()).toBe('y'.repeat(size))
    }
  })
})
