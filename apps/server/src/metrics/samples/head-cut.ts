/** Where the head cuts when it has to make room. */
import type { ChunkPool } from './chunk-pool.ts'

/** Share of the chunks given up at once when the budget is used up. */
const evictShare = 1 / 8
/** Chunks whose times decide where the cut is. */
const evictProbes = 65_536

/** The time before which about `evictShare` of the chunks end. */
export function cutMsOf(pool: ChunkPool): number {
  const step = Math.max(Math.floor(pool.limit / evictProbes), 1)
  const probes = new Float64Array(Math.ceil(pool.limit / step))
  let count = 0
  for (let chunk = 1; chunk < pool.limit; chunk += step) if (pool.count(chunk) > 0) probes[count++] = pool.lastMs(chunk)
  const ends = probes.subarray(0, count).sort()
  return ends[Math.min(Math.ceil(count * evictShare), count - 1)] ?? -Infinity
}
