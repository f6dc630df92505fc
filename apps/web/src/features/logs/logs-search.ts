/** The state of the log explorer as it stands in the address. */
import { allOf, choiceOf, oneOf } from '../../lib/search-params.ts'

export const logViews = ['rows', 'patterns', 'compare', 'metrics'] as const
export type LogView = (typeof logViews)[number]

/** What the found set is compared with. */
export const comparedWith = ['rest', 'before', 'day', 'week', 'search'] as const
export type ComparedWith = (typeof comparedWith)[number]

/** Columns beside time, service and message at most. */
export const extraColumnsMax = 8

export interface LogsSearch {
  /** The search. */
  readonly q?: string
  readonly view?: LogView
  /** Rows as they come in. */
  readonly live?: 'on'
  /** The row whose drawer is open. */
  readonly open?: string
  /** The drawer shows what came before and after. */
  readonly around?: 'on'
  /** Attributes shown as columns. */
  readonly col?: readonly string[]
  /** Long messages are broken rather than cut. */
  readonly wrap?: 'on'
  /** The column of facets is put away, or (on a phone) brought out. */
  readonly facets?: 'off' | 'on'
  readonly against?: ComparedWith
  /** The other search, when it is compared with one. */
  readonly other?: string
  /** Only patterns that are new. */
  readonly fresh?: 'on'
  /** The pattern whose drawer is open. */
  readonly pattern?: string
  /** The saved view that was opened last. */
  readonly saved?: string
}

const on = ['on'] as const

export function readLogsSearch(search: Record<string, unknown>): LogsSearch {
  const columns = [...new Set(allOf(search['col']))].filter((name) => name !== '').slice(0, extraColumnsMax)
  const found = {
    q: oneOf(search['q']),
    view: choiceOf(search['view'], logViews),
    live: choiceOf(search['live'], on),
    open: oneOf(search['open']),
    around: choiceOf(search['around'], on),
    wrap: choiceOf(search['wrap'], on),
    facets: choiceOf(search['facets'], ['off', 'on'] as const),
    against: choiceOf(search['against'], comparedWith),
    other: oneOf(search['other']),
    fresh: choiceOf(search['fresh'], on),
    pattern: oneOf(search['pattern']),
    saved: oneOf(search['saved']),
  }
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    ...(columns.length === 0 ? {} : { col: columns }),
  }
}
