/** Rows of spans from a batch through the log and the writer into the real engine and back, exactly once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClickHouseEngine, openClickHouse } from '../../../apps/server/src/engines/index.ts'
import { createConservation, createWriter, openSpool, type KindHandler, type LogRecord } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { isThere } from '../../../apps/server/src/metrics/index.ts'
import { additiveInserts, makeResource, SignalHandler, SignalIngest, signalsMigrations } from '../../../apps/server/src/signals/index.ts'
import { allInserts } from '../../../apps/server/src/signals/testing/all-inserts.ts'
import { acceptBatch } from '../../../apps/server/src/signals/testing/accept-batch.ts'
import { SpansBatch, spansSchema, tracesMigrations } from '../../../apps/server/src/traces/index.ts'
import { operationTables } from '../../../apps/server/src/traces/tables.ts'

let dataDir: string
let engine: ClickHouseEngine

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-signals-'))
  engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  })
  for (const { up } of [...signalsMigrations, ...tracesMigrations]) for (const statement of up) await engine.command(statement)
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

async function ask(sql: string): Promise<string[]> {
  const out: string[] = []
  for await (const block of engine.queryNative({ sql: `SELECT toString(tuple(*)) FROM (${sql})`, class: 'internal' })) {
    const column = block.columns[0]
    if (column?.kind === 'string') out.push(...column.data)
  }
  return out
}

const conservation = createConservation()
const handler = new SignalHandler({
  schema: spansSchema,
  derived: [],
  createBatch: () => new SpansBatch(),
  decodeRaw: () => new SpansBatch(),
  stages: [],
  conservation,
})

/** So many spans, each a day before the one after it. */
function spansOver(days: number, project: number, batchId: number): SpansBatch {
  const batch = new SpansBatch()
  batch.begin({ organizationId: 1, projectId: project }, systemClock.nowMs(), batchId)
  batch.keepDays = 365
  const api = makeResource([
    ['service.name', 'api'],
    ['service.version', `v${project}`],
  ])
  const nowSec = Math.floor(systemClock.nowMs() / 1000)
  for (let day = 0; day < days; day++) {
    expect(batch.time(nowSec - day * 86_400, 123_456_789)).toBe(true)
    batch.from(api)
    batch.traceId.pushRaw(Buffer.from(`00112233445566778899aabb${day.toString(16).padStart(8, '0')}`, 'hex'))
    batch.name.pushString(day % 2 === 0 ? 'GET /' : 'größe ☃')
    batch.duration.pushU64(1000 + day, 1)
    batch.httpStatus.pushU16(day % 2 === 0 ? 200 : 503)
    batch.attribute('day', String(day))
    if (day % 3 === 0) batch.attribute('empty', '')
    batch.endRow()
  }
  return batch
}

test('what was accepted is in the engine as it was, over more days than one insert takes, and for several projects', async () => {
  await using log = await openSpool({
    directory: join(dataDir, 'log'),
    sizeBytesMax: 1e8,
    clock: systemClock,
    logger: silentLogger,
  })
  const ingest = new SignalIngest({ log, conservation, stages: [], observers: [] })
  await using writer = createWriter({
    log,
    handlers: new Map<KindHandler['kind'], KindHandler>([['spans', handler]]),
    insert: (request) => engine.insertNative(request),
    isThere: (probe, signal) => isThere(engine, probe, signal),
    conservation,
    clock: systemClock,
    logger: silentLogger,
  })
  await acceptBatch(ingest, spansOver(200, 1, 7), 100)
  await acceptBatch(ingest, spansOver(3, 2, 8), 100)
  writer.start()
  await writer.drain(AbortSignal.timeout(200_000))
  expect(await ask('SELECT project, count(), uniqExact(ts), sum(length(attributes)) FROM spans GROUP BY project ORDER BY project')).toEqual(
    [`(1,200,200,${200 + 67})`, '(2,3,3,4)'],
  )
  expect(
    await ask(
      `SELECT bucket = intDiv(intDiv(ts, 1000000000), 600), ts % 1000000000, name, service, release, duration, http_status, attributes, weight, keep, batch, row
       FROM spans WHERE project = 2 ORDER BY row LIMIT 2`,
    ),
  ).toEqual([
    `(1,123456789,'GET /','api','v2',4294968296,200,{'day':'0','empty':''},1,365,8,0)`,
    `(1,123456789,'größe ☃','api','v2',4294968297,503,{'day':'1'},1,365,8,1)`,
  ])
  expect(await ask('SELECT project, attributes FROM resources FINAL ORDER BY project')).toEqual([
    `(1,{'service.name':'api','service.version':'v1'})`,
    `(2,{'service.name':'api','service.version':'v2'})`,
  ])
  const rows = conservation.rows().filter(({ kind }) => kind === 'spans')
  expect(rows.map(({ received, stored, queued }) => [received, stored, queued])).toEqual([
    [200, 200, 0],
    [3, 3, 0],
  ])
})

test('a probe says whether an insert is there, for rows and for what is added up', async () => {
  const batch = spansOver(150, 3, 9)
  const records: LogRecord[] = []
  const ingest = new SignalIngest({
    log: {
      append(_lane, record) {
        records.push(record)
        return Promise.resolve()
      },
    },
    conservation,
    stages: [],
    observers: [],
  })
  await acceptBatch(ingest, batch)
  const inserts = allInserts(handler, records, 'probed')
  expect(inserts.filter(({ table }) => table === 'spans')).toHaveLength(2)
  const signal = AbortSignal.timeout(200_000)
  for (const [i, insert] of inserts.entries()) {
    if (insert.table === 'spans') expect(await isThere(engine, insert.probe, signal)).toBe(false)
    await engine.insertNative({ ...insert, token: `probe-${i}` })
    await engine.insertNative({ ...insert, token: `probe-${i}` })
    expect(await isThere(engine, insert.probe, signal)).toBe(true)
  }
  expect(await ask('SELECT count() FROM spans WHERE project = 3')).toEqual(['(150)'])
})

test('rows that are added up: another insert of the same keys does not speak for this one', async () => {
  const operations = operationTables[0]?.table
  if (operations === undefined) throw new Error('no table of operations')
  const step = Math.floor(systemClock.nowMs() / 60_000)
  const row = {
    organizationId: 1,
    projectId: 4,
    values: operations.columns.map(([name, type]) => {
      if (name === 'step') return step
      if (name === 'count') return 5
      if (name === 'keep') return 30
      return type === 'String' ? `${name}` : type.startsWith('Map') ? { mapKeys: [], mapValues: [] } : 0
    }),
  }
  const [first] = additiveInserts(operations, [row], 'first')
  const [second] = additiveInserts(operations, [row], 'second')
  if (first === undefined || second === undefined) throw new Error('no insert')
  const signal = AbortSignal.timeout(200_000)
  await engine.insertNative({ ...first, token: 'additive-1' })
  expect(await isThere(engine, first.probe, signal)).toBe(true)
  expect(await isThere(engine, second.probe, signal)).toBe(false)
  await engine.insertNative({ ...second, token: 'additive-2' })
  await engine.insertNative({ ...second, token: 'additive-2' })
  expect(await isThere(engine, second.probe, signal)).toBe(true)
  expect(await ask('SELECT sum(count) FROM operations WHERE org = 1 AND project = 4')).toEqual(['(10)'])
  expect(additiveInserts(operations, [], 'none')).toEqual([])
})
