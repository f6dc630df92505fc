import { expect, test } from 'vitest'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { ChunkSlots, type ChunkPlace } from './chunk-slots.ts'

function openSlots() {
  const clock = new ManualClock()
  const slots = new ChunkSlots({ ofOrganizationMax: 2, max: 4 }, clock)
  const gone: string[] = []
  const sent = new Map<string, number>()
  const take = (organizationId: number, name: string): ChunkPlace =>
    slots.take({ organizationId, bytesRead: () => sent.get(name) ?? 0, giveUp: () => void gone.push(name) })
  return { clock, gone, sent, take }
}

test('one organization takes so many places and leaves the others theirs; all take so many', () => {
  const { take } = openSlots()
  const first = take(1, 'a')
  take(1, 'b')
  expect(() => take(1, 'c')).toThrow(expect.objectContaining({ code: 'api.too_busy' }))
  take(2, 'd')
  take(3, 'e')
  expect(() => take(4, 'f')).toThrow(expect.objectContaining({ code: 'api.too_busy' }))
  first.end()
  first.end()
  take(4, 'f')
  expect(() => take(5, 'g')).toThrow(expect.objectContaining({ code: 'api.too_busy' }))
})

test('who sends a byte now and then gives its place up to who waits; who sends, and whose body is there, does not', async () => {
  const { clock, gone, sent, take } = openSlots()
  take(1, 'slow')
  take(2, 'fast')
  take(3, 'there').received()
  take(4, 'burst')
  sent.set('fast', 100_000).set('burst', 15_000_000)
  await clock.advance(1000)
  expect(() => take(5, 'waits')).toThrow(expect.objectContaining({ code: 'api.too_busy' }))
  await clock.advance(1000)
  sent.set('slow', 1)
  take(5, 'waits')
  expect(gone).toEqual(['slow'])
  // What came at once long ago does not count for ever.
  await clock.advance(2000)
  sent.set('fast', 200_000).set('waits', 100_000)
  take(6, 'next')
  expect(gone).toEqual(['slow', 'burst'])
})
