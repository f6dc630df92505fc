/**
 * What processing costs, by project: many small amounts are added up in memory and told to the store once in a while, in whole
 * milliseconds, because that is what it counts in. What is left over stays for the next time.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { RealtimeMetricsStore } from './ports.ts'

export class CostMeter {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** Told of what goes to the store, for the metrics. */
  readonly #onTold: (projectId: number, seconds: number) => void
  /** ms by project; its size is that of the projects that have keys. */
  readonly #spentMs = new Map<number, number>()

  constructor(clock: Pick<Clock, 'monotonicMs'>, onTold: (projectId: number, seconds: number) => void = () => {}) {
    this.#clock = clock
    this.#onTold = onTold
  }

  nowMs(): number {
    return this.#clock.monotonicMs()
  }

  spent({ projectId }: Tenant, ms: number): void {
    this.#spentMs.set(projectId, (this.#spentMs.get(projectId) ?? 0) + ms)
  }

  /** Errors: the store's; what it did not take stays for the next time. */
  async tell(store: RealtimeMetricsStore): Promise<void> {
    const told: Promise<void>[] = []
    for (const [projectId, ms] of this.#spentMs) {
      const wholeMs = Math.floor(ms)
      if (wholeMs === 0) continue
      this.#spentMs.set(projectId, ms - wholeMs)
      told.push(this.#tellOne(store, projectId, wholeMs))
    }
    const failed = (await Promise.allSettled(told)).find((each) => each.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #tellOne(store: RealtimeMetricsStore, projectId: number, wholeMs: number): Promise<void> {
    try {
      await store.recordProjectDuration(projectId, wholeMs / 1000)
    } catch (error) {
      this.#spentMs.set(projectId, (this.#spentMs.get(projectId) ?? 0) + wholeMs)
      throw error
    }
    this.#onTold(projectId, wholeMs / 1000)
  }
}
