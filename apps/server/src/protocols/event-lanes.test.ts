/** Bodies of logs and spans that wait unread, and what becomes of bodies that hold both. */
import { expect, test } from 'vitest'
import type { LogRecord } from '../ingest/index.ts'
import { AppError } from '../kernel/errors.ts'
import { LogsBatch, logsSchema } from '../logs/index.ts'
import { SignalHandler, SignalIngest, type SignalBatch } from '../signals/index.ts'
import { decodeSignalRecord } from '../signals/record/decode.ts'
import { textsOf } from '../signals/record/views.ts'
import { SpansBatch, spansSchema } from '../traces/index.ts'
import { EventDoor } from './event-door.ts'
import { createEventDecoders } from './event-decoders.ts'
import { createTestDoor, testNowMs, testTenant } from './testing/door.ts'

const tracesOf = (message: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'api' } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: '0af7651916cd43dd8448eb211c80319c',
                  spanId: 'b7ad6b7169203331',
                  name: 'GET /',
                  startTimeUnixNano: `${testNowMs}000000`,
                  endTimeUnixNano: `${testNowMs + 5}000000`,
                  events: [
                    {
                      name: 'exception',
                      timeUnixNano: `${testNowMs}000000`,
                      attributes: [
                        { key: 'exception.type', value: { stringValue: 'TypeError' } },
                        { key: 'exception.message', value: { stringValue: message } },
                      ],
                    },
                  ],
                },
              ],
            },
          ],
        },
      ],
    }),
  )

function world() {
  const front = createTestDoor()
  const { conservation, rawRecords } = front
  const written: LogRecord[] = []
  const state = { failing: null as LogRecord['kind'] | null, seen: [] as string[] }
  const log = {
    append(lane: string, record: LogRecord): Promise<void> {
      if (record.kind === state.failing)
        return Promise.reject(new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'The log is full.' }))
      if (lane === 'ready') written.push(record)
      else rawRecords.push({ lane, record })
      return Promise.resolve()
    },
  }
  const observers = [{ accepted: (batch: SignalBatch) => void state.seen.push(`${batch.schema.kind} ${batch.rows}`) }]
  const ingest = () => new SignalIngest({ log, conservation, stages: [], observers })
  const batches = { prepare: () => undefined }
  const door = new EventDoor({
    front: front.door,
    decoders: createEventDecoders(front.door.limits),
    batches,
    logs: ingest(),
    spans: ingest(),
    conservation,
    log,
    sources: { note: () => undefined },
    refusedSamples: { note: () => undefined },
    clock: { nowMs: () => front.nowMs },
  })
  const decodeRaw = (record: LogRecord, batch: SignalBatch, batchId: number): SignalBatch => door.decodeRaw(record, batch, batchId)
  const parts = { derived: [], stages: [], conservation, decodeRaw }
  const logs = new SignalHandler({ ...parts, schema: logsSchema, createBatch: () => new LogsBatch(), processed: observers })
  const spans = new SignalHandler({ ...parts, schema: spansSchema, createBatch: () => new SpansBatch(), beside: logs })
  async function send(lane: 'ready' | 'low', format: 'otlpTracesJson' | 'jsonLines', bytes: Buffer) {
    using lease = front.door.intake.open(testTenant, { sizeBytes: bytes.byteLength, isDecompressedElsewhere: false })
    return await door.ingest({ tenant: testTenant, lane, protocolName: 'test', format, encoding: 'identity', bytes, lease })
  }
  return { front, written, rawRecords, conservation, state, logs, spans, send }
}

test('what waited unread is the same rows whenever it is read, at its place, also those without a time', async () => {
  const it = world()
  await it.send('low', 'jsonLines', Buffer.from('{"msg":"one"}\n{"msg":"two"}\n'))
  const [raw] = it.rawRecords
  if (raw === undefined) throw new Error('nothing was kept')
  const first = it.logs.processRaw(raw.record, 'segment-3')
  it.front.nowMs += 60_000
  const again = it.logs.processRaw(raw.record, 'segment-3')
  expect(Buffer.compare(Buffer.from(first.record?.payload ?? []), Buffer.from(again.record?.payload ?? []))).toBe(0)
  expect(first.rows).toBe(2)
  const elsewhere = it.logs.processRaw(raw.record, 'segment-4')
  expect(Buffer.compare(Buffer.from(first.record?.payload ?? []), Buffer.from(elsewhere.record?.payload ?? []))).not.toBe(0)
})

test('exceptions of spans that waited unread are log records, counted and seen as such', async () => {
  const it = world()
  await it.send('low', 'otlpTracesJson', tracesOf('it is not a function'))
  const [raw] = it.rawRecords
  if (raw === undefined) throw new Error('nothing was kept')
  const { record, rows, also } = it.spans.processRaw(raw.record, 'segment-0')
  expect([record?.kind, record?.rows, rows, also?.map(({ kind }) => kind)]).toEqual(['spans', 1, 1, ['logs']])
  const lifted = decodeSignalRecord(logsSchema, also?.[0]?.payload ?? new Uint8Array())
  expect(textsOf(lifted.text('body'), lifted.rows)).toEqual([expect.stringContaining('it is not a function')])
  expect(it.state.seen).toEqual(['logs 1'])
  expect(it.conservation.counts.get('received')).toBe(2)
})

test('a body that holds both: what comes beside and cannot be kept is refused, and nothing has to be sent again', async () => {
  const it = world()
  it.state.failing = 'logs'
  const outcome = await it.send('ready', 'otlpTracesJson', tracesOf('beside'))
  expect([outcome.spans, outcome.logs, outcome.refused, Object.fromEntries(outcome.refusedByReason)]).toEqual([1, 0, 1, { log_full: 1 }])
  expect(it.written.map(({ kind }) => kind)).toEqual(['spans'])
  expect(it.state.seen).toEqual(['spans 1'])
  expect(Object.fromEntries(it.conservation.counts)).toEqual({ received: 2, queued: 1, 'refused log_full': 1 })
})

test('nothing is kept of a body whose main part cannot be', async () => {
  const it = world()
  it.state.failing = 'spans'
  await expect(it.send('ready', 'otlpTracesJson', tracesOf('main'))).rejects.toMatchObject({ code: 'ingest.log_full' })
  expect(it.written).toEqual([])
  expect(it.state.seen).toEqual([])
})
