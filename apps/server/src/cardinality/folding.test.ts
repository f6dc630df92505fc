import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Tenant } from '../kernel/scope.ts'
import { defaultSeriesLimits, MetricsBatch, SeriesRegistry, STALE, type Labels, type NativeHistogram } from '../metrics/index.ts'
import { Folding } from './folding.ts'
import { learningMs, rawGaugeIdleMs } from './limits.ts'
import type { GaugeFunction, RuleAction } from './ports.ts'

const tenant: Tenant = { organizationId: 1, projectId: 1 }
const startMs = 1_790_000_000_000

function labelsOf(name: string, labels: Record<string, string> = {}): Labels {
  return Object.entries({ __name__: name, ...labels }).sort(([a], [b]) => (a < b ? -1 : 1))
}

const dropUser = (gauges: GaugeFunction = 'sum'): RuleAction => ({ kind: 'drop_labels', labels: ['user'], gauges })

function open(action: RuleAction = dropUser(), rawMax = 1000) {
  const registry = new SeriesRegistry(defaultSeriesLimits, 1)
  const clock = { ms: startMs, nowMs: (): number => clock.ms }
  const stored = new Map<number, { timeMs: number; value: number }>()
  const folding = new Folding({ series: registry, newest: (ref) => stored.get(ref) ?? null, describe: () => null, clock, rawMax })
  registry.useRules(folding)
  const setRule = (next: RuleAction | null): void =>
    folding.setRules(tenant, next === null ? [] : [{ id: '1', version: 1, match: { kind: 'prefix', value: 'm' }, action: next }])
  setRule(action)
  /** Folds samples `[labels, seconds since the start, value]` and gives what is left of them. */
  const fold = (samples: readonly (readonly [Labels, number, number])[]) => {
    const batch = new MetricsBatch()
    batch.reset(tenant)
    for (const [labels, sec, value] of samples) batch.addSample(registry.resolve(tenant, labels), startMs + sec * 1000, value)
    const out = folding.has(tenant) ? folding.fold(batch) : new Map()
    const rows = Array.from({ length: batch.sampleCount }, (_, i) => {
      const ref = batch.seriesRefs[i]!
      stored.set(ref, { timeMs: batch.timesMs[i]!, value: batch.values[i]! })
      const text = registry.labels(ref).map(([label, value]) => `${label}=${value}`)
      return [text.join(','), (batch.timesMs[i]! - startMs) / 1000, batch.values[i]!]
    })
    return { rows, dropped: Object.fromEntries(out), batch }
  }
  const skip = (ms: number): void => void (clock.ms += ms)
  return { registry, clock, stored, folding, setRule, fold, skip }
}

const hits = (user: string, job = 'a'): Labels => labelsOf('m_total', { job, user })

describe('counters', () => {
  test('are summed by what they grow by; first values while learning are where they begin', () => {
    const { fold, skip } = open()
    skip(10_000)
    expect(
      fold([
        [hits('1'), 10, 100],
        [hits('2'), 10, 7],
      ]).rows,
    ).toEqual([['__name__=m_total,job=a', 10, 0]])
    skip(10_000)
    expect(
      fold([
        [hits('1'), 20, 103],
        [hits('2'), 20, 9],
        [hits('1', 'b'), 20, 50],
      ]).rows,
    ).toEqual([
      ['__name__=m_total,job=a', 20, 5],
      ['__name__=m_total,job=b', 20, 0],
    ])
  })

  test('a fall is a reset; after learning a new series counts whole', () => {
    const { fold, skip } = open()
    skip(learningMs)
    const at = learningMs / 1000
    expect(fold([[hits('1'), at, 4]]).rows).toEqual([['__name__=m_total,job=a', at, 4]])
    skip(10_000)
    expect(
      fold([
        [hits('1'), at + 10, 3],
        [hits('2'), at + 10, 1],
      ]).rows,
    ).toEqual([['__name__=m_total,job=a', at + 10, 8]])
  })

  test('a zero at a start after the rules makes the first value whole, one before them does not', () => {
    const { fold, skip } = open()
    skip(60_000)
    expect(
      fold([
        [hits('1'), 30, 0],
        [hits('1'), 60, 5],
        [hits('2'), -3600, 0],
        [hits('2'), 60, 900],
      ]).rows,
    ).toEqual([
      ['__name__=m_total,job=a', 30, 0],
      ['__name__=m_total,job=a', 60, 5],
    ])
  })

  test('after a restart the total goes on from what is stored', () => {
    const { fold, skip, stored, registry } = open()
    skip(10_000)
    stored.set(registry.resolve(tenant, labelsOf('m_total', { job: 'a' })), { timeMs: startMs + 5000, value: 1000 })
    expect(fold([[hits('1'), 10, 100]]).rows).toEqual([['__name__=m_total,job=a', 10, 1000]])
    skip(10_000)
    expect(fold([[hits('1'), 20, 104]]).rows).toEqual([['__name__=m_total,job=a', 20, 1004]])
  })

  test('a batch that was lost is said again when it is repeated, and counts once', () => {
    const { fold, skip, folding } = open()
    skip(10_000)
    fold([[hits('1'), 10, 1]])
    skip(10_000)
    const lost = fold([[hits('1'), 20, 5]])
    expect(lost.rows).toEqual([['__name__=m_total,job=a', 20, 4]])
    folding.lost(lost.batch)
    expect(fold([[hits('1'), 20, 5]]).rows).toEqual([['__name__=m_total,job=a', 20.001, 4]])
    expect(fold([[hits('1'), 20, 5]]).rows).toEqual([])
  })

  test('times only go up, never past the clock, and what is late of one series is dropped', () => {
    const { fold, skip } = open()
    skip(30_000)
    fold([
      [hits('1'), 30, 1],
      [hits('2'), 30, 1],
    ])
    expect(fold([[hits('2'), 31, 3]]).rows).toEqual([['__name__=m_total,job=a', 30.001, 2]])
    const late = fold([
      [hits('1'), 20, 0],
      [hits('1'), 31, 2],
    ])
    expect(late.rows).toEqual([['__name__=m_total,job=a', 30.002, 3]])
    expect(late.dropped).toEqual({ rule_out_of_order: 1 })
  })

  test('a sender that catches up gives a sample a second, whatever the order of its series', () => {
    const { fold, skip } = open()
    skip(learningMs)
    fold([
      [hits('1'), 300, 1],
      [hits('2'), 300, 1],
    ])
    skip(60_000)
    const sent = ['1', '2'].flatMap((user) => [310, 320, 330].map((sec, i) => [hits(user), sec, 2 + i] as const))
    expect(fold(sent).rows).toEqual([310, 320, 330].map((sec, i) => ['__name__=m_total,job=a', sec, 4 + 2 * i]))
  })

  test('the end of a series is no growth, and what it had stays', () => {
    const { fold, skip } = open()
    skip(learningMs)
    const at = learningMs / 1000
    fold([[hits('1'), at, 4]])
    skip(10_000)
    fold([[hits('1'), at + 10, STALE]])
    skip(10_000)
    expect(fold([[hits('1'), at + 20, 6]]).rows).toEqual([['__name__=m_total,job=a', at + 20, 6]])
  })

  test('after a long silence all begin anew', () => {
    const { fold, skip } = open()
    skip(learningMs)
    fold([[hits('1'), 300, 4]])
    skip(learningMs + 1000)
    expect(fold([[hits('2'), 601, 1_000_000]]).rows).toEqual([['__name__=m_total,job=a', 601, 4]])
  })

  test('sum to what the raw series grew by, however they are sent', () => {
    const step = fc.record({ user: fc.nat(5), by: fc.nat(9), resets: fc.nat(9).map((n) => n === 0), sends: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { fold, skip } = open()
        skip(learningMs)
        const values = new Map<number, number>()
        let grown = 0
        let said = 0
        let saidMs = 0
        let pending: (readonly [Labels, number, number])[] = []
        steps.forEach(({ user, by, resets, sends }, i) => {
          const before = values.get(user) ?? 0
          // A reset that is seen: the value falls.
          const falls = resets && before > by
          values.set(user, falls ? by : before + by)
          grown += by
          pending.push([hits(`${user}`), learningMs / 1000 + i, falls ? by : before + by])
          skip(1000)
          if (!sends) return
          for (const [, atSec, value] of fold(pending).rows) {
            expect(Number(atSec)).toBeGreaterThan(saidMs)
            saidMs = Number(atSec)
            said = Number(value)
          }
          pending = []
          expect(said).toBe(grown)
        })
      }),
    )
  })
})

describe('native histograms', () => {
  const shape = {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positiveSpans: [0, 1],
    negativeSpans: [],
    negativeCounts: [],
    customValues: [],
  }
  const one = (count: number): NativeHistogram => ({ ...shape, count, sum: count, positiveCounts: [count], resetHint: 'unknown' })

  test('are summed by what they grow by', () => {
    const { folding, registry, skip } = open()
    const fold = (sec: number, ...counts: number[]) => {
      const batch = new MetricsBatch()
      batch.reset(tenant)
      counts.forEach((count, user) =>
        batch.addHistogram(registry.resolve(tenant, labelsOf('m', { user: `${user}` })), startMs + sec * 1000, one(count)),
      )
      const out = Object.fromEntries(folding.fold(batch))
      return { counts: batch.histograms.map(({ count, positiveCounts }) => [count, ...positiveCounts]), times: batch.histogramTimesMs, out }
    }
    skip(learningMs)
    expect(fold(300, 3, 4)).toEqual({ counts: [[7, 7]], times: [startMs + 300_000], out: {} })
    skip(10_000)
    expect(fold(310, 5, 1)).toMatchObject({ counts: [[10, 10]] })
    expect(fold(305, 9)).toMatchObject({ counts: [], out: { rule_out_of_order: 1 } })
  })
})

describe('gauges', () => {
  const gauge = (user: string): Labels => labelsOf('m', { user })
  const cases: [GaugeFunction, number[]][] = [
    ['sum', [6, 5, 4]],
    ['avg', [3, 2.5, 4]],
    ['min', [2, 1, 4]],
    ['max', [4, 4, 4]],
    ['last', [4, 1, 1]],
  ]
  test.each(cases)('%s', (gauges, [first, second, third]) => {
    const { fold, skip } = open(dropUser(gauges))
    skip(10_000)
    expect(
      fold([
        [gauge('1'), 10, 2],
        [gauge('2'), 10, 4],
      ]).rows,
    ).toEqual([['__name__=m', 10, first]])
    skip(10_000)
    expect(fold([[gauge('1'), 20, 1]]).rows).toEqual([['__name__=m', 20, second]])
    skip(10_000)
    expect(fold([[gauge('1'), 30, STALE]]).rows).toEqual([['__name__=m', 30, third]])
    skip(10_000)
    expect(fold([[gauge('2'), 40, STALE]]).rows).toEqual([['__name__=m', 40, STALE]])
  })

  test('one that is silent for the look-back of queries is not part of the sum any more', () => {
    const { fold, skip, folding } = open()
    fold([
      [gauge('1'), 0, 2],
      [gauge('2'), 0, 4],
    ])
    skip(rawGaugeIdleMs)
    fold([[gauge('1'), 300, 2]])
    skip(2000)
    Array.from(folding.sweep())
    expect(folding.rawCount).toBe(1)
    expect(fold([[gauge('1'), 302, 3]]).rows).toEqual([['__name__=m', 302, 3]])
  })

  test('a function of many is what it is of the newest values', () => {
    const value = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(STALE))
    const steps = fc.array(fc.record({ user: fc.nat(6), value }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(steps, fc.constantFrom<GaugeFunction>('sum', 'avg', 'min', 'max'), (all, gauges) => {
        const { fold, skip } = open(dropUser(gauges))
        const newest = new Map<number, number>()
        all.forEach((one, i) => {
          skip(1000)
          if (one.value === STALE) newest.delete(one.user)
          else newest.set(one.user, one.value)
          const values = [...newest.values()]
          const sum = values.reduce((a, b) => a + b, 0)
          const wanted = { sum, avg: sum / values.length, min: Math.min(...values), max: Math.max(...values) }[gauges as 'sum']
          const [row] = fold([[gauge(`${one.user}`), i + 1, one.value]]).rows
          expect(row?.[2]).toBe(values.length === 0 ? STALE : wanted)
        })
      }),
    )
  })
})

describe('other rules', () => {
  test('a dropped metric takes no place in the index and is counted', () => {
    const { fold, registry } = open({ kind: 'drop_metric' })
    const out = fold(Array.from({ length: 50 }, (_, i) => [labelsOf('m', { user: `${i}` }), i, 1] as const))
    expect(out).toMatchObject({ rows: [], dropped: { rule_drop_metric: 50 } })
    expect(registry.seriesCount).toBe(1)
    expect(fold([[labelsOf('other', { user: '1' }), 1, 1]]).rows).toEqual([['__name__=other,user=1', 1, 1]])
  })

  test('keeping labels keeps buckets apart', () => {
    const { fold, skip } = open({ kind: 'keep_labels', labels: [], gauges: 'sum' })
    skip(learningMs)
    const bucket = (le: string, pod: string): Labels => labelsOf('m_bucket', { le, pod })
    expect(
      fold([
        [bucket('1', 'a'), 300, 1],
        [bucket('1', 'b'), 300, 2],
        [bucket('+Inf', 'a'), 300, 5],
      ]).rows,
    ).toEqual([
      ['__name__=m_bucket,le=1', 300, 3],
      ['__name__=m_bucket,le=+Inf', 300, 5],
    ])
  })

  test('when the table is full, samples of further series are dropped and counted', () => {
    const { fold } = open(dropUser(), 2)
    expect(
      fold([
        [hits('1'), 1, 1],
        [hits('2'), 1, 1],
        [hits('3'), 1, 1],
      ]).dropped,
    ).toEqual({ rule_series_limit: 1 })
  })

  test('without the rule series are as they were, and nothing is kept of the raw ones', () => {
    const { fold, setRule, folding } = open()
    fold([[hits('1'), 1, 1]])
    setRule(null)
    Array.from(folding.sweep())
    expect([folding.has(tenant), folding.rawCount]).toEqual([false, 0])
    expect(fold([[hits('1'), 2, 1]]).rows).toEqual([['__name__=m_total,job=a,user=1', 2, 1]])
  })

  test('a change of other rules while a batch waits to be stored changes nothing for this one', () => {
    const { clock, stored, folding, fold, skip } = open()
    skip(learningMs)
    const at = learningMs / 1000
    const rule = { id: '1', version: 1, match: { kind: 'prefix', value: 'm' }, action: dropUser() } as const
    fold([[hits('1'), at, 1000]])
    const before = new Map(stored)
    skip(10_000)
    expect(fold([[hits('1'), at + 10, 1005]]).rows).toEqual([['__name__=m_total,job=a', at + 10, 1005]])
    // The store does not have it yet.
    for (const [ref, sample] of before) stored.set(ref, sample)
    folding.setRules(tenant, [rule, { ...rule, id: '2', match: { kind: 'prefix', value: 'other' } }])
    clock.ms += 1000
    expect(fold([[hits('1'), at + 11, 1006]]).rows).toEqual([['__name__=m_total,job=a', at + 11, 1006]])
  })

  test('a new version of a rule goes on from the total that is on its way to the store', () => {
    const { clock, stored, folding, fold, skip } = open()
    skip(learningMs)
    const at = learningMs / 1000
    fold([[hits('1'), at, 1000]])
    const before = new Map(stored)
    skip(10_000)
    fold([[hits('1'), at + 10, 1005]])
    for (const [ref, sample] of before) stored.set(ref, sample)
    folding.setRules(tenant, [{ id: '1', version: 2, match: { kind: 'prefix', value: 'm' }, action: dropUser() }])
    clock.ms += 1000
    expect(fold([[hits('1'), at + 11, 1006]]).rows).toEqual([['__name__=m_total,job=a', at + 11, 1005]])
  })
})
