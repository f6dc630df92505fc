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

/** How long it takes until there may be work, ms. */
async function waitOf(pace: LowLanePace, clock: ManualClock): Promise<number> {
  let open = false
  void pace.turn(never).then(() => (open = true))
  await turns()
  let ms = 0
  for (; !open && ms < 10_000; ms++) await clock.advance(1)
  return ms
}

const quiet = { isBusy: () => false, isUrgent: () => false }

test('after work of 20 ms at a quarter, 60 ms belong to the others', async () => {
  const clock = new ManualClock()
  const pace = new LowLanePace({ ...quiet, share: 0.25 }, clock)
  expect(await isOpen(pace)).toBe(true)
  pace.spent(20)
  expect(await waitOf(pace, clock)).toBe(60)
  expect(await isOpen(pace)).toBe(true)
})

test('small work goes on to the end of a burst, and is paused for as a whole; a whole processor never pauses', async () => {
  const clock = new ManualClock()
  const pace = new LowLanePace({ ...quiet, share: 0.25 }, clock)
  for (let i = 0; i < 3; i++) {
    pace.spent(1)
    expect(await isOpen(pace)).toBe(true)
  }
  pace.spent(1)
  expect(await waitOf(pace, clock)).toBe(12)
  const whole = new LowLanePace({ ...quiet, share: 1 }, clock)
  whole.spent(1000)
  expect(await isOpen(whole)).toBe(true)
})

test('what others wait for goes first, for a bounded time, and the burst after it is longer; urgent work waits for nothing', async () => {
  const clock = new ManualClock()
  const now = { busy: true, urgent: false }
  const pace = new LowLanePace({ share: 0.25, isBusy: () => now.busy, isUrgent: () => now.urgent }, clock)
  pace.spent(4)
  expect(await waitOf(pace, clock)).toBe(12 + 50)
  pace.spent(12)
  expect(await isOpen(pace)).toBe(true)
  pace.spent(1000)
  now.urgent = true
  expect(await isOpen(pace)).toBe(true)
})
