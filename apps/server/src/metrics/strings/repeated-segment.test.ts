import { expect, test } from 'vitest'
import { createIndexerInstruments, createStringIndexer, StringIndexerCache, unlimitedWrites, WritesLimiter } from '../../indexer/index.ts'
import { MemoryStrings } from '../../indexer/testing/memory-strings.ts'
import type { KindHandler } from '../../ingest/index.ts'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { planInserts } from '../../ingest/writer/plan.ts'
import { createInstruments } from '../../kernel/instruments.ts'
import { silentLogger } from '../../kernel/log.ts'
import { LocalSlidingWindows } from '../../limiters/index.ts'
import { stringInserts } from '../record/string-inserts.ts'
import { SeriesStrings, type RecordIds, type StringRow } from './series-strings.ts'
import { recordOf } from './testing/host-record.ts'

function stringsOf(ids: readonly RecordIds[]): StringRow[] {
  return ids.flatMap((one) => one.strings)
}

/** What the engine and the writer make of strings: a token that is known brings nothing; the probe of a repetition decides about another. */
class Mirror {
  readonly #tokens = new Set<string>()
  readonly ids = new Set<string>()

  write(segment: string, strings: readonly StringRow[], { isRepeated = false, isKept = true } = {}): void {
    const handler: Pick<KindHandler, 'buildInserts'> = { buildInserts: () => stringInserts(strings) }
    const record = { kind: 'metrics', tenant: { organizationId: 1, projectId: 1 }, rows: 1, format: 1, payload: new Uint8Array() } as const
    for (const { token, probe } of planInserts(segment, [record], new Map([['metrics', handler as KindHandler]]))) {
      this.#put(token, strings, isKept)
      const probed = [...probe.sql.matchAll(/\((\d+),0x([0-9a-f]+)\)/g)]
      const isThere = probed.every(([, org, id]) => this.ids.has(`${org},${parseInt(id ?? '', 16)}`))
      if (isRepeated && !isThere) this.#put(`${token}-again`, strings, true)
    }
  }

  #put(token: string, strings: readonly StringRow[], isKept: boolean): void {
    if (this.#tokens.has(token)) return
    this.#tokens.add(token)
    if (isKept) for (const { organizationId, id } of strings) this.ids.add(`${organizationId},${id}`)
  }
}

function life(storage: MemoryStrings): { indexer: ReturnType<typeof createStringIndexer>; strings: SeriesStrings } {
  const clock = new ManualClock()
  const indexer = createStringIndexer({
    cache: new StringIndexerCache({ redis: null, clock, logger: silentLogger, sizeMax: 1000 }),
    storage,
    limiter: new WritesLimiter(new LocalSlidingWindows({ clock }), unlimitedWrites),
    instruments: createIndexerInstruments(createInstruments()),
    clock,
    logger: silentLogger,
  })
  return { indexer, strings: new SeriesStrings({ indexer, clock, logger: silentLogger }) }
}

test('a repeated segment that brings other strings than before is no duplicate', async () => {
  const storage = new MemoryStrings()
  const mirror = new Mirror()
  mirror.write('s0', stringsOf(await life(storage).strings.prepare([recordOf(1, 'a'), recordOf(2, 'b')])))
  // Strings of organization 2 are known to the process, those of organization 1 are not, and the database goes.
  const before = life(storage)
  await before.indexer.admitNew('custom', 2, new Set(['up', 'b', '__name__', 'host']))
  storage.isAway = true
  const segment = [recordOf(1, 'new-host'), recordOf(2, 'b')]
  mirror.write('s1', stringsOf(await before.strings.prepare(segment)))
  // Killed before the commit; the next process repeats the segment, and has the database.
  storage.isAway = false
  const { strings } = life(storage)
  const repeated = stringsOf(await strings.prepare(segment))
  mirror.write('s1', repeated, { isRepeated: true })
  strings.mirrored(repeated)
  const [later] = await strings.prepare([recordOf(1, 'new-host')])
  mirror.write('s2', later?.strings ?? [])
  expect([...(later?.isWhole ?? [])]).toEqual([1])
  expect([...(later?.ids ?? [])].filter((id) => !mirror.ids.has(`1,${id}`))).toEqual([])
})

test('a repetition whose first and last strings another segment brought still brings those between', async () => {
  const storage = new MemoryStrings()
  const mirror = new Mirror()
  const { strings } = life(storage)
  const all = stringsOf(await strings.prepare([recordOf(1, 'a', 'b', 'c')])).toSorted((x, y) => x.id - y.id)
  mirror.write('s1', all, { isKept: false })
  mirror.write(
    's2',
    [all.at(0), all.at(-1)].flatMap((one) => one ?? []),
  )
  mirror.write('s1', all, { isRepeated: true })
  expect(all.filter(({ id }) => !mirror.ids.has(`1,${id}`))).toEqual([])
})
