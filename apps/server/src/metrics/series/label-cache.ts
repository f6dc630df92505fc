/**
 * Labels of series as strings, kept while they are asked for again and again: every query of a dashboard selects the same series. The
 * same object each time, so that what is derived from it can be remembered by identity. Pairs are shared between series.
 */
import type { Labels } from '../model.ts'
import type { RefHolder } from '../ports.ts'
import type { SeriesRegistry } from './registry.ts'

/** Series whose labels are kept, 400 bytes each with what PromQL derives from them; beyond it all are let go and made again as asked for. */
const seriesMax = 100_000

export class LabelCache implements RefHolder {
  readonly #registry: Pick<SeriesRegistry, 'labels'>
  readonly #seriesMax: number
  #byRef = new Map<number, Labels>()
  /** By name and value. */
  #pairs = new Map<string, Map<string, Labels[number]>>()

  constructor(registry: Pick<SeriesRegistry, 'labels'>, max: number = seriesMax) {
    this.#registry = registry
    this.#seriesMax = max
  }

  of(ref: number): Labels {
    const known = this.#byRef.get(ref)
    if (known !== undefined) return known
    if (this.#byRef.size >= this.#seriesMax) {
      this.#byRef = new Map()
      this.#pairs = new Map()
    }
    const labels = this.#registry.labels(ref).map((pair) => this.#shared(pair))
    this.#byRef.set(ref, labels)
    return labels
  }

  clear(refs: Uint32Array): void {
    for (const ref of refs) this.#byRef.delete(ref)
  }

  #shared(pair: Labels[number]): Labels[number] {
    let values = this.#pairs.get(pair[0])
    if (values === undefined) this.#pairs.set(pair[0], (values = new Map()))
    const known = values.get(pair[1])
    if (known !== undefined) return known
    values.set(pair[1], pair)
    return pair
  }
}
