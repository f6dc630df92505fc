import { expect, test } from 'vitest'
import { nsOfMs, preciseTime, splitTime, timeHalves, wideLiteral } from '../signals/index.ts'
import { hashText, parseRowId, rowId } from './row-id.ts'

test.each([
  [0, 0, '1970-01-01T00:00:00.000000000Z'],
  [1_795_287_000, 123_456_789, '2026-11-21T18:50:00.123456789Z'],
  [1_795_287_000, 999_999_999, '2026-11-21T18:50:00.999999999Z'],
  [4_102_444_799, 1, '2099-12-31T23:59:59.000000001Z'],
])('%d s and %d ns', (seconds, nanos, text) => {
  splitTime(seconds, nanos)
  const key = { low: timeHalves.low, high: timeHalves.high, batch: 0xdeadbeef, row: 7 }
  expect(preciseTime(key.low, key.high)).toBe(text)
  expect(parseRowId(rowId(key))).toEqual(key)
  expect(wideLiteral(key.low, key.high)).toBe(String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)))
})

test('ids sort as the rows do', () => {
  const ids = [1, 2, 0xffff_ffff].flatMap((high) => [0, 9].flatMap((low) => [0, 1].map((row) => rowId({ low, high, batch: 5, row }))))
  expect(ids.toSorted()).toEqual(ids)
})

test.each(['', 'x', '0'.repeat(31), `${'0'.repeat(31)}G`, '0'.repeat(33)])('%j is no id', (text) => {
  expect(() => parseRowId(text)).toThrow(expect.objectContaining({ code: 'logs.bad_cursor' }))
})

test('hashes and times for SQL', () => {
  expect(hashText(0, 0)).toBe('')
  expect(hashText(1, 0x8000_0000)).toBe('8000000000000001')
  expect(nsOfMs(1_795_287_000_123.456)).toBe('1795287000123456000')
})
