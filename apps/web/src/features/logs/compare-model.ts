/** The two sets that are compared, and how likely their difference is by chance, in words. Pure. */
import type { ComparedSet } from '@bellwether/protocol'
import type { ResolvedRange } from '../../lib/time-range.ts'
import { rangeBody } from './log-analysis.queries.ts'
import type { ComparedWith } from './logs-search.ts'

const dayMs = 86_400_000

export interface ComparedSets {
  readonly selected: ComparedSet
  readonly baseline: ComparedSet
}

export interface ComparisonOf {
  readonly query: string
  readonly range: ResolvedRange
  readonly against: ComparedWith
  /** The other search, for `search`. */
  readonly other: string
}

/** Null where nothing is left to compare with: the rest of a search for everything. */
export function comparedSets({ query, range, against, other }: ComparisonOf): ComparedSets | null {
  const selected = { query, ...rangeBody(range) }
  const shifted = (byMs: number): ComparedSets => ({
    selected,
    baseline: { query, ...rangeBody({ fromMs: range.fromMs - byMs, toMs: range.toMs - byMs }) },
  })
  switch (against) {
    case 'rest':
      return query.trim() === '' ? null : { selected, baseline: { query: `NOT (${query})`, ...rangeBody(range) } }
    case 'before':
      return shifted(range.toMs - range.fromMs)
    case 'day':
      return shifted(dayMs)
    case 'week':
      return shifted(7 * dayMs)
    case 'search':
      return { selected, baseline: { query: other, ...rangeBody(range) } }
  }
}

/** How sure a difference is. */
export function chanceText(chance: number): string {
  if (chance < 0.001) return 'sure'
  if (chance < 0.01) return 'almost sure'
  return chance < 0.05 ? 'likely' : 'may be chance'
}

/** "12 times", "1.5 times"; "only here" and "only there" where one set has none. */
export function timesText(selectedShare: number, baselineShare: number): string {
  if (baselineShare === 0) return selectedShare === 0 ? '' : 'only here'
  if (selectedShare === 0) return 'only there'
  const times = selectedShare / baselineShare
  if (times >= 0.95 && times <= 1.05) return 'the same'
  const size = times > 1 ? times : 1 / times
  const written = size >= 10 ? String(Math.round(size)) : size.toFixed(1)
  return times > 1 ? `${written} times as often` : `${written} times as rare`
}
