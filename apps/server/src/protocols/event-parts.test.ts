/** Long bodies: decoded part by part, one record of the log, the same rows as in one piece, and no project waits for all of another's. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { LogRecord } from '../ingest/index.ts'
import { AppError } from '../kernel/errors.ts'
import { countRows, facetRows, LogsBatch, logsSchema } from '../logs/index.ts'
import { partRowsMax, SignalHandler, SignalIngest, type SignalBatch, type SignalStage } from '../signals/index.ts'
import { decodeSignalRecord } from '../signals/record/decode.ts'
import { splitParts } from '../signals/record/parts.ts'
import { textsOf } from '../signals/record/views.ts'
import { allInserts } from '../signals/testing/all-inserts.ts'
import { SpansBatch } from '../traces/index.ts'
import { createEventDecoders } from './event-decoders.ts'
import { EventDoor } from './event-door.ts'
import { EventSession } from './event-session.ts'
import { allSteps, type Steps } from '../kernel/steps.ts'
import { defaultProtocolLimits } from './limits.ts'
import { otlpJsonInSteps, otlpJsonToProtobuf } from './otlp/json.ts'
import { exportLogsRequest } from './otlp/logs-json.ts'
import { ProtoWriter } from './protobuf/writer.ts'
import type { EventProtocol } from './raw-formats.ts'
import { createTestDoor, testNowMs, testTenant } from './testing/door.ts'
import { rowsOf } from './testing/log-rows.ts'

const rows = partRowsMax + 100
const batches = { prepare: () => undefined }
const otherTenant = { organizationId: 1, projectId: 2 }
const timeNs = `${testNowMs}000000`

function jsonLines(count: number): Buffer {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ msg: `line ${i}`, level: 'warn', service: `s${i % 7}`, [`k${i % 50}`]: `${i}` }),
  )
  return Buffer.from(lines.join('\n'))
}

function lokiJson(): Buffer {
  const values = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => [timeNs, `line ${from + i}`, { pod: `p${i % 9}` }])
  const middle = partRowsMax + 7
  return Buffer.from(
    JSON.stringify({
      streams: [
        { stream: { service_name: 'api', env: 'prod' }, values: values(0, middle) },
        { values: values(middle, rows), stream: { service_name: 'web' } },
      ],
    }),
  )
}

function lokiProtobuf(): Buffer {
  const writer = new ProtoWriter()
  writer.messageField(1, (stream) => {
    stream.stringField(1, '{service_name="api", level="error"}')
    for (let i = 0; i < rows; i++)
      stream.messageField(2, (entry) => {
        entry.messageField(1, (time) => time.varintField(1, Math.floor(testNowMs / 1000)))
        entry.stringField(2, `line ${i}`)
        entry.messageField(3, (pair) => pair.stringField(1, `k${i % 40}`).stringField(2, `${i}`))
      })
  })
  return writer.finish()
}

/** `record` writes the fields of a record or span; two scopes, the first of which goes on beyond a part. */
function otlp(record: (writer: ProtoWriter, i: number) => void): Buffer {
  const writer = new ProtoWriter()
  const keyValue = (to: ProtoWriter, field: number, key: string, value: string): void =>
    void to.messageField(field, (pair) => pair.stringField(1, key).messageField(2, (any) => any.stringField(1, value)))
  const middle = rows - 50
  writer.messageField(1, (resource) => {
    resource.messageField(1, (inner) => keyValue(inner, 1, 'service.name', 'api'))
    for (const [from, to] of [
      [0, middle],
      [middle, rows],
    ] as const)
      resource.messageField(2, (scope) => {
        scope.messageField(1, (named) => named.stringField(1, `lib ${from}`))
        for (let i = from; i < to; i++)
          scope.messageField(2, (each) => {
            record(each, i)
            keyValue(each, 6, `k${i % 40}`, `${i}`)
            keyValue(each, 9, `k${i % 40}`, `${i}`)
          })
      })
  })
  return writer.finish()
}

const otlpLogs = (): Buffer =>
  otlp((writer, i) => {
    writer.stringField(12, 'device.crash').varintField(2, 9)
    writer.messageField(5, (body) => body.stringField(1, `line ${i}`))
  })

const otlpLogsJson = (): Buffer => {
  const logRecords = Array.from({ length: rows }, (_, i) => ({
    timeUnixNano: timeNs,
    body: { stringValue: `line ${i}` },
    severity_text: 'warn',
  }))
  const scopeLogs = [{ scope: { name: 'a' }, logRecords }, { log_records: null }, {}]
  return Buffer.from(JSON.stringify({ resourceLogs: [{ scope_logs: scopeLogs }, { resource: { attributes: [] } }] }))
}

const idOf = (i: number, bytes: number): Buffer => Buffer.from((i + 1).toString(16).padStart(bytes * 2, '0'), 'hex')

const otlpSpans = (): Buffer =>
  otlp((writer, i) => {
    writer.bytesField(1, idOf(i, 16)).bytesField(2, idOf(i, 8))
    writer.stringField(5, `GET /${i % 30}`).varintField(6, 2)
  })

/** All columns of a batch as texts, row by row; the numbers of rows apart, which must only differ. */
function spanTexts(batch: SpansBatch): string[] {
  return Array.from({ length: batch.rows }, (_, row) => {
    const { keys, values } = batch.attributes
    const pairs: string[] = []
    for (let at = batch.attributes.first(row); at < batch.attributes.last(row); at++) pairs.push(`${keys.text(at)}=${values.text(at)}`)
    return [
      batch.service.text(row),
      batch.scope.text(row),
      batch.name.text(row),
      Buffer.from(batch.spanId.raw(row)).toString('hex'),
      ...pairs,
    ].join('|')
  })
}

const shown = (batch: SignalBatch): unknown[] =>
  batch instanceof LogsBatch ? rowsOf(batch) : batch instanceof SpansBatch ? spanTexts(batch) : []

function decoded(format: EventProtocol, body: Buffer, isWhole: boolean): SignalBatch[] {
  const session = isWhole ? new EventSession(batches, {}) : new EventSession(batches)
  session.begin(testTenant, 'test', testNowMs, 7)
  const all: SignalBatch[] = []
  const decoder = createEventDecoders(defaultProtocolLimits)[format]
  if (decoder === undefined) throw new Error(`no decoder for ${format}`)
  const keep = (): void => void all.push(...[session.logs, session.spans].filter(({ received }) => received > 0))
  for (const _ of decoder.decode(body, session)) {
    if (!session.isPartFull) continue
    keep()
    session.turnPage()
  }
  keep()
  return all
}

test.each<[EventProtocol, () => Buffer]>([
  ['jsonLines', () => jsonLines(rows)],
  ['jsonLines', () => Buffer.from(`[${jsonLines(rows).toString().replaceAll('\n', ',')}]`)],
  ['lokiJson', lokiJson],
  ['lokiProtobuf', lokiProtobuf],
  ['otlpLogsJson', otlpLogsJson],
  ['otlpLogsProtobuf', otlpLogs],
  ['otlpTracesProtobuf', otlpSpans],
])('a long body of %s is the same rows in parts as in one piece', (format, body) => {
  const bytes = body()
  const parts = decoded(format, bytes, false)
  const whole = decoded(format, bytes, true)
  expect(parts.length).toBeGreaterThan(1)
  expect(whole).toHaveLength(1)
  expect(parts.flatMap(shown)).toEqual(whole.flatMap(shown))
  const numbers = parts.flatMap((batch) => Array.from({ length: batch.rows }, (_, row) => batch.fixed('row').u32(row)))
  expect(numbers).toEqual(Array.from({ length: rows }, (_, row) => row))
})

interface World {
  readonly written: LogRecord[]
  readonly counts: ReadonlyMap<string, number>
  readonly costMs: Map<number, number>
  readonly seen: number[]
  send(projectId: number, body: Buffer): Promise<{ received: number; logs: number; refused: number }>
  record(projectId: number, fill: (session: EventSession) => Steps): Promise<unknown>
}

/** `stage` and `observer` happen to each part of logs; `costNow` is what the costs are measured by. */
function world(stage: SignalStage, observer: (batch: SignalBatch) => void = () => undefined, costNow = (): number => 0): World {
  const costMs = new Map<number, number>()
  const cost = {
    nowMs: costNow,
    spent: (tenant: { projectId: number }, ms: number) => void costMs.set(tenant.projectId, (costMs.get(tenant.projectId) ?? 0) + ms),
  }
  // On a busy machine turns are waited for.
  const front = createTestDoor({ turnWaitMsMax: 600_000 })
  const written: LogRecord[] = []
  const seen: number[] = []
  const log = {
    append(_lane: string, record: LogRecord): Promise<void> {
      written.push(record)
      return Promise.resolve()
    },
  }
  const { conservation } = front
  const observers = [{ accepted: (batch: SignalBatch) => (seen.push(batch.rows), observer(batch)) }]
  const ingest = new SignalIngest({ log, conservation, stages: [stage], observers })
  const door = new EventDoor({
    front: front.door,
    decoders: createEventDecoders(front.door.limits),
    batches,
    logs: ingest,
    spans: ingest,
    conservation,
    log,
    sources: { note: () => undefined },
    refusedSamples: { note: () => undefined },
    clock: { nowMs: () => front.nowMs },
    cost,
  })
  const tenantOf = (projectId: number) => (projectId === 1 ? testTenant : otherTenant)
  return {
    written,
    counts: conservation.counts,
    costMs,
    seen,
    async send(projectId, bytes) {
      const tenant = tenantOf(projectId)
      using lease = front.door.intake.open(tenant, { sizeBytes: bytes.byteLength, isDecompressedElsewhere: false })
      return await door.ingest({ tenant, lane: 'ready', protocolName: 'test', format: 'jsonLines', encoding: 'identity', bytes, lease })
    },
    async record(projectId, fill) {
      const tenant = tenantOf(projectId)
      using lease = front.door.intake.open(tenant, { sizeBytes: 1, isDecompressedElsewhere: false })
      return await door.record({ tenant, protocolName: 'test', bytes: new Uint8Array(1), lease }, fill)
    },
  }
}

const nothing: SignalStage = { apply: () => undefined }

function spin(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('a long body is one record of the log, whose parts are inserted as its rows', async () => {
  const it = world(nothing)
  const outcome = await it.send(1, jsonLines(rows))
  expect([outcome.received, outcome.logs, outcome.refused]).toEqual([rows, rows, 0])
  expect(it.written.map(({ rows: held, format }) => [held, format])).toEqual([[rows, 2]])
  expect(it.seen).toEqual([partRowsMax, 100])
  const parts = splitParts(it.written[0]?.payload ?? new Uint8Array())
  expect(parts.map((part) => decodeSignalRecord(logsSchema, part).rows)).toEqual([partRowsMax, 100])
  expect([...it.counts]).toEqual([
    ['received', rows],
    ['queued', rows],
  ])
  for (const damaged of [it.written[0]?.payload.subarray(0, -1), Buffer.concat([it.written[0]?.payload ?? Buffer.of(), Buffer.of(0)])])
    expect(() => splitParts(damaged ?? new Uint8Array())).toThrow('signals.record_damaged')
})

test('a long body is inserted as its bodies one after the other would be, with all that is derived from it', async () => {
  const it = world(nothing)
  await it.send(1, jsonLines(rows))
  const handler = new SignalHandler({
    schema: logsSchema,
    derived: [countRows, facetRows],
    stages: [],
    createBatch: () => new LogsBatch(),
    decodeRaw: () => new LogsBatch(),
    conservation: { received: () => undefined, refused: () => undefined, dropped: () => undefined, leftOut: () => undefined },
  })
  const record = it.written[0]
  if (record === undefined) throw new Error('nothing was kept')
  const alone = splitParts(record.payload).map((payload) => ({ ...record, payload: Uint8Array.from(payload) }))
  const bytesOf = (records: readonly LogRecord[]): unknown[] =>
    allInserts(handler, records, 'segment').map(({ table, rows: held, body }) => [
      table,
      held,
      createHash('sha256')
        .update(Buffer.concat([...body]))
        .digest('hex'),
    ])
  expect(bytesOf([record])).toEqual(bytesOf(alone))
  // As the log gives it: somewhere in a block.
  const moved = new Uint8Array(record.payload.byteLength + 3).subarray(3)
  moved.set(record.payload)
  expect(bytesOf([{ ...record, payload: moved }])).toEqual(bytesOf(alone))
})

test('nothing is kept or counted of a body whose last part cannot be read', async () => {
  const it = world(nothing)
  const broken = new Error('broken')
  await expect(
    it.record(1, function* (session) {
      const lines = createEventDecoders(defaultProtocolLimits).jsonLines
      yield* lines?.decode(jsonLines(rows), session) ?? []
      throw broken
    }),
  ).rejects.toBe(broken)
  expect([it.written, it.seen, it.counts.size]).toEqual([[], [], 0])
})

test('one project with heavy rows does not hold the others: their bodies are stored between its parts', async () => {
  const it = world({ apply: ({ tenant }) => tenant.projectId === 1 && spin(15) })
  const heavy = it.send(1, jsonLines(rows))
  const light = it.send(2, jsonLines(1))
  await Promise.all([heavy, light])
  expect(it.written.map(({ tenant, rows: held }) => [tenant.projectId, held])).toEqual([
    [2, 1],
    [1, rows],
  ])
})

test('what watches the rows of one project does not hold the others', async () => {
  const light: Promise<unknown>[] = []
  const storedBefore: number[] = []
  const it = world(nothing, ({ tenant }) => {
    if (tenant.projectId !== 1) return
    if (light.length === 0) light.push(it.send(2, jsonLines(1)))
    storedBefore.push(it.written.length)
    spin(15)
  })
  await it.send(1, jsonLines(7 * partRowsMax + 1))
  await Promise.all(light)
  expect(storedBefore).toHaveLength(8)
  expect([storedBefore[0], storedBefore.at(-1)]).toEqual([1, 2])
})

test('stages and those who watch are a cost of the project', async () => {
  let nowMs = 0
  const stage = { apply: () => void (nowMs += 5) }
  const it = world(
    stage,
    () => void (nowMs += 7),
    () => nowMs,
  )
  await it.send(2, jsonLines(rows))
  expect(it.costMs.get(2)).toBe(2 * 5 + 2 * 7)
})

test('long bodies in turns do not mix: each has the rows that were in it', async () => {
  const it = world({ apply: () => spin(12) })
  const sizes = [rows, rows + 1, rows + 2, rows + 3]
  await Promise.all(sizes.map((count, i) => it.send((i % 2) + 1, jsonLines(count))))
  expect(it.written.map((record) => record.rows).sort((a, b) => a - b)).toEqual(sizes)
  for (const record of it.written) {
    const parts = splitParts(record.payload).map((part) => decodeSignalRecord(logsSchema, part))
    const bodies = parts.flatMap((part) => textsOf(part.text('body'), part.rows))
    expect(bodies).toEqual(Array.from({ length: record.rows }, (_, i) => `line ${i}`))
  }
})

test.each([
  [1, 1, 30_000],
  [100, 100, 3],
  [30_000, 1, 1],
])('JSON of %d resources of %d scopes of %d lines is written in steps that are short', (resources, scopes, lines) => {
  const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join()
  const scope = `{"logRecords":[${times(lines, '{"body":{"stringValue":"x"}}')}]}`
  const body = Buffer.from(`{"resourceLogs":[${times(resources, `{"scopeLogs":[${times(scopes, scope)}]}`)}]}`)
  let steps = 0
  for (const _ of otlpJsonInSteps(body, 500_000, exportLogsRequest)) steps++
  // All three levels count.
  const items = resources * (1 + scopes * (1 + lines))
  expect(steps).toBe(1 + Math.floor(items / 256))
})

test.each([
  { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, { body: { stringValue: 7 } }] }] }] },
  { resourceLogs: [{ scopeLogs: [{ logRecords: {} }] }] },
  { resourceLogs: [7] },
  { resourceLogs: 7 },
  [],
])('JSON that is wrong is told in the same words in steps as in one piece: %j', (json) => {
  const body = Buffer.from(JSON.stringify(json))
  const failureOf = (work: () => unknown): unknown => {
    try {
      return work()
    } catch (error) {
      return error instanceof AppError ? error.publicText : error
    }
  }
  const said = failureOf(() => allSteps(otlpJsonInSteps(body, 1000, exportLogsRequest)))
  expect(said).toEqual(expect.stringContaining('cannot be read'))
  expect(said).toBe(failureOf(() => otlpJsonToProtobuf(body, 1000, exportLogsRequest)))
})
