import { createSocket } from 'node:dgram'
import { expect, test } from 'vitest'
import { createInstruments } from '../../kernel/instruments.ts'
import { systemClock } from '../../kernel/clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import { createAggregates } from '../../metrics/index.ts'
import { defaultProtocolLimits } from '../limits.ts'
import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { StatsdDecoder } from './decoder.ts'
import { parseKernelDrops } from './kernel-drops.ts'
import { createStatsdInstruments } from './metrics.ts'
import { StatsdProjects } from './projects.ts'
import { startStatsdReceiver } from './receiver.ts'

test('drops of the kernel are those of all sockets of the port', () => {
  const text = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  403: 0100007F:1FBD 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 6077 2 0000000000000000 17
  404: 00000000:1FBD 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 6078 2 0000000000000000 3
  405: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 6079 2 0000000000000000 5
`
  expect([parseKernelDrops(text, 8125), parseKernelDrops(text, 68), parseKernelDrops(text, 9), parseKernelDrops('', 1)]).toEqual([
    20, 5, 0, 0,
  ])
})

test('datagrams that find no room are counted, by datagrams and by lines, and shown', async () => {
  const shown: string[] = []
  const refused: Record<string, number> = {}
  const metrics = new MemoryMetrics()
  const accept = metrics.accept.bind(metrics)
  metrics.accept = (batch, wireBytes) => {
    for (const [reason, points] of batch.refused) refused[reason] = (refused[reason] ?? 0) + points
    return accept(batch, wireBytes)
  }
  await using aggregates = createAggregates({ ingest: metrics, clock: systemClock, logger: silentLogger, flushIntervalMs: 86_400_000 })
  const projects = new StatsdProjects({
    aggregates,
    tenantOf: () => ({ organizationId: 1, projectId: 1 }),
    sources: { note: () => undefined },
    refusedSamples: { note: (_, protocol, reason, text) => void shown.push(`${protocol} ${reason} ${text}`) },
    clock: systemClock,
  })
  const registry = createInstruments()
  const limits = defaultProtocolLimits
  const decoder = new StatsdDecoder({ projects, limits, clock: systemClock, observer: { unowned: () => undefined } })
  const parts = { decoder, projects, instruments: createStatsdInstruments(registry), clock: systemClock, logger: silentLogger }
  await using receiver = await startStatsdReceiver({ ...parts, host: '127.0.0.1', port: 0, sliceMs: 4, queueDatagramsMax: 0 })
  const sender = createSocket('udp4')
  await new Promise((resolve) => sender.send('a:1|c\nb:1|c\nc:1|c', receiver.port, '127.0.0.1', resolve))
  await new Promise((resolve) => sender.send('d:1|c\n', receiver.port, '127.0.0.1', resolve))
  while (shown.length < 2) await new Promise((resolve) => setImmediate(resolve))
  sender.close()
  await aggregates.flush()
  expect(refused).toEqual({ queue_full: 4 })
  expect(shown[0]).toBe('statsd queue_full 3 lines from 127.0.0.1')
  const dropped = await registry.getSingleMetric('bellwether_statsd_dropped_datagrams_total')?.get()
  expect(dropped?.values.find(({ labels }) => labels['reason'] === 'queue_full')?.value).toBe(2)
})

test('the time of a datagram is its project’s, refused lines included, and nobody’s when it has none', async () => {
  let nowMs = 0
  const clock = { ...systemClock, monotonicMs: () => (nowMs += 3) }
  await using aggregates = createAggregates({
    ingest: new MemoryMetrics(),
    clock: systemClock,
    logger: silentLogger,
    flushIntervalMs: 86_400_000,
  })
  const spent = new Map<number, number>()
  const projects = new StatsdProjects({
    aggregates,
    tenantOf: (key) => (key === null ? null : { organizationId: 1, projectId: Number(key[0]) }),
    sources: { note: () => undefined },
    refusedSamples: { note: () => undefined },
    clock,
    cost: { spent: ({ projectId }, ms) => void spent.set(projectId, (spent.get(projectId) ?? 0) + ms) },
  })
  const decoder = new StatsdDecoder({ projects, limits: defaultProtocolLimits, clock, observer: { unowned: () => undefined } })
  const parts = { decoder, projects, instruments: createStatsdInstruments(createInstruments()), clock, logger: silentLogger }
  const receiver = await startStatsdReceiver({ ...parts, host: '127.0.0.1', port: 0, sliceMs: 4 })
  const sender = createSocket('udp4')
  const keyTag = (project: number): string => `bellwether_key:${String(project).repeat(32)}`
  const sent = [`a:1|c|#${keyTag(7)}\nb:1|c`, `a:x|c|#${keyTag(8)}`, 'c:1|c']
  for (const text of sent) await new Promise((resolve) => sender.send(text, receiver.port, '127.0.0.1', resolve))
  while ((await datagramsOf(parts.instruments)) < sent.length) await new Promise((resolve) => setImmediate(resolve))
  sender.close()
  await receiver[Symbol.asyncDispose]()
  expect([...spent.keys()].sort()).toEqual([7, 8])
  expect([...spent.values()].every((ms) => ms > 0 && ms % 3 === 0)).toBe(true)
})

async function datagramsOf({ datagrams }: ReturnType<typeof createStatsdInstruments>): Promise<number> {
  return (await datagrams.get()).values[0]?.value ?? 0
}
