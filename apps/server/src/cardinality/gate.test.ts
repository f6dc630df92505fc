import { describe, expect, test } from 'vitest'
import { createScope, type Tenant } from '../kernel/scope.ts'
import { InProcessCardinality } from '../limiters/index.ts'
import { defaultSeriesLimits, SeriesRegistry } from '../metrics/index.ts'
import { CardinalityAccount } from './account.ts'
import { DistinctTexts } from './distinct.ts'
import { CardinalityGate } from './gate.ts'
import { accountedMetricsMax } from './limits.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }

function open() {
  const clock = { ms: 1_790_000_000_000, nowMs: (): number => clock.ms }
  const series = new SeriesRegistry(defaultSeriesLimits, 1)
  const limits = { global: 100, organization: 100, useCase: 100, metric: 10 }
  const limiter = new InProcessCardinality({ windowSec: 3600, granularitySec: 600, limits }, { clock, seed: 1 })
  const account = new CardinalityAccount(clock)
  const told: string[] = []
  const rules = new Map<number, string>()
  const gate = new CardinalityGate({
    series,
    limiter,
    account,
    scopeOf: (ref) => rules.get(ref) ?? '',
    useCaseOf: () => 'custom',
    onExplosion: (_tenant, text) => told.push(text),
  })
  const refsOf = (metric: string, users: readonly number[]): number[] =>
    users.map((user) =>
      series.resolve(tenant, [
        ['__name__', metric],
        ['job', 'web'],
        ['region', `r${user % 2}`],
        ['user', `u${user}`],
      ]),
    )
  return { clock, account, gate, told, rules, refsOf }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

describe('the gate', () => {
  test('refuses what is over the limit of its metric, names the label that exploded, and says it once', () => {
    const { gate, account, told, refsOf } = open()
    const refs = refsOf('hits', numbers(0, 60))
    expect(gate.judge(tenant, [...refs, ...refsOf('calm', [1])])).toEqual({ reason: 'cardinality_limit', refs: refs.slice(10) })
    gate.judgeNow(tenant, refs)
    expect(told).toEqual([expect.stringMatching(/^hits: new series are dropped, the metric has its 10 series.*label 'user'/)])
    const [explosion, ...others] = account.explosions(createScope(1, [1]))
    expect(others).toEqual([])
    expect(explosion).toMatchObject({ metric: 'hits', label: 'user', reached: 'metric', limit: 10 })
    expect(explosion?.examples).toEqual(['u10', 'u11', 'u12', 'u13', 'u14'])
    expect(Math.abs((explosion?.labelValues ?? 0) - 50)).toBeLessThan(10)
    expect(Math.abs((explosion?.refusedSeries ?? 0) - 50)).toBeLessThan(10)
    expect(account.newSeries(tenant, 'calm')).toBe(1)
    expect(account.explosions(createScope(1, [2]))).toEqual([])
    expect(account.explosions(createScope(2, [1]))).toEqual([])
  })

  test('many at once are counted about right', () => {
    const { gate, account, refsOf } = open()
    void gate.judge(tenant, refsOf('hits', numbers(0, 5010)))
    const [explosion] = account.explosions(createScope(1, [1]))
    for (const about of [explosion?.refusedSeries, explosion?.labelValues]) expect(Math.abs((about ?? 0) - 5000)).toBeLessThan(1250)
  })

  test('what a rule leaves of a metric has room of its own', () => {
    const { gate, rules, refsOf } = open()
    void gate.judge(tenant, refsOf('hits', numbers(0, 60)))
    const left = refsOf('hits', [100, 101])
    for (const ref of left) rules.set(ref, 'rule 1')
    expect(gate.judge(tenant, left)).toEqual({ reason: 'cardinality_limit', refs: [] })
  })

  test('known series that are noted stay known', () => {
    const { gate, clock, refsOf } = open()
    const refs = refsOf('hits', numbers(0, 10))
    void gate.judge(tenant, refs)
    for (let i = 0; i < 6; i++) {
      clock.ms += 600_000
      void gate.note(tenant, refs)
    }
    expect(gate.judge(tenant, [...refs, ...refsOf('hits', [50])])).toMatchObject({ refs: { length: 1 } })
  })

  test('after an hour without refusals nothing counts as refused, after a day it is no explosion', () => {
    const { gate, clock, account, told, refsOf } = open()
    void gate.judge(tenant, refsOf('hits', numbers(0, 60)))
    clock.ms += 3_700_000
    expect(account.refusedSeries(tenant, 'hits')).toBe(0)
    expect(account.explosions(createScope(1, [1])).length).toBe(1)
    clock.ms += 86_400_000
    expect(account.explosions(createScope(1, [1]))).toEqual([])
    void gate.judge(tenant, refsOf('hits', numbers(0, 60)))
    expect(told.length).toBe(2)
  })
})

test('the account is bounded: the longest quiet metric gives way', () => {
  const account = new CardinalityAccount({ nowMs: () => 1_790_000_000_000 })
  for (let i = 0; i <= accountedMetricsMax; i++) account.noteNew(tenant, `m${i}`, 1)
  expect([account.newSeries(tenant, 'm0'), account.newSeries(tenant, 'm1')]).toEqual([0, 1])
})

test.each([1, 10, 1000, 100_000])('%d distinct texts are counted within a quarter', (count) => {
  const texts = new DistinctTexts()
  for (let round = 0; round < 2; round++) for (let i = 0; i < count; i++) texts.add(`user-${i}`)
  expect(Math.abs(texts.count - count) / count).toBeLessThan(0.25)
})
