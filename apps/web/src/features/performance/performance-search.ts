/** The state of the page of performance as it stands in the address. */
import { choiceOf, oneOf } from '../../lib/search-params.ts'

export const performanceViews = ['operations', 'findings', 'report'] as const
export type PerformanceView = (typeof performanceViews)[number]
export const shownStates = ['open', 'new', 'known', 'returned', 'resolved', 'all'] as const
export type ShownState = (typeof shownStates)[number]
const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const orders = ['time', 'count', 'p95', 'errors', 'apdex', 'slower'] as const

export interface PerformanceSearch {
  readonly view?: PerformanceView
  /** Operations: part of a name. */
  readonly find?: string
  readonly order?: (typeof orders)[number]
  /** The operation that is open. */
  readonly service?: string
  readonly operation?: string
  readonly kind?: (typeof kinds)[number]
  /** Findings. */
  readonly state?: ShownState
  /** Id of the finding that is open. */
  readonly open?: string
}

/** Undefined takes a part away. */
export type UpdateSearch = (change: { readonly [Name in keyof PerformanceSearch]?: PerformanceSearch[Name] | undefined }) => void

export function readPerformanceSearch(search: Record<string, unknown>): PerformanceSearch {
  const found = {
    view: choiceOf(search['view'], performanceViews),
    find: oneOf(search['find']),
    order: choiceOf(search['order'], orders),
    service: oneOf(search['service']),
    operation: oneOf(search['operation']),
    kind: choiceOf(search['kind'], kinds),
    state: choiceOf(search['state'], shownStates),
    open: oneOf(search['open']),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
