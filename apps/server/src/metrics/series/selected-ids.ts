/** The series of one read by their ids: what streams in finds its place also when a series has left the index meanwhile. */
import { IdTable } from './id-table.ts'
import type { SeriesRegistry } from './registry.ts'

export class SelectedIds {
  readonly #table = new IdTable()

  constructor(registry: Pick<SeriesRegistry, 'idLow' | 'idHigh'>, refs: Uint32Array) {
    for (let i = 0; i < refs.length; i++) this.#table.add(i, registry.idLow(refs[i]!), registry.idHigh(refs[i]!))
  }

  /** Position of the series in the selection, or -1. */
  position(low: number, high: number): number {
    return this.#table.find(low, high)
  }
}
