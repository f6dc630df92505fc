/** When a target is scraped: on a grid of its interval, moved by a hash so that targets are spread over it, the same after a restart. */
import { gridToleranceMsMax, gridToleranceShare } from './limits.ts'

export class ScrapeTimes {
  readonly intervalMs: number
  readonly #offsetMs: number

  /** `key`: of the target. */
  constructor(key: string, intervalMs: number) {
    this.intervalMs = intervalMs
    this.#offsetMs = hashOf(key) % intervalMs
  }

  /** The first time on the grid after `nowMs`. */
  next(nowMs: number): number {
    const passed = (nowMs - this.#offsetMs) % this.intervalMs
    return nowMs - passed + this.intervalMs
  }

  /** The time to store for a scrape that was due at `dueMs` and begins at `nowMs`: timers are late, but times with steady steps take less room. */
  steady(dueMs: number, nowMs: number): number {
    const toleranceMs = Math.min(this.intervalMs * gridToleranceShare, gridToleranceMsMax)
    return Math.abs(nowMs - dueMs) <= toleranceMs ? dueMs : nowMs
  }
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
