import { describe, expect, test } from 'vitest'
import type { Clock } from '../kernel/clock.ts'
import { Turnstile } from './turnstile.ts'

/** Time stands still; timers run when told. */
function stillClock(): Pick<Clock, 'after'> & { fire(): void } {
  const timers = new Set<() => void>()
  return {
    after(_delayMs, run) {
      timers.add(run)
      return { [Symbol.dispose]: () => void timers.delete(run) }
    },
    fire() {
      for (const run of Array.from(timers)) run()
    },
  }
}

function turnstile(limits: { runningMax: number; queuedMax: number }) {
  const clock = stillClock()
  return { clock, gate: new Turnstile({ ...limits, queueMsMax: 1000 }, clock) }
}

const never = new AbortController().signal

describe('turnstile', () => {
  test('lets so many in, the rest in the order they came', async () => {
    const { gate } = turnstile({ runningMax: 2, queuedMax: 10 })
    const first = await gate.enter(never)
    const second = await gate.enter(never)
    const order: string[] = []
    const third = gate.enter(never).then((place) => (order.push('third'), place))
    const fourth = gate.enter(never).then((place) => (order.push('fourth'), place))
    expect([gate.running, gate.queued]).toEqual([2, 2])
    second[Symbol.dispose]()
    second[Symbol.dispose]()
    const inThird = await third
    expect([order, gate.running, gate.queued]).toEqual([['third'], 2, 1])
    first[Symbol.dispose]()
    inThird[Symbol.dispose]()
    ;(await fourth)[Symbol.dispose]()
    expect([order, gate.running, gate.queued]).toEqual([['third', 'fourth'], 0, 0])
  })

  test('a full queue and a long wait are "busy", with a time to come again', async () => {
    const { gate, clock } = turnstile({ runningMax: 1, queuedMax: 1 })
    const inside = await gate.enter(never)
    const waiting = gate.enter(never)
    await expect(gate.enter(never)).rejects.toMatchObject({ code: 'query.busy', retryAfterSec: 5 })
    clock.fire()
    await expect(waiting).rejects.toMatchObject({ code: 'query.busy' })
    inside[Symbol.dispose]()
    expect([gate.running, gate.queued]).toEqual([0, 0])
  })

  test('who goes away leaves the queue', async () => {
    const { gate } = turnstile({ runningMax: 1, queuedMax: 5 })
    const inside = await gate.enter(never)
    const controller = new AbortController()
    const waiting = gate.enter(controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'query.canceled' })
    await expect(gate.enter(AbortSignal.abort())).rejects.toMatchObject({ code: 'query.canceled' })
    inside[Symbol.dispose]()
    expect([gate.running, gate.queued]).toEqual([0, 0])
  })
})
