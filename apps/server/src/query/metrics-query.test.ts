import { describe, expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { createInstruments } from '../kernel/instruments.ts'
import { createScope, type Scope } from '../kernel/scope.ts'
import type { MetricsCatalog, MetricsStore, SelectBudget, SeriesBlock } from '../metrics/index.ts'
import { createPromqlEngine } from '../promql/index.ts'
import { defaultQueryLimits, type ClassLimits } from './limits.ts'
import { createMetricsQuery } from './metrics-query.ts'

const scope = createScope(1, [1])
const never = new AbortController().signal
const options = { class: 'interactive', timeoutMs: null, lookbackMs: null } as const

function blockOf(count: number, timeMs: number): SeriesBlock {
  return {
    labels: [[['__name__', 'm']]],
    offsets: Uint32Array.of(0, count),
    timesMs: Float64Array.from({ length: count }, (_, i) => timeMs - (count - 1 - i) * 1000),
    values: new Float64Array(count).fill(1),
    histograms: null,
  }
}

const catalog: MetricsCatalog = {
  labelNames: (_scope, { limit }) => Array.from({ length: limit }, (_, i) => `l${i}`),
  labelValues: () => [],
  series: () => [],
  metadata: () => [],
  metrics: () => [],
  allLabelNames: (_scope, { limit }) => Promise.resolve(Array.from({ length: limit }, (_, i) => `l${i}`)),
  allLabelValues: () => Promise.resolve([]),
  allSeries: () => Promise.resolve([]),
  allMetrics: () => Promise.resolve([]),
}

interface Asked {
  readonly scope: Scope
  readonly budget: SelectBudget
}

function queryOver(select: MetricsStore['select'], limits: Partial<ClassLimits> = {}) {
  const instruments = createInstruments()
  const query = createMetricsQuery({
    engine: createPromqlEngine({ clock: systemClock }),
    store: { select },
    catalog,
    clock: systemClock,
    instruments,
    limits: { ...defaultQueryLimits, interactive: { ...defaultQueryLimits.interactive, ...limits } },
  })
  return { query, instruments }
}

describe('a query', () => {
  test('reads with the scope it was given, and each selector gets what is left of the budget', async () => {
    const asked: Asked[] = []
    const { query } = queryOver(
      async (one, _request, budget) => {
        asked.push({ scope: one, budget })
        return blockOf(60, 60_000)
      },
      { samplesMax: 100, seriesMax: 7 },
    )
    await expect(
      query.instant(scope, { query: 'sum_over_time(m[1m]) + sum_over_time(n[1m])', timeMs: 60_000, ...options }, never),
    ).rejects.toMatchObject({
      code: 'query.too_many_samples',
      publicText: expect.stringContaining('limit samplesMax = 100'),
      hint: expect.stringMatching(/time range/),
    })
    expect(asked.every((one) => one.scope === scope && one.budget.seriesMax === 7)).toBe(true)
    expect(asked[0]?.budget.samplesMax).toBe(100)
  })

  test('that takes too long is stopped and says its limit', async () => {
    let stopped = false
    const { query, instruments } = queryOver((_scope, _request, { signal }) => {
      signal.addEventListener('abort', () => (stopped = true))
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))))
    })
    const running = query.instant(scope, { query: 'm', timeMs: 0, ...options, timeoutMs: 20 }, never)
    await expect(running).rejects.toMatchObject({ code: 'query.timeout', publicText: expect.stringContaining('limit timeoutMs = 20') })
    expect(stopped).toBe(true)
    expect(await instruments.metrics()).toContain('bellwether_queries_total{class="interactive",outcome="query.timeout"} 1')
  })

  test('whose caller goes away is cancelled', async () => {
    const controller = new AbortController()
    const { query } = queryOver((_scope, _request, { signal }) => {
      queueMicrotask(() => controller.abort())
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))))
    })
    await expect(query.instant(scope, { query: 'm', timeMs: 0, ...options }, controller.signal)).rejects.toMatchObject({
      code: 'query.canceled',
    })
  })

  test('waits for its turn and counts itself', async () => {
    let running = 0
    let most = 0
    const { query, instruments } = queryOver(
      async () => {
        most = Math.max(most, ++running)
        await systemClock.sleep(5)
        running--
        return blockOf(3, 0)
      },
      { runningMax: 2 },
    )
    const answers = await Promise.all(Array.from({ length: 6 }, () => query.instant(scope, { query: 'm', timeMs: 0, ...options }, never)))
    expect(most).toBe(2)
    expect(answers.some(({ timings }) => timings.queuedMs > 0)).toBe(true)
    const text = await instruments.metrics()
    expect(text).toContain('bellwether_queries_total{class="interactive",outcome="ok"} 6')
    expect(text).toContain('bellwether_query_samples_total{class="interactive"} 18')
    expect(text).toContain('bellwether_queries_running{class="interactive"} 0')
  })

  test('may not ask for more time than its class has', async () => {
    const { query } = queryOver(
      (_scope, _request, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off')))),
      { timeoutMs: 15 },
    )
    const running = query.instant(scope, { query: 'm', timeMs: 0, ...options, timeoutMs: 60_000 }, never)
    await expect(running).rejects.toMatchObject({ publicText: expect.stringContaining('timeoutMs = 15') })
  })
})

describe('lists', () => {
  test('say when they were cut', async () => {
    const { query } = queryOver(async () => blockOf(0, 0))
    const request = { matchers: [], fromMs: 0, toMs: 1, limit: 2 }
    expect(query.labelNames(scope, request)).toEqual({ items: ['l0', 'l1'], isCut: true })
    expect(query.labelValues(scope, 'x', request)).toEqual({ items: [], isCut: false })
    expect(await query.allLabelNames(scope, request, never)).toEqual({ items: ['l0', 'l1'], isCut: true })
  })
})
