import { describe, expect, it } from 'vitest'
import { allOf, choiceOf, oneOf, parseSearch, writeSearch } from './search-params.ts'

describe('addresses', () => {
  function f(values: Record<string, string | string[]>): void {
    expect(parseSearch(writeSearch(values).slice(1))).toEqual(values)
  }

  it('come back as they were written, hostile text too', () => {
    f({ q: 'sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))', from: 'now-1h' })
    f({ q: ['a + b', 'c & d=e#f?%20', '"ü€🙂\n'] })
    f({ q: '100%+1' })
    expect(writeSearch({})).toBe('')
  })

  it('stay readable', () => {
    expect(writeSearch({ q: 'rate(up[5m])', from: 'now-1h' })).toBe('?q=rate(up[5m])&from=now-1h')
  })

  it('leave out what is not set', () => {
    expect(writeSearch({ a: undefined, b: null, c: [] })).toBe('')
  })
})

describe('reading values', () => {
  it('takes one, all, or a choice, and never fails', () => {
    expect(oneOf(['a', 'b'])).toBe('a')
    expect(oneOf('')).toBeUndefined()
    expect(oneOf(7)).toBeUndefined()
    expect(allOf('a')).toEqual(['a'])
    expect(allOf(null)).toEqual([])
    expect(choiceOf('line', ['line', 'bars'])).toBe('line')
    expect(choiceOf('pie', ['line', 'bars'])).toBeUndefined()
  })
})
