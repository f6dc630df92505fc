import { beforeEach, describe, expect, test } from 'vitest'
import {
  createIndexerInstruments,
  createStringIndexer,
  StringIndexerCache,
  unlimitedWrites,
  WritesLimiter,
  type WritesLimits,
} from '../../indexer/index.ts'
import { MemoryStrings } from '../../indexer/testing/memory-strings.ts'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { createInstruments } from '../../kernel/instruments.ts'
import { silentLogger } from '../../kernel/log.ts'
import { LocalSlidingWindows } from '../../limiters/index.ts'
import type { OwnedRecord } from '../record/sorted-samples.ts'
import { SeriesStrings, type RecordIds } from './series-strings.ts'
import { recordOf } from './testing/host-record.ts'

let storage: MemoryStrings
let clock: ManualClock

function open(limits: WritesLimits = unlimitedWrites, yieldTurn = (): Promise<void> => Promise.resolve()): SeriesStrings {
  const indexer = createStringIndexer({
    cache: new StringIndexerCache({ redis: null, clock, logger: silentLogger, sizeMax: 10_000 }),
    storage,
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), limits),
    instruments: createIndexerInstruments(createInstruments()),
    clock,
    logger: silentLogger,
  })
  return new SeriesStrings({ indexer, clock, logger: silentLogger, yieldTurn })
}

async function prepare(strings: SeriesStrings, record: OwnedRecord): Promise<RecordIds> {
  const [ids] = await strings.prepare([record])
  if (ids === undefined) throw new Error('nothing was prepared')
  return ids
}

const newStrings = ({ strings }: RecordIds): string[] => strings.map(({ string }) => string).sort()

beforeEach(() => {
  storage = new MemoryStrings()
  clock = new ManualClock()
})

describe('ids for rows of series', () => {
  test('every string is recorded once, and brought to the mirror until it is there', async () => {
    const strings = open()
    const record = recordOf(1, 'h1', 'h2')
    const first = await prepare(strings, record)
    expect([...first.isWhole]).toEqual([1, 1])
    expect(newStrings(first)).toEqual(['__name__', 'h1', 'h2', 'host', 'up'])
    expect(newStrings(await prepare(strings, record))).toEqual(['__name__', 'h1', 'h2', 'host', 'up'])
    strings.mirrored(first.strings)
    const second = await prepare(strings, recordOf(1, 'h2', 'h3'))
    expect(newStrings(second)).toEqual(['h3'])
    expect(second.ids[3]).toBe(first.ids[7])
    expect(storage.inserts).toEqual([3, 1])
  })

  test('while the database is away rows keep their text, known strings have ids, and it is asked again later', async () => {
    const strings = open()
    await prepare(strings, recordOf(1, 'h1'))
    storage.isAway = true
    const ids = await prepare(strings, recordOf(1, 'h1', 'h2'))
    expect([...ids.isWhole]).toEqual([1, 0])
    expect(newStrings(ids)).not.toContain('h2')
    storage.isAway = false
    expect([...(await prepare(strings, recordOf(1, 'h2'))).isWhole]).toEqual([0])
    await clock.advance(10_000)
    expect([...(await prepare(strings, recordOf(1, 'h2'))).isWhole]).toEqual([1])
  })

  test('a database that hangs is not waited for', async () => {
    const strings = open()
    storage.read = () => new Promise(() => {})
    const prepared = prepare(strings, recordOf(1, 'h1'))
    // The cache is asked first, in turns of its own.
    for (let turn = 0; turn < 20 && clock.pending === 0; turn++) await Promise.resolve()
    await clock.advance(2000)
    expect([...(await prepared).isWhole]).toEqual([0])
  })

  test('strings over a quota, and those too long for an id, leave their row its text', async () => {
    const quota = [{ windowSeconds: 60, granularitySeconds: 10, limit: 3 }]
    const ids = await prepare(open({ ...unlimitedWrites, perOrganization: quota }), recordOf(1, 'h1', 'h2', 'h3'))
    expect([...ids.isWhole].reduce((sum, whole) => sum + whole, 0)).toBe(2)
    expect([...(await prepare(open(), recordOf(1, 'h1', 'x'.repeat(1001)))).isWhole]).toEqual([1, 0])
  })

  test('many new strings are recorded in steps, and others have their turn between', async () => {
    const others: number[] = []
    const yieldTurn = (): Promise<void> => {
      others.push(storage.inserts.length)
      return Promise.resolve()
    }
    const hosts = Array.from({ length: 3500 }, (_, i) => `h${i}`)
    const { ids, isWhole } = await prepare(open(unlimitedWrites, yieldTurn), recordOf(1, ...hosts))
    expect(isWhole.every((whole) => whole === 1)).toBe(true)
    expect(new Set(ids).size).toBe(3503)
    expect(Math.max(...storage.inserts)).toBeLessThanOrEqual(500)
    expect(new Set(others)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]))
  })
})
