/** A row of cells by a mapping: the samples in it, or why there are none. */
import { shown } from '../decode/label-text.ts'
import { type Cells, labelsOfRow, parseValue } from './mapping.ts'
import type { FoundMapping, ImportMapping } from './ports.ts'
import type { ImportRow } from './rows.ts'
import { parseTime } from './times.ts'

/** Times that are taken, ms. */
export interface TimeBounds {
  readonly minMs: number
  readonly maxMs: number
}

export interface RowContext {
  readonly found: FoundMapping
  readonly given: ImportMapping
  readonly bounds: TimeBounds
}

/** A sample for each value that is there; an empty cell is none. One line for what is wrong with the row or with one of its cells. */
export function* mappedRow(line: number, cells: Cells, { found, given, bounds }: RowContext): Generator<ImportRow> {
  const timeText = cells(found.time) ?? ''
  const timeMs = parseTime(timeText, found.timeFormat)
  if (Number.isNaN(timeMs)) {
    yield refused(line, 'invalid_time', `${shown(timeText)} in column ${shown(found.time)} is not a time`)
    return
  }
  if (timeMs < bounds.minMs || timeMs > bounds.maxMs) {
    yield refused(line, 'timestamp_out_of_range', `the time ${shown(timeText)} is before 1990 or too far in the future`)
    return
  }
  for (const column of found.values) {
    const text = cells(column) ?? ''
    if (text.trim() === '') continue
    const value = parseValue(text)
    const labels = labelsOfRow(found, cells, column, given.extraLabels)
    if (value === null) yield refused(line, 'invalid_number', `${shown(text)} in column ${shown(column)} is not a number`)
    else if (labels[0]?.[0] === undefined || !labels.some(([name]) => name === '__name__'))
      yield refused(line, 'metric_name_missing', `column ${shown(found.nameColumn)} names no metric`)
    else yield { kind: 'samples', line, labels, timesMs: [timeMs], values: [value] }
  }
}

export function refused(line: number, reason: string, text: string): ImportRow {
  return { kind: 'refused', line, reason, text }
}
