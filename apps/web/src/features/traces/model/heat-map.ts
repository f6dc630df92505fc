/** A heat map of durations over time: which cell is under the pointer, and what a rectangle of cells means as time and duration. */
import type { TracesHistogram } from '@bellwether/protocol'

/** Rows from the shortest class up that have anything in them, with a row of room at both ends. */
export interface HeatMap {
  readonly fromMs: number
  readonly stepMs: number
  readonly columns: number
  /** Classes shown, shortest first: index into `uppersMs`. */
  readonly firstClass: number
  readonly rows: number
  readonly uppersMs: readonly number[]
  /** Row by row, shortest class first: `cells[row * columns + column]`. */
  readonly cells: Float64Array
  readonly highest: number
  /** Failed spans by column, and the most of one column. */
  readonly errors: readonly number[]
}

export function heatMapOf(histogram: TracesHistogram): HeatMap {
  const columns = histogram.counts.length
  const isFilled = histogram.durations.map((row) => row.some((count) => count > 0))
  const first = isFilled.indexOf(true)
  const last = isFilled.lastIndexOf(true)
  const firstClass = Math.max(0, first - 1)
  const rows = first === -1 ? 0 : Math.min(histogram.durations.length - 1, last + 1) - firstClass + 1
  const cells = new Float64Array(rows * columns)
  let highest = 0
  for (let row = 0; row < rows; row += 1) {
    for (const [column, count] of (histogram.durations[firstClass + row] ?? []).entries()) {
      cells[row * columns + column] = count
      highest = Math.max(highest, count)
    }
  }
  return {
    fromMs: Date.parse(histogram.first),
    stepMs: histogram.stepSec * 1000,
    columns,
    firstClass,
    rows,
    uppersMs: histogram.uppersMs,
    cells,
    highest,
    errors: histogram.errors,
  }
}

/** A part of the heat map: columns and rows, both ends included. */
export interface CellRange {
  readonly columns: readonly [first: number, last: number]
  readonly rows: readonly [first: number, last: number]
}

export interface HeatSelection {
  readonly fromMs: number
  readonly toMs: number
  /** 0 from the shortest class on. */
  readonly overMs: number
  /** Null: no upper end. */
  readonly upToMs: number | null
  readonly spans: number
}

export function selectionOf(map: HeatMap, { columns, rows }: CellRange): HeatSelection {
  let spans = 0
  for (let row = rows[0]; row <= rows[1]; row += 1) {
    for (let column = columns[0]; column <= columns[1]; column += 1) spans += map.cells[row * map.columns + column] ?? 0
  }
  const classes = [map.firstClass + rows[0], map.firstClass + rows[1]] as const
  const isTop = classes[1] >= map.uppersMs.length - 1
  return {
    fromMs: map.fromMs + columns[0] * map.stepMs,
    toMs: map.fromMs + (columns[1] + 1) * map.stepMs,
    overMs: classes[0] === 0 ? 0 : (map.uppersMs[classes[0] - 1] ?? 0),
    upToMs: isTop ? null : (map.uppersMs[classes[1]] ?? null),
    spans,
  }
}

/** How strong a cell's colour is, 0.12 to 1: by the logarithm, so that one slow span among a million is still seen. */
export function strengthOf(count: number, highest: number): number {
  if (count <= 0) return 0
  return highest <= 1 ? 1 : 0.14 + 0.86 * (Math.log1p(count) / Math.log1p(highest))
}

/** Shortest exact writing for the search: `250ms`, `1.5s`. */
export function searchDuration(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(6))}s` : ms >= 1 ? `${Number(ms.toPrecision(6))}ms` : `${Math.round(ms * 1000)}us`
}

/** The condition of a selection on durations; '' when it takes all of them. */
export function durationCondition({ overMs, upToMs }: HeatSelection): string {
  const low = overMs > 0 ? `duration:>${searchDuration(overMs)}` : ''
  const high = upToMs !== null ? `duration:<=${searchDuration(upToMs)}` : ''
  return [low, high].filter(Boolean).join(' ')
}
