import { expect, test } from 'vitest'
import type { LogRecord } from '../ingest/index.ts'
import { additiveInserts, attributesMax, SignalHandler, SignalIngest, type AdditiveTable } from './index.ts'
import { LogsBatch, logsSchema } from '../logs/schema.ts'
import { allInserts } from './testing/all-inserts.ts'
import { acceptBatch } from './testing/accept-batch.ts'

const nowMs = Date.UTC(2026, 10, 21)
const tenant = { organizationId: 1, projectId: 1 }
const table: AdditiveTable = {
  table: 'counted',
  columns: [
    ['name', 'String'],
    ['minute', 'UInt32'],
    ['count', 'UInt64'],
  ],
  partition: { column: 'minute', size: 1440 },
  markerColumn: 'name',
}
const conservation = { received: () => undefined, refused: () => undefined, dropped: () => undefined, leftOut: () => undefined }

async function recordsOf(bodies: readonly string[]): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  const log = { append: (_lane: string, record: LogRecord) => Promise.resolve(void records.push(record)) }
  const counters = {
    ...conservation,
    queued: () => undefined,
    stored: () => undefined,
    recovered: () => undefined,
    buried: () => undefined,
  }
  const ingest = new SignalIngest({ log, conservation: { ...counters, rows: () => [] }, stages: [], observers: [] })
  for (const body of bodies) {
    const batch = new LogsBatch()
    batch.begin(tenant, nowMs)
    batch.time(nowMs / 1000, 0)
    batch.body.pushString(body)
    batch.endRow()
    await acceptBatch(ingest, batch)
  }
  return records
}

test('a segment that lost a record asks for the same rows that are added up: what is there is not added again', async () => {
  const handler = new SignalHandler({
    schema: logsSchema,
    derived: [
      (owned, marker) => additiveInserts(table, [{ ...tenant, values: ['lines', Math.floor(nowMs / 60_000), owned.length] }], marker),
    ],
    createBatch: () => new LogsBatch(),
    decodeRaw: () => new LogsBatch(),
    stages: [],
    conservation,
  })
  const records = await recordsOf(['one', 'two', 'three'])
  const probeOf = (some: readonly LogRecord[], token: string): string | undefined =>
    allInserts(handler, some, token).find((insert) => insert.table === 'counted')?.probe.sql
  expect(probeOf(records, 'segment-7')).toBe(probeOf(records.slice(1), 'segment-7'))
  expect(probeOf(records, 'segment-7')).not.toBe(probeOf(records, 'segment-8'))
})

test('what rows are kept without is counted by reason once they are durable', async () => {
  const counted: [string, number][] = []
  const counters = {
    ...conservation,
    queued: () => undefined,
    leftOut: (...facts: unknown[]) => void counted.push([String(facts[2]), Number(facts[3])]),
  }
  const rest = { stored: () => undefined, recovered: () => undefined, buried: () => undefined, rows: () => [] }
  const parts = { conservation: { ...counters, ...rest }, stages: [], observers: [] }
  const batch = new LogsBatch()
  const begin = (): void => {
    batch.begin(tenant, nowMs)
    batch.time(nowMs / 1000, 0)
    for (let i = 0; i < attributesMax + 7; i++) batch.attribute(`name ${i}`, 'x')
    batch.leaveOut('events_limit', 3)
    batch.endRow()
  }
  begin()
  const full = new SignalIngest({ ...parts, log: { append: () => Promise.reject(new Error('full')) } })
  await expect(acceptBatch(full, batch)).rejects.toThrow('full')
  expect(counted).toEqual([])
  begin()
  await acceptBatch(new SignalIngest({ ...parts, log: { append: () => Promise.resolve() } }), batch)
  expect(counted).toEqual([
    ['attributes_limit', 7],
    ['events_limit', 3],
  ])
})
