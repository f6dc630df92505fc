/** A query that is canceled stops within a series, and one that fails stops what it still reads. */
import { expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import type { Labels, SeriesBlock } from '../../metrics/index.ts'
import { createPromqlEngine } from '../engine.ts'
import type { QueryLimits, SampleSource } from '../ports.ts'
import { createMemoryStorage } from '../test-language/memory-storage.ts'

const limits: QueryLimits = { samplesMax: 1e7, seriesMax: 1e5, timeoutMs: 60_000, stepsMax: 11_000, lookbackMs: 300_000 }
const points = 3000
const steps = 1000

/** One series at a second's interval that falls every tenth point. */
async function longSeries(): Promise<SampleSource> {
  const storage = createMemoryStorage()
  const labels: Labels = [['__name__', 'm']]
  const timesMs = Array.from({ length: points }, (_, i) => i * 1000)
  await storage.load([{ labels, timesMs, values: timesMs.map((_, i) => i % 10), histograms: null }])
  return storage.source
}

const rangeOf = (query: string) => ({ query, startMs: points * 1000, endMs: (points + steps - 1) * 1000, stepMs: 1000 })

for (const query of ['quantile_over_time(0.9, m[2h])', 'sum_over_time(m[2h])', 'rate(m[2h])', 'sum(max_over_time(m[2h]))']) {
  test(`${query} sees a cancellation within one long series`, async () => {
    const caller = new AbortController()
    let looks = 0
    const monotonicMs = (): number => {
      if (++looks === 20) caller.abort()
      return systemClock.monotonicMs()
    }
    const engine = createPromqlEngine({ clock: { ...systemClock, monotonicMs } })
    await expect(engine.range(rangeOf(query), await longSeries(), limits, caller.signal)).rejects.toMatchObject({ kind: 'canceled' })
    expect(looks).toBeLessThan(25)
  })
}

for (const name of ['sum_over_time', 'increase', 'avg_over_time']) {
  test(`sum(${name}) of one long series is what ${name} gives`, async () => {
    const engine = createPromqlEngine({ clock: systemClock })
    const source = await longSeries()
    const never = new AbortController().signal
    const plain = await engine.range(rangeOf(`${name}(m[2h])`), source, limits, never)
    const reduced = await engine.range(rangeOf(`sum(${name}(m[2h]))`), source, limits, never)
    expect(plain.value).toMatchObject({ series: [{ values: { length: steps } }] })
    expect(reduced.value).toEqual(plain.value)
  })
}

test('the other reads of a failed query are aborted', async () => {
  const signals: AbortSignal[] = []
  const source: SampleSource = {
    select: ({ matchers }, signal) => {
      if (matchers.some(({ value }) => value === 'bad')) return Promise.reject(new Error('the disk is gone'))
      signals.push(signal)
      return new Promise<SeriesBlock>(() => undefined)
    },
  }
  const engine = createPromqlEngine({ clock: systemClock })
  await expect(engine.instant('bad + slow', 0, source, limits, new AbortController().signal)).rejects.toThrow('the disk is gone')
  expect(signals.map((signal) => signal.aborted)).toEqual([true])
})
