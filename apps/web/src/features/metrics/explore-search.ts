/** The state of the explorer as it stands in the address. */
import { allOf, choiceOf, oneOf } from '../../lib/search-params.ts'

export const chartStyles = ['line', 'area', 'stacked', 'bars'] as const
export type ChartStyle = (typeof chartStyles)[number]

export const explorerViews = ['chart', 'table', 'instant'] as const
export type ExplorerView = (typeof explorerViews)[number]

/** Queries shown side by side at most: A to H. */
export const queriesMax = 8

export interface ExploreSearch {
  /** PromQL texts, A first. */
  readonly q?: readonly string[]
  /** Letters of the queries that are switched off: `BD`. */
  readonly off?: string
  readonly view?: ExplorerView
  readonly style?: ChartStyle
  /** Letters of the queries written as text rather than with the builder. */
  readonly text?: string
  /** A metric to start a query with; replaced by the query at once. */
  readonly pick?: string
  /** The metric whose drawer is open. */
  readonly metric?: string
  /** The legend's sort: `last`, `-max`, ... */
  readonly sort?: string
  /** The series shown alone. */
  readonly only?: string
  /** Series hidden. */
  readonly hide?: readonly string[]
}

export function readExploreSearch(search: Record<string, unknown>): ExploreSearch {
  const queries = allOf(search['q']).slice(0, queriesMax)
  const hide = allOf(search['hide']).slice(0, 50)
  const found = {
    off: oneOf(search['off']),
    view: choiceOf(search['view'], explorerViews),
    style: choiceOf(search['style'], chartStyles),
    text: oneOf(search['text']),
    pick: oneOf(search['pick']),
    metric: oneOf(search['metric']),
    sort: oneOf(search['sort']),
    only: oneOf(search['only']),
  }
  return {
    ...(queries.length === 0 ? {} : { q: queries }),
    ...(hide.length === 0 ? {} : { hide }),
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  }
}

/** `A` for 0. */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index)
}
