import { describe, expect, it } from 'vitest'
import { unitOfQuery } from '../metrics/index.ts'
import { overviewStats } from './overview-stats.ts'

describe('overviewStats', () => {
  it('have a unit that can be read from the query', () => {
    const units = overviewStats('1').map((stat) => {
      const unit = unitOfQuery(stat.query, () => '')
      return `${stat.id} ${unit.base}${unit.perSecond ? '/s' : ''}`
    })
    expect(units).toEqual(['received none/s', 'bytes bytes/s', 'cpu ratio', 'memory ratio', 'disk ratio', 'own bytes'])
  })
})
