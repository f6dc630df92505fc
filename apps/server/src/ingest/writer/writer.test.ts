/** The writer beside a log in memory: tokens, retries, burying, lanes, draining. Crashes are the simulation's. */
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../kernel/log.ts'
import type { BalancedConservation } from '../conservation.ts'
import { createConservation } from '../conservation.ts'
import type { Kind, KindHandler, LogRecord } from '../ports.ts'
import { engineError, idHandler, idRecord } from '../testing/fake-engine.ts'
import { ManualClock, turns } from '../testing/manual-clock.ts'
import { SegmentLog } from '../testing/segment-log.ts'
import { backoffMs } from './backoff.ts'
import { planInserts } from './plan.ts'
import type { InsertRequest, Writer, WriterDeps } from './writer.ts'
import { createWriter } from './writer.ts'

interface Bench extends AsyncDisposable {
  readonly log: SegmentLog
  readonly clock: ManualClock
  readonly conservation: BalancedConservation
  readonly inserts: InsertRequest[]
  readonly writer: Writer
}

function bench(
  insert: (request: InsertRequest, attempt: number) => Promise<void> = () => Promise.resolve(),
  extra: Partial<WriterDeps> = {},
): Bench {
  const log = new SegmentLog()
  const clock = new ManualClock()
  const conservation = createConservation()
  const inserts: InsertRequest[] = []
  const writer = createWriter({
    log,
    clock,
    conservation,
    handlers: new Map<Kind, KindHandler>([['metrics', idHandler(conservation)]]),
    insert: (request) => {
      inserts.push(request)
      return insert(request, inserts.length)
    },
    isThere: () => Promise.resolve(true),
    logger: silentLogger,
    random: () => 0.5,
    drainTimeoutMs: 0,
    ...extra,
  })
  writer.start()
  return { log, clock, conservation, inserts, writer, [Symbol.asyncDispose]: () => finish(writer, clock) }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(engineError('engine.unavailable'))))
}

async function finish(writer: Writer, clock: ManualClock): Promise<void> {
  const done = writer[Symbol.asyncDispose]()
  await clock.advance(100)
  await done
}

function count(conservation: BalancedConservation, record: LogRecord): void {
  conservation.recovered(record.tenant, record.kind, record.rows)
}

describe('tokens', () => {
  test('one insert a table, chunks numbered in order, then the commit', async () => {
    await using made = bench()
    made.log.add('ready', [idRecord([1, 2, 3, 4, 5], 1), idRecord([6, 7, 8], 1)])
    await turns()
    expect(made.inserts.map(({ token, table, rows }) => [token, table, rows])).toEqual([
      ['log-ready-1-rows', 'rows', 7],
      ['log-ready-1-rows-1', 'rows', 1],
      ['log-ready-1-firsts', 'firsts', 2],
    ])
    expect(made.log.committed).toEqual(['log-ready-1'])
  })

  test('the same records give the same plan, whatever was planned before', () => {
    const handlers = new Map<Kind, KindHandler>([['metrics', idHandler(createConservation())]])
    const records = [idRecord([1, 2, 3, 4, 5, 6, 7, 8, 9], 2)]
    expect(planInserts('t', records, handlers)).toEqual(planInserts('t', records, handlers))
  })

  test('an empty insert is left out and keeps its number', () => {
    const empty = { table: 'a', columns: [], rows: 0, body: [], probe: { sql: '', rows: 0 } }
    const handler = { ...idHandler(createConservation()), buildInserts: () => [{ ...empty, rows: 1 }, empty, { ...empty, rows: 2 }] }
    const planned = planInserts('t', [idRecord([1], 1)], new Map([['metrics', handler]]))
    expect(planned.map((insert) => insert.token)).toEqual(['t-a', 't-a-2'])
  })
})

describe('failures', () => {
  test.each(['engine.unavailable', 'engine.timeout', 'engine.memory', 'engine.disk_full', 'engine.too_many_parts'])(
    '%s is tried again, with the same token and growing pauses, and never given up',
    async (code) => {
      await using made = bench((_, attempt) => (attempt <= 12 ? Promise.reject(engineError(code)) : Promise.resolve()))
      made.log.add('ready', [idRecord([1], 1)])
      await turns()
      expect(made.writer.state()).toMatchObject({ waitingFor: code, segmentsWritten: 0 })
      await made.clock.advance(400_000)
      expect(made.log.committed).toEqual(['log-ready-1'])
      expect(new Set(made.inserts.slice(0, 13).map((insert) => insert.token)).size).toBe(1)
      expect(made.writer.state()).toMatchObject({ waitingFor: null, segmentsWritten: 1, retries: 12 })
    },
  )

  test('an engine that notes tokens and then loses the rows gets them again under another token', async () => {
    const known = new Set<string>()
    const kept = new Set<string>()
    await using made = bench(
      async ({ token, table }, attempt) => {
        if (known.has(token)) return
        known.add(token)
        // Killed between the token and the rows, twice; the third time it lives.
        if (table === 'rows' && attempt <= 3) throw engineError('engine.unavailable')
        kept.add(table)
      },
      { isThere: ({ sql }) => Promise.resolve(kept.has(sql.split(' ')[0] ?? '')), random: Math.random },
    )
    made.log.add('ready', [idRecord([1], 1)])
    await made.clock.advance(60_000)
    expect([...kept]).toEqual(['rows', 'firsts'])
    const tokens = made.inserts.map(({ token }) => token)
    const [again = '', another = ''] = [tokens[2], tokens[4]]
    expect(again).toMatch(/^log-ready-1-rows-again-\w+$/)
    expect(tokens).toEqual(['log-ready-1-rows', 'log-ready-1-rows', again, again, another, 'log-ready-1-firsts'])
    expect(made.log.committed).toEqual(['log-ready-1'])
  })

  test('rows are asked for only where the engine may know the token: after a failure, and of a segment of an earlier life', async () => {
    const asked: string[] = []
    const isThere: WriterDeps['isThere'] = ({ sql }) => Promise.resolve(asked.push(sql) > 0)
    await using made = bench((_, attempt) => (attempt === 3 ? Promise.reject(engineError('engine.timeout')) : Promise.resolve()), {
      isThere,
    })
    made.log.add('ready', [idRecord([1], 1)])
    await turns()
    expect(asked).toEqual([])
    made.log.add('ready', [idRecord([2], 1)])
    await made.clock.advance(60_000)
    expect(asked).toEqual(['rows 2'])
    made.log.add('ready', [idRecord([3], 1)], undefined, 'recovered')
    await turns()
    expect(asked).toEqual(['rows 2', 'rows 3', 'firsts 3'])
    expect(made.log.committed).toHaveLength(3)
  })

  test('tables that are done are not sent again when a later one waits', async () => {
    await using made = bench((request, attempt) =>
      request.table === 'firsts' && attempt < 5 ? Promise.reject(engineError('engine.timeout')) : Promise.resolve(),
    )
    made.log.add('ready', [idRecord([1], 1)])
    await made.clock.advance(60_000)
    expect(made.inserts.map((insert) => insert.table)).toEqual(['rows', 'firsts', 'firsts', 'firsts', 'firsts'])
    expect(made.log.committed).toHaveLength(1)
  })

  test('what the engine rejects three times is buried with its reason and counted as dropped', async () => {
    const handler = idHandler(createConservation())
    const handlers = new Map<Kind, KindHandler>([['metrics', handler]])
    await using made = bench(() => Promise.reject(engineError('engine.rejected', 'invalid')), { handlers })
    const record = idRecord([1, 2], 4)
    count(made.conservation, record)
    made.log.add('ready', [record])
    await made.clock.advance(60_000)
    expect(made.inserts).toHaveLength(3)
    expect(made.log.buried).toEqual([['log-ready-1', 'table rows: engine.rejected: injected']])
    expect(made.log.committed).toEqual([])
    expect(handler.buriedIds).toEqual([1, 2])
    expect(made.conservation.rows()).toMatchObject([{ projectId: 4, received: 2, stored: 0, queued: 0, dropped: { dead_letter: 2 } }])
    expect(made.conservation.balance()).toEqual([])
  })

  test('two rejections and then success are no reason to bury', async () => {
    await using made = bench((_, attempt) => (attempt <= 2 ? Promise.reject(engineError('engine.rejected', 'invalid')) : Promise.resolve()))
    made.log.add('ready', [idRecord([1], 1)])
    await made.clock.advance(60_000)
    expect(made.log).toMatchObject({ committed: ['log-ready-1'], buried: [] })
  })

  test('a decoder that throws does not stop the lane', async () => {
    const broken: KindHandler = {
      ...idHandler(createConservation()),
      buildInserts: (records) => {
        if (records.some((record) => record.rows === 2)) throw new Error('bad column')
        return []
      },
    }
    await using made = bench(undefined, { handlers: new Map([['metrics', broken]]) })
    made.log.add('ready', [idRecord([1, 2], 1)])
    made.log.add('ready', [idRecord([3], 1)])
    await turns()
    expect(made.log.buried[0]?.[1]).toContain('bad column')
    expect(made.log.committed).toEqual(['log-ready-2'])
  })

  test('inserts are built one by one, and other work goes in between; a pause is no insert', async () => {
    const order: string[] = []
    const insert = { table: 'a', columns: [], rows: 1, body: [], probe: { sql: '', rows: 1 } }
    const handler: KindHandler = {
      ...idHandler(createConservation()),
      *buildInserts() {
        order.push('first')
        yield insert
        yield null
        order.push('second')
        yield insert
      },
    }
    const yieldTurn = (): Promise<void> => Promise.resolve(void order.push('other'))
    await using made = bench(undefined, { handlers: new Map([['metrics', handler]]), yieldTurn })
    made.log.add('ready', [idRecord([1], 1)])
    await turns()
    expect(order).toEqual(['first', 'other', 'other', 'second', 'other'])
    expect(made.inserts.map(({ token }) => token)).toEqual(['log-ready-1-a', 'log-ready-1-a-1'])
  })

  test('a commit that fails is repeated; the rows are counted once', async () => {
    await using made = bench()
    const record = idRecord([1, 2, 3], 1)
    count(made.conservation, record)
    made.log.commitFails = 2
    made.log.add('ready', [record])
    await made.clock.advance(10_000)
    expect(made.log.committed).toEqual(['log-ready-1'])
    expect(made.conservation.rows()).toMatchObject([{ stored: 3, queued: 0 }])
    expect(made.inserts).toHaveLength(2)
  })

  test('a segment that cannot be read now is read later', async () => {
    await using made = bench()
    let reads = 0
    made.log.add('ready', [], () =>
      ++reads < 3 ? Promise.reject(engineError('ingest.log_unavailable')) : Promise.resolve([idRecord([5], 1)]),
    )
    await made.clock.advance(10_000)
    expect(made.log.committed).toHaveLength(1)
    expect(made.inserts[0]?.rows).toBe(1)
  })
})

describe('lanes', () => {
  test('raw records are decoded and inserted under the raw segment; what the decoder refuses is counted', async () => {
    await using made = bench()
    const records = [idRecord([1, 10, 3], 1), idRecord([20], 1)]
    for (const record of records) count(made.conservation, record)
    made.log.add('raw', records)
    await turns(10)
    expect(made.inserts.map(({ token, rows }) => [token, rows])).toEqual([
      ['log-raw-1-rows', 2],
      ['log-raw-1-firsts', 1],
    ])
    expect(made.conservation.rows()).toMatchObject([{ received: 4, stored: 2, refused: { multiple_of_ten: 2 }, queued: 0 }])
    expect(made.conservation.balance()).toEqual([])
  })

  test('a stuck low lane does not hold up the others', async () => {
    await using made = bench((request) =>
      request.token.startsWith('log-low') ? Promise.reject(engineError('engine.memory')) : Promise.resolve(),
    )
    made.log.add('low', [idRecord([1], 1)])
    await turns(10)
    made.log.add('ready', [idRecord([2], 1)])
    made.log.add('raw', [idRecord([3], 1)])
    await turns(10)
    expect(made.log.committed.sort()).toEqual(['log-raw-3', 'log-ready-2'])
  })

  test('other work runs between two raw records', async () => {
    let yields = 0
    await using made = bench(undefined, {
      yieldTurn: () => {
        yields++
        return Promise.resolve()
      },
    })
    made.log.add('raw', [idRecord([1], 1), idRecord([2], 1), idRecord([3], 1)])
    await turns()
    // One a record, one an insert.
    expect(yields).toBe(3 + 2)
  })

  test('two workers insert two segments at once, no more', async () => {
    let running = 0
    let peak = 0
    const slow = (): Promise<void> => {
      peak = Math.max(peak, ++running)
      return turns(3).then(() => void running--)
    }
    await using made = bench(slow, { concurrency: 2 })
    for (let at = 0; at < 6; at++) made.log.add('ready', [idRecord([at + 1], 1)])
    await turns(100)
    expect(made.log.committed).toHaveLength(6)
    expect(peak).toBe(2)
  })
})

describe('end', () => {
  test('drain resolves when the log is empty', async () => {
    await using made = bench((_, attempt) => (attempt < 3 ? Promise.reject(engineError('engine.timeout')) : Promise.resolve()))
    made.log.add('ready', [idRecord([1], 1)])
    let drained = false
    const draining = made.writer.drain(new AbortController().signal).then(() => (drained = true))
    await turns()
    expect(drained).toBe(false)
    await made.clock.advance(10_000)
    await draining
    expect(made.log.committed).toHaveLength(1)
  })

  test('disposing waits for its time only; what is left is neither committed nor buried', async () => {
    const made = bench(() => Promise.reject(engineError('engine.unavailable')), { drainTimeoutMs: 3000 })
    made.log.add('ready', [idRecord([1], 1)])
    const done = made.writer[Symbol.asyncDispose]()
    await made.clock.advance(3100)
    await done
    expect(made.log).toMatchObject({ committed: [], buried: [] })
    expect(made.writer.state().running).toBe(false)
  })

  test('disposing does not wait for a store that does not answer', async () => {
    const never = new Promise<void>(() => {})
    const made = bench((request) => Promise.race([never, aborted(request.signal)]), { drainTimeoutMs: 3000, isStoreReady: () => false })
    made.log.add('ready', [idRecord([1], 1)])
    await turns()
    await made.writer[Symbol.asyncDispose]()
    expect(made.log).toMatchObject({ committed: [], buried: [] })
  })

  test('an insert under way hears of the end', async () => {
    const made = bench((request) => aborted(request.signal))
    made.log.add('ready', [idRecord([1], 1)])
    await turns()
    await finish(made.writer, made.clock)
    expect(made.log.committed).toEqual([])
  })
})

test('back-off doubles from 50-100 ms to 2.5-5 s', () => {
  const least = [1, 2, 3, 10, 30, 1000].map((attempt) => backoffMs(attempt, () => 0))
  expect(least).toEqual([50, 100, 200, 2500, 2500, 2500])
  expect(backoffMs(1, () => 0.999)).toBeLessThan(100)
})
