import { expect, test } from 'vitest'
import { ManualClock } from '../ingest/testing/manual-clock.ts'
import { MayBeAway } from './may-be-away.ts'

function open(timeoutMs: number | null): { clock: ManualClock; told: string[]; asking: MayBeAway } {
  const clock = new ManualClock()
  const told: string[] = []
  const asking = new MayBeAway({
    clock,
    pauseMs: 1000,
    timeoutMs,
    onAway: (error) => told.push(`away: ${String(error)}`),
    onBack: () => told.push('back'),
    onFailure: () => told.push('failure'),
  })
  return { clock, told, asking }
}

const broken = (): Promise<never> => Promise.reject(new Error('broken'))

test('a failure is a null, told once, and the service is left alone for a while', async () => {
  const { clock, told, asking } = open(null)
  let asked = 0
  const ask = (isThere: boolean): Promise<number | null> =>
    asking.ask(() => {
      asked++
      return isThere ? Promise.resolve(7) : broken()
    })
  expect([await ask(true), await ask(false), await ask(true)]).toEqual([7, null, null])
  expect([asked, asking.isAway]).toEqual([2, true])
  await clock.advance(1000)
  expect(await ask(false)).toBeNull()
  await clock.advance(1000)
  expect(await ask(true)).toBe(7)
  expect([asked, asking.isAway]).toEqual([4, false])
  expect(told).toEqual(['failure', 'away: Error: broken', 'failure', 'back'])
})

test('no answer in time is a failure, and what comes later, good or bad, is thrown away', async () => {
  for (const outcome of ['good', 'bad']) {
    const { clock, told, asking } = open(300)
    let answer = (): void => {}
    const asked = asking.ask(
      () => new Promise<number>((resolve, reject) => (answer = () => (outcome === 'good' ? resolve(7) : reject(new Error('late'))))),
    )
    await clock.advance(300)
    expect(await asked).toBeNull()
    answer()
    await Promise.resolve()
    expect(told).toEqual(['failure', 'away: Error: no answer within 300 ms'])
  }
})

test('an answer in time leaves no timer behind', async () => {
  const { clock, asking } = open(300)
  expect(await asking.ask(() => Promise.resolve(7))).toBe(7)
  expect(clock.pending).toBe(0)
})
