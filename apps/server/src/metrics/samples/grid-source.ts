/**
 * Range functions computed where the samples are. Sources are asked in the order of preference (rolled up data before samples), each for
 * the first of the steps that are left, as many as it answers; together they must answer all, or everything is computed from samples.
 */
import { STALE, type GridHint, type Labels, type SeriesGrid } from '../model.ts'

export interface GridSource {
  /** How many of the hint's first steps it answers for these series; no reading. */
  stepsAnswered(refs: Uint32Array, hint: GridHint): number
  /**
   * Values at step i of `refs[s]` are at `s * steps + i`, `STALE` where there is none. Null when a series holds values that it would
   * compute differently. Errors: the engine's.
   */
  read(refs: Uint32Array, hint: GridHint, signal: AbortSignal): Promise<Float64Array<ArrayBuffer> | null>
}

/** A source's part of the steps. */
interface GridPart {
  readonly source: GridSource
  readonly hint: GridHint
  readonly fromStep: number
}

export function stepsOf({ startMs, endMs, stepMs }: Pick<GridHint, 'startMs' | 'endMs' | 'stepMs'>): number {
  return stepMs > 0 ? Math.floor((endMs - startMs) / stepMs) + 1 : 1
}

/** Null when the sources do not answer all steps. */
export async function readGrids(
  sources: readonly GridSource[],
  refs: Uint32Array,
  hint: GridHint,
  signal: AbortSignal,
): Promise<Float64Array<ArrayBuffer> | null> {
  const parts = partsOf(sources, refs, hint)
  if (parts === null) return null
  const read = await Promise.all(parts.map(async (part) => await part.source.read(refs, part.hint, signal)))
  const first = read[0]
  if (read.length === 1 && first !== undefined) return first
  const steps = stepsOf(hint)
  const values = new Float64Array(refs.length * steps)
  for (const [i, part] of parts.entries()) {
    const rows = read[i] ?? null
    if (rows === null) return null
    const partSteps = stepsOf(part.hint)
    for (let s = 0; s < refs.length; s++) values.set(rows.subarray(s * partSteps, (s + 1) * partSteps), s * steps + part.fromStep)
  }
  return values
}

function partsOf(sources: readonly GridSource[], refs: Uint32Array, hint: GridHint): GridPart[] | null {
  const steps = stepsOf(hint)
  const parts: GridPart[] = []
  let at = 0
  for (const source of sources) {
    if (at === steps) break
    const rest: GridHint = { ...hint, startMs: hint.startMs + at * hint.stepMs }
    const answered = Math.min(source.stepsAnswered(refs, rest), steps - at)
    if (answered <= 0) continue
    parts.push({ source, hint: { ...rest, endMs: rest.startMs + (answered - 1) * hint.stepMs }, fromStep: at })
    at += answered
  }
  return at === steps ? parts : null
}

/** Leaves out series without a value at any step; moves the others together in place. */
export function toGrid(
  labelsOf: (ref: number) => Labels,
  refs: Uint32Array,
  { steps, values }: { steps: number; values: Float64Array },
): SeriesGrid {
  const kept: number[] = []
  for (let s = 0; s < refs.length; s++) {
    let i = s * steps
    const end = i + steps
    while (i < end && values[i] === STALE) i++
    if (i === end) continue
    values.copyWithin(kept.length * steps, s * steps, end)
    kept.push(refs[s]!)
  }
  return { keys: Uint32Array.from(kept), labels: kept.map(labelsOf), steps, values: values.subarray(0, kept.length * steps) }
}
