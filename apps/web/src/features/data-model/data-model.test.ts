import { describe, expect, it } from 'vitest'
import { chooseExample, meaningOfType, mriOf, textOfSeries } from './data-model.ts'

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

  it('has a full name and a meaning by its type', () => {
    expect(mriOf('latency', 'histogram', 'seconds')).toBe('d:custom/latency@seconds')
    expect(mriOf('up', 'unknown', '')).toBe('g:custom/up@none')
    expect(meaningOfType('counter')).not.toBe(meaningOfType('gauge'))
  })
})
