import { expect, test } from 'vitest'
import type { Engines } from './engines.ts'
import { createSystemStatus, readiness, type StatusDeps, wallTimes } from './system-status.ts'

test('times follow a wall clock that is set, and stand still while it only drifts', () => {
  let nowMs = Date.UTC(2026, 0, 1, 12)
  const wallTime = wallTimes({ nowMs: () => nowMs, monotonicMs: () => 60_000 })
  expect(wallTime(30_000)).toBe('2026-01-01T11:59:30.000Z')
  nowMs += 400
  expect(wallTime(30_000)).toBe('2026-01-01T11:59:30.000Z')
  nowMs -= 3_600_400
  expect(wallTime(30_000)).toBe('2026-01-01T10:59:30.000Z')
})

interface Now {
  postgres: 'ready' | 'restarting'
  refusal: string | null
  waitingFor: string | null
  hidden: number
  wallMs: number
}

/** Engines at addresses, so that nothing is asked of this machine's disk. */
function statusDeps(now: Now): StatusDeps {
  const engine = { failure: () => null, version: '1', address: 'db:1', pid: null }
  const engines = { clickhouse: { ...engine, state: () => 'ready' }, postgres: { ...engine, state: () => now.postgres }, redis: null }
  const backlog = { segments: 0, records: 0, rows: 0, sizeBytes: 0, sizeBytesMax: 1, oldestMs: 0 }
  const metrics = {
    log: { backlog: () => backlog, refusal: () => now.refusal },
    writer: { state: () => ({ waitingFor: now.waitingFor }) },
    hiddenSamples: () => now.hidden,
  }
  return {
    version: '1',
    startedMs: 0,
    dataDir: '.',
    engines: engines as unknown as Engines,
    metrics: metrics as unknown as StatusDeps['metrics'],
    listeners: () => [],
    clock: { nowMs: () => now.wallMs, monotonicMs: () => 5_000 } as StatusDeps['clock'],
  }
}

const well: Now = { postgres: 'ready', refusal: null, waitingFor: null, hidden: 0, wallMs: 5_000 }

test('readiness names what is away, and what does only part of its work', () => {
  expect(readiness(statusDeps(well))).toEqual({ ready: true, waitingFor: [], degraded: [] })
  const poor: Now = { ...well, refusal: 'is full', waitingFor: 'engine.disk_full', hidden: 7 }
  expect(readiness(statusDeps(poor))).toEqual({ ready: true, waitingFor: [], degraded: ['ingest-log', 'writer', 'head'] })
  expect(readiness(statusDeps({ ...well, postgres: 'restarting' }))).toEqual({ ready: false, waitingFor: ['postgres'], degraded: [] })
})

test('details say it in words, and ages stay when the wall clock is set back', async () => {
  const now: Now = { ...well, refusal: 'has nearly no disk left', hidden: 7 }
  const status = createSystemStatus(statusDeps(now))
  now.wallMs -= 3_600_000
  const { components, uptimeSec } = await status()
  const detailOf = (name: string): string | null | undefined => components.find((one) => one.name === name)?.detail
  expect(uptimeSec).toBe(5)
  expect(detailOf('ingest-log')).toBe('The log has nearly no disk left: senders are told to try again later.')
  expect(detailOf('head')).toBe('Memory is used up: 7 samples that are in the log show in queries once they are inserted.')
  expect(detailOf('writer')).toBeNull()
})
