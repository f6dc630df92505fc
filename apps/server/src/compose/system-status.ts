/** What the system page and readiness say: the state of every part, the queue, disk and memory. */
import { readFileSync, statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'
import type { SystemStatusBody } from '@bellwether/protocol'

import { freeBytesMin, machineMemoryBytes } from '../engines/index.ts'
import type { Readiness } from '../api/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Engines } from './engines.ts'
import type { ListenerState } from './listeners.ts'
import type { MetricsPath } from './metrics.ts'

type WatchedPath = Pick<MetricsPath, 'log' | 'writer' | 'hiddenSamples'>

export interface StatusDeps {
  readonly version: string
  readonly startedMs: number
  readonly dataDir: string
  readonly engines: Engines
  readonly metrics: WatchedPath
  readonly listeners: () => readonly ListenerState[]
  readonly clock: Clock
}

type Component = SystemStatusBody['components'][number]

const stateOf: Readonly<Record<ReturnType<Engines['clickhouse']['state']>, Component['state']>> = {
  starting: 'starting',
  ready: 'ok',
  silent: 'degraded',
  restarting: 'degraded',
  failed: 'down',
  stopped: 'down',
}

/**
 * Ready while both engines answer. The log takes data without them, but a query would not be answered. The other way round, a log
 * that takes nothing does not make it unready, because queries are answered; it is named as degraded.
 */
export function readiness({ engines, metrics, dataDir }: Pick<StatusDeps, 'engines' | 'metrics' | 'dataDir'>): Readiness {
  const waitingFor = (['clickhouse', 'postgres'] as const).filter((name) => engines[name].state() !== 'ready')
  const parts = [
    ...engineComponents(engines, dataDir).filter(({ name }) => !waitingFor.some((one) => one === name)),
    ...pathComponents(metrics),
  ]
  return { ready: waitingFor.length === 0, waitingFor, degraded: parts.flatMap(({ name, state }) => (state === 'ok' ? [] : [name])) }
}

/** Wall times of monotonic ones, as the wall clock is set now; steady while it only drifts, so that nothing flickers. */
export function wallTimes(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>): (monotonicMs: number) => string {
  let aheadMs = clock.nowMs() - clock.monotonicMs()
  return (monotonicMs) => {
    const nowAheadMs = clock.nowMs() - clock.monotonicMs()
    if (Math.abs(nowAheadMs - aheadMs) > 1000) aheadMs = nowAheadMs
    return new Date(monotonicMs + aheadMs).toISOString()
  }
}

/** A function that reads it all anew, and remembers since when each part has been in its state. */
export function createSystemStatus(deps: StatusDeps): () => Promise<SystemStatusBody> {
  const wallTime = wallTimes(deps.clock)
  // Ages are monotonic, because the wall clock may be set meanwhile.
  const startedAtMs = deps.clock.monotonicMs() - (deps.clock.nowMs() - deps.startedMs)
  const since = new Map<string, { state: Component['state']; atMs: number }>()
  function follow(component: Omit<Component, 'since'>): Component {
    const known = since.get(component.name)
    const isSame = known?.state === component.state
    const atMs = isSame ? known.atMs : known === undefined ? startedAtMs : deps.clock.monotonicMs()
    since.set(component.name, { state: component.state, atMs })
    return { ...component, since: wallTime(atMs) }
  }
  return () => {
    const { engines, clock } = deps
    const disk = statfsSync(deps.dataDir)
    return Promise.resolve({
      version: deps.version,
      nodeVersion: process.versions.node,
      startedAt: wallTime(startedAtMs),
      uptimeSec: Math.round((clock.monotonicMs() - startedAtMs) / 1000),
      ready: readiness(deps).ready,
      roles: ['ingest', 'query'],
      components: [
        ...engineComponents(engines, deps.dataDir),
        ...pathComponents(deps.metrics),
        ...listenerComponents(deps.listeners()),
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

function engineComponents({ clickhouse, postgres, redis }: Engines, dataDir: string): Omit<Component, 'since'>[] {
  return [
    engineComponent('clickhouse', clickhouse, dataDir),
    engineComponent('postgres', postgres, dataDir),
    ...(redis === null ? [] : [redisComponent(redis)]),
  ]
}

/** Never down: without it everything goes on with what each program has in process. */
function redisComponent(redis: NonNullable<Engines['redis']>): Omit<Component, 'since'> {
  const why = redis.failure()
  return {
    ...plain,
    name: 'redis',
    kind: 'engine',
    state: redis.state() === 'ready' ? 'ok' : 'degraded',
    detail:
      redis.state() === 'ready'
        ? null
        : `It does not answer (${why ?? 'no connection'}): limits, caches and lanes go on with what this program has in process.`,
    location: redis.address,
  }
}

function engineComponent(name: string, engine: EngineFace, dataDir: string): Omit<Component, 'since'> {
  const shortage = engine.state() === 'ready' && engine.address === 'embedded' ? diskShortage(join(dataDir, name)) : null
  return {
    name,
    kind: 'engine',
    state: shortage === null ? stateOf[engine.state()] : 'degraded',
    detail: shortage ?? engine.failure(),
    version: engine.version,
    location: engine.address,
    restarts: null,
  }
}

const plain = { version: null, location: null, restarts: null }

function pathComponents(metrics: WatchedPath): Omit<Component, 'since'>[] {
  const writer = metrics.writer.state()
  const hidden = metrics.hiddenSamples()
  const refusal = metrics.log.refusal()
  return [
    {
      ...plain,
      name: 'ingest-log',
      kind: 'service',
      state: refusal === null ? 'ok' : 'degraded',
      detail: refusal === null ? null : `The log ${refusal}: senders are told to try again later.`,
    },
    {
      ...plain,
      name: 'writer',
      kind: 'service',
      state: writer.waitingFor === null ? 'ok' : 'degraded',
      detail: writer.waitingFor === null ? null : `Waiting to insert (${writer.waitingFor}); data stays in the log meanwhile.`,
    },
    {
      ...plain,
      name: 'head',
      kind: 'service',
      state: hidden === 0 ? 'ok' : 'degraded',
      detail: hidden === 0 ? null : `Memory is used up: ${hidden} samples that are in the log show in queries once they are inserted.`,
    },
  ]
}

function listenerComponents(listeners: readonly ListenerState[]): Omit<Component, 'since'>[] {
  return listeners.map(({ name, port, problem }) => ({
    ...plain,
    name,
    kind: 'listener',
    state: port === 0 ? 'off' : problem === null ? 'ok' : 'degraded',
    detail: problem,
    location: port === 0 ? null : `port ${port}`,
  }))
}

/** What an engine's disk lacks, in words; null while it has room. An engine that cannot write still answers. */
function diskShortage(path: string): string | null {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize < freeBytesMin ? `Its disk is nearly full (${path}): it may refuse changes until there is space.` : null
  } catch {
    return null
  }
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
