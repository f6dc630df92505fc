/** The shop's four hosts, measured as the Prometheus node exporter measures them. */
import { hourMs, lastMaintenanceMs, nightlyBatch, pageViewsPerSec, trouble, type Story } from './calendar.ts'
import { wander } from './chance.ts'
import { counter, gauge, type NumberPoint, type PointSet, type Source } from './points.ts'

const cpuSeconds = counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.')
const load1 = gauge('node_load1', '1m load average.')
const load5 = gauge('node_load5', '5m load average.')
const load15 = gauge('node_load15', '15m load average.')
const memoryTotal = gauge('node_memory_MemTotal_bytes', 'Memory information field MemTotal_bytes.')
const memoryAvailable = gauge('node_memory_MemAvailable_bytes', 'Memory information field MemAvailable_bytes.')
const memoryCached = gauge('node_memory_Cached_bytes', 'Memory information field Cached_bytes.')
const diskSize = gauge('node_filesystem_size_bytes', 'Filesystem size in bytes.')
const diskAvailable = gauge('node_filesystem_avail_bytes', 'Filesystem space available to non-root users in bytes.')
const diskRead = counter('node_disk_read_bytes_total', 'The total number of bytes read successfully.')
const diskWritten = counter('node_disk_written_bytes_total', 'The total number of bytes written successfully.')
const diskBusy = counter('node_disk_io_time_seconds_total', 'Total seconds spent doing I/Os.')
const netIn = counter('node_network_receive_bytes_total', 'Network device statistic receive_bytes.')
const netOut = counter('node_network_transmit_bytes_total', 'Network device statistic transmit_bytes.')
const bootTime = gauge('node_boot_time_seconds', 'Node boot time, in unixtime.')

const cpuCount = 4
const modes = ['user', 'system', 'iowait', 'softirq', 'idle'] as const
const gib = 1024 ** 3

interface HostKind {
  readonly name: string
  readonly memoryGib: number
  readonly diskGib: number
  /** CPU share (of all cores) at rest, per page view a second, and added at the height of trouble. */
  readonly baseBusy: number
  readonly busyPerView: number
  readonly busyInTrouble: number
  /** Bytes written per page view; the database writes most. */
  readonly writtenPerView: number
  /** Disk that fills up per hour until the weekly clean-up, GiB. */
  readonly filledGibPerHour: number
}

export const hosts: readonly HostKind[] = [
  {
    name: 'shop-a',
    memoryGib: 8,
    diskGib: 40,
    baseBusy: 0.03,
    busyPerView: 0.0055,
    busyInTrouble: 0.06,
    writtenPerView: 2_000,
    filledGibPerHour: 0.03,
  },
  {
    name: 'shop-b',
    memoryGib: 16,
    diskGib: 80,
    baseBusy: 0.04,
    busyPerView: 0.0068,
    busyInTrouble: 0.1,
    writtenPerView: 4_000,
    filledGibPerHour: 0.05,
  },
  {
    name: 'shop-c',
    memoryGib: 8,
    diskGib: 40,
    baseBusy: 0.03,
    busyPerView: 0.005,
    busyInTrouble: 0.12,
    writtenPerView: 3_000,
    filledGibPerHour: 0.03,
  },
  {
    name: 'shop-db',
    memoryGib: 32,
    diskGib: 200,
    baseBusy: 0.06,
    busyPerView: 0.0045,
    busyInTrouble: 0.55,
    writtenPerView: 28_000,
    filledGibPerHour: 0.42,
  },
]

interface Host {
  readonly kind: HostKind
  readonly place: number
  readonly source: Source
  /** By CPU, then mode. */
  readonly cpu: readonly NumberPoint[]
  readonly loads: readonly NumberPoint[]
  readonly available: NumberPoint
  readonly cached: NumberPoint
  readonly free: NumberPoint
  readonly read: NumberPoint
  readonly written: NumberPoint
  readonly busy: NumberPoint
  readonly received: NumberPoint
  readonly sent: NumberPoint
  readonly boot: NumberPoint
}

/** Adds the hosts' points to `points` and moves them through time. */
export class ShopHosts {
  readonly #points: PointSet
  readonly #hosts: readonly Host[]
  readonly #story: Story

  constructor(points: PointSet, story: Story) {
    this.#story = story
    this.#points = points
    this.#hosts = hosts.map((kind, place) => makeHost(points, kind, place))
  }

  /** Moves on by `stepSec` to `timeMs`. */
  step(timeMs: number, stepSec: number): void {
    const views = pageViewsPerSec(timeMs)
    const bad = trouble(timeMs, this.#story)
    for (const host of this.#hosts) {
      const bootedMs = lastMaintenanceMs(host.place, timeMs)
      if (bootedMs !== host.source.startedMs) this.#points.restart(host.source, bootedMs)
      const wobble = 1 + 0.08 * wander(host.place + 300, timeMs, 70_000)
      const batch = host.kind.name === 'shop-db' ? nightlyBatch(timeMs) : 0
      const busy = Math.min(
        0.97,
        (host.kind.baseBusy + host.kind.busyPerView * views + host.kind.busyInTrouble * bad + 0.15 * batch) * wobble,
      )
      stepCpu(host, { timeMs, stepSec, busy, waiting: 0.01 + 0.22 * batch + (host.kind.name === 'shop-db' ? 0.12 * bad : 0) })
      stepMemoryAndDisk(host, { timeMs, stepSec, views, bad, batch })
      host.boot.value = bootedMs / 1000
    }
  }
}

function makeHost(points: PointSet, kind: HostKind, place: number): Host {
  const source: Source = { serviceName: 'node', namespace: '', instance: `${kind.name}:9100`, startedMs: 0 }
  const disk = { device: 'nvme0n1' }
  const mount = { device: '/dev/nvme0n1p1', fstype: 'ext4', mountpoint: '/' }
  points.number(memoryTotal, source).value = kind.memoryGib * gib
  points.number(diskSize, source, mount).value = kind.diskGib * gib
  const cpu: NumberPoint[] = []
  for (let core = 0; core < cpuCount; core++) {
    for (const mode of modes) cpu.push(points.number(cpuSeconds, source, { cpu: String(core), mode }))
  }
  return {
    kind,
    place,
    source,
    cpu,
    loads: [load1, load5, load15].map((of) => points.number(of, source)),
    available: points.number(memoryAvailable, source),
    cached: points.number(memoryCached, source),
    free: points.number(diskAvailable, source, mount),
    read: points.number(diskRead, source, disk),
    written: points.number(diskWritten, source, disk),
    busy: points.number(diskBusy, source, disk),
    received: points.number(netIn, source, { device: 'eth0' }),
    sent: points.number(netOut, source, { device: 'eth0' }),
    boot: points.number(bootTime, source),
  }
}

function stepCpu(host: Host, now: { timeMs: number; stepSec: number; busy: number; waiting: number }): void {
  const waiting = Math.min(now.waiting, 1 - now.busy)
  const parts = [now.busy * 0.74, now.busy * 0.2, waiting, now.busy * 0.06, 1 - now.busy - waiting]
  for (const [index, point] of host.cpu.entries()) point.value += now.stepSec * (parts[index % modes.length] ?? 0)
  const wanted = cpuCount * (now.busy + waiting)
  for (const [index, point] of host.loads.entries()) {
    const smoothing = Math.exp(-now.stepSec / ([60, 300, 900][index] ?? 60))
    point.value = Math.round((point.value * smoothing + wanted * (1 - smoothing)) * 100) / 100
  }
}

interface Traffic {
  readonly timeMs: number
  readonly stepSec: number
  readonly views: number
  readonly bad: number
  readonly batch: number
}

function stepMemoryAndDisk(host: Host, { timeMs, stepSec, views, bad, batch }: Traffic): void {
  const { kind } = host
  const usedShare = 0.38 + 0.0022 * views + 0.12 * bad + 0.015 * wander(host.place + 400, timeMs, 300_000)
  host.available.value = Math.round(kind.memoryGib * gib * (1 - usedShare))
  host.cached.value = Math.round(kind.memoryGib * gib * (0.27 + 0.05 * batch))
  const hoursUp = (timeMs - host.source.startedMs) / hourMs
  host.free.value = Math.round(gib * (kind.diskGib * 0.62 - kind.filledGibPerHour * hoursUp))
  const written = kind.writtenPerView * views + 90e6 * batch
  const read = kind.writtenPerView * 0.6 * views * (1 + 9 * bad) + 160e6 * batch
  host.written.value += written * stepSec
  host.read.value += read * stepSec
  host.busy.value += Math.min(1, (written + read) / 420e6 + 0.004) * stepSec
  host.received.value += views * 6_200 * stepSec
  host.sent.value += views * 41_000 * (1 - 0.3 * bad) * stepSec
}
