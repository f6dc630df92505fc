/** Takes what is hidden out of what a query reads. */
import type { SeriesBlock } from '../model.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import type { Labels } from '../model.ts'
import { type Cut, type Hidden, nothingHidden } from './hidden.ts'

/** The series of one query that show something of its range, and from when on. */
export interface Shown {
  readonly refs: Uint32Array
  /** By position; null: nothing of them is hidden in the range. */
  readonly cuts: readonly Cut[] | null
  /** Samples at or before this time are hidden of all of them. */
  readonly notBeforeMs: number
}

/** `toMs`: of series that are hidden up to there nothing is left. */
export function shownOf(
  { registry, hidden, labelsOf }: { registry: SeriesRegistry; hidden: Hidden; labelsOf: (ref: number) => Labels },
  refs: Uint32Array,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Shown {
  const all: Shown = { refs, cuts: null, notBeforeMs: -Infinity }
  if (!registryConcerned(registry, hidden, refs)) return all
  const kept: number[] = []
  const cuts: Cut[] = []
  let notBeforeMs = Infinity
  let hides = false
  for (const ref of refs) {
    const { tenant } = registry.tenantOf(ref)
    const cut = hidden.concerns(tenant) ? hidden.cutOf(tenant, labelsOf(ref)) : nothingHidden
    if (cut.samplesMs >= toMs && cut.rollupsMs >= toMs) {
      hides = true
      continue
    }
    if (cut.samplesMs >= fromMs || cut.rollupsMs >= fromMs) hides = true
    kept.push(ref)
    cuts.push(cut)
    notBeforeMs = Math.min(notBeforeMs, cut.samplesMs)
  }
  return hides ? { refs: Uint32Array.from(kept), cuts, notBeforeMs: kept.length === 0 ? -Infinity : notBeforeMs } : all
}

function registryConcerned(registry: SeriesRegistry, hidden: Hidden, refs: Uint32Array): boolean {
  let previous = -1
  for (const ref of refs) {
    const { index, tenant } = registry.tenantOf(ref)
    if (index === previous) continue
    previous = index
    if (hidden.concerns(tenant)) return true
  }
  return false
}

/** The one cut of all series, or null when they differ. */
export function commonCut({ cuts }: Shown): Cut | null {
  const [first = nothingHidden, ...rest] = cuts ?? []
  return rest.every(({ samplesMs, rollupsMs }) => samplesMs === first.samplesMs && rollupsMs === first.rollupsMs) ? first : null
}

/** The block without hidden rows; series that have no other rows are left out. */
export function trimBlock(block: SeriesBlock, { refs, cuts }: Shown): SeriesBlock {
  if (cuts === null || block.keys === undefined) return block
  const cutByRef = new Map<number, number>()
  refs.forEach((ref, i) => cutByRef.set(ref, cuts[i]?.samplesMs ?? -Infinity))
  const rows: number[] = []
  const keys: number[] = []
  const labels: Labels[] = []
  const offsets = [0]
  block.keys.forEach((key, i) => {
    const cutMs = cutByRef.get(key) ?? -Infinity
    const before = rows.length
    for (let at = block.offsets[i] ?? 0; at < (block.offsets[i + 1] ?? 0); at++) if ((block.timesMs[at] ?? 0) > cutMs) rows.push(at)
    if (rows.length === before) return
    keys.push(key)
    labels.push(block.labels[i] ?? [])
    offsets.push(rows.length)
  })
  if (rows.length === block.timesMs.length) return block
  const { histograms } = block
  return {
    keys: Uint32Array.from(keys),
    labels,
    offsets: Uint32Array.from(offsets),
    timesMs: Float64Array.from(rows, (at) => block.timesMs[at] ?? 0),
    values: Float64Array.from(rows, (at) => block.values[at] ?? 0),
    histograms: histograms === null ? null : rows.map((at) => histograms[at] ?? null),
  }
}
