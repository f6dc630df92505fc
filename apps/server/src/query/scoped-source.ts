/** Joins the evaluator, which knows no tenant, to the metrics store, which answers nobody without a scope. Counts what is read. */
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import type { MetricsStore, SeriesBlock, SeriesScan } from '../metrics/index.ts'
import type { GridHint, QueryLimits, SampleSource, SeriesGrid, SourceRequest } from '../promql/index.ts'
import { tooManySamples } from './errors.ts'

/** What one query may read, and where. */
export interface SourceLimits extends Pick<QueryLimits, 'samplesMax' | 'seriesMax'> {
  /** Everything is computed from samples. */
  readonly withoutRollups?: boolean
}

/** The source of one query: its scope, and what is left of its budget. Not to be used for another query. */
export class ScopedSource implements SampleSource {
  readonly #store: MetricsStore
  readonly #scope: Scope
  readonly #limits: SourceLimits
  #samplesRead = 0

  constructor(store: MetricsStore, scope: Scope, limits: SourceLimits) {
    this.#store = store
    this.#scope = scope
    this.#limits = limits
  }

  /** Samples read by all selectors so far. */
  get samplesRead(): number {
    return this.#samplesRead
  }

  async select(request: SourceRequest, signal: AbortSignal): Promise<SeriesBlock> {
    const left = this.#limits.samplesMax - this.#samplesRead
    if (left <= 0) throw new AppError(tooManySamples)
    const block = await this.#store.select(this.#scope, request, { seriesMax: this.#limits.seriesMax, samplesMax: left, signal })
    this.#samplesRead += block.timesMs.length
    // Selectors that read at once share what is left, so the sum is checked again.
    if (this.#samplesRead > this.#limits.samplesMax) throw new AppError(tooManySamples)
    return block
  }

  /** What is at hand, series by series; each is counted when it is read. */
  scan(request: SourceRequest): SeriesScan | null {
    const left = this.#limits.samplesMax - this.#samplesRead
    if (left <= 0) return null
    const scan = this.#store.scan?.(this.#scope, request, { seriesMax: this.#limits.seriesMax, samplesMax: left }) ?? null
    if (scan === null) return null
    return {
      keys: scan.keys,
      labels: scan.labels,
      coversFromMs: scan.coversFromMs,
      read: (series) => {
        const rows = scan.read(series)
        this.#samplesRead += rows.end - rows.start
        if (this.#samplesRead > this.#limits.samplesMax) throw new AppError(tooManySamples)
        return rows
      },
      [Symbol.dispose]: () => scan[Symbol.dispose](),
    }
  }

  /** The store's own computation of a range function, as far as it has one for this range. Cells count as samples. */
  async grid(request: SourceRequest, hint: GridHint, signal: AbortSignal): Promise<SeriesGrid | null> {
    const left = this.#limits.samplesMax - this.#samplesRead
    if (left <= 0 || this.#store.grid === undefined) return null
    const asked = { ...request, hint: { ...hint, withoutRollups: this.#limits.withoutRollups === true } }
    const grid = await this.#store.grid(this.#scope, asked, { seriesMax: this.#limits.seriesMax, samplesMax: left, signal })
    this.#samplesRead += grid?.values.length ?? 0
    return grid
  }
}
