/** What the readers of files give, a row at a time. */
import type { Labels } from '../../metrics/index.ts'
import type { FoundMapping, RefusedRow } from './ports.ts'

/** Samples of one series in one line of the file. */
export interface SeriesRow {
  readonly kind: 'samples'
  readonly line: number
  /** Sorted, `__name__` among them. */
  readonly labels: Labels
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
}

export interface RefusedLine extends RefusedRow {
  readonly kind: 'refused'
}

/** What columns there are; comes once, before anything is made of them. */
export interface ColumnsRow {
  readonly kind: 'columns'
  readonly columns: readonly string[]
}

/** The mapping that holds from here on. */
export interface MappingRow {
  readonly kind: 'mapping'
  readonly mapping: FoundMapping
}

export type ImportRow = SeriesRow | RefusedLine | ColumnsRow | MappingRow

/** `lines`: how many the reader has passed. */
export interface RowReader {
  readonly rows: AsyncIterable<ImportRow>
  lines(): number
}
