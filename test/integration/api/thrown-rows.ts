/** Rows of exceptions as logs bring them and as spans do, and their way into the engine as segments of the writer. */
import type { ClickHouse } from '../../../apps/server/src/engines/index.ts'
import { LogsBatch, logsSchema } from '../../../apps/server/src/logs/index.ts'
import { deriveProblems, liftExceptions, ProblemStage } from '../../../apps/server/src/problems/index.ts'
import { makeResource, SignalHandler } from '../../../apps/server/src/signals/index.ts'
import { allInserts } from '../../../apps/server/src/signals/testing/all-inserts.ts'
import { encodeSignalRecord } from '../../../apps/server/src/signals/record/encode.ts'
import { signalRecordFormat } from '../../../apps/server/src/signals/schema.ts'
import { SpansBatch } from '../../../apps/server/src/traces/index.ts'
import { ours } from './api-stack.ts'

export interface Thrown {
  /** One byte each. */
  readonly trace: number
  readonly span: number
  readonly type: string
  readonly message: string
  readonly weight?: number
  /** By the names pino has. */
  readonly isPino?: boolean
  /** Later than the others, ms. */
  readonly laterMs?: number
}

const nowMs = Date.now() - 60_000
const shop = makeResource([['service.name', 'twice']])
const conservation = { received: () => undefined, refused: () => undefined, dropped: () => undefined, leftOut: () => undefined }
const handler = new SignalHandler({
  schema: logsSchema,
  derived: [deriveProblems],
  createBatch: () => new LogsBatch(),
  decodeRaw: () => new LogsBatch(),
  stages: [],
  conservation,
})
let requests = 0

function attributesOf({ type, message, isPino = false }: Thrown): Record<string, string> {
  const stack = `${type}: ${message}\n    at pay (/srv/pay.js:1:2)`
  if (isPino) return { 'err.type': type, 'err.message': message, 'err.stack': stack }
  return {
    'exception.type': type,
    'exception.message': message,
    'exception.stacktrace': stack,
  }
}

function timeAt(batch: LogsBatch | SpansBatch, { laterMs = 0 }: Pick<Thrown, 'laterMs'>): void {
  const atMs = nowMs + laterMs
  batch.time(Math.floor(atMs / 1000), (atMs % 1000) * 1_000_000 + requests * 1000)
}

export function byLogs(thrown: readonly Thrown[]): LogsBatch {
  const logs = new LogsBatch()
  logs.begin(ours, nowMs, ++requests)
  for (const one of thrown) {
    timeAt(logs, one)
    logs.from(shop)
    logs.severity.pushU8(17)
    logs.body.pushString(`it failed: ${one.message}`)
    logs.traceId.pushRaw(Buffer.alloc(16, one.trace))
    logs.spanId.pushRaw(Buffer.alloc(8, one.span))
    logs.weight.pushF32(one.weight ?? 1)
    for (const [name, value] of Object.entries(attributesOf(one))) logs.attribute(name, value)
    logs.endRow()
  }
  return logs
}

/** A span has all of its own, each twice: by who threw it and by who watched. */
export function onSpan(thrown: readonly Thrown[]): LogsBatch {
  const spans = new SpansBatch()
  spans.begin(ours, nowMs, ++requests)
  for (const first of thrown) {
    const ofSpan = thrown.filter(({ trace, span }) => trace === first.trace && span === first.span)
    if (ofSpan[0] !== first) continue
    timeAt(spans, { laterMs: 0 })
    spans.from(shop)
    spans.name.pushString('POST /pay')
    spans.traceId.pushRaw(Buffer.alloc(16, first.trace))
    spans.spanId.pushRaw(Buffer.alloc(8, first.span))
    spans.weight.pushF32(first.weight ?? 1)
    const events = ofSpan.flatMap((one) =>
      [0, 1].map((afterMs) => ({
        name: 'exception',
        timeUnixNano: `${nowMs + (one.laterMs ?? 0) + afterMs}000000`,
        attributes: attributesOf(one),
      })),
    )
    spans.events.pushString(JSON.stringify(events))
    spans.endRow()
  }
  const logs = new LogsBatch()
  logs.begin(ours, nowMs, requests)
  liftExceptions(spans, logs)
  return logs
}

/** Into the engine, as a segment of its own; the same once more, as after a crash. */
export async function insertTwice(engine: Pick<ClickHouse, 'insertNative'>, logs: LogsBatch): Promise<void> {
  new ProblemStage().apply(logs)
  const record = { kind: 'logs', tenant: ours, rows: logs.rows, format: signalRecordFormat, payload: encodeSignalRecord(logs) } as const
  for (let attempt = 0; attempt < 2; attempt++)
    for (const [i, each] of allInserts(handler, [record], `twice-${requests}`).entries())
      await engine.insertNative({ ...each, token: `twice-${requests}-${i}` })
}
