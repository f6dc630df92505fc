/**
 * What selectors read, as evaluation takes it: series by series. The steps of a query may be answered by several parts, the oldest by
 * a store that computes the function itself, the newest from memory; their results are joined by series.
 */
import type { Labels, NativeHistogram, SeriesBlock, SeriesGrid, SeriesRows, SeriesScan } from '../../metrics/index.ts'
import type { QueryContext } from './context.ts'
import type { LabelSet } from './label-sets.ts'
import { ABSENT, VectorBuilder, type Grid, type VectorValue } from './values.ts'

export interface SeriesInput {
  /** The source's numbers of the series, null when it has none. */
  readonly keys: Uint32Array | null
  readonly labels: readonly Labels[]
  /** Aligned with the rows of every series, null when there are no histograms. */
  readonly histograms: readonly (NativeHistogram | null)[] | null
  /** To be asked for ascending series, each once; valid until the next call. */
  rows(series: number): SeriesRows
}

/** Answers the next `steps` steps of a selector. */
export type InputPart =
  | { readonly kind: 'grid'; readonly steps: number; readonly grid: SeriesGrid }
  | { readonly kind: 'rows'; readonly steps: number; readonly input: SeriesInput }

export function blockInput(block: SeriesBlock): SeriesInput {
  const { labels, offsets, timesMs, values, histograms } = block
  const rows = (series: number): SeriesRows => ({ timesMs, values, start: offsets[series]!, end: offsets[series + 1]! })
  return { keys: block.keys ?? null, labels, histograms, rows }
}

export function scanInput(ctx: QueryContext, scan: SeriesScan): SeriesInput {
  return {
    keys: scan.keys,
    labels: scan.labels,
    histograms: null,
    rows(series) {
      const rows = scan.read(series)
      ctx.addSamplesRead(rows.end - rows.start)
      return rows
    },
  }
}

/** Evaluates rows at the steps of `grid`, the first of which is the query's step `firstStep`. */
export type EvaluateRows = (input: SeriesInput, grid: Grid, firstStep: number) => Promise<VectorValue>

/** The parts' results side by side, each series in one row. */
export async function evaluateParts(
  ctx: QueryContext,
  parts: readonly InputPart[],
  grid: Grid,
  evaluate: EvaluateRows,
): Promise<VectorValue> {
  const only = parts[0]
  if (parts.length === 1 && only !== undefined)
    return only.kind === 'grid' ? gridVector(ctx, only.grid) : await evaluate(only.input, grid, 0)
  const joined = new StepJoin(ctx, grid.steps)
  for (const part of parts) {
    const partGrid: Grid = { startMs: grid.startMs + joined.step * grid.stepMs, stepMs: grid.stepMs, steps: part.steps }
    const vector = part.kind === 'grid' ? gridVector(ctx, part.grid) : await evaluate(part.input, partGrid, joined.step)
    joined.add(vector, part.kind === 'grid' ? part.grid : part.input)
  }
  return joined.result()
}

function gridVector(ctx: QueryContext, { labels, steps, values }: SeriesGrid): VectorValue {
  const sets = labels.map((one) => ctx.symbols.sourceSet(one))
  return { type: 'vector', steps, sets, dropName: new Uint8Array(sets.length), values, histograms: null }
}

/** Series in the order of the source's numbers, as one read would give them. */
class StepJoin {
  step = 0
  readonly #ctx: QueryContext
  readonly #steps: number
  readonly #rows = new Map<number, { readonly set: LabelSet; readonly cells: [vector: VectorValue, series: number, step: number][] }>()

  constructor(ctx: QueryContext, steps: number) {
    this.#ctx = ctx
    this.#steps = steps
  }

  /** `of`: where the vector's series come from; those without a value are not in the vector any more. */
  add(vector: VectorValue, { keys, labels }: { readonly keys: Uint32Array | null; readonly labels: readonly Labels[] }): void {
    if (keys === null) throw new Error('a source that answers in parts must number its series')
    const keyOf = new Map<LabelSet, number>()
    for (const [s, one] of labels.entries()) keyOf.set(this.#ctx.symbols.sourceSet(one), keys[s]!)
    for (const [s, set] of vector.sets.entries()) {
      const key = keyOf.get(set)!
      let row = this.#rows.get(key)
      if (row === undefined) this.#rows.set(key, (row = { set, cells: [] }))
      row.cells.push([vector, s, this.step])
    }
    this.step += vector.steps
  }

  result(): VectorValue {
    const steps = this.#steps
    this.#ctx.reserveCells(this.#rows.size * steps)
    const builder = new VectorBuilder(steps, this.#rows.size)
    for (const key of [...this.#rows.keys()].sort((a, b) => a - b)) {
      const { set, cells } = this.#rows.get(key)!
      const first = builder.addSeries(set)
      for (const [vector, series, step] of cells) {
        const from = series * vector.steps
        builder.cells.set(vector.values.subarray(from, from + vector.steps), first + step)
        for (let i = 0; vector.histograms !== null && i < vector.steps; i++) {
          const histogram = vector.histograms[from + i] ?? null
          if (histogram !== null && vector.values[from + i] !== ABSENT) builder.setHistogram(first + step + i, histogram)
        }
      }
    }
    return builder.build()
  }
}
