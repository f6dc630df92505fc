import { expect, it } from 'vitest'
import { nameOfSide, readRange, sidesOf, writeRange } from './compare-sides.ts'

const page = { from: 'now-1h', to: 'now' }

it('takes traces, searches and their ranges from the address', () => {
  expect(sidesOf({ a: 'aa', b: 'bb' }, page)).toEqual({
    left: { traceId: 'aa', query: '', ...page },
    right: { traceId: 'bb', query: '', ...page },
  })
  const range = writeRange(0, 60_000)
  expect(sidesOf({ qa: '', qb: 'status:error', rb: range }, page)).toEqual({
    left: { traceId: null, query: '', ...page },
    right: { traceId: null, query: 'status:error', from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T00:01:00.000Z' },
  })
  expect(sidesOf({ a: 'aa' }, page).right).toBeNull()
})

it('takes no range from a text that is none', () => {
  for (const text of [undefined, '', 'x', 'x~y', 'now-1h']) expect(readRange(text)).toBeNull()
  expect(readRange('now-2h~now-1h')).toEqual({ from: 'now-2h', to: 'now-1h' })
})

it('says which side it is', () => {
  expect(nameOfSide({ traceId: 'abcdef0123456789', query: '', ...page })).toBe('trace abcdef01')
  expect(nameOfSide({ traceId: null, query: '', ...page })).toBe('all traces')
  expect(nameOfSide({ traceId: null, query: 'a:b', ...page })).toBe('a:b')
})
