import { expect, test } from 'vitest'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import { ChunkSweep } from './chunk-sweep.ts'

test('pieces are swept by the clock, also after a round that failed, until it is disposed of', async () => {
  const clock = new ManualClock()
  let rounds = 0
  const chunks = { sweep: () => (++rounds === 1 ? Promise.reject(new Error('away')) : Promise.resolve()) }
  const sweep = new ChunkSweep({ chunks, clock, logger: silentLogger })
  await clock.advance(20 * 60_000)
  expect(rounds).toBe(2)
  sweep[Symbol.dispose]()
  await clock.advance(20 * 60_000)
  expect(rounds).toBe(2)
})
