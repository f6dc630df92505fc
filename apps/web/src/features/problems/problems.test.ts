import { describe, expect, it } from 'vitest'
import { decisionsFor, shareText } from './problems.queries.ts'
import { readProblemSearch, readProblemsSearch } from './problems-search.ts'

describe('problems', () => {
  it('are decided about by their state', () => {
    expect(decisionsFor('new')).toEqual(['resolved', 'ignored'])
    expect(decisionsFor('regressed')).toEqual(['resolved', 'ignored'])
    expect(decisionsFor('resolved')).toEqual(['reopened'])
    expect(decisionsFor('ignored')).toEqual(['reopened'])
  })

  it('say 100 % only where nothing crashed', () => {
    expect([1, 0.99999, 0.995, 0, null].map(shareText)).toEqual(['100 %', '99.99 %', '99.50 %', '0.00 %', '—'])
  })

  it('read their state from the address, and leave out what is none', () => {
    expect(readProblemsSearch({ q: 'x', state: 'resolved', order: 'nonsense', release: '', service: ['a', 'b'] })).toEqual({
      q: 'x',
      state: 'resolved',
      service: 'a',
    })
    expect(readProblemSearch({ event: 'latest', view: 'events', frames: 'some' })).toEqual({ event: 'latest', view: 'events' })
  })
})
