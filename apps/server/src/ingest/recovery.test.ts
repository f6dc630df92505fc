/** From the log to the counters and the kind's handler after a start, and from a dead letter back into the queue. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { silentLogger } from '../kernel/log.ts'
import { createConservation } from './conservation.ts'
import { openSpool } from './log/spool.ts'
import type { Segment } from './ports.ts'
import { recoverLog, replayDeadLetter } from './recovery.ts'
import { idHandler, idRecord } from './testing/fake-engine.ts'

test('ready records become visible, every lane is counted, and a replayed dead letter is counted anew', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bellwether-recovery-'))
  const options = { directory, sizeBytesMax: 1e6, diskReserveBytes: 0, clock: systemClock, logger: silentLogger }
  try {
    {
      await using before = await openSpool(options)
      await before.append('ready', idRecord([1, 2], 1))
      await before.append('raw', idRecord([3], 2))
      await before.append('ready', idRecord([4, 5, 6], 1))
    }
    await using log = await openSpool(options)
    const conservation = createConservation()
    const handler = idHandler(conservation)
    const handlers = new Map([['metrics' as const, handler]])
    expect(await recoverLog(log, handlers, conservation)).toEqual({ records: 3, rows: 6 })
    expect(handler.recovered).toEqual([1, 2, 4, 5, 6])
    expect(conservation.rows()).toMatchObject([
      { projectId: 1, received: 5, queued: 5 },
      { projectId: 2, received: 1, queued: 1 },
    ])
    expect(await recoverLog(log, handlers, conservation)).toEqual({ records: 0, rows: 0 })
    await log.bury((await log.take('ready', AbortSignal.timeout(30_000))) as Segment, 'no')
    conservation.buried({ organizationId: 1, projectId: 1 }, 'metrics', 5)
    const [letter] = await log.listDeadLetters()
    await replayDeadLetter(log, conservation, letter?.id ?? '')
    expect(conservation.rows()[0]).toMatchObject({ received: 10, queued: 5, dropped: { dead_letter: 5 } })
    expect(conservation.balance()).toEqual([])
  } finally {
    await rm(directory, { recursive: true })
  }
})
