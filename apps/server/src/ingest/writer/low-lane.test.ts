/** The low lane's share of this thread: pauses as long as its work asks for, others first, none when somebody waits for it. */
import { expect, test } from 'vitest'
import { ManualClock, turns } from '../testing/manual-clock.ts'
import { LowLanePace } from './low-lane.ts'

const never = new AbortController().signal

async function isOpen(pace: LowLanePace): Promise<boolean> {
  let open = false
  void pace.turn(never).then(() => (open = true))
  await turns()
  return open
}

test('after work of 20 ms at a quarter, 60 ms belong to the others', async () => {
  const clock = new ManualClock()
  const pace = new LowLanePace({ share: 0.25, isIntakeBusy: () => false, isUrgent: () => false }, clock)
  expect(await isOpen(pace)).toBe(true)
  pace.spent(20)
  let open = false
  void pace.turn(never).then(() => (open = true))
  await clock.advance(59)
  expect(open).toBe(false)
  await clock.advance(1)
  expect(open).toBe(true)
  expect(await isOpen(pace)).toBe(true)
})

test('small work adds up before it is paused for; a whole processor never pauses', async () => {
  const clock = new ManualClock()
  const quarter = new LowLanePace({ share: 0.25, isIntakeBusy: () => false, isUrgent: () => false }, clock)
  quarter.spent(1)
  expect(await isOpen(quarter)).toBe(true)
  quarter.spent(1)
  expect(await isOpen(quarter)).toBe(false)
  const whole = new LowLanePace({ share: 1, isIntakeBusy: () => false, isUrgent: () => false }, clock)
  whole.spent(1000)
  expect(await isOpen(whole)).toBe(true)
})

test('bodies of others go first, for a bounded time; urgent work does not pause', async () => {
  const clock = new ManualClock()
  const now = { busy: true, urgent: true }
  const pace = new LowLanePace({ share: 0.25, isIntakeBusy: () => now.busy, isUrgent: () => now.urgent }, clock)
  pace.spent(1000)
  let open = false
  void pace.turn(never).then(() => (open = true))
  await clock.advance(99)
  expect(open).toBe(false)
  await clock.advance(1)
  expect(open).toBe(true)
  now.busy = false
  expect(await isOpen(pace)).toBe(true)
})
