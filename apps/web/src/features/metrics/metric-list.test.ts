import type { Metric, MetricType } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { findMetrics, orderMetrics, rankNames, serverWord, shownType } from './metric-list.ts'

function metric(name: string, type: MetricType = 'unknown', help = ''): Metric {
  return {
    name,
    type,
    unit: '',
    help,
    seriesCount: 1,
    firstSeenAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: '2026-01-01T00:00:00.000Z',
    mri: null,
    useCase: 'custom',
    operations: [],
  }
}

const all = [
  metric('bellwether_a'),
  metric('x_seconds_bucket'),
  metric('x_seconds_sum'),
  metric('y_sum'),
  metric('load', 'gauge', 'How busy'),
]

describe('the list of metrics', () => {
  it('finds by every word', () => {
    expect(findMetrics(all, 'seconds x').map((each) => each.name)).toEqual(['x_seconds_bucket', 'x_seconds_sum'])
    expect(findMetrics(all, 'BUSY gauge').map((each) => each.name)).toEqual(['load'])
    expect(findMetrics(all, ' ')).toHaveLength(5)
  })

  it('puts what people send before what Bellwether says of itself', () => {
    expect(orderMetrics(all).map((each) => each.name)).toEqual(['load', 'x_seconds_bucket', 'x_seconds_sum', 'y_sum', 'bellwether_a'])
  })

  it('ranks the name that was typed first, then what begins with it', () => {
    const names = ['cup', 'my_up', 'up_total', 'UP']
    expect(rankNames(names, 'up')).toEqual(['UP', 'up_total', 'cup', 'my_up'])
    expect(rankNames(names, 'total up')).toEqual(['up_total'])
    expect(rankNames(names, '')).toEqual(names)
    expect(rankNames(names, 'none')).toEqual([])
  })

  it('gives the server the longest word', () => {
    expect(serverWord(' http duration s')).toBe('duration')
    expect(serverWord('  ')).toBe('')
  })

  it('knows the parts of a histogram', () => {
    const names = new Set(all.map((each) => each.name))
    expect(all.map((each) => shownType(each, names))).toEqual(['unknown', 'histogram', 'histogram', 'unknown', 'gauge'])
  })
})
