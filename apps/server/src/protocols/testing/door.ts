/** A door on in-memory parts, with a clock that stands still. */
import type { Admission, Conservation, Kind, LogRecord } from '../../ingest/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { type ProtocolLimits, defaultProtocolLimits } from '../limits.ts'
import { type MetricsBody, MetricsDoor, type MetricsDoorDeps, type MetricsOutcome } from '../metrics-door.ts'
import { MemoryMetrics } from './memory-metrics.ts'

/** 2026-11-21T08:00:00Z */
export const testNowMs = Date.UTC(2026, 10, 21, 8)
export const testTenant: Tenant = { organizationId: 1, projectId: 1 }
export const testKey = '0123456789abcdef0123456789abcdef'
/** The key of another project. */
export const otherTestKey = 'fedcba9876543210fedcba9876543210'
const otherTenant: Tenant = { organizationId: 1, projectId: 2 }

const keyUnknown = { code: 'ingest.key_unknown', kind: 'unauthenticated', publicText: 'The ingest key is not known.' } as const

/** Counts as the real one does; the sums are what tests look at. */
export class CountingConservation implements Conservation {
  readonly counts = new Map<string, number>()

  received(_tenant: Tenant, _kind: Kind, rows: number): void {
    this.#add('received', rows)
  }
  refused(_tenant: Tenant, _kind: Kind, reason: string, rows: number): void {
    this.#add(`refused ${reason}`, rows)
  }
  dropped(_tenant: Tenant, _kind: Kind, reason: string, rows: number): void {
    this.#add(`dropped ${reason}`, rows)
  }
  queued(_tenant: Tenant, _kind: Kind, rows: number): void {
    this.#add('queued', rows)
  }
  leftOut(_tenant: Tenant, _kind: Kind, reason: string, parts: number): void {
    this.#add(`left out ${reason}`, parts)
  }
  stored(): void {}
  recovered(): void {}
  buried(): void {}
  rows(): [] {
    return []
  }

  #add(name: string, rows: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + rows)
  }
}

export interface TestDoor {
  readonly door: MetricsDoor
  readonly metrics: MemoryMetrics
  readonly conservation: CountingConservation
  readonly sources: string[]
  readonly refusedSamples: string[]
  readonly rawRecords: { lane: string; record: LogRecord }[]
  /** What `admit` was asked. */
  readonly admissions: { key: string | null; remoteAddress: string; sizeBytes: number }[]
  nowMs: number
  lane: 'ready' | 'raw' | 'low'
  /** Thrown by `admit` while set. */
  admissionFailure: AppError | null
  send(format: MetricsBody['format'], bytes: Uint8Array, encoding?: MetricsBody['encoding']): Promise<MetricsOutcome>
}

export function createTestDoor(limits: Partial<ProtocolLimits> = {}, extra: Pick<MetricsDoorDeps, 'lanes' | 'cost'> = {}): TestDoor {
  const metrics = new MemoryMetrics()
  const conservation = new CountingConservation()
  const admission: Admission = {
    admit(request) {
      test.admissions.push({ key: request.key, remoteAddress: request.remoteAddress, sizeBytes: request.sizeBytes })
      if (test.admissionFailure !== null) throw test.admissionFailure
      if (request.key === otherTestKey) return { tenant: otherTenant, lane: test.lane }
      if (request.key !== null && request.key !== testKey) throw new AppError(keyUnknown)
      return { tenant: testTenant, lane: test.lane }
    },
  }
  const rawRecords: { lane: string; record: LogRecord }[] = []
  const sources: string[] = []
  const refusedSamples: string[] = []
  const door = new MetricsDoor({
    admission,
    metrics,
    conservation,
    sources: { note: (_tenant, protocol, points) => sources.push(`${protocol} ${points}`) },
    refusedSamples: { note: (_tenant, protocol, reason, text) => refusedSamples.push(`${protocol} ${reason} ${text}`) },
    log: {
      append(lane, record) {
        rawRecords.push({ lane, record })
        return Promise.resolve()
      },
    },
    clock: { nowMs: () => test.nowMs, monotonicMs: () => performance.now() },
    logger: silentLogger,
    limits: { ...defaultProtocolLimits, ...limits },
    ...extra,
  })
  const test: TestDoor = {
    door,
    metrics,
    conservation,
    sources,
    refusedSamples,
    rawRecords,
    admissions: [],
    nowMs: testNowMs,
    lane: 'ready',
    admissionFailure: null,
    async send(format, bytes, encoding = 'identity') {
      using lease = door.intake.open(testTenant, { sizeBytes: bytes.byteLength, isDecompressedElsewhere: encoding === 'gzip' })
      lease.hold(bytes.byteLength)
      const influx = format === 'influx' ? ({ precision: 'ns', database: '', nowMs: test.nowMs } as const) : null
      const body = { tenant: testTenant, lane: test.lane, protocolName: 'test', format, encoding, bytes, lease }
      return await door.ingest(influx === null ? body : { ...body, influx })
    },
  }
  return test
}
