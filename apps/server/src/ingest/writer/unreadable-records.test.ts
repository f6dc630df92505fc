/** Records that cannot be read, among others: they alone are buried, and a repetition does the same. */
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../kernel/log.ts'
import { createConservation } from '../conservation.ts'
import type { Kind, KindHandler, Lane, LogRecord, SegmentOrigin } from '../ports.ts'
import { engineError, idHandler, idRecord } from '../testing/fake-engine.ts'
import { ManualClock, turns } from '../testing/manual-clock.ts'
import { SegmentLog } from '../testing/segment-log.ts'
import { createWriter, type InsertRequest, type WriterDeps } from './writer.ts'

function textOf({ payload }: LogRecord): string {
  return Buffer.from(payload).toString('utf8')
}

function refuse(records: readonly LogRecord[], id: string): void {
  if (records.some((record) => textOf(record).split(',').includes(id))) throw new Error(`damage at ${id}`)
}

/** 13 cannot be made an insert of, 17 cannot be decoded. */
function bench(insert: (request: InsertRequest) => Promise<void> = () => Promise.resolve(), extra: Partial<WriterDeps> = {}) {
  const log = new SegmentLog()
  const clock = new ManualClock()
  const conservation = createConservation()
  const inserts: InsertRequest[] = []
  const plain = idHandler(conservation)
  const handler: KindHandler = {
    ...plain,
    buildInserts(records, token) {
      refuse(records, '13')
      return plain.buildInserts(records, token)
    },
    processRaw(record, place) {
      refuse([record], '17')
      return plain.processRaw(record, place)
    },
  }
  const writer = createWriter({
    log,
    clock,
    conservation,
    handlers: new Map<Kind, KindHandler>([['metrics', handler]]),
    insert(request) {
      inserts.push(request)
      return insert(request)
    },
    isThere: () => Promise.resolve(true),
    logger: silentLogger,
    drainTimeoutMs: 0,
    rawPortionRows: 4,
    ...extra,
  })
  writer.start()
  return {
    log,
    clock,
    conservation,
    writer,
    buriedIds: plain.buriedIds,
    add(lane: Lane, records: readonly LogRecord[], origin: SegmentOrigin = 'new') {
      for (const record of records) conservation.recovered(record.tenant, record.kind, record.rows)
      log.add(lane, records, undefined, origin)
    },
    sent: () => inserts.map(({ token, body }) => `${token} ${Buffer.concat(body).toString('utf8')}`),
    parts: () => log.buriedParts.map((part) => part?.map(textOf) ?? null),
    async [Symbol.asyncDispose]() {
      const done = writer[Symbol.asyncDispose]()
      await clock.advance(100)
      await done
    },
  }
}

const mixed = () => [idRecord([1, 2], 1), idRecord([3, 13], 2), idRecord([4], 3)]

describe('a record that cannot be read', () => {
  test.each<SegmentOrigin>(['new', 'recovered', 'replayed'])("is buried alone; everybody else's are inserted: %s", async (origin) => {
    await using made = bench()
    made.add('ready', mixed(), origin)
    await turns(20)
    expect(made.sent()).toEqual(['log-ready-1-rows 1,2,4', 'log-ready-1-firsts 1,4'])
    expect(made.log.buried).toEqual([['log-ready-1', 'its records could not be turned into inserts: Error: damage at 13']])
    expect([made.parts(), made.log.committed, made.buriedIds]).toEqual([[['3,13']], [], [3, 13]])
    const counts = made.conservation.rows().map(({ projectId, stored, queued, dropped }) => [projectId, stored, queued, dropped])
    expect(counts).toEqual([
      [1, 2, 0, {}],
      [2, 0, 0, { dead_letter: 2 }],
      [3, 1, 0, {}],
    ])
    expect(made.conservation.balance()).toEqual([])
  })

  test('is left out again when the segment is repeated: same tokens, same rows', async () => {
    await using first = bench(({ table }) => (table === 'firsts' ? Promise.reject(engineError('engine.unavailable')) : Promise.resolve()))
    first.add('ready', mixed())
    await turns(20)
    expect(first.log.buried).toEqual([])
    await using second = bench()
    second.add('ready', mixed(), 'recovered')
    await turns(20)
    expect(second.sent()).toEqual(first.sent())
    expect(second.parts()).toEqual([['3,13']])
  })

  test('goes with the whole segment when the engine refuses that', async () => {
    await using made = bench(() => Promise.reject(engineError('engine.rejected', 'invalid')))
    made.add('ready', mixed())
    await made.clock.advance(60_000)
    expect(made.parts()).toEqual([null])
    expect(made.conservation.rows().map(({ dropped }) => dropped['dead_letter'])).toEqual([2, 2, 1])
    expect(made.conservation.balance()).toEqual([])
  })

  test.each<Lane>(['raw', 'low'])('of the lane %s is buried as it came, whether decoding or inserting fails', async (lane) => {
    const told: number[] = []
    let emptied = 0
    const low: WriterDeps['low'] = {
      share: 1,
      workers: 1,
      isBusy: () => false,
      isUrgent: () => false,
      onProcessed: ({ rows }) => void told.push(rows),
      onEmpty: () => void emptied++,
    }
    await using made = bench(undefined, { low })
    made.add(
      lane,
      [[1, 10], [17, 20, 2], [3, 4], [5, 13, 30, 6], [7]].map((ids, at) => idRecord(ids, at + 1)),
    )
    await turns(60)
    expect(made.sent()).toEqual([
      `log-${lane}-1-rows 1,3,4`,
      `log-${lane}-1-firsts 1,3`,
      `log-${lane}-1-from4-rows 7`,
      `log-${lane}-1-from4-firsts 7`,
    ])
    expect([made.parts(), made.log.committed]).toEqual([[['17,20,2', '5,13,30,6']], []])
    expect(made.conservation.rows().map(({ dropped }) => dropped['dead_letter'] ?? 0)).toEqual([0, 3, 0, 3, 0])
    expect(made.conservation.balance()).toEqual([])
    expect([told, emptied]).toEqual(lane === 'low' ? [[2, 3, 2, 4, 1], 1] : [[], 0])
  })
})
