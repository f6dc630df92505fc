/** The spool on a disk that fails on command: who is refused, what is kept, when it works again. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/log.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Segment } from '../ports.ts'
import type { SpoolFile, SpoolFiles } from './spool-files.ts'
import { nodeSpoolFiles } from './spool-files.ts'
import type { Spool, SpoolOptions } from './spool-options.ts'
import { openSpool } from './spool.ts'
import { logRecord } from './testing/ingest-log.contract.ts'

/** The real file system with a switch for each operation. */
class FaultyFiles implements SpoolFiles {
  failing = new Map<'write' | 'sync' | 'truncate' | 'create' | 'unlink' | 'read', string>()
  shortWrites = false
  free = 1e12
  syncs = 0
  makeDirectory = nodeSpoolFiles.makeDirectory
  list = nodeSpoolFiles.list
  rename = nodeSpoolFiles.rename
  syncDirectory = nodeSpoolFiles.syncDirectory

  async create(path: string): Promise<SpoolFile> {
    this.#check('create')
    return this.#wrap(await nodeSpoolFiles.create(path))
  }

  async open(path: string): Promise<SpoolFile> {
    return this.#wrap(await nodeSpoolFiles.open(path))
  }

  async read(path: string): Promise<Uint8Array> {
    this.#check('read')
    return nodeSpoolFiles.read(path)
  }

  async unlink(path: string): Promise<void> {
    this.#check('unlink')
    await nodeSpoolFiles.unlink(path)
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.free)
  }

  #check(operation: 'write' | 'sync' | 'truncate' | 'create' | 'unlink' | 'read'): void {
    const code = this.failing.get(operation)
    if (code !== undefined) throw Object.assign(new Error(`${code}: injected`), { code })
  }

  #wrap(file: SpoolFile): SpoolFile {
    return {
      writev: async (buffers, position) => {
        const whole = Buffer.concat(buffers)
        if (this.failing.has('write')) await file.writev([whole.subarray(0, whole.length >> 1)], position)
        this.#check('write')
        return file.writev(this.shortWrites ? [whole.subarray(0, Math.min(7, whole.length))] : buffers, position)
      },
      dataSync: async () => {
        this.#check('sync')
        this.syncs++
        await file.dataSync()
      },
      truncate: async (sizeBytes) => {
        this.#check('truncate')
        await file.truncate(sizeBytes)
      },
      close: () => file.close(),
    }
  }
}

interface Bench extends AsyncDisposable {
  readonly files: FaultyFiles
  readonly directory: string
  spool: Spool
  reopen(): Promise<Spool>
}

async function bench(extra: Partial<SpoolOptions> = {}): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'bellwether-lane-'))
  const files = new FaultyFiles()
  const options = {
    directory,
    sizeBytesMax: 1e6,
    segmentAgeMs: 60_000,
    diskReserveBytes: 1000,
    clock: systemClock,
    logger: silentLogger,
    files,
    ...extra,
  }
  const made: Bench = {
    files,
    directory,
    spool: await openSpool(options),
    async reopen() {
      await made.spool[Symbol.asyncDispose]()
      made.spool = await openSpool(options)
      return made.spool
    },
    async [Symbol.asyncDispose]() {
      await made.spool[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
  return made
}

async function code(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  )
}

async function recovered(spool: Spool): Promise<string[]> {
  const texts: string[] = []
  for await (const { record } of spool.recoveredRecords()) texts.push(Buffer.from(record.payload).toString('utf8'))
  return texts
}

const failures: [name: string, operation: 'write' | 'sync' | 'create', errno: string][] = [
  ['a full disk', 'write', 'ENOSPC'],
  ['a broken disk', 'write', 'EIO'],
  ['a failed fsync', 'sync', 'EIO'],
  ['a read-only file system', 'create', 'EROFS'],
]

test.each(failures)('%s refuses exactly what could not be kept, and the log works again afterwards', async (_, operation, errno) => {
  await using made = await bench({ segmentRowsMax: operation === 'create' ? 1 : 1000 })
  await made.spool.append('ready', logRecord('before'))
  made.files.failing.set(operation, errno)
  const answers = await Promise.all(['x', 'y', 'z'].map((text) => code(made.spool.append('ready', logRecord(text)))))
  expect(answers).toEqual(['ingest.log_unavailable', 'ingest.log_unavailable', 'ingest.log_unavailable'])
  expect(made.spool.refusal()).toBe(`cannot be written (${errno})`)
  expect(made.spool.backlog()).toMatchObject({ records: 1, rows: 1 })
  made.files.failing.clear()
  await made.spool.append('ready', logRecord('after'))
  expect(made.spool.refusal()).toBeNull()
  expect(made.spool.backlog()).toMatchObject({ records: 2 })
  const spool = await made.reopen()
  expect(await recovered(spool)).toEqual(['before', 'after'])
  expect(spool.counts()).toMatchObject({ damagedFiles: 0, tornBytes: 0 })
})

test('short writes are continued', async () => {
  await using made = await bench()
  made.files.shortWrites = true
  await Promise.all(['alpha', 'beta'].map((text) => made.spool.append('ready', logRecord(text))))
  expect(await recovered(await made.reopen())).toEqual(['alpha', 'beta'])
})

test('a segment whose end cannot be cut is withheld from the writer until it can', async () => {
  const clock = new ManualClock()
  await using made = await bench({ clock })
  await made.spool.append('ready', logRecord('kept'))
  made.files.failing.set('sync', 'EIO').set('truncate', 'EIO')
  expect(await code(made.spool.append('ready', logRecord('lost')))).toBe('ingest.log_unavailable')
  const stop = new AbortController()
  let taken: Segment | null | undefined
  const taking = made.spool.take('ready', stop.signal).then((segment) => (taken = segment))
  await made.spool.seal()
  await clock.advance(1500)
  expect(taken).toBeUndefined()
  expect(made.spool.backlog()).toMatchObject({ segments: 1, records: 1 })
  made.files.failing.clear()
  // The disk is real and takes its own time; the clock is moved until the next attempt came.
  await expect.poll(() => clock.advance(1100).then(() => taken)).toBeTruthy()
  await taking
  expect((await taken?.read())?.map((record) => Buffer.from(record.payload).toString('utf8'))).toEqual(['kept'])
  expect(await readdir(join(made.directory, 'ready'))).toEqual(['0000000000000001.seg'])
})

test('a file that failed before anything was acknowledged leaves nothing behind', async () => {
  await using made = await bench()
  made.files.failing.set('sync', 'EIO')
  expect(await code(made.spool.append('low', logRecord('lost')))).toBe('ingest.log_unavailable')
  expect(await readdir(join(made.directory, 'low'))).toEqual([])
  expect(made.spool.backlog()).toMatchObject({ segments: 0, sizeBytes: 0 })
})

test('little free space refuses with log_full, with a gap before it takes data again', async () => {
  const clock = new ManualClock()
  await using made = await bench({ clock, diskReserveBytes: 1000 })
  const append = (): Promise<string> => code(made.spool.append('ready', logRecord('x')))
  const at = async (free: number): Promise<string> => {
    made.files.free = free
    await clock.advance(2100)
    const code = await append()
    return `${code}, ${made.spool.refusal() ?? 'takes data'}`
  }
  const refused = 'ingest.log_full, has nearly no disk left'
  expect([await at(5000), await at(900), await at(1100), await at(1300)]).toEqual(['ok, takes data', refused, refused, 'ok, takes data'])
})

test('a full log takes data again only below nine tenths', async () => {
  await using made = await bench({ sizeBytesMax: 10_000, segmentRowsMax: 1 })
  const append = (): Promise<string> => code(made.spool.append('ready', logRecord('x'.repeat(420))))
  let accepted = 0
  while ((await append()) === 'ok') accepted++
  expect(accepted).toBe(20)
  expect(made.spool.refusal()).toBe('is full')
  const commitOne = async (): Promise<void> => made.spool.commit((await made.spool.take('ready', AbortSignal.timeout(30_000))) as Segment)
  await commitOne()
  expect(await append()).toBe('ingest.log_full')
  await commitOne()
  expect(await append()).toBe('ingest.log_full')
  await commitOne()
  expect(made.spool.refusal()).toBeNull()
  expect(await append()).toBe('ok')
})

test('a committed file that cannot be removed is removed later, and counts until then', async () => {
  const clock = new ManualClock()
  await using made = await bench({ clock })
  await made.spool.append('ready', logRecord('x'))
  await made.spool.seal()
  made.files.failing.set('unlink', 'EIO')
  await made.spool.commit((await made.spool.take('ready', AbortSignal.timeout(30_000))) as Segment)
  expect(made.spool.backlog()).toMatchObject({ segments: 0, sizeBytes: 81 })
  made.files.failing.clear()
  await expect.poll(() => clock.advance(2100).then(() => made.spool.backlog().sizeBytes)).toBe(0)
  expect(await readdir(join(made.directory, 'ready'))).toEqual([])
})

test('a segment that rots after it was sealed: the rest is given, a copy is kept', async () => {
  await using made = await bench({ retainBytesMax: 0 })
  for (const text of ['one', 'two', 'six']) await made.spool.append('ready', logRecord(text))
  await made.spool.seal()
  const segment = (await made.spool.take('ready', AbortSignal.timeout(30_000))) as Segment
  const file = await nodeSpoolFiles.open(join(made.directory, 'ready', '0000000000000001.seg'))
  await file.writev([Buffer.from('!')], 40 + 43 + 41)
  await file.close()
  expect((await segment.read()).map((record) => Buffer.from(record.payload).toString('utf8'))).toEqual(['one', 'six'])
  expect(made.spool.counts()).toMatchObject({ damagedFiles: 1, damagedPlaces: 1 })
})

test('memory for the writer is bounded: the newest segments are read back from their files', async () => {
  await using made = await bench({ retainBytesMax: 1500, segmentRowsMax: 1 })
  for (let at = 0; at < 5; at++) await made.spool.append('ready', logRecord(`${at}${'m'.repeat(500)}`))
  made.files.failing.set('read', 'EIO')
  const readable: string[] = []
  for (let at = 0; at < 5; at++) {
    const segment = (await made.spool.take('ready', AbortSignal.timeout(30_000))) as Segment
    readable.push(
      await segment.read().then(
        () => 'memory',
        () => 'file',
      ),
    )
  }
  expect(readable).toEqual(['memory', 'memory', 'file', 'file', 'file'])
})
