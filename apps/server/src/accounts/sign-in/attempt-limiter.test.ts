import { expect, test } from 'vitest'
import { systemClock, type Clock } from '../../kernel/clock.ts'
import { failureKeysMax, failureWindowMs } from '../limits.ts'
import { AttemptLimiter } from './attempt-limiter.ts'

function limiterAt(): { limiter: AttemptLimiter; pass: (ms: number) => void; setWall: (byMs: number) => void } {
  let monotonicMs = 1_000_000
  let wallAheadMs = 0
  const clock: Clock = { ...systemClock, nowMs: () => monotonicMs + wallAheadMs, monotonicMs: () => monotonicMs }
  return { limiter: new AttemptLimiter(clock), pass: (ms) => void (monotonicMs += ms), setWall: (byMs) => void (wallAheadMs += byMs) }
}

test('the limit holds for its window and says how long', () => {
  const { limiter, pass } = limiterAt()
  for (let n = 0; n < 3; n++) limiter.fail('a')
  expect(() => limiter.check('a', 4)).not.toThrow()
  pass(60_000)
  expect(() => limiter.check('a', 3)).toThrow(
    expect.objectContaining({ code: 'accounts.too_many_attempts', retryAfterSec: (failureWindowMs - 60_000) / 1000 }),
  )
  expect(() => limiter.check('b', 1)).not.toThrow()
  pass(failureWindowMs - 60_000)
  expect(() => limiter.check('a', 1)).not.toThrow()
})

test('setting the wall clock neither opens the door nor keeps it shut for longer', () => {
  const { limiter, pass, setWall } = limiterAt()
  limiter.fail('a')
  for (const byMs of [3_600_000, -7_200_000]) {
    setWall(byMs)
    expect(() => limiter.check('a', 1)).toThrow(expect.objectContaining({ retryAfterSec: failureWindowMs / 1000 }))
  }
  pass(failureWindowMs)
  expect(() => limiter.check('a', 1)).not.toThrow()
})

test('a success forgets the failures', () => {
  const { limiter } = limiterAt()
  limiter.fail('a')
  limiter.succeed('a')
  expect(() => limiter.check('a', 1)).not.toThrow()
})

test('memory is bounded: the oldest is forgotten first', () => {
  const { limiter } = limiterAt()
  for (let n = 0; n <= failureKeysMax; n++) limiter.fail(`key ${n}`)
  expect(() => limiter.check('key 0', 1)).not.toThrow()
  expect(() => limiter.check('key 1', 1)).toThrow('accounts.too_many_attempts')
})
