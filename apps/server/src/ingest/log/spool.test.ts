/** The spool passes the contract on the real file system, and keeps its promises when files are damaged. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import type { Segment } from '../ports.ts'
import type { Spool, SpoolOptions } from './spool-options.ts'
import { openSpool } from './spool.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { Random } from '../testing/sim-world.ts'
import { ingestLogContract, logRecord } from './testing/ingest-log.contract.ts'

class Directory implements AsyncDisposable {
  readonly path: string
  readonly #spools: Spool[] = []

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Directory> {
    return new Directory(await mkdtemp(join(tmpdir(), 'bellwether-spool-')))
  }

  async open(options: Partial<SpoolOptions> = {}): Promise<Spool> {
    await this.close()
    const spool = await openSpool({
      directory: this.path,
      sizeBytesMax: 64 * 1024 * 1024,
      segmentAgeMs: 60_000,
      diskReserveBytes: 0,
      clock: systemClock,
      logger: silentLogger,
      ...options,
    })
    this.#spools.push(spool)
    return spool
  }

  async close(): Promise<void> {
    for (const spool of this.#spools.splice(0)) await spool[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    await rm(this.path, { recursive: true })
  }
}

function contractFor(name: string, extra: Partial<SpoolOptions>): void {
  ingestLogContract(name, async (options) => {
    const directory = await Directory.make()
    const log = await directory.open({ ...options, ...extra })
    return {
      log,
      emptyAfterMs: 0,
      reopen: () => directory.open({ ...options, ...extra }),
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    }
  })
}

contractFor('spool', {})
contractFor('spool that reads segments back', { retainBytesMax: 0 })

async function fill(spool: Spool, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at++) await spool.append('ready', logRecord(`record ${at}`))
}

async function texts(spool: Spool): Promise<string[]> {
  const found: string[] = []
  for await (const { record } of spool.recoveredRecords()) found.push(Buffer.from(record.payload).toString('utf8'))
  return found
}

async function onlySegment(directory: Directory): Promise<string> {
  const names = await readdir(join(directory.path, 'ready'))
  expect(names).toHaveLength(1)
  return join(directory.path, 'ready', names[0] as string)
}

test('a torn end is cut, and what stands before it is there', async () => {
  await using directory = await Directory.make()
  await fill(await directory.open(), 0, 5)
  await directory.close()
  const path = await onlySegment(directory)
  const bytes = await readFile(path)
  await rm(path)
  await writeFile(path.replace('.seg', '.open'), bytes.subarray(0, bytes.length - 3))
  const spool = await directory.open()
  expect(await texts(spool)).toEqual(['record 0', 'record 1', 'record 2', 'record 3'])
  expect(spool.counts()).toMatchObject({ damagedFiles: 0, tornBytes: 45 })
  expect((await readFile(path)).length).toBe(bytes.length - 48)
})

test('a sealed segment that lost its end is damage, not an unfinished write', async () => {
  await using directory = await Directory.make()
  await fill(await directory.open(), 0, 5)
  await directory.close()
  const path = await onlySegment(directory)
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, bytes.length - 3))
  const spool = await directory.open()
  expect(await texts(spool)).toHaveLength(4)
  expect(spool.counts()).toMatchObject({ damagedFiles: 1, tornBytes: 45 })
})

test('the end of a segment that was being written: flipped bits, zeros and rubbish are damage, with a copy, and cost what they touch', async () => {
  const lastRecord = 48
  const changes: readonly [change: (bytes: Buffer) => Buffer, kept: number][] = [
    [(bytes) => bytes.fill(255, bytes.length - 2), 4],
    [(bytes) => Buffer.concat([bytes.fill(0, bytes.length - lastRecord / 2), Buffer.alloc(4096)]), 4],
    [(bytes) => Buffer.concat([bytes, Buffer.alloc(4096)]), 5],
    [(bytes) => Buffer.concat([bytes, Buffer.from('rubbish '.repeat(100))]), 5],
    [(bytes) => Buffer.concat([bytes, Buffer.from('rub')]), 5],
  ]
  for (const [change, kept] of changes) {
    await using directory = await Directory.make()
    await fill(await directory.open(), 0, 5)
    await directory.close()
    const path = await onlySegment(directory)
    const bytes = await readFile(path)
    await rm(path)
    await writeFile(path.replace('.seg', '.open'), change(bytes))
    const spool = await directory.open()
    expect(await texts(spool)).toHaveLength(kept)
    expect(spool.counts()).toMatchObject({ damagedFiles: 1 })
    expect(spool.counts().tornBytes).toBeGreaterThan(0)
    expect(await readdir(join(directory.path, 'damaged'))).toHaveLength(1)
  }
})

test('a damaged record in the middle costs only itself; a copy is kept and counted', async () => {
  await using directory = await Directory.make()
  await fill(await directory.open(), 0, 5)
  await directory.close()
  const path = await onlySegment(directory)
  const bytes = await readFile(path)
  bytes[bytes.indexOf('record 2')] = 0
  await writeFile(path, bytes)
  const spool = await directory.open()
  expect(await texts(spool)).toEqual(['record 0', 'record 1', 'record 3', 'record 4'])
  expect(spool.counts()).toMatchObject({ damagedFiles: 1, damagedPlaces: 1, damagedBytes: 48, tornBytes: 0 })
  expect(await readdir(join(directory.path, 'damaged'))).toHaveLength(1)
  expect(spool.backlog()).toMatchObject({ records: 4, rows: 4 })
})

test('a damaged file header: records are found through the name and the log id, and the token stays', async () => {
  await using directory = await Directory.make()
  const first = await directory.open()
  await fill(first, 0, 3)
  await first.seal()
  const token = (await first.take('ready', AbortSignal.timeout(30_000)))?.token
  await directory.close()
  const path = await onlySegment(directory)
  const bytes = await readFile(path)
  bytes[10] = (bytes[10] ?? 0) ^ 255
  await writeFile(path, bytes)
  const spool = await directory.open()
  expect((await spool.take('ready', AbortSignal.timeout(30_000)))?.token).toBe(token)
  expect(await texts(spool)).toHaveLength(3)
})

test('a lost identity file: segments keep their tokens, new ones get another id', async () => {
  await using directory = await Directory.make()
  const first = await directory.open()
  await fill(first, 0, 3)
  await first.seal()
  const old = await first.take('ready', AbortSignal.timeout(30_000))
  await directory.close()
  await rm(join(directory.path, 'log.json'))
  const spool = await directory.open()
  expect((await spool.take('ready', AbortSignal.timeout(30_000)))?.token).toBe(old?.token)
  await fill(spool, 3, 4)
  await spool.seal()
  const fresh = await spool.take('ready', AbortSignal.timeout(30_000))
  expect(fresh?.token.split('-')[0]).not.toBe(old?.token.split('-')[0])
})

test('files of garbage do not stop the start', async () => {
  await using directory = await Directory.make()
  await fill(await directory.open(), 0, 2)
  await directory.close()
  await writeFile(join(directory.path, 'ready', '0000000000000900.seg'), Buffer.alloc(5000, 1))
  await writeFile(join(directory.path, 'ready', '0000000000000901.seg'), '')
  await writeFile(join(directory.path, 'ready', 'notes.txt'), 'not ours')
  await writeFile(join(directory.path, 'log.json'), '{"format":1,"logId":"zz"}')
  const spool = await directory.open()
  expect(await texts(spool)).toEqual(['record 0', 'record 1'])
  await fill(spool, 2, 3)
  expect(await readdir(join(directory.path, 'ready'))).toContain('0000000000000902.open')
})

test('40 seeds of damaged directories: the start succeeds, nothing is invented, new records are taken', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed)
    await using directory = await Directory.make()
    await fill(await directory.open({ segmentRowsMax: random.between(1, 6) }), 0, 12)
    await directory.close()
    const names = [...(await readdir(join(directory.path, 'ready'))).map((name) => join('ready', name)), 'log.json']
    for (let change = random.between(1, 5); change > 0; change--) {
      const path = join(directory.path, random.pick(names))
      const bytes = await readFile(path)
      if (random.chance(0.3)) await writeFile(path, bytes.subarray(0, random.below(bytes.length + 1)))
      else if (bytes.length > 0) {
        bytes[random.below(bytes.length)] = random.below(256)
        await writeFile(path, bytes)
      }
    }
    const spool = await directory.open()
    const found = await texts(spool)
    for (const text of found) expect(text, `seed ${seed}`).toMatch(/^record (\d|1[01])$/)
    expect(new Set(found).size, `seed ${seed}`).toBe(found.length)
    await fill(spool, 100, 101)
    expect(spool.backlog().records, `seed ${seed}`).toBe(found.length + 1)
  }
})

test('a reserved number that rotted is not believed: no token comes twice', async () => {
  await using directory = await Directory.make()
  await fill(await directory.open(), 0, 1)
  await directory.close()
  const path = join(directory.path, 'log.json')
  const text = await readFile(path, 'utf8')
  expect(text).toContain('"ready":1024')
  await writeFile(path, text.replace('"ready":1024', '"ready":1004'))
  const { logId } = JSON.parse(text) as { logId: string }
  expect((await directory.open()).logId).not.toBe(logId)
})

test('dead letters are listed with their tenants, replayed under the same token, and discarded', async () => {
  await using directory = await Directory.make()
  const first = await directory.open({ segmentRowsMax: 5 })
  await first.append('ready', logRecord('a', { projectId: 7, rows: 2 }))
  await first.append('ready', logRecord('b', { projectId: 8, rows: 3 }))
  const segment = (await first.take('ready', AbortSignal.timeout(30_000))) as Segment
  await first.bury(segment, 'no such column')
  const spool = await directory.open()
  const [letter] = await spool.listDeadLetters()
  expect(letter).toMatchObject({ lane: 'ready', token: segment.token, reason: 'no such column', rows: 5, records: 2 })
  expect(letter?.tenants).toEqual([
    { organizationId: 1, projectId: 8, kind: 'metrics', rows: 3 },
    { organizationId: 1, projectId: 7, kind: 'metrics', rows: 2 },
  ])
  await spool.replayDeadLetter(letter?.id ?? '')
  expect(await spool.listDeadLetters()).toEqual([])
  const again = (await spool.take('ready', AbortSignal.timeout(30_000))) as Segment
  expect(again.token).toBe(segment.token)
  expect(again.sequence).toBeGreaterThan(segment.sequence)
  expect((await again.read()).map((record) => record.rows)).toEqual([2, 3])
  await spool.bury(again, 'still not')
  const [second] = await spool.listDeadLetters()
  await spool.discardDeadLetter(second?.id ?? '')
  expect(await readdir(join(directory.path, 'dead'))).toEqual([])
  await expect(spool.replayDeadLetter('ready-0000000000000001')).rejects.toMatchObject({ code: 'ingest.dead_letter_not_found' })
  await expect(spool.replayDeadLetter('../../etc/passwd')).rejects.toMatchObject({ code: 'ingest.dead_letter_not_found' })
})

test('some records of a segment are a dead letter with a token of its own, the same one when they are buried again', async () => {
  await using directory = await Directory.make()
  const first = await directory.open({ segmentRowsMax: 9 })
  for (const [text, projectId] of [
    ['a', 7],
    ['b', 8],
    ['c', 8],
  ] as const)
    await first.append('ready', logRecord(text, { projectId, rows: 3 }))
  const segment = (await first.take('ready', AbortSignal.timeout(30_000))) as Segment
  const [, ...records] = await segment.read()
  const file = join(directory.path, 'ready', '0000000000000001.seg')
  const bytes = await readFile(file)
  await first.bury(segment, 'not readable', records)
  expect(first.backlog()).toMatchObject({ segments: 0, records: 0, rows: 0 })
  const letters = await first.listDeadLetters()
  expect(letters).toMatchObject([{ lane: 'ready', reason: 'not readable', rows: 6, records: 2, tenants: [{ projectId: 8, rows: 6 }] }])
  expect(letters[0]?.token).not.toBe(segment.token)
  // As if it had been killed before the segment's file was removed.
  await writeFile(file, bytes)
  const spool = await directory.open({ segmentRowsMax: 9 })
  const repeated = (await spool.take('ready', AbortSignal.timeout(30_000))) as Segment
  expect(repeated.token).toBe(segment.token)
  await spool.bury(repeated, 'not readable', (await repeated.read()).slice(1))
  expect((await spool.listDeadLetters()).map(({ token, records: count }) => [token, count])).toEqual([[letters[0]?.token, 2]])
  await spool.replayDeadLetter(letters[0]?.id ?? '')
  const again = (await spool.take('ready', AbortSignal.timeout(30_000))) as Segment
  const texts = (await again.read()).map(({ payload }) => Buffer.from(payload).toString('utf8'))
  expect([again.token, texts]).toEqual([letters[0]?.token, ['b', 'c']])
})

test('dead letters are bounded: the oldest gives way', async () => {
  await using directory = await Directory.make()
  const spool = await directory.open({ segmentRowsMax: 1, deadLetterBytesMax: 3000 })
  for (let at = 0; at < 5; at++) {
    await spool.append('ready', logRecord(`${at}${'z'.repeat(900)}`))
    await spool.bury((await spool.take('ready', AbortSignal.timeout(30_000))) as Segment, `reason ${at}`)
  }
  expect((await spool.listDeadLetters()).map((letter) => letter.reason)).toEqual(['reason 2', 'reason 3', 'reason 4'])
})

test('a record larger than the log is refused as too large, not as full', async () => {
  await using directory = await Directory.make()
  const spool = await directory.open({ sizeBytesMax: 1000 })
  await expect(spool.append('ready', logRecord('x'.repeat(2000)))).rejects.toMatchObject({ code: 'ingest.record_too_large' })
})

test('a directory that cannot be made gives one clear error', async () => {
  await using directory = await Directory.make()
  await writeFile(join(directory.path, 'file'), '')
  const options = { directory: join(directory.path, 'file', 'log'), sizeBytesMax: 1000, clock: systemClock, logger: silentLogger }
  await expect(openSpool(options)).rejects.toMatchObject({ code: 'ingest.log_unavailable', publicText: expect.stringContaining('ENOTDIR') })
})

test('group commit: appends that arrive together share few fsyncs', async () => {
  await using directory = await Directory.make()
  const spool = await directory.open()
  await Promise.all(Array.from({ length: 400 }, (_, at) => spool.append('ready', logRecord(`record ${at}`))))
  expect(spool.counts()).toMatchObject({ appendedRecords: 400, failedFlushes: 0 })
  expect(spool.counts().flushes).toBeLessThanOrEqual(3)
})

test('the age of what waits does not follow the wall clock', async () => {
  const hourMs = 3_600_000
  await using directory = await Directory.make()
  const clock = new ManualClock()
  const spool = await directory.open({ clock })
  await spool.append('ready', logRecord('waits'))
  await clock.advance(20_000)
  for (const jumpMs of [-hourMs, 2 * hourMs, -hourMs]) {
    clock.setWall(jumpMs)
    expect(spool.backlog().oldestMs).toBe(20_000)
  }
})

test('what an earlier life left is as old as the wall clock says, and at least as old as this life', async () => {
  await using directory = await Directory.make()
  const clock = new ManualClock()
  await (await directory.open({ clock })).append('ready', logRecord('left'))
  await clock.advance(5_000)
  expect((await directory.open({ clock })).backlog().oldestMs).toBe(5_000)
  clock.setWall(-3_600_000)
  const spool = await directory.open({ clock })
  await clock.advance(7_000)
  expect(spool.backlog().oldestMs).toBe(7_000)
})
