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

function attributesOf({ type, message }: Thrown): Record<string, string> {
  return {
    'exception.type': type,
    'exception.message': message,
    'exception.stacktrace': `${type}: ${message}\n    at pay (/srv/pay.js:1:2)`,
  }
}

export function byLogs(thrown: readonly Thrown[]): LogsBatch {
  const logs = new LogsBatch()
  logs.begin(ours, nowMs, ++requests)
  for (const one of thrown) {
    logs.time(nowMs / 1000, requests * 1000)
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

/** One span with all of them, each twice: by who threw it and by who watched. */
export function onSpan(thrown: readonly Thrown[]): LogsBatch {
  const spans = new SpansBatch()
  spans.begin(ours, nowMs, ++requests)
  for (const one of thrown) {
    spans.time(nowMs / 1000, requests * 1000)
    spans.from(shop)
    spans.name.pushString('POST /pay')
    spans.traceId.pushRaw(Buffer.alloc(16, one.trace))
    spans.spanId.pushRaw(Buffer.alloc(8, one.span))
    spans.weight.pushF32(one.weight ?? 1)
    const event = { name: 'exception', timeUnixNano: `${nowMs}000000`, attributes: attributesOf(one) }
    spans.events.pushString(JSON.stringify([event, { ...event, timeUnixNano: `${nowMs + 1}000000` }]))
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
