/** Time as a dependency, so that tests and the simulation decide what time it is. All times are milliseconds. */

export interface Clock {
  /** Wall clock, ms since 1970 (may jump). */
  nowMs(): number
  /** Never goes back; only differences mean something. */
  monotonicMs(): number
  /** Calls `run` once after `delayMs`; dispose to cancel. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Disposable
  /** Calls `run` every `periodMs`; dispose to stop. Does not keep the process alive. */
  every(periodMs: number, run: () => void): Disposable
  /** Resolves after `delayMs`, or at once when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs)
    timer.unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const timer = setTimeout(done, delayMs)
      function done(): void {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      signal?.addEventListener('abort', done)
    })
  },
}

/** Whether `work` settles within `delayMs`. Leaves no timer behind, which would keep the process alive after all else has ended. */
export async function settlesWithin(clock: Clock, work: Promise<unknown>, delayMs: number): Promise<boolean> {
  const over = new AbortController()
  const settled = work.then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([settled, clock.sleep(delayMs, over.signal).then(() => false)])
  } finally {
    over.abort()
  }
}
