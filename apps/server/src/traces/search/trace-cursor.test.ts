import { expect, test } from 'vitest'
import { cursorParts, cursorText } from './trace-cursor.ts'

test('a cursor comes back in its parts', () => {
  const parts = ['1763700000000000000', '0af7651916cd43dd8448eb211c80319c']
  expect(cursorParts(cursorText(parts), 2)).toEqual(parts)
})

test.each(['', 'ab.12', '1', '1.2.3', '0x1.2', '1.zz', `${'9'.repeat(21)}.1`, '-1.2'])('%s is no cursor', (cursor) => {
  expect(() => cursorParts(cursor, 2)).toThrow(expect.objectContaining({ code: 'traces.bad_cursor' }))
})
