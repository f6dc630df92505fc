/**
 * The time against which a sample counts as being in the future. It does not follow a wall clock that is set back: senders whose clocks
 * are right would be refused for good, and so lose their data, until ours is right again.
 */
import type { Clock } from '../../kernel/clock.ts'

/** Set back by more than this, the clock was wrong before, not now. */
const setBackMsMax = 24 * 3_600_000

/** Gives the wall time, or what it would be had it never been set back (by up to a day), ms since 1970. */
export function createLatestNow(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>): () => number {
  let aheadMs = Number.NEGATIVE_INFINITY
  return () => {
    const nowMs = clock.nowMs()
    const monotonicMs = clock.monotonicMs()
    const nowAheadMs = nowMs - monotonicMs
    if (nowAheadMs > aheadMs || aheadMs - nowAheadMs > setBackMsMax) aheadMs = nowAheadMs
    return monotonicMs + aheadMs
  }
}
