/** A clock that a unit test moves by hand, and whose wall time it can set. */
import type { Clock } from '../../kernel/clock.ts'

export class ManualClock implements Clock {
  #nowMs: number
  /** What someone set the wall clock ahead (or, below zero, back). */
  #wallAheadMs = 0
  #timers: { atMs: number; run: () => void }[] = []

  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs + this.#wallAheadMs
  }

  /** Somebody sets the wall clock; no time passes. */
  setWall(byMs: number): void {
    this.#wallAheadMs += byMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  /** Timers that anyone waits for. */
  get pending(): number {
    return this.#timers.length
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return { [Symbol.dispose]: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  every(periodMs: number, run: () => void): Disposable {
    let current = this.after(periodMs, tick)
    const again = (): Disposable => this.after(periodMs, tick)
    function tick(): void {
      current = again()
      run()
    }
    return { [Symbol.dispose]: () => current[Symbol.dispose]() }
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const end = (): void => {
        timer[Symbol.dispose]()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = this.after(delayMs, end)
      signal?.addEventListener('abort', end)
    })
  }

  /** Moves time, running what becomes due in order, and lets everything that follows from it happen. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      await turns()
      const next = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = untilMs
    await turns()
  }
}

/** Lets everything run that needs no time. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
