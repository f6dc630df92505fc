import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../ingest/testing/manual-clock.ts'
import { createInstruments, type Registry } from '../kernel/instruments.ts'
import { silentLogger } from '../kernel/log.ts'
import { LocalSlidingWindows } from '../limiters/index.ts'
import type { UseCaseId } from '../naming/index.ts'
import { StringIndexerCache } from './cache/string-indexer-cache.ts'
import { createIndexerInstruments } from './instruments.ts'
import type { UseCaseStrings } from './key-collection.ts'
import type { StringIndexer } from './ports.ts'
import { createStringIndexer } from './string-indexer.ts'
import { MemoryStrings } from './testing/memory-strings.ts'
import { unlimitedWrites, WritesLimiter, type WritesLimits, type WritesQuota } from './writes-limiter.ts'

const quota = (limit: number): readonly WritesQuota[] => [{ windowSeconds: 3600, granularitySeconds: 60, limit }]
const of = (...strings: string[]): UseCaseStrings => new Map([['custom', new Map([[1, new Set(strings)]])]])

let storage: MemoryStrings
let clock: ManualClock
let registry: Registry

function open(limits: WritesLimits = unlimitedWrites): StringIndexer {
  return createStringIndexer({
    cache: new StringIndexerCache({ redis: null, clock, logger: silentLogger, sizeMax: 1000 }),
    storage,
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), limits),
    instruments: createIndexerInstruments((registry = createInstruments())),
    clock,
    logger: silentLogger,
  })
}

/** How each string was got, in the order asked. */
async function ways(indexer: StringIndexer, strings: UseCaseStrings): Promise<(string | undefined)[]> {
  const results = await indexer.bulkRecord(strings)
  const asked = [...strings].flatMap(([useCaseId, organizations]) =>
    organizations instanceof Map
      ? [...organizations].flatMap(([org, all]) => [...(all as Set<string>)].map((string) => [useCaseId, org, string] as const))
      : [],
  )
  return asked.map((key) => results.metadataOf(...key)?.fetchType)
}

beforeEach(() => {
  storage = new MemoryStrings()
  clock = new ManualClock()
})

describe('recording', () => {
  test('each step works on what the one before left', async () => {
    await open().bulkRecord(of('stored'))
    const indexer = open()
    storage.reads.length = storage.inserts.length = 0
    expect(await ways(indexer, of('environment', 'stored', 'new', 'x'.repeat(1001)))).toEqual(['h', 'd', 'f', 'u'])
    expect([storage.reads, storage.inserts]).toEqual([[2], [1]])
    expect(await ways(indexer, of('environment', 'stored', 'new', 'newer'))).toEqual(['h', 'c', 'c', 'f'])
    expect([storage.reads, storage.inserts]).toEqual([
      [2, 1],
      [1, 1],
    ])
    expect(await ways(indexer, of('environment', 'stored', 'new', 'newer'))).toEqual(['h', 'c', 'c', 'c'])
    expect(storage.reads).toEqual([2, 1])
  })

  test('ids are the same whenever and however often they are asked for, and differ by organization and use case', async () => {
    const indexer = open()
    const all: [UseCaseId, number][] = [
      ['custom', 1],
      ['custom', 2],
      ['spans', 1],
    ]
    const first = await Promise.all(all.map(([useCase, org]) => indexer.record(useCase, org, 'a')))
    const second = await Promise.all(all.map(([useCase, org]) => indexer.record(useCase, org, 'a')))
    expect(new Set(first).size).toBe(3)
    expect(second).toEqual(first)
  })

  test('resolving makes nothing and finds what was recorded; reversing keeps tenants apart', async () => {
    const indexer = open()
    expect(await indexer.resolve('custom', 1, 'a')).toBeNull()
    expect(storage.inserts).toEqual([])
    const id = (await indexer.record('custom', 1, 'a')) ?? 0
    expect(await indexer.resolve('custom', 1, 'a')).toBe(id)
    expect(await indexer.reverseResolve('custom', 1, id)).toBe('a')
    expect(await indexer.reverseResolve('custom', 2, id)).toBeNull()
    expect(await indexer.reverseResolve('spans', 1, id)).toBeNull()
    expect(await indexer.bulkReverseResolve('custom', 1, [id, 6, 999_999, -1, 0.5])).toEqual(
      new Map([
        [6, 'environment'],
        [id, 'a'],
      ]),
    )
    expect([indexer.resolveShared('environment'), indexer.resolveShared('a'), indexer.reverseShared(6)]).toEqual([6, null, 'environment'])
  })

  test('a database that is away is an error, but not for what is cached', async () => {
    const indexer = open()
    await indexer.bulkRecord(of('a'))
    storage.isAway = true
    expect(await ways(indexer, of('a', 'environment'))).toEqual(['c', 'h'])
    await expect(indexer.bulkRecord(of('b'))).rejects.toMatchObject({ code: 'indexer.unavailable' })
    expect(indexer.lookup('custom', 1, 'a')).toBeGreaterThan(0)
    expect(indexer.lookup('custom', 1, 'b')).toBe(0)
  })

  test('counts itself', async () => {
    const indexer = open()
    await indexer.bulkRecord(of('a', 'environment'))
    await indexer.bulkRecord(of('a'))
    const text = await registry.metrics()
    for (const line of ['fetch="h"} 1', 'fetch="f"} 1', 'fetch="c"} 1']) {
      expect(text).toContain(`bellwether_indexer_strings_total{use_case="custom",${line}`)
    }
    expect(text).toContain('bellwether_indexer_cached_strings 1')
  })
})

describe('the writes limiter', () => {
  test('strings over a quota get no id, the rest goes on, and what is known costs nothing', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(3) })
    expect(await ways(indexer, of('a', 'b'))).toEqual(['f', 'f'])
    const results = await indexer.bulkRecord(of('a', 'b', 'c', 'd', 'e'))
    const metadata = ['a', 'b', 'c', 'd', 'e'].map((string) => results.metadataOf('custom', 1, string))
    expect(metadata.map((one) => one?.fetchType).sort()).toEqual(['c', 'c', 'f', 'r', 'r'])
    const refused = metadata.filter((one) => one?.fetchType === 'r')
    expect(refused).toEqual([1, 2].map(() => ({ id: null, fetchType: 'r', fetchTypeExt: { isGlobal: false } })))
    clock.setWall(3_660_000)
    expect((await ways(indexer, of('f', 'g'))).sort()).toEqual(['f', 'f'])
  })

  test('a quota of all organizations says so', async () => {
    const indexer = open({ ...unlimitedWrites, global: quota(1), perUseCase: { spans: quota(0) } })
    await indexer.bulkRecord(of('a'))
    const results = await indexer.bulkRecord(of('b'))
    expect(results.metadataOf('custom', 1, 'b')?.fetchTypeExt).toEqual({ isGlobal: true })
    expect((await indexer.bulkRecord(new Map([['spans', new Map([[1, new Set(['a'])]])]]))).idOf('spans', 1, 'a')).toBeNull()
  })

  test('use cases of one organization share its quota and have their own', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(5), perUseCaseAndOrganization: { spans: quota(1) } })
    const batch: UseCaseStrings = new Map([
      ['spans', new Map([[1, new Set(['a', 'b'])]])],
      ['custom', new Map([[1, new Set(['a', 'b', 'c', 'd', 'e'])]])],
    ])
    expect((await ways(indexer, batch)).filter((way) => way === 'f')).toHaveLength(5)
  })

  test('quota of what was stored before the database went is not given back', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(3) })
    storage.insertsUntilAway = 2
    await expect(indexer.bulkRecord(of('a', 'b', 'c'))).rejects.toThrow()
    storage.insertsUntilAway = Number.POSITIVE_INFINITY
    expect(await ways(indexer, of('a', 'b', 'c', 'd'))).toEqual(['d', 'd', 'f', 'r'])
  })

  test('quota of what was not stored is given back', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(2) })
    storage.isAway = true
    await expect(indexer.bulkRecord(of('a', 'b'))).rejects.toThrow()
    storage.isAway = false
    expect(await ways(indexer, of('a', 'b'))).toEqual(['f', 'f'])
    expect(await ways(indexer, of('c'))).toEqual(['r'])
  })
})

describe('letting new strings in before they are stored', () => {
  test('counts each once, and recording them asks no more', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(2) })
    expect(await indexer.admitNew('custom', 1, new Set(['a', 'environment', 'x'.repeat(2000)]))).toEqual(new Set())
    expect(await indexer.admitNew('custom', 1, new Set(['a', 'b']))).toEqual(new Set())
    expect(await indexer.admitNew('custom', 1, new Set(['a', 'c']))).toEqual(new Set(['c']))
    expect(await ways(indexer, of('a', 'b', 'c'))).toEqual(['f', 'f', 'r'])
  })

  test('who cannot wait is answered by what this process knows', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(2) })
    expect(indexer.admitNewNow('custom', 1, new Set(['a', 'environment']))).toEqual(new Set())
    expect(indexer.admitNewNow('custom', 1, new Set(['a', 'b']))).toEqual(new Set())
    expect(indexer.admitNewNow('custom', 1, new Set(['c']))).toEqual(new Set(['c']))
    expect(await ways(indexer, of('a', 'b'))).toEqual(['f', 'f'])
  })

  test('requests at the same time count a string once', async () => {
    const indexer = open({ ...unlimitedWrites, perOrganization: quota(3) })
    const answers = await Promise.all([1, 2, 3, 4].map(() => indexer.admitNew('custom', 1, new Set(['a', 'b', 'c']))))
    expect(answers.every((refused) => refused.size === 0)).toBe(true)
    expect(await indexer.admitNew('custom', 1, new Set(['d']))).toEqual(new Set(['d']))
  })

  test('what the database knows is not new; without it what this process does not know is', async () => {
    await open().bulkRecord(of('known'))
    const limits = { ...unlimitedWrites, perOrganization: quota(1) }
    const indexer = open(limits)
    expect(await indexer.admitNew('custom', 1, new Set(['known', 'a']))).toEqual(new Set())
    const alone = open(limits)
    storage.isAway = true
    expect(await alone.admitNew('custom', 1, new Set(['known']))).toEqual(new Set())
    expect(await alone.admitNew('custom', 1, new Set(['a']))).toEqual(new Set(['a']))
  })
})
