import type { SystemStatusBody } from '@bellwether/protocol'
import { describe, expect, it } from 'vitest'
import { findingsOf, type VerdictFacts } from './verdict-model.ts'

const nowMs = Date.parse('2026-11-21T10:00:00.000Z')
const status: SystemStatusBody = {
  version: '1',
  nodeVersion: '20',
  startedAt: '2026-11-21T09:00:00.000Z',
  uptimeSec: 3600,
  ready: true,
  roles: ['ingest'],
  components: [
    { name: 'clickhouse', kind: 'engine', state: 'ok', detail: null, version: null, location: null, since: null, restarts: null },
    { name: 'statsd', kind: 'listener', state: 'off', detail: null, version: null, location: null, since: null, restarts: null },
  ],
  log: { segments: 0, records: 0, rows: 0, sizeBytes: 0, sizeBytesMax: 100, oldestMs: 0 },
  disk: { path: '/d', totalBytes: 100, freeBytes: 50, usedByUsBytes: null },
  memory: { totalBytes: 1, freeBytes: 1, heapUsedBytes: 1, processes: [] },
}
const facts: VerdictFacts = { status, usage: [], lasting: new Map(), sources: [], projectId: '1', nowMs }
const usage = {
  projectId: '1',
  projectName: 'web',
  kind: 'metrics',
  received: 10,
  stored: 10,
  refused: {},
  dropped: {},
  queued: 0,
  bytes: 1,
  leftOut: {},
}

describe('findingsOf', () => {
  function f(change: Partial<VerdictFacts>, want: string[]): void {
    expect(findingsOf({ ...facts, ...change }).map((finding) => `${finding.tone} ${finding.page}: ${finding.text}`)).toEqual(want)
  }

  it('is silent when all is well', () => {
    f({}, [])
    f({ usage: [usage] }, [])
    f({ status: null }, [])
  })

  it('names what is wrong, worst first', () => {
    const [engine] = status.components
    if (engine === undefined) throw new Error('no component')
    f(
      {
        status: { ...status, components: [{ ...engine, state: 'degraded', detail: 'restarting' }], disk: { ...status.disk, freeBytes: 2 } },
        usage: [{ ...usage, stored: 7, refused: { bad: 3 } }],
      },
      [
        'down system: The disk is 98 % full; 2 B are free',
        'warn system: ClickHouse is degraded: restarting',
        'warn refused: 3 points were refused',
      ],
    )
    f({ usage: [{ ...usage, stored: 7, dropped: { duplicate_sample: 3 } }] }, [])
    const lines = { ...usage, kind: 'logs', stored: 7, refused: { bad: 3 } }
    f({ usage: [lines] }, ['warn refused: 3 log records were refused'])
    f({ usage: [{ ...lines, kind: 'spans', refused: { bad: 1 } }] }, ['warn refused: 1 span was refused'])
    f({ usage: [lines, { ...usage, refused: { bad: 1 } }] }, ['warn refused: 4 records were refused'])
    f({ usage: [{ ...usage, received: 10_000, stored: 9_999, refused: { bad: 1 } }] }, [])
    f({ usage: [{ ...usage, stored: 9 }] }, [])
    const lasting = new Map([['1 metrics', 1]])
    f({ usage: [{ ...usage, stored: 9 }], lasting }, ['down usage: 1 point is not accounted for'])
    f({ usage: [{ ...usage, projectId: '2', stored: 9 }], lasting }, [])
    f({ status: { ...status, log: { ...status.log, records: 1, sizeBytes: 60 } } }, [
      'warn system: The ingest log holds 60 B of at most 100 B',
    ])
    f({ status: { ...status, log: { ...status.log, records: 1, sizeBytes: 1, oldestMs: 90_000 } } }, [
      'warn system: Data waits 1 min 30 s to be stored',
    ])
  })

  it('misses a source that fell silent, for a day', () => {
    const source = (hours: number) => ({
      protocol: 'otlp_http',
      points: 1,
      firstSeenAt: '2026-01-01T00:00:00.000Z',
      lastSeenAt: new Date(nowMs - hours * 3_600_000).toISOString(),
    })
    f({ sources: [source(0)] }, [])
    f({ sources: [source(2)] }, ['warn sources: OpenTelemetry over HTTP is silent; it sent last 2 h ago'])
    f({ sources: [source(30)] }, [])
    f({ sources: [{ ...source(2), protocol: 'self' }] }, [])
  })

  it('misses nothing that was sent once', () => {
    const lastSeenAt = new Date(nowMs - 3_600_000).toISOString()
    const sent = (minutes: number) => ({
      protocol: 'loki',
      points: 100,
      firstSeenAt: new Date(nowMs - 3_600_000 - minutes * 60_000).toISOString(),
      lastSeenAt,
    })
    f({ sources: [sent(0)] }, [])
    f({ sources: [sent(20)] }, [])
    f({ sources: [sent(90)] }, ['warn sources: Loki push is silent; it sent last 60 min ago'])
  })
})
