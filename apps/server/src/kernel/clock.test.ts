/** What ends in time leaves no timer behind: one left running kept the program alive for three seconds after every orderly stop. */
import { expect, test } from 'vitest'
import { type Clock, settlesWithin, systemClock } from './clock.ts'

/** A clock that tells how many of its pauses are not over. */
function pausesOf(sleep: Clock['sleep']): { clock: Clock; underWay(): number } {
  let underWay = 0
  const counted: Clock['sleep'] = async (delayMs, signal) => {
    underWay++
    await sleep(delayMs, signal)
    underWay--
  }
  return { clock: { ...systemClock, sleep: counted }, underWay: () => underWay }
}

test.each([
  ['resolves', async () => {}],
  ['rejects', () => Promise.reject(new Error('not well'))],
])('work that %s is in time, and its deadline is over', async (_how, work) => {
  const { clock, underWay } = pausesOf(systemClock.sleep)
  expect(await settlesWithin(clock, work(), 3_600_000)).toBe(true)
  await new Promise(setImmediate)
  expect(underWay()).toBe(0)
})

test('work that never settles is given up at the deadline', async () => {
  const { clock } = pausesOf(() => Promise.resolve())
  expect(await settlesWithin(clock, new Promise(() => {}), 3_600_000)).toBe(false)
})
