/** The engine's promises beside results: limits, cancelling, one read a selector, push-down, result order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import { STALE, type Labels, type NativeHistogram, type SeriesBlock } from '../metrics/index.ts'
import { processorMs } from '../kernel/testing/processor-time.ts'
import { createPromqlEngine } from './engine.ts'
import { promqlErrorSpecs } from './errors.ts'
import { ABSENT } from './evaluator/values.ts'
import { queryArbitrary } from './testing/query-arbitrary.ts'
import { aggregationParams, signatures } from './syntax/signatures.ts'
import type { GridHint, QueryLimits, SampleSource, SourceRequest } from './ports.ts'

const limits: QueryLimits = { samplesMax: 10_000, seriesMax: 100, timeoutMs: 5000, stepsMax: 1000, lookbackMs: 300_000 }
const never = new AbortController().signal
const engine = createPromqlEngine({ clock: systemClock })

/** `count` series named `m` with a sample each ten seconds. */
function blockOf(count: number, request: SourceRequest): SeriesBlock {
  const fromMs = Math.ceil(Math.max(0, request.fromMs) / 10_000) * 10_000
  const perSeries = Math.max(0, Math.floor((request.toMs - fromMs) / 10_000) + 1)
  const labels: Labels[] = Array.from({ length: count }, (_, i) => [
    ['__name__', 'm'],
    ['i', String(i)],
  ])
  return {
    labels,
    offsets: Uint32Array.from({ length: count + 1 }, (_, i) => i * perSeries),
    timesMs: Float64Array.from({ length: count * perSeries }, (_, row) => fromMs + (row % perSeries) * 10_000),
    values: Float64Array.from({ length: count * perSeries }, (_, row) => row % perSeries),
    histograms: null,
  }
}

function recordingSource(count: number): { source: SampleSource; requests: SourceRequest[] } {
  const requests: SourceRequest[] = []
  return {
    requests,
    source: {
      async select(request) {
        requests.push(request)
        return blockOf(count, request)
      },
    },
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no error',
    (reason: unknown) => reason,
  )
  return isAppError(error) ? error.code : String(error)
}

test('error codes are unique', () => {
  const codes = promqlErrorSpecs.map((spec) => spec.code)
  expect(new Set(codes).size).toBe(codes.length)
})

describe('reads', () => {
  test('a selector asks for exactly its left-open windows, equal selectors share one read', async () => {
    const { source, requests } = recordingSource(1)
    const query = 'rate(m[5m]) + rate(m[5m] offset 1m) + rate(m[5m]) + m'
    await engine.range({ query, startMs: 600_000, endMs: 660_000, stepMs: 30_000 }, source, limits, never)
    expect(requests.map((request) => [request.fromMs, request.toMs])).toEqual([
      [300_001, 660_000],
      [240_001, 600_000],
    ])
  })

  test('subqueries widen the range by their own window and align to their step', async () => {
    const { source, requests } = recordingSource(1)
    await engine.instant('max_over_time(rate(m[1m])[5m:1m])', 630_000, source, limits, never)
    expect(requests.map((request) => [request.fromMs, request.toMs])).toEqual([[300_001, 600_000]])
  })

  test('all selectors are asked before any has answered', async () => {
    let started = 0
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const source: SampleSource = {
      async select(request) {
        if (++started === 2) release()
        await gate
        return blockOf(1, request)
      },
    }
    await engine.instant('m + on() group_left n', 60_000, source, limits, never)
    expect(started).toBe(2)
  })
})

describe('push-down', () => {
  test('a range function and a plain selector take what the source computed', async () => {
    const hints: GridHint[] = []
    const source: SampleSource = {
      select: () => Promise.reject(new Error('must not be asked')),
      async grid(_request, hint) {
        hints.push(hint)
        return { keys: Uint32Array.of(0), labels: [[['__name__', 'm_total']]], steps: 3, values: Float64Array.of(1, ABSENT, 3) }
      },
    }
    const query = 'sum(rate(m_total[5m] offset 1m)) + sum(m_total)'
    const { value } = await engine.range({ query, startMs: 60_000, endMs: 180_000, stepMs: 60_000 }, source, limits, never)
    expect(value.type === 'matrix' && [...(value.series[0]?.values ?? [])]).toEqual([2, 6])
    expect(hints).toEqual([
      { func: 'rate', startMs: 0, endMs: 120_000, stepMs: 60_000, windowMs: 300_000 },
      { func: 'last', startMs: 60_000, endMs: 180_000, stepMs: 60_000, windowMs: 300_000 },
    ])
  })

  test('a source that declines is asked for samples', async () => {
    const { source, requests } = recordingSource(1)
    const { value } = await engine.instant('rate(m[1m])', 600_000, { ...source, grid: async () => null }, limits, never)
    expect(requests.length).toBe(1)
    expect(value.type === 'vector' && value.series[0]?.value).toBeCloseTo(5 / 60)
  })
})

describe('limits', () => {
  const range = { query: 'm', startMs: 0, endMs: 1_000_000, stepMs: 1000 }
  test('steps', async () => {
    expect(await codeOf(engine.range({ ...range, endMs: 1_000_000 }, recordingSource(1).source, limits, never))).toBe(
      'query.too_many_steps',
    )
  })
  test('steps of a subquery', async () => {
    const query = 'sum_over_time(time()[10h:1ms])'
    expect(await codeOf(engine.instant(query, 36_000_000, recordingSource(1).source, { ...limits, samplesMax: 1e9 }, never))).toBe(
      'query.too_many_steps',
    )
  })
  test('series', async () => {
    expect(await codeOf(engine.instant('m', 0, recordingSource(101).source, limits, never))).toBe('query.too_many_series')
  })
  test('samples read', async () => {
    expect(await codeOf(engine.instant('rate(m[10h])', 36_000_000, recordingSource(3).source, limits, never))).toBe(
      'query.too_many_samples',
    )
  })
  test('cells in between', async () => {
    const small = { ...limits, samplesMax: 500 }
    expect(
      await codeOf(engine.range({ ...range, endMs: 900_000, query: 'sum(m offset 1h)' }, recordingSource(1).source, small, never)),
    ).toBe('query.too_many_samples')
  })
  test('a subquery of a scalar with a tiny step', async () => {
    expect(await codeOf(engine.instant('max_over_time(vector(1)[1y:1ms])', 0, recordingSource(1).source, limits, never))).toBe(
      'query.too_many_steps',
    )
  })
  test('a long chain is evaluated within the stack', async () => {
    const query = Array.from({ length: 400 }, () => 'm').join(' or ')
    expect(await codeOf(engine.instant(query, 600_000, recordingSource(1).source, limits, never))).toBe('no error')
  })
  test('a subquery with a tiny step', async () => {
    expect(await codeOf(engine.instant('max_over_time(m[1d:1ms])', 86_400_000, recordingSource(1).source, limits, never))).toBe(
      'query.too_many_steps',
    )
  })
})

describe('stopping', () => {
  const stuck: SampleSource = {
    select: (_request, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  }
  test('the caller cancels', async () => {
    const caller = new AbortController()
    const work = codeOf(engine.instant('m', 0, stuck, limits, caller.signal))
    caller.abort()
    expect(await work).toBe('query.canceled')
  })
  test('the deadline passes', async () => {
    expect(await codeOf(engine.instant('m', 0, stuck, { ...limits, timeoutMs: 20 }, never))).toBe('query.timeout')
  })
  test('the deadline passes while it computes', async () => {
    let nowMs = 0
    const clock: Clock = { ...systemClock, monotonicMs: () => (nowMs += 100) }
    const slow = createPromqlEngine({ clock })
    expect(await codeOf(slow.instant('m + m + m + m', 0, recordingSource(1).source, { ...limits, timeoutMs: 300 }, never))).toBe(
      'query.timeout',
    )
  })
  test("a source's own error comes through", async () => {
    const broken: SampleSource = { select: () => Promise.reject(new Error('disk on fire')) }
    expect(await codeOf(engine.instant('m + n', 0, broken, limits, never))).toBe('Error: disk on fire')
  })
})

describe('results', () => {
  test('series of one match group may take turns', async () => {
    const labels: Labels[] = Array.from({ length: 90 }, (_, i) => [
      ['__name__', 'm'],
      ['i', String(i)],
    ])
    const block: SeriesBlock = {
      labels,
      offsets: Uint32Array.from({ length: 91 }, (_, i) => i),
      timesMs: Float64Array.from(labels, (_, i) => i * 10_000),
      values: Float64Array.from(labels, (_, i) => i),
      histograms: null,
    }
    const shape = async (operator: string): Promise<number[]> => {
      const range = { query: `vector(1) + ${operator} last_over_time(m[10s])`, startMs: 0, endMs: 890_000, stepMs: 10_000 }
      const { value } = await engine.range(range, { select: async () => block }, { ...limits, samplesMax: 100_000 }, never)
      return value.type === 'matrix' ? value.series.map((series) => series.values.length) : []
    }
    expect(await shape('on()')).toEqual([90])
    expect(await shape('on() group_left(i)')).toEqual(labels.map(() => 1))
  })

  test('a range query is sorted by labels and has only present points', async () => {
    const { value } = await engine.range(
      { query: 'm > 3', startMs: 0, endMs: 60_000, stepMs: 10_000 },
      recordingSource(11).source,
      limits,
      never,
    )
    if (value.type !== 'matrix') throw new Error('not a matrix')
    expect(value.series.map((series) => series.labels[1]?.[1])).toEqual(['0', '1', '10', '2', '3', '4', '5', '6', '7', '8', '9'])
    expect([...(value.series[0]?.timesMs ?? [])]).toEqual([40_000, 50_000, 60_000])
    expect(value.series[0]?.histograms).toBeNull()
  })

  test('wrong requests reject, they do not throw', async () => {
    expect(await codeOf(engine.instant('m[', 0, recordingSource(1).source, limits, never))).toBe('promql.parse')
    expect(await codeOf(engine.range({ query: 'm[1m]', startMs: 0, endMs: 1, stepMs: 1 }, recordingSource(1).source, limits, never))).toBe(
      'promql.parse',
    )
    expect(await codeOf(engine.range({ query: 'm', startMs: 1, endMs: 0, stepMs: 1 }, recordingSource(1).source, limits, never))).toBe(
      'promql.execution',
    )
    expect(await codeOf(engine.range({ query: 'm', startMs: 0, endMs: 0, stepMs: 0 }, recordingSource(1).source, limits, never))).toBe(
      'promql.execution',
    )
  })

  test('names are dropped at once unless the engine is told otherwise', async () => {
    const query = 'sum by (__name__) (-m)'
    const now = await engine.instant(query, 0, recordingSource(1).source, limits, never)
    expect(now.value.type === 'vector' && now.value.series[0]?.labels).toEqual([])
    const late = createPromqlEngine({ clock: systemClock, delayedNameRemoval: true })
    const joined = await late.instant('label_replace(-m, "n", "$1", "__name__", "(.*)")', 0, recordingSource(1).source, limits, never)
    expect(joined.value.type === 'vector' && joined.value.series[0]?.labels).toEqual([
      ['i', '0'],
      ['n', 'm'],
    ])
  })

  test('label functions end, whatever their pattern and their nesting', async () => {
    const long = `label_replace(vector(1), "x", "${'a'.repeat(60)}", "", "")`
    const startedMs = processorMs()
    await expect(
      engine.instant(`label_replace(${long}, "y", "$1", "x", "(a*)*b")`, 0, recordingSource(1).source, limits, never),
    ).rejects.toThrow(/takes longer than \d+ ms/)
    expect(processorMs() - startedMs).toBeLessThan(3000)
    const doubled = `${'label_join('.repeat(100)}${long}${', "x", "", "x", "x")'.repeat(100)}`
    await expect(engine.instant(doubled, 0, recordingSource(1).source, limits, never)).rejects.toThrow(/would be longer than/)
  })

  test('annotations carry their position', async () => {
    const { infos } = await engine.instant('sum(\n  rate(m[1m]))', 600_000, recordingSource(1).source, limits, never)
    expect(infos).toEqual(['PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "m" (2:8)'])
  })
})

describe('every function and operator that parses is evaluated', () => {
  const argument = { scalar: '0.5', vector: 'm', matrix: 'm[2m]', string: '"x"' }
  const unsupported = ['info']
  for (const { name, args } of signatures.values()) {
    test(`${name} ${unsupported.includes(name) ? 'says that it is not supported' : 'works'}`, async () => {
      const query = `${name}(${args.map((type) => argument[type]).join(', ')})`
      const code = await codeOf(engine.instant(query, 600_000, recordingSource(2).source, limits, never))
      expect(code).toBe(unsupported.includes(name) ? 'promql.execution' : 'no error')
    })
  }
  for (const [op, param] of aggregationParams) {
    test(`${op} works`, async () => {
      const query = `${op}(${param === null ? '' : `${argument[param]}, `}m) by (i)`
      expect(await codeOf(engine.instant(query, 600_000, recordingSource(2).source, limits, never))).toBe('no error')
    })
  }
})

test('any valid query gives a result or an operational error, in instant and in range mode', async () => {
  const late = createPromqlEngine({ clock: systemClock, delayedNameRemoval: true })
  const { source } = recordingSource(3)
  const named: SampleSource = {
    async select(request, signal) {
      const block = await source.select(request, signal)
      const histograms = Array.from(block.values, (_, row) => (row % 7 === 0 ? oneHistogram : null))
      return { ...block, histograms, values: block.values.map((value, row) => (row % 11 === 0 ? STALE : value)) }
    },
  }
  await fc.assert(
    fc.asyncProperty(queryArbitrary, fc.constantFrom(engine, late), async (query, which) => {
      const small = { ...limits, samplesMax: 20_000, timeoutMs: 2000 }
      const results = await Promise.all([
        codeOf(which.instant(query, 600_000, named, small, never)),
        codeOf(which.range({ query, startMs: 0, endMs: 240_000, stepMs: 60_000 }, named, small, never)),
      ])
      for (const code of results) expect(code).toMatch(/^(no error|promql\.execution|query\.[a-z_]+)$/)
    }),
    { numRuns: 300 },
  )
})

const oneHistogram: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0.1,
  zeroCount: 1,
  count: 4,
  sum: 5,
  positiveSpans: [0, 2],
  positiveCounts: [1, 2],
  negativeSpans: [],
  negativeCounts: [],
  customValues: [],
  resetHint: 'unknown',
}
