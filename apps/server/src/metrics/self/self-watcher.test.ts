import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { createInstruments, Counter, Histogram } from '../../kernel/instruments.ts'
import { silentLogger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricsBatch } from '../batch/metrics-batch.ts'
import { defaultSeriesLimits } from '../limits.ts'
import type { MetricsIngest } from '../ports.ts'
import { SeriesRegistry } from '../series/registry.ts'
import { parseNetwork } from './host-facts.ts'
import { parseProcessStat } from './process-facts.ts'
import { createSelfWatcher } from './self-watcher.ts'

interface Seen {
  readonly values: Map<string, number>
  readonly types: Map<string, string>
  readonly points: number
}

/** Keeps what `accept` was given, as text. */
function recorder(failing = false): { ingest: MetricsIngest; rounds: Seen[] } {
  const series = new SeriesRegistry(defaultSeriesLimits, 1)
  const rounds: Seen[] = []
  const ingest: MetricsIngest = {
    series,
    async accept(batch: MetricsBatch) {
      if (failing) throw new Error('log full')
      const values = new Map<string, number>()
      for (let i = 0; i < batch.sampleCount; i++)
        values.set(
          series
            .labels(batch.seriesRefs[i]!)
            .map((pair) => pair.join('='))
            .join(','),
          batch.values[i]!,
        )
      rounds.push({ values, types: new Map(batch.metadata.map((one) => [one.name, one.type])), points: batch.pointsReceived })
    },
  }
  return { ingest, rounds }
}

function watch(ingest: MetricsIngest, tenant: () => Tenant | null = () => ({ organizationId: 1, projectId: 1 })) {
  const instruments = createInstruments()
  const processes = (): { name: string; pid: number | null }[] => [
    { name: 'bellwether', pid: process.pid },
    { name: 'clickhouse', pid: null },
  ]
  const deps = { ingest, instruments, tenant, processes, dataDir: tmpdir(), clock: systemClock, logger: silentLogger, instance: 'box' }
  return { instruments, watcher: createSelfWatcher(deps) }
}

describe('one round', () => {
  test('has the instruments, the processes, the runtime and the host', async () => {
    const { ingest, rounds } = recorder()
    const { instruments, watcher } = watch(ingest)
    await using _ = watcher
    const requests = new Counter({ name: 'bellwether_requests_total', help: 'Requests.', labelNames: ['code'], registers: [instruments] })
    requests.inc({ code: '200' }, 3)
    new Histogram({ name: 'bellwether_wait_seconds', help: 'Waits.', buckets: [1], registers: [instruments] }).observe(0.5)
    await watcher.observe()
    await watcher.observe()
    const values = rounds[1]?.values ?? new Map<string, number>()
    const of = (name: string, ...labels: string[]): number => {
      const key = [...labels, `__name__=${name}`, 'instance=box', 'job=bellwether'].sort().join(',')
      return values.get(key) ?? NaN
    }
    expect(of('bellwether_requests_total', 'code=200')).toBe(3)
    expect(of('bellwether_wait_seconds_bucket', 'le=1')).toBe(1)
    expect(of('bellwether_wait_seconds_bucket', 'le=+Inf')).toBe(1)
    expect(of('bellwether_wait_seconds_sum')).toBe(0.5)
    expect(of('process_resident_memory_bytes', 'process=bellwether')).toBeGreaterThan(20e6)
    expect(of('process_cpu_seconds_total', 'process=bellwether')).toBeGreaterThan(0)
    expect(of('host_memory_total_bytes')).toBeGreaterThan(of('host_memory_available_bytes'))
    expect(of('host_data_disk_size_bytes')).toBeGreaterThan(0)
    expect(of('host_cpu_seconds_total', 'mode=idle')).toBeGreaterThan(0)
    expect(of('host_cpu_count')).toBeGreaterThan(0)
    expect(rounds[1]?.types.get('bellwether_requests_total')).toBe('counter')
    expect(rounds[1]?.types.get('host_load1')).toBe('gauge')
    expect(rounds[1]?.points).toBe(values.size)
    expect([...values.keys()].some((key) => key.includes('process=clickhouse'))).toBe(false)
  })

  test('counters read from outside never go down', async () => {
    const { ingest, rounds } = recorder()
    await using watcher = watch(ingest).watcher
    await watcher.observe()
    await watcher.observe()
    for (const [key, value] of rounds[0]?.values ?? [])
      if (key.includes('_total')) expect(rounds[1]?.values.get(key), key).toBeGreaterThanOrEqual(value)
  })

  test('without a project nothing is sent, and a full log is not its problem', async () => {
    const none = recorder()
    await using idle = watch(none.ingest, () => null).watcher
    await idle.observe()
    expect(none.rounds).toEqual([])
    await using refused = watch(recorder(true).ingest).watcher
    await refused.observe()
  })
})

test('a process whose name holds spaces and parentheses is read right', () => {
  const rest = 'S 1 2 3 0 -1 4194304 1 2 3 4 250 150 100 50 20 0 11 0 1000 9999 512 18446744073709551615'
  expect(parseProcessStat(`42 (a) b (c) ${rest}`, 1_000)).toEqual({
    cpuSeconds: 4,
    endedChildrenCpuSeconds: 1.5,
    residentBytes: 512 * 4096,
    threads: 11,
    startTimeSeconds: 1_010,
  })
  expect(parseProcessStat('nonsense', 0)).toBeNull()
})

test('network interfaces are read without loopback', () => {
  const text = 'Inter-| Receive\n face |bytes packets\n    lo: 9 1 0 0 0 0 0 0 9 1\n  eth0:1503 4 0 0 0 0 0 0 77 1 0 0 0 0 0 0\n'
  expect(parseNetwork(text)).toEqual([{ device: 'eth0', received: 1503, sent: 77 }])
})

test('disposing waits for the round under way: what it asks is still there until then', async () => {
  const { ingest, rounds } = recorder()
  let hasAsked: () => void = () => undefined
  let answer: () => void = () => undefined
  const asked = new Promise<void>((resolve) => (hasAsked = resolve))
  const answered = new Promise<void>((resolve) => (answer = resolve))
  const { watcher } = watch({
    ...ingest,
    async accept(batch, bytes) {
      hasAsked()
      await answered
      await ingest.accept(batch, bytes)
    },
  })
  watcher.start()
  await asked
  const order: string[] = []
  const disposed = (async () => {
    await watcher[Symbol.asyncDispose]()
    order.push(`disposed after ${rounds.length} rounds`)
  })()
  await new Promise((resolve) => setImmediate(resolve))
  order.push('answered')
  answer()
  await disposed
  expect(order).toEqual(['answered', 'disposed after 1 rounds'])
})

test('a round that was still gathering when the watcher was disposed stores nothing', async () => {
  const { ingest, rounds } = recorder()
  const { watcher } = watch(ingest)
  watcher.start()
  await watcher[Symbol.asyncDispose]()
  expect(rounds).toEqual([])
})
