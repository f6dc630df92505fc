import { describe, expect, it } from 'vitest'
import { chooseExample, meaningOf, textOfSeries } from './data-model.ts'

describe('the example', () => {
  it('is one of the people, else one of ours, else none', () => {
    expect(chooseExample(['bellwether_up', 'target_info', 'orders_total'])).toBe('orders_total')
    expect(chooseExample(['bellwether_up'])).toBe('bellwether_up')
    expect(chooseExample([])).toBeNull()
  })

  it('is written as PromQL writes it', () => {
    const anatomy = { name: 'up', metricHash: 1, daysCounted: 2, tables: [] }
    expect(textOfSeries({ ...anatomy, example: { labels: { __name__: 'up', path: 'a "b"' }, seriesId: '1' } })).toBe('up{path="a \\"b\\""}')
    expect(textOfSeries({ ...anatomy, example: { labels: { __name__: 'up' }, seriesId: '1' } })).toBe('up')
    expect(textOfSeries({ ...anatomy, example: null })).toBe('')
  })

  it('is what its full name says, also where PromQL has no such type', () => {
    expect(meaningOf({ type: 'gauge', mri: 's:custom/visitors@none' })).toContain('a set')
    expect(meaningOf({ type: 'gauge', mri: 'g:custom/queue@none' })).toContain('a gauge')
    expect(meaningOf({ type: 'histogram', mri: 'd:transactions/duration@millisecond' })).toContain('a distribution')
    expect(meaningOf(null)).toContain('Nobody told')
  })
})
