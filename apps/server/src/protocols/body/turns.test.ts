/** Never more at a time than there are turns, first come first served, and a turn comes back from whoever fails. */
import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('two at a time, in order, also when some of them fail', async () => {
  const turns = new Turns(2)
  const begun: number[] = []
  let running = 0
  let most = 0
  const work = async (index: number): Promise<void> => {
    using _turn = await turns.take()
    begun.push(index)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (index % 3 === 0) throw new Error(`${index} failed`)
  }
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => work(index)))
  expect(begun).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(most).toBe(2)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(7)
})
