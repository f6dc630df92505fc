/**
 * Range functions computed where the samples are. Sources are asked in the order of preference (rolled up data before samples), each for
 * the first of the steps that are left, as many as it answers. What none of them answers is computed from samples.
 */
import { STALE, type GridHint, type Labels, type SeriesGrid } from '../model.ts'

export interface GridSource {
  /** How many of the hint's first steps it would answer for these series now; costs no statement. 0 too for a function it does not have. */
  coveredSteps(refs: Uint32Array, hint: GridHint): number
  /** Null when it answers no step after all, as when a series holds what it would compute differently. Errors: the engine's. */
  read(refs: Uint32Array, hint: GridHint, signal: AbortSignal): Promise<GridPrefix | null>
}

/** The first `steps` steps of a hint: values at step i of `refs[s]` are at `s * steps + i`, `STALE` where there is none. */
export interface GridPrefix {
  readonly steps: number
  readonly values: Float64Array<ArrayBuffer>
}

export function stepsOf({ startMs, endMs, stepMs }: Pick<GridHint, 'startMs' | 'endMs' | 'stepMs'>): number {
  return stepMs > 0 ? Math.floor((endMs - startMs) / stepMs) + 1 : 1
}

/** As many of the first steps as the sources answer together; null when they answer none. */
export async function readGrids(
  sources: readonly GridSource[],
  refs: Uint32Array,
  hint: GridHint,
  signal: AbortSignal,
): Promise<GridPrefix | null> {
  const [source, ...others] = sources
  if (source === undefined) return null
  const steps = stepsOf(hint)
  const covered = Math.min(source.coveredSteps(refs, hint), steps)
  if (covered <= 0) return readGrids(others, refs, hint, signal)
  const firstRead = source.read(refs, stepsBetween(hint, 0, covered), signal)
  // Both at once; when the first has fewer steps than it said, the rest is asked for again.
  const restRead = covered < steps ? readGrids(others, refs, stepsBetween(hint, covered, steps), signal) : null
  const [first, rest] = await Promise.all([firstRead, restRead])
  if (first === null) return readGrids(others, refs, hint, signal)
  if (first.steps === covered) return rest === null ? first : joined(refs.length, first, rest)
  const again = await readGrids(others, refs, stepsBetween(hint, first.steps, steps), signal)
  return again === null ? first : joined(refs.length, first, again)
}

/** The hint at its steps `[from, to)`. */
function stepsBetween(hint: GridHint, from: number, to: number): GridHint {
  return { ...hint, startMs: hint.startMs + from * hint.stepMs, endMs: hint.startMs + (to - 1) * hint.stepMs }
}

function joined(series: number, first: GridPrefix, second: GridPrefix): GridPrefix {
  const steps = first.steps + second.steps
  const values = new Float64Array(series * steps)
  for (let s = 0; s < series; s++) {
    values.set(first.values.subarray(s * first.steps, (s + 1) * first.steps), s * steps)
    values.set(second.values.subarray(s * second.steps, (s + 1) * second.steps), s * steps + first.steps)
  }
  return { steps, values }
}

/** Leaves out series without a value at any step; moves the others together in place. */
export function toGrid(labelsOf: (ref: number) => Labels, refs: Uint32Array, { steps, values }: GridPrefix): SeriesGrid {
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
