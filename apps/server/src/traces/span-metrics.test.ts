import { expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { makeResource } from '../signals/index.ts'
import { spanMetricsMax } from './limits.ts'
import { SpansBatch } from './schema.ts'
import { SpanMetrics, type LabelPairs, type SpanExemplar, type SpanMetricSink } from './span-metrics.ts'

/** Keeps what it is told, by series; forgets handles when asked to. */
class KeptMetrics implements SpanMetricSink {
  readonly series = new Map<string, { count: number; sum: number }>()
  readonly exemplars: SpanExemplar[] = []
  readonly #handles = new Map<number, string>()
  #last = 0

  find(_type: 'counter' | 'distribution', labels: LabelPairs): number {
    const key = labels.map(([name, value]) => `${name}=${value}`).join(' ')
    if (!this.series.has(key)) this.series.set(key, { count: 0, sum: 0 })
    this.#handles.set(++this.#last, key)
    return this.#last
  }

  increment(handle: number, amount: number): boolean {
    return this.observe(handle, 0, amount)
  }

  observe(handle: number, value: number, weight: number): boolean {
    const series = this.series.get(this.#handles.get(handle) ?? '')
    if (series === undefined) return false
    series.count += weight
    series.sum += value * weight
    return true
  }

  async addExemplars(exemplars: readonly SpanExemplar[]): Promise<void> {
    this.exemplars.push(...exemplars)
  }

  forgetHandles(): void {
    this.#handles.clear()
  }
}

interface Row {
  readonly name: string
  readonly ms: number
  readonly isError?: boolean
  readonly weight?: number
}

function batchOf(rows: readonly Row[]): SpansBatch {
  const batch = new SpansBatch()
  batch.begin({ organizationId: 1, projectId: 1 }, 1_790_000_000_000)
  const resource = makeResource([['service.name', 'shop']])
  rows.forEach(({ name, ms, isError = false, weight = 1 }, i) => {
    batch.time(1_790_000_000, 5_000_000)
    batch.from(resource)
    batch.traceId.pushRaw(Buffer.alloc(16, i + 1))
    batch.spanId.pushRaw(Buffer.alloc(8, i + 1))
    batch.duration.pushU64(ms * 1e6, 0)
    batch.name.pushString(name)
    batch.kind.pushU8(2)
    batch.status.pushU8(isError ? 2 : 0)
    batch.weight.pushF32(weight)
    batch.endRow()
  })
  return batch
}

const rows: Row[] = [
  { name: 'a', ms: 10 },
  { name: 'a', ms: 30, weight: 4 },
  { name: 'a', ms: 20, isError: true },
  { name: 'b', ms: 1 },
]
const own = 'service=shop span_name=a span_kind=SPAN_KIND_SERVER'

test('calls and durations by operation, with the traces that show them', async () => {
  const kept = new KeptMetrics()
  const metrics = new SpanMetrics({ sinkOf: () => kept, clock: systemClock })
  metrics.accepted(batchOf(rows))
  // Series that ended are found again.
  kept.forgetHandles()
  metrics.accepted(batchOf(rows))
  await metrics[Symbol.asyncDispose]()
  expect(kept.series.get(`__name__=traces_spanmetrics_latency ${own}`)).toEqual({ count: 12, sum: expect.closeTo(0.3, 9) })
  expect(kept.series.get(`__name__=traces_spanmetrics_calls_total ${own} status_code=STATUS_CODE_UNSET`)?.count).toBe(10)
  expect(kept.series.get(`__name__=traces_spanmetrics_calls_total ${own} status_code=STATUS_CODE_ERROR`)?.count).toBe(2)
  expect(kept.exemplars.map(({ seconds, traceId, timeMs }) => [seconds, traceId, timeMs])).toEqual([
    [0.03, '02'.repeat(16), 1_790_000_000_005],
    [0.02, '03'.repeat(16), 1_790_000_000_005],
    [0.001, '04'.repeat(16), 1_790_000_000_005],
  ])
})

test('operations without end become one', async () => {
  const kept = new KeptMetrics()
  await using metrics = new SpanMetrics({ sinkOf: () => kept, clock: systemClock })
  metrics.accepted(batchOf(Array.from({ length: spanMetricsMax + 50 }, (_, i) => ({ name: `op ${i}`, ms: 1 }))))
  expect(kept.series.get('__name__=traces_spanmetrics_latency service=(other) span_name=(other)')?.count).toBe(50)
})
