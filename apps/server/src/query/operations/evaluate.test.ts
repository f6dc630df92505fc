import { describe, expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { createScope } from '../../kernel/scope.ts'
import type { UniqueCounts } from '../../metrics/index.ts'
import { OperationsConfiguration } from '../../naming/index.ts'
import type { InstantSeries, QueryValue, RangeSeries } from '../../promql/index.ts'
import { tooManySamples, tooManySeries } from '../errors.ts'
import { defaultQueryLimits } from '../limits.ts'
import type { QueryAnswer } from '../metrics-query.ts'
import { createMetricOperations } from './evaluate.ts'
import type { OperationQuery } from './ports.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const scope = createScope(1, [1])
const live = new AbortController().signal

function answerOf(value: QueryValue): QueryAnswer {
  return { value, warnings: [], infos: [], samplesRead: 0, timings: { queuedMs: 0, evaluationMs: 0, totalMs: 0 } }
}

/** Operations over queries that are answered as told; every text asked is kept. */
function open(refuse: (text: string) => AppError | null, groups = 1) {
  const asked: string[] = []
  const check = (text: string): void => {
    asked.push(text)
    const refusal = refuse(text)
    if (refusal !== null) throw refusal
  }
  const labelsOf = (group: number) => [['__component__', '0'] as const, ['city', `c${group}`] as const]
  const operations = createMetricOperations({
    query: {
      instant: async (_scope, { query, timeMs }) => {
        check(query)
        const series = Array.from({ length: groups }, (_, g): InstantSeries => ({
          labels: labelsOf(g),
          timeMs,
          value: g + 1,
          histogram: null,
        }))
        return answerOf({ type: 'vector', timeMs, series })
      },
      range: async (_scope, { query, endMs }) => {
        check(query)
        const one = (g: number): RangeSeries => ({
          labels: labelsOf(g),
          timesMs: Float64Array.of(endMs),
          values: Float64Array.of(g + 1),
          histograms: null,
        })
        return answerOf({ type: 'matrix', series: Array.from({ length: groups }, (_, g) => one(g)) })
      },
      metadata: () => [{ name: 'orders', type: 'counter', unit: '', help: '' }],
      allSeries: async () => ({ items: [[['__name__', 'orders']]], isCut: false }),
    },
    unique: {
      countUnique: async (): Promise<UniqueCounts> => ({ groups: [], startsMs: [], counts: new Float64Array(0) }),
      isSet: () => false,
    },
    configuration: new OperationsConfiguration(),
    clock: { nowMs: () => nowMs },
    limits: defaultQueryLimits,
  })
  return { operations, asked }
}

const query: OperationQuery = {
  metric: 'orders',
  operation: 'sum',
  groupBy: [],
  where: [],
  from: 'now-1h',
  to: 'now',
  interval: '10m',
  groupsMax: 50,
  threshold: null,
  statusTag: null,
  okStatuses: ['ok'],
  buckets: 10,
}

describe('operations', () => {
  test('count from sample to sample', async () => {
    const { operations, asked } = open(() => null)
    expect(await operations.query(scope, query, live)).toMatchObject({ isExact: true, groups: [{ total: 1, values: [0, 0, 0, 0, 0, 1] }] })
    expect(asked.every((text) => text.includes(' anchored)'))).toBe(true)
  })

  test('extrapolate where samples are too many, which rollups can answer, and say so', async () => {
    const { operations, asked } = open((text) => (text.includes('anchored') ? new AppError(tooManySamples) : null))
    expect(await operations.query(scope, query, live)).toMatchObject({ isExact: false, groups: [{ total: 1 }] })
    expect(asked.at(-1)).toContain('increase({__name__="orders"}[600000ms])')
  })

  test('fail where it is something else that is too much, or still too much', async () => {
    await expect(open(() => new AppError(tooManySeries)).operations.query(scope, query, live)).rejects.toMatchObject({
      code: 'query.too_many_series',
    })
    await expect(open(() => new AppError(tooManySamples)).operations.query(scope, query, live)).rejects.toMatchObject({
      code: 'query.too_many_samples',
    })
  })

  test('refuse answers of more values than anyone reads', async () => {
    const { operations } = open(() => null, 1000)
    const many = { ...query, groupBy: ['city'], groupsMax: 1000, interval: '10s' }
    await expect(operations.query(scope, many, live)).rejects.toMatchObject({
      code: 'query.bad_operation_query',
      publicText: expect.stringContaining('1000 groups of 360 points'),
    })
  })
})
