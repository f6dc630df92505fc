/** Log and writer with the real engine: its deduplication is what makes a repeated insert harmless, and its refusals what is buried. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ClickHouseEngine, encodeNativeBlock, openClickHouse } from '../../../apps/server/src/engines/index.ts'
import {
  type BalancedConservation,
  createConservation,
  createWriter,
  type Kind,
  type KindHandler,
  type LogRecord,
  openSpool,
  recoverLog,
  replayDeadLetter,
  type Spool,
  type TableInsert,
  type Writer,
  type WriterDeps,
} from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { isThere } from '../../../apps/server/src/metrics/index.ts'

let engine: ClickHouseEngine
let dataDir: string
let logDirectory: string

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'bellwether-writer-'))
  engine = await openClickHouse({
    url: null,
    cluster: null,
    dataDir,
    database: 'bellwether',
    memoryMaxBytes: 1024 ** 3,
    logger: silentLogger,
    clock: systemClock,
  })
})

afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  rmSync(dataDir, { recursive: true, force: true })
})

const table = `(id UInt32) ENGINE = MergeTree PARTITION BY intDiv(id, 1000) ORDER BY id SETTINGS non_replicated_deduplication_window = 1000`

beforeEach(async () => {
  logDirectory = mkdtempSync(join(dataDir, 'log-'))
  for (const name of ['probe', 'probe_side']) await engine.command(`DROP TABLE IF EXISTS ${name}`)
  await engine.command(`CREATE TABLE probe ${table}`)
  await engine.command(`CREATE TABLE probe_side ${table}`)
})

function idsRecord(from: number, count: number, step: number): LogRecord {
  const ids = Uint32Array.from({ length: count }, (_, at) => from + at * step)
  return { kind: 'metrics', tenant: { organizationId: 1, projectId: 1 }, rows: count, format: 1, payload: new Uint8Array(ids.buffer) }
}

function insertOf(name: string, ids: Uint32Array): TableInsert {
  const values = { kind: 'u32' as const, data: ids }
  const body = [encodeNativeBlock(ids.length, [{ name: 'id', type: 'UInt32' as const, values }])]
  const probe = { sql: `SELECT uniqExact(id) FROM ${name} WHERE id IN (${ids.join(',')})`, rows: new Set(ids).size }
  return { table: name, columns: ['id'], rows: ids.length, body, probe }
}

/** Rows into `probe`, at most 90 partitions an insert, and the first id of each record into `probe_side`. */
const handler: KindHandler = {
  kind: 'metrics',
  buildInserts(records) {
    const ids = records.flatMap((record) => [...new Uint32Array(record.payload.slice().buffer)]).sort((a, b) => a - b)
    const inserts: TableInsert[] = []
    for (let at = 0; at < ids.length;) {
      const firstPartition = Math.floor((ids[at] ?? 0) / 1000)
      let end = at
      while (end < ids.length && Math.floor((ids[end] ?? 0) / 1000) < firstPartition + 90) end++
      inserts.push(insertOf('probe', Uint32Array.from(ids.slice(at, end))))
      at = end
    }
    const firsts = records.map((record) => new Uint32Array(record.payload.slice().buffer)[0] ?? 0)
    return [...inserts, insertOf('probe_side', Uint32Array.from(firsts))]
  },
  processRaw: (record) => ({ record, rows: record.rows }),
  recover: () => undefined,
  buried: () => undefined,
}

interface Life extends AsyncDisposable {
  readonly log: Spool
  readonly writer: Writer
  readonly conservation: BalancedConservation
}

async function live(insert: WriterDeps['insert'], drainTimeoutMs = 20_000): Promise<Life> {
  const clock = systemClock
  const log = await openSpool({
    directory: logDirectory,
    sizeBytesMax: 1e9,
    segmentRowsMax: 2000,
    diskReserveBytes: 0,
    clock,
    logger: silentLogger,
  })
  const conservation = createConservation()
  const handlers = new Map<Kind, KindHandler>([['metrics', handler]])
  await recoverLog(log, handlers, conservation)
  const writer = createWriter({
    log,
    handlers,
    insert,
    isThere: (probe, signal) => isThere(engine, probe, signal),
    conservation,
    clock,
    logger: silentLogger,
    concurrency: 2,
    drainTimeoutMs,
  })
  writer.start()
  return {
    log,
    writer,
    conservation,
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]()
      await log[Symbol.asyncDispose]()
    },
  }
}

async function append(life: Life, record: LogRecord, lane: 'ready' | 'raw' = 'ready'): Promise<void> {
  life.conservation.received(record.tenant, record.kind, record.rows, record.payload.length)
  await life.log.append(lane, record)
  life.conservation.queued(record.tenant, record.kind, record.rows)
}

async function counts(name: string): Promise<{ rows: number; unique: number }> {
  for await (const block of engine.queryNative({
    sql: `SELECT toUInt32(count()) AS n, toUInt32(uniqExact(id)) AS u FROM ${name}`,
    class: 'internal',
  })) {
    const [rows, unique] = block.columns
    if (rows?.kind === 'u32' && unique?.kind === 'u32' && block.rows === 1)
      return { rows: rows.data[0] ?? -1, unique: unique.data[0] ?? -1 }
  }
  throw new Error('no answer')
}

const timeout = new AppError({ code: 'engine.timeout', kind: 'timeout', publicText: 'injected' })

test('answers lost after the work was done, through three lives: every row is stored once', async () => {
  for (let round = 0; round < 3; round++) {
    // Every insert is done, and every other answer gets lost; in the first two lives the writer then has no time to try again.
    let calls = 0
    await using life = await live(
      async (request) => {
        await engine.insertNative(request)
        if (++calls % 2 === 0) throw timeout
      },
      round < 2 ? 0 : 20_000,
    )
    for (let at = 0; at < 10; at++) await append(life, idsRecord(round * 1_000_000 + at * 1000, 1000, 1), at % 3 === 0 ? 'raw' : 'ready')
    if (round < 2) await systemClock.sleep(150)
  }
  expect(await counts('probe')).toEqual({ rows: 30_000, unique: 30_000 })
  expect(await counts('probe_side')).toEqual({ rows: 30, unique: 30 })
})

test('an engine killed between token and rows, which then takes every repetition for a duplicate, gets the rows again', async () => {
  let calls = 0
  await using life = await live(async (request) => {
    await engine.insertNative(request)
    if (++calls > 1) return
    // What such a kill leaves: the token is known, the rows are not there.
    await engine.command(`ALTER TABLE ${request.table} DELETE WHERE 1 SETTINGS mutations_sync = 2`)
    await engine.insertNative(request)
    expect(await counts(request.table)).toEqual({ rows: 0, unique: 0 })
    throw timeout
  })
  await append(life, idsRecord(0, 1000, 3))
  await life.writer.drain(AbortSignal.timeout(200_000))
  expect(await counts('probe')).toEqual({ rows: 1000, unique: 1000 })
  expect(await counts('probe_side')).toEqual({ rows: 1, unique: 1 })
  expect(calls).toBe(4)
})

test('late data over 250 partitions goes in as several inserts, repeated ones change nothing', async () => {
  await using life = await live(async (request) => {
    await engine.insertNative(request)
    await engine.insertNative(request)
  })
  await append(life, idsRecord(0, 250, 1000))
  await life.writer.drain(AbortSignal.timeout(200_000))
  expect(await counts('probe')).toEqual({ rows: 250, unique: 250 })
  expect(life.conservation.rows()).toMatchObject([{ received: 250, stored: 250, queued: 0 }])
})

test('what the engine refuses for ever is buried; after the cause is gone a replay stores it, and what was stored not twice', async () => {
  await engine.command('DROP TABLE probe_side')
  await engine.command('CREATE TABLE probe_side (other UInt32) ENGINE = MergeTree ORDER BY other')
  await using life = await live((request) => engine.insertNative(request))
  await append(life, idsRecord(5000, 300, 1))
  await life.writer.drain(AbortSignal.timeout(200_000))
  const [letter] = await life.log.listDeadLetters()
  expect(letter).toMatchObject({ rows: 300, records: 1, reason: expect.stringContaining('probe_side') })
  expect(await counts('probe')).toEqual({ rows: 300, unique: 300 })
  expect(life.conservation.rows()).toMatchObject([{ received: 300, stored: 0, queued: 0, dropped: { dead_letter: 300 } }])
  await engine.command('DROP TABLE probe_side')
  await engine.command(`CREATE TABLE probe_side ${table}`)
  await replayDeadLetter(life.log, life.conservation, letter?.id ?? '')
  await life.writer.drain(AbortSignal.timeout(200_000))
  expect(await counts('probe')).toEqual({ rows: 300, unique: 300 })
  expect(await counts('probe_side')).toEqual({ rows: 1, unique: 1 })
  expect(life.conservation.balance()).toEqual([])
})
