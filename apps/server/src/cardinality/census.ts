/** Tells the limiter which stored series are in use: at the start, and once a granule, so that they stay in the count of their window. */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { CardinalityQuotas } from '../limiters/index.ts'
import type { SeriesRegistry } from '../metrics/index.ts'
import type { CardinalityGate } from './gate.ts'

export interface CensusDeps {
  readonly registry: SeriesRegistry
  readonly gate: Pick<CardinalityGate, 'note'>
  readonly quotas: Pick<CardinalityQuotas, 'windowSec' | 'granularitySec'>
  /** Newest sample of a series in memory. */
  readonly newest: (ref: number) => { readonly timeMs: number } | null
  readonly clock: Clock
}

/** Series looked at before others get their turn. */
const seriesPerTurn = 4_096

export class Census {
  readonly #deps: CensusDeps
  /** Loaded series say that they were seen up to this minute; only what is later was seen by this process. */
  #openedMinute = 0
  #isTaking = false

  constructor(deps: CensusDeps) {
    this.#deps = deps
  }

  /** To be called once all series are loaded, before new ones come: what its row or a sample says was in use within the window. */
  async open(): Promise<void> {
    const { registry, newest, quotas } = this.#deps
    this.#openedMinute = this.#minute()
    const fromMinute = this.#openedMinute - quotas.windowSec / 60
    await this.#count((ref) => {
      const rowMinute = registry.columns.rowLastMinute[ref] ?? 0
      return rowMinute >= fromMinute || (newest(ref)?.timeMs ?? 0) >= fromMinute * 60_000
    })
  }

  /** What was seen within the last granule. */
  async take(): Promise<void> {
    const fromMinute = this.#minute() - this.#deps.quotas.granularitySec / 60
    const { columns } = this.#deps.registry
    const seenIn = (ref: number): number => columns.seenMinute[ref] ?? 0
    await this.#count((ref) => seenIn(ref) >= fromMinute && seenIn(ref) > this.#openedMinute)
  }

  #minute(): number {
    return Math.floor(this.#deps.clock.nowMs() / 60_000)
  }

  async #count(isInUse: (ref: number) => boolean): Promise<void> {
    if (this.#isTaking) return
    this.#isTaking = true
    try {
      for (const { tenant, postings } of this.#deps.registry.tenants) {
        const { refs, length } = postings.all
        await this.#tell(tenant, Uint32Array.from(refs.slice(0, length)), isInUse)
      }
    } finally {
      this.#isTaking = false
    }
  }

  async #tell(tenant: Tenant, refs: Uint32Array, isInUse: (ref: number) => boolean): Promise<void> {
    const { registry, gate, clock } = this.#deps
    for (let from = 0; from < refs.length; from += seriesPerTurn) {
      const inUse: number[] = []
      for (const ref of refs.subarray(from, from + seriesPerTurn)) if (registry.isDurable(ref) && isInUse(ref)) inUse.push(ref)
      if (inUse.length > 0) await gate.note(tenant, inUse)
      await clock.sleep(0)
    }
  }
}
