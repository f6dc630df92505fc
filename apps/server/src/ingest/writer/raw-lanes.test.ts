/** Raw lanes in the writer: portions with tokens of their own, what is held meanwhile, and what the low lane is told. */
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../kernel/log.ts'
import { createConservation, type BalancedConservation } from '../conservation.ts'
import type { Kind, KindHandler, SegmentOrigin } from '../ports.ts'
import { idHandler, idRecord } from '../testing/fake-engine.ts'
import { ManualClock, turns } from '../testing/manual-clock.ts'
import { SegmentLog } from '../testing/segment-log.ts'
import { createWriter, type InsertRequest, type Writer, type WriterDeps } from './writer.ts'

interface Bench extends AsyncDisposable {
  readonly log: SegmentLog
  readonly clock: ManualClock
  readonly conservation: BalancedConservation
  readonly inserts: InsertRequest[]
  readonly writer: Writer
}

function bench(insert: () => Promise<void>, extra: Partial<WriterDeps> = {}): Bench {
  const log = new SegmentLog()
  const clock = new ManualClock()
  const conservation = createConservation()
  const inserts: InsertRequest[] = []
  const handler = idHandler(conservation)
  const writer = createWriter({
    log,
    clock,
    conservation,
    handlers: new Map<Kind, KindHandler>([['metrics', handler]]),
    insert: (request) => {
      inserts.push(request)
      return insert()
    },
    isThere: () => Promise.resolve(true),
    logger: silentLogger,
    drainTimeoutMs: 0,
    rawPortionRows: 4,
    ...extra,
  })
  writer.start()
  const dispose = async (): Promise<void> => {
    const done = writer[Symbol.asyncDispose]()
    await clock.advance(100)
    await done
  }
  return { log, clock, conservation, inserts, writer, [Symbol.asyncDispose]: dispose }
}

const atOnce = (): Promise<void> => Promise.resolve()

describe('raw lanes', () => {
  test.each<SegmentOrigin>(['new', 'recovered'])('a long segment goes in portions with tokens of their own: %s', async (origin) => {
    await using made = bench(atOnce)
    const records = [
      [1, 2, 3],
      [10, 4],
      [5, 6, 7, 8, 9, 11],
      [20, 30, 40],
      [12, 13],
    ].map((ids) => idRecord(ids, 1))
    for (const record of records) made.conservation.recovered(record.tenant, record.kind, record.rows)
    made.log.add('low', records, undefined, origin)
    await turns(60)
    expect(made.log.committed).toEqual(['log-low-1'])
    // What the decoder refuses (multiples of ten) counts for the portion all the same: where it ends depends on the bytes alone.
    expect(made.inserts.filter(({ table }) => table === 'rows').map(({ token, rows }) => [token, rows])).toEqual([
      ['log-low-1-rows', 4],
      ['log-low-1-from2-rows', 6],
      ['log-low-1-from3-rows', 2],
    ])
    expect(made.conservation.rows()).toMatchObject([{ received: 16, stored: 12, refused: { multiple_of_ten: 4 }, queued: 0 }])
    expect(made.conservation.balance()).toEqual([])
  })

  test('what was processed and is not inserted is held, with its age', async () => {
    const waiting: (() => void)[] = []
    await using made = bench(() => new Promise((resolve) => waiting.push(resolve)))
    made.log.add('low', [idRecord([1], 1)])
    await turns(10)
    await made.clock.advance(700)
    expect([made.inserts.length, made.writer.state().heldMs]).toEqual([1, 700])
    waiting[0]?.()
    await turns(10)
    waiting[1]?.()
    await turns(10)
    expect([made.log.committed.length, made.writer.state().heldMs]).toEqual([1, 0])
  })

  test('every record of the low lane is told of once, processed or given up with its segment; then the lane is empty', async () => {
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
    const made = bench(atOnce, { low })
    await using _ = made
    made.log.add('low', [idRecord([1], 1), idRecord([2, 3], 1)])
    await turns(30)
    expect([told, emptied]).toEqual([[1, 2], 1])
    // A kind that nobody handles fails in the middle of the segment.
    const unknown = { ...idRecord([5, 6, 7], 1), kind: 'nothing' as Kind }
    made.log.add('low', [idRecord([4], 1), unknown, idRecord([8, 9], 1)])
    await turns(30)
    expect(made.log.buried).toHaveLength(1)
    expect([told.slice(2).sort(), emptied]).toEqual([[1, 2, 3], 2])
  })
})
