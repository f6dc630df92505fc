/** OTLP bodies to the real engine's tables, a segment at a time, and `TracingSystem` on them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openClickHouse, type ClickHouseEngine } from '../../../apps/server/src/engines/index.ts'
import { createConservation, type LogRecord } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import { allSteps } from '../../../apps/server/src/kernel/steps.ts'
import { createEventDecoders, defaultProtocolLimits, EventSession } from '../../../apps/server/src/protocols/index.ts'
import { SignalHandler, SignalIngest, signalsMigrations } from '../../../apps/server/src/signals/index.ts'
import { allInserts } from '../../../apps/server/src/signals/testing/all-inserts.ts'
import { acceptBatch } from '../../../apps/server/src/signals/testing/accept-batch.ts'
import {
  countedSpans,
  createTraceReads,
  SpansBatch,
  spansSchema,
  tracesMigrations,
  TracingSystem,
} from '../../../apps/server/src/traces/index.ts'

export interface TestSpan {
  readonly trace: string
  readonly id: string
  readonly parent?: string
  readonly service: string
  readonly host?: string
  readonly name: string
  readonly kind?: number
  /** ms after the stack's `startMs`. */
  readonly atMs: number
  readonly forMs: number
  readonly isError?: boolean
  readonly state?: string
  readonly attributes?: Readonly<Record<string, string | number>>
}

export interface TracesStack extends AsyncDisposable {
  readonly engine: ClickHouseEngine
  readonly system: TracingSystem
  /** What times of spans count from: a whole minute, some minutes ago. */
  readonly startMs: number
  /** Days that spans are shown. */
  keepDays: number
  /** Spans of one segment, each project's as a request of its own. */
  put(tenant: Tenant, spans: readonly TestSpan[]): Promise<void>
  tables(): readonly string[]
}

const valueOf = (value: string | number): unknown => (typeof value === 'number' ? { intValue: String(value) } : { stringValue: value })
const keyValues = (all: Readonly<Record<string, string | number>>): unknown[] =>
  Object.entries(all).map(([key, value]) => ({ key, value: valueOf(value) }))

function bodyOf(spans: readonly TestSpan[], startMs: number): Buffer {
  const nanos = (ms: number): string => (BigInt(Math.round((startMs + ms) * 1000)) * 1000n).toString()
  const resourceSpans = spans.map((span) => ({
    resource: {
      attributes: keyValues({
        'service.name': span.service,
        'host.name': span.host ?? '',
        'service.version': '1',
        'deployment.environment': 'test',
      }),
    },
    scopeSpans: [
      {
        scope: { name: 'test' },
        spans: [
          {
            traceId: span.trace,
            spanId: span.id,
            parentSpanId: span.parent ?? '',
            traceState: span.state ?? '',
            name: span.name,
            kind: span.kind ?? 1,
            startTimeUnixNano: nanos(span.atMs),
            endTimeUnixNano: nanos(span.atMs + span.forMs),
            status: span.isError === true ? { code: 2, message: 'failed' } : {},
            attributes: keyValues(span.attributes ?? {}),
          },
        ],
      },
    ],
  }))
  return Buffer.from(JSON.stringify({ resourceSpans }))
}

export async function openTracesStack(): Promise<TracesStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-traces-'))
  const engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  })
  for (const { up } of [...signalsMigrations, ...tracesMigrations]) for (const statement of up) await engine.command(statement)
  const decoder = createEventDecoders(defaultProtocolLimits).otlpTracesJson
  if (decoder === undefined) throw new Error('there is no decoder of traces')
  const conservation = createConservation()
  const records: LogRecord[] = []
  const log = { append: async (_lane: string, record: LogRecord) => void records.push(record) }
  const ingest = new SignalIngest({ log, conservation, stages: [], observers: [] })
  const parts = { stages: [], derived: [countedSpans], createBatch: () => new SpansBatch(), decodeRaw: () => new SpansBatch() }
  const handler = new SignalHandler({ ...parts, schema: spansSchema, conservation })
  let segments = 0
  let last: readonly string[] = []
  const stack: TracesStack = {
    engine,
    system: new TracingSystem({
      engine,
      clock: systemClock,
      reads: createTraceReads({ clock: systemClock, keeping: { keepDays: () => stack.keepDays } }),
    }),
    startMs: Math.floor(systemClock.nowMs() / 60_000 - 5) * 60_000,
    keepDays: 30,
    async put(tenant, spans) {
      const session = new EventSession({ prepare: () => undefined }, {})
      session.begin(tenant, 'otlp-http', systemClock.nowMs(), Math.floor(Math.random() * 0x1_0000_0000))
      allSteps(decoder.decode(bodyOf(spans, stack.startMs), session))
      expect(session.spans.rows).toBe(spans.length)
      await acceptBatch(ingest, session.spans)
      const inserts = allInserts(handler, records.splice(0), `stack-${Math.random()}`)
      last = inserts.map(({ table }) => table)
      const token = `segment-${segments++}`
      for (const { table, columns, body } of inserts) await engine.insertNative({ table, columns, body, token: `${token}-${table}` })
    },
    tables: () => last,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return stack
}
