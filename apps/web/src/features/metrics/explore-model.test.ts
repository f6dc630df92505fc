import { describe, expect, it } from 'vitest'
import { curlCommand, displayName, gatherSeries, seriesShownMax, sortLegend, tableOf, visibleSeries } from './explore-model.ts'
import { readExploreSearch } from './explore-search.ts'
import type { RangeResult } from './prometheus.ts'
import { shiftLetters } from './use-explore.ts'

function result(series: readonly (readonly [Record<string, string>, number[]])[]): RangeResult {
  return {
    timesMs: Float64Array.from([0, 1000]),
    stepMs: 1000,
    warnings: [],
    infos: [],
    series: series.map(([labels, values]) => ({ labels, values: Float64Array.from(values) })),
  }
}

describe('gatherSeries', () => {
  it('names what differs, largest first, without empty series', () => {
    const answer = result([
      [{ __name__: 'up', job: 'a', zone: 'x' }, [1, 2]],
      [{ __name__: 'up', job: 'b', zone: 'x' }, [1, 9]],
      [{ __name__: 'up', job: 'c', zone: 'x' }, [Number.NaN, Number.NaN]],
    ])
    expect(gatherSeries([{ index: 0, query: 'up', result: answer }], 'light').map((series) => series.name)).toEqual(['job="b"', 'job="a"'])
  })

  it('tells queries apart by their letters', () => {
    const one = result([[{}, [1, 1]]])
    const names = gatherSeries(
      [
        { index: 0, query: 'sum(a)', result: one },
        { index: 2, query: 'sum(b)', result: one },
      ],
      'light',
    ).map((series) => series.name)
    expect(names).toEqual(['A · sum(a)', 'C · sum(b)'])
  })

  it('gives a series the same colour alone and in company', () => {
    const labels = { __name__: 'up', job: 'b' }
    const alone = gatherSeries([{ index: 0, query: 'up', result: result([[labels, [1, 1]]]) }], 'dark')
    const company = gatherSeries(
      [
        {
          index: 0,
          query: 'up',
          result: result([
            [labels, [1, 1]],
            [{ __name__: 'up', job: 'zz' }, [2, 2]],
          ]),
        },
      ],
      'dark',
    )
    expect(company.find((series) => series.labels['job'] === 'b')?.color).toBe(alone[0]?.color)
  })
})

describe('what is shown', () => {
  const many = gatherSeries(
    [{ index: 0, query: 'x', result: result(Array.from({ length: 50 }, (_, i) => [{ i: String(i) }, [i, i]] as const)) }],
    'light',
  )

  it('is bounded, and says how many are left out', () => {
    expect(visibleSeries(many, { only: undefined, hidden: [], limit: seriesShownMax })).toMatchObject({ leftOut: 30 })
    expect(visibleSeries(many, { only: many[40]?.fullName, hidden: [], limit: 20 }).series).toHaveLength(1)
    expect(visibleSeries(many, { only: 'gone', hidden: [], limit: 20 }).series).toHaveLength(20)
    expect(visibleSeries(many, { only: undefined, hidden: [many[0]?.fullName ?? ''], limit: 20 }).series).toHaveLength(19)
  })

  it('sorts by any column', () => {
    expect(sortLegend(many, 'last')[0]?.labels['i']).toBe('0')
    expect(sortLegend(many, '-max')[0]?.labels['i']).toBe('49')
    expect(sortLegend(many, 'name')[2]?.labels['i']).toBe('2')
    expect(sortLegend(many, 'nonsense')).toEqual(many)
  })

  it('can be taken away as a table', () => {
    expect(tableOf(Float64Array.from([0, 1000]), many.slice(49)).rows[1]).toEqual(['1970-01-01T00:00:01.000Z', 0])
  })
})

describe('displayName', () => {
  it('never is empty', () => {
    expect(displayName({}, [], 'sum(x)')).toBe('sum(x)')
    expect(displayName({ __name__: 'a' }, ['__name__'], 'q')).toBe('a')
    expect(displayName({ a: 'b' }, [], 'q')).toBe('{a="b"}')
  })
})

describe('addresses', () => {
  it('read whatever stands there', () => {
    expect(readExploreSearch({ q: 'up', view: 'pie', style: 'bars' })).toEqual({ q: ['up'], style: 'bars' })
    expect(readExploreSearch({ q: Array.from({ length: 30 }, () => 'a') }).q).toHaveLength(8)
    expect(readExploreSearch({})).toEqual({})
  })

  it('move the letters when a query goes', () => {
    expect(shiftLetters('ABD', 1)).toBe('AC')
    expect(shiftLetters('B', 1)).toBeUndefined()
  })

  it('become a command that a shell reads as written', () => {
    const command = curlCommand('http://h/p/query_range', `up{a='b'}`, { fromMs: 1000, toMs: 2000, stepMs: 1000 })
    expect(command).toContain(`'query=up{a='\\''b'\\''}'`)
  })
})
