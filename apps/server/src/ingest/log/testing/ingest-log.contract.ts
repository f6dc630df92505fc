/**
 * What every `IngestLog` must do, whatever it is made of. A new implementation (JetStream) passes this suite before it is used.
 * The opener gives an empty log; `reopen` is a new process: the old log object is gone, its data is not.
 */
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../kernel/clock.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { IngestLog, Lane, LogRecord, Segment } from '../../ports.ts'

export interface LogHarness extends AsyncDisposable {
  readonly log: IngestLog
  /** How long a `take` must have waited before "nothing there" is believed: 0 for a log in this process. */
  readonly emptyAfterMs: number
  /** Disposes the log in hand and opens what it left. */
  reopen(): Promise<IngestLog>
}

export interface LogHarnessOptions {
  readonly sizeBytesMax: number
  readonly segmentRowsMax: number
  readonly segmentAgeMs: number
}

const roomy: LogHarnessOptions = { sizeBytesMax: 64 * 1024 * 1024, segmentRowsMax: 1000, segmentAgeMs: 60_000 }

export function logRecord(text: string, facts: { rows?: number; projectId?: number; format?: number } = {}): LogRecord {
  return {
    kind: 'metrics',
    tenant: { organizationId: 1, projectId: facts.projectId ?? 1 },
    rows: facts.rows ?? 1,
    format: facts.format ?? 1,
    payload: new Uint8Array(Buffer.from(text, 'utf8')),
  }
}

function textOf(record: LogRecord): string {
  return Buffer.from(record.payload).toString('utf8')
}

/** Everything that can be taken now; waits no longer than the harness asks for. */
async function takeAll(harness: LogHarness, lane: Lane, log: IngestLog = harness.log): Promise<Segment[]> {
  await log.seal()
  const taken: Segment[] = []
  for (;;) {
    const stop = new AbortController()
    const pending = log.take(lane, stop.signal)
    await systemClock.sleep(harness.emptyAfterMs)
    stop.abort()
    const next = await pending
    if (next === null) return taken
    taken.push(next)
  }
}

async function textsOf(segments: readonly Segment[]): Promise<string[]> {
  const texts: string[] = []
  for (const segment of segments) texts.push(...(await segment.read()).map(textOf))
  return texts
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
  return 'resolved'
}

export function ingestLogContract(name: string, open: (options: LogHarnessOptions) => Promise<LogHarness>): void {
  describe(`IngestLog contract: ${name}`, () => {
    describe('records and segments', () => {
      recordTests(open)
    })
    describe('after a restart', () => {
      restartTests(open)
    })
    describe('bounds and end', () => {
      boundTests(open)
    })
  })
}

type Open = (options: LogHarnessOptions) => Promise<LogHarness>

function recordTests(open: Open): void {
  test('gives back every field of a record, byte for byte', async () => {
    await using harness = await open(roomy)
    const payload = Uint8Array.from({ length: 3000 }, (_, at) => (at * 31) & 255)
    const tenant = { organizationId: 4_000_000_000, projectId: 77 }
    await harness.log.append('ready', { kind: 'metrics', tenant, rows: 123_456, format: 65_535, payload: payload.slice() })
    const [segment] = await takeAll(harness, 'ready')
    expect(await segment?.read()).toEqual([{ kind: 'metrics', tenant, rows: 123_456, format: 65_535, payload }])
    expect(segment).toMatchObject({ lane: 'ready', rows: 123_456 })
  })

  test('takes an empty payload', async () => {
    await using harness = await open(roomy)
    await harness.log.append('raw', logRecord(''))
    expect(await textsOf(await takeAll(harness, 'raw'))).toEqual([''])
  })

  test('keeps the order of one sender, and lanes apart', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 7 })
    for (let at = 0; at < 40; at++) await harness.log.append(at % 4 === 0 ? 'low' : 'ready', logRecord(String(at)))
    const numbers = Array.from({ length: 40 }, (_, at) => at)
    expect(await textsOf(await takeAll(harness, 'ready'))).toEqual(numbers.filter((at) => at % 4 !== 0).map(String))
    expect(await textsOf(await takeAll(harness, 'low'))).toEqual(numbers.filter((at) => at % 4 === 0).map(String))
    expect(await takeAll(harness, 'raw')).toEqual([])
  })

  test('many senders at once: everything is there once', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 100 })
    const texts = Array.from({ length: 1500 }, (_, at) => `record ${at}`)
    await Promise.all(texts.map((text) => harness.log.append('ready', logRecord(text))))
    expect((await textsOf(await takeAll(harness, 'ready'))).sort()).toEqual([...texts].sort())
  })

  test('seals by rows, so a segment is bounded', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 100 })
    for (let at = 0; at < 30; at++) await harness.log.append('ready', logRecord(String(at), { rows: 25 }))
    const segments = await takeAll(harness, 'ready')
    expect(segments.length).toBeGreaterThanOrEqual(7)
    for (const segment of segments) expect(segment.rows).toBeLessThanOrEqual(125)
  })

  test('seals by age', async () => {
    await using harness = await open({ ...roomy, segmentAgeMs: 30 })
    await harness.log.append('ready', logRecord('old'))
    const segment = await harness.log.take('ready', AbortSignal.timeout(10_000))
    expect(segment === null ? null : await textsOf([segment])).toEqual(['old'])
  })

  test('take waits for a segment, and gives null after an abort', async () => {
    await using harness = await open(roomy)
    const waiting = harness.log.take('ready', new AbortController().signal)
    await harness.log.append('ready', logRecord('late'))
    await harness.log.seal()
    expect((await waiting)?.rows).toBe(1)
    const stop = new AbortController()
    const aborted = harness.log.take('ready', stop.signal)
    stop.abort()
    expect(await aborted).toBeNull()
    expect(await harness.log.take('ready', stop.signal)).toBeNull()
  })

  test('a segment is given to one taker', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 1 })
    const stop = new AbortController()
    const takers = Array.from({ length: 5 }, () => harness.log.take('ready', stop.signal))
    for (let at = 0; at < 5; at++) await harness.log.append('ready', logRecord(String(at)))
    await harness.log.seal()
    const tokens = (await Promise.all(takers)).map((segment) => segment?.token)
    expect(new Set(tokens).size).toBe(5)
  })
}

function restartTests(open: Open): void {
  test('what was not committed comes again: same tokens, same records', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 5 })
    for (let at = 0; at < 23; at++) await harness.log.append('ready', logRecord(String(at)))
    const before = await takeAll(harness, 'ready')
    const facts = await Promise.all(before.map(async (segment) => [segment.token, await textsOf([segment])]))
    const after = await takeAll(harness, 'ready', await harness.reopen())
    expect(await Promise.all(after.map(async (segment) => [segment.token, await textsOf([segment])]))).toEqual(facts)
  })

  test('commits are forgotten in any order', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 1 })
    for (let at = 0; at < 6; at++) await harness.log.append('ready', logRecord(String(at)))
    const taken = await takeAll(harness, 'ready')
    for (const at of [4, 0, 2, 5]) await harness.log.commit(taken[at] as Segment)
    expect(await textsOf(await takeAll(harness, 'ready', await harness.reopen()))).toEqual(['1', '3'])
  })

  test('a buried segment does not come again', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 1 })
    await harness.log.append('ready', logRecord('bad'))
    await harness.log.append('ready', logRecord('good'))
    const [bad] = await takeAll(harness, 'ready')
    await harness.log.bury(bad as Segment, 'the engine does not like it')
    expect(harness.log.backlog()).toMatchObject({ segments: 1, records: 1 })
    expect(await textsOf(await takeAll(harness, 'ready', await harness.reopen()))).toEqual(['good'])
  })

  test('of a segment of which some records are buried nothing comes again', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 2 })
    for (const text of ['bad', 'good', 'other', 'last']) await harness.log.append('ready', logRecord(text))
    const [segment] = await takeAll(harness, 'ready')
    await harness.log.bury(segment as Segment, 'it cannot be read', (await (segment as Segment).read()).slice(0, 1))
    expect(harness.log.backlog()).toMatchObject({ segments: 1, records: 2 })
    expect(await textsOf(await takeAll(harness, 'ready', await harness.reopen()))).toEqual(['other', 'last'])
  })

  test('no token is used twice, not even when the log was empty in between', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 1 })
    const tokens: string[] = []
    let log = harness.log
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 3; at++) await log.append('ready', logRecord(`${round}.${at}`))
      for (const segment of await takeAll(harness, 'ready', log)) {
        tokens.push(segment.token)
        await log.commit(segment)
      }
      log = await harness.reopen()
    }
    expect(tokens).toHaveLength(12)
    expect(new Set(tokens).size).toBe(12)
  })

  test('sequences count up, before and after', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 1 })
    for (let at = 0; at < 3; at++) await harness.log.append('raw', logRecord(String(at)))
    const log = await harness.reopen()
    for (let at = 3; at < 6; at++) await log.append('raw', logRecord(String(at)))
    const sequences = (await takeAll(harness, 'raw', log)).map((segment) => segment.sequence)
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
    expect(new Set(sequences).size).toBe(6)
  })
}

function boundTests(open: Open): void {
  test('backlog counts what is not committed', async () => {
    await using harness = await open({ ...roomy, segmentRowsMax: 10 })
    expect(harness.log.backlog()).toMatchObject({ segments: 0, records: 0, rows: 0, sizeBytes: 0, oldestMs: 0 })
    for (let at = 0; at < 4; at++) await harness.log.append('ready', logRecord('x'.repeat(100), { rows: 5 }))
    const full = harness.log.backlog()
    expect(full).toMatchObject({ records: 4, rows: 20, sizeBytesMax: roomy.sizeBytesMax })
    expect(full.sizeBytes).toBeGreaterThanOrEqual(400)
    for (const segment of await takeAll(harness, 'ready')) await harness.log.commit(segment)
    expect(harness.log.backlog()).toMatchObject({ segments: 0, records: 0, rows: 0, sizeBytes: 0, oldestMs: 0 })
  })

  test('refuses with ingest.log_full at its size, keeps what it had, and takes data again after commits', async () => {
    await using harness = await open({ ...roomy, sizeBytesMax: 100_000, segmentRowsMax: 2 })
    let accepted = 0
    let code = 'resolved'
    for (let at = 0; at < 200 && code === 'resolved'; at++) {
      code = await codeOf(harness.log.append('ready', logRecord(`${at} ${'y'.repeat(2000)}`)))
      if (code === 'resolved') accepted++
    }
    expect(code).toBe('ingest.log_full')
    expect(accepted).toBeGreaterThan(30)
    const segments = await takeAll(harness, 'ready')
    expect(await textsOf(segments)).toHaveLength(accepted)
    for (const segment of segments) await harness.log.commit(segment)
    expect(await codeOf(harness.log.append('ready', logRecord('again')))).toBe('resolved')
  })

  test('a closed log takes nothing and wakes those who wait', async () => {
    await using harness = await open(roomy)
    const waiting = harness.log.take('ready', new AbortController().signal)
    await harness.log[Symbol.asyncDispose]()
    expect(await waiting).toBeNull()
    expect(await codeOf(harness.log.append('ready', logRecord('late')))).toMatch(/^ingest\./)
    expect(await textsOf(await takeAll(harness, 'ready', await harness.reopen()))).toEqual([])
  })
}
