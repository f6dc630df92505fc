/** The machine: load, processors, memory, the data directory's disk, network. */
import { readFile, statfs } from 'node:fs/promises'
import { availableParallelism, cpus, freemem, loadavg, totalmem, uptime } from 'node:os'
import type { Registry } from '../../kernel/instruments.ts'
import { registerCounter, registerGauge, type LabelledValue } from './absolute-counter.ts'

function one(value: number): LabelledValue[] {
  return [{ labels: {}, value }]
}

/** Seconds by mode, summed over all processors. */
function cpuSeconds(): LabelledValue[] {
  const totals = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 }
  for (const { times } of cpus()) {
    totals.user += times.user
    totals.nice += times.nice
    totals.sys += times.sys
    totals.idle += times.idle
    totals.irq += times.irq
  }
  return Object.entries(totals).map(([mode, ms]) => ({ labels: { mode: mode === 'sys' ? 'system' : mode }, value: ms / 1000 }))
}

async function availableMemoryBytes(): Promise<number> {
  try {
    const match = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile('/proc/meminfo', 'utf8'))
    if (match !== null) return Number(match[1]) * 1024
  } catch {
    // Not Linux.
  }
  return freemem()
}

/** Parses `/proc/net/dev`: received and sent bytes of each interface but loopback. */
export function parseNetwork(text: string): { device: string; received: number; sent: number }[] {
  const out: { device: string; received: number; sent: number }[] = []
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const device = line.slice(0, colon).trim()
    const fields = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number)
    const received = fields[0] ?? NaN
    const sent = fields[8] ?? NaN
    if (device !== 'lo' && Number.isFinite(received) && Number.isFinite(sent)) out.push({ device, received, sent })
  }
  return out
}

async function network(pick: 'received' | 'sent'): Promise<LabelledValue[]> {
  return parseNetwork(await readFile('/proc/net/dev', 'utf8')).map((row) => ({ labels: { device: row.device }, value: row[pick] }))
}

/** `dataDir`: the disk it lies on is watched. */
export function registerHostFacts(registry: Registry, dataDir: string): void {
  const gauge = (name: string, help: string, read: () => LabelledValue[] | Promise<LabelledValue[]>): void =>
    registerGauge(registry, { name, help, read })
  gauge('host_load1', 'Load average over one minute.', () => one(loadavg()[0] ?? 0))
  gauge('host_load5', 'Load average over five minutes.', () => one(loadavg()[1] ?? 0))
  gauge('host_load15', 'Load average over fifteen minutes.', () => one(loadavg()[2] ?? 0))
  gauge('host_cpu_count', 'Processors this program may use.', () => one(availableParallelism()))
  gauge('host_memory_total_bytes', 'Memory of the machine.', () => one(totalmem()))
  gauge('host_memory_available_bytes', 'Memory that programs can still get without swapping.', async () =>
    one(await availableMemoryBytes()),
  )
  gauge('host_uptime_seconds', 'Time since the machine started.', () => one(uptime()))
  gauge('host_data_disk_size_bytes', 'Size of the disk with the data directory.', async () => {
    const disk = await statfs(dataDir)
    return one(disk.blocks * disk.bsize)
  })
  gauge('host_data_disk_free_bytes', 'Free space of the disk with the data directory.', async () => {
    const disk = await statfs(dataDir)
    return one(disk.bavail * disk.bsize)
  })
  registerCounter(registry, {
    name: 'host_cpu_seconds_total',
    help: 'Processor time by mode, all processors.',
    labelNames: ['mode'],
    read: cpuSeconds,
  })
  registerCounter(registry, {
    name: 'host_network_receive_bytes_total',
    help: 'Bytes received by network device.',
    labelNames: ['device'],
    read: () => network('received'),
  })
  registerCounter(registry, {
    name: 'host_network_transmit_bytes_total',
    help: 'Bytes sent by network device.',
    labelNames: ['device'],
    read: () => network('sent'),
  })
}
