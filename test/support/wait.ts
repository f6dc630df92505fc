/** Waiting for conditions, never for a time to pass. */
import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 25

/**
 * Asks until `probe` gives something other than null or false, and gives that. Fails with `what` and the last error when it takes too long:
 * the time is for a machine that a dozen other programs keep busy, and costs only tests that fail.
 */
export async function until<T>(what: string, probe: () => T | null | false | Promise<T | null | false>, timeoutMs = 60_000): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  let last: unknown = null
  for (;;) {
    try {
      const found = await probe()
      if (found !== null && found !== false) return found
    } catch (error) {
      last = error
    }
    if (performance.now() > deadlineMs) throw new Error(`gave up after ${timeoutMs} ms waiting for ${what}`, { cause: last })
    await sleep(pauseMs)
  }
}
