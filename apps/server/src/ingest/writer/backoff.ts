/** How long to wait before trying again. */

const firstMs = 100
/** How long what waits may go on waiting after the engine is well again; trying so often costs an idle engine nothing. */
const longestMs = 5_000

/**
 * Exponential with jitter: attempt 1 waits 50-100 ms, doubling up to 2.5-5 s. `random` gives [0, 1). Jitter keeps several
 * workers from returning to a recovering engine in step; the lower half keeps a floor under it.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 20))
  return ceiling / 2 + (ceiling / 2) * random()
}
