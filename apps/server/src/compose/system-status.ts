/** What the system page and readiness say: the state of every part, the queue, disk and memory. */
import { readFileSync, statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import type { SystemStatusBody } from '@bellwether/protocol'

import { machineMemoryBytes } from '../engines/index.ts'
import type { Readiness } from '../api/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Engines } from './engines.ts'
import type { ListenerState } from './listeners.ts'
import type { MetricsPath } from './metrics.ts'

export interface StatusDeps {
  readonly version: string
  readonly startedMs: number
  readonly dataDir: string
  readonly engines: Engines
  readonly metrics: Pick<MetricsPath, 'log' | 'writer'>
  readonly listeners: () => readonly ListenerState[]
  readonly clock: Clock
}

type Component = SystemStatusBody['components'][number]

const stateOf: Readonly<Record<ReturnType<Engines['clickhouse']['state']>, Component['state']>> = {
  starting: 'starting',
  ready: 'ok',
  restarting: 'degraded',
  failed: 'down',
  stopped: 'down',
}

/** Ready while both engines answer. The log takes data without them, but a query would not be answered. */
export function readiness({ clickhouse, postgres }: Engines): Readiness {
  const waitingFor = [...(clickhouse.state() === 'ready' ? [] : ['clickhouse']), ...(postgres.state() === 'ready' ? [] : ['postgres'])]
  return { ready: waitingFor.length === 0, waitingFor }
}

/** A function that reads it all anew, and remembers since when each part has been in its state. */
export function createSystemStatus(deps: StatusDeps): () => Promise<SystemStatusBody> {
  const since = new Map<string, { state: Component['state']; atMs: number; changes: number }>()
  function follow(component: Omit<Component, 'since'>): Component {
    const known = since.get(component.name)
    if (known?.state !== component.state) {
      since.set(component.name, {
        state: component.state,
        atMs: known === undefined ? deps.startedMs : deps.clock.nowMs(),
        changes: (known?.changes ?? -1) + 1,
      })
    }
    return { ...component, since: new Date(since.get(component.name)?.atMs ?? deps.startedMs).toISOString() }
  }
  return () => {
    const { engines, clock } = deps
    const nowMs = clock.nowMs()
    const disk = statfsSync(deps.dataDir)
    return Promise.resolve({
      version: deps.version,
      nodeVersion: process.versions.node,
      startedAt: new Date(deps.startedMs).toISOString(),
      uptimeSec: Math.max(0, Math.round((nowMs - deps.startedMs) / 1000)),
      ready: readiness(engines).ready,
      roles: ['ingest', 'query'],
      components: [
        engineComponent('clickhouse', engines.clickhouse),
        engineComponent('postgres', engines.postgres),
        ...pathComponents(deps),
      ].map(follow),
      log: deps.metrics.log.backlog(),
      disk: { path: deps.dataDir, totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize, usedByUsBytes: null },
      memory: {
        totalBytes: machineMemoryBytes(),
        freeBytes: freemem(),
        heapUsedBytes: process.memoryUsage().heapUsed,
        processes: ownProcesses(engines).map(({ name, pid }) => ({ name, pid, rssBytes: rssBytes(pid) })),
      },
    })
  }
}

/** This program and the engines it started. */
export function ownProcesses({ clickhouse, postgres }: Engines): { name: string; pid: number }[] {
  const processes = [{ name: 'bellwether', pid: process.pid }]
  if (clickhouse.pid !== null) processes.push({ name: 'clickhouse', pid: clickhouse.pid })
  if (postgres.pid !== null) processes.push({ name: 'postgres', pid: postgres.pid })
  return processes
}

type EngineFace = Pick<Engines['clickhouse'], 'state' | 'failure' | 'version' | 'address'>

function engineComponent(name: string, engine: EngineFace): Omit<Component, 'since'> {
  return {
    name,
    kind: 'engine',
    state: stateOf[engine.state()],
    detail: engine.failure(),
    version: engine.version,
    location: engine.address,
    restarts: null,
  }
}

function pathComponents(deps: StatusDeps): Omit<Component, 'since'>[] {
  const backlog = deps.metrics.log.backlog()
  const writer = deps.metrics.writer.state()
  const isFull = backlog.sizeBytes >= backlog.sizeBytesMax * 0.95
  const plain = { version: null, location: null, restarts: null }
  return [
    {
      ...plain,
      name: 'ingest-log',
      kind: 'service',
      state: isFull ? 'degraded' : 'ok',
      detail: isFull ? 'The log is full: senders are told to try again later.' : null,
    },
    {
      ...plain,
      name: 'writer',
      kind: 'service',
      state: writer.waitingFor === null ? 'ok' : 'degraded',
      detail: writer.waitingFor === null ? null : `Waiting to insert (${writer.waitingFor}); data stays in the log meanwhile.`,
    },
    ...deps.listeners().map(({ name, port, problem }): Omit<Component, 'since'> => ({
      ...plain,
      name,
      kind: 'listener',
      state: port === 0 ? 'off' : problem === null ? 'ok' : 'degraded',
      detail: problem,
      location: port === 0 ? null : `port ${port}`,
    })),
  ]
}

/** Resident memory from /proc; 0 where there is none. */
function rssBytes(pid: number): number {
  if (pid === process.pid) return process.memoryUsage.rss()
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(line?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
