/** The state of the pages of problems as it stands in the address. */
import { choiceOf, oneOf } from '../../lib/search-params.ts'

export const stateFilters = ['open', 'new', 'regressed', 'ongoing', 'resolved', 'ignored', 'all'] as const
export type StateFilter = (typeof stateFilters)[number]
export const problemOrders = ['last', 'first', 'count', 'users'] as const
export type ProblemOrder = (typeof problemOrders)[number]

export interface ProblemsSearch {
  /** Words of titles and places. */
  readonly q?: string
  readonly state?: StateFilter
  readonly order?: ProblemOrder
  readonly release?: string
  readonly environment?: string
  readonly service?: string
}

export function readProblemsSearch(search: Record<string, unknown>): ProblemsSearch {
  const found = {
    q: oneOf(search['q']),
    state: choiceOf(search['state'], stateFilters),
    order: choiceOf(search['order'], problemOrders),
    release: oneOf(search['release']),
    environment: oneOf(search['environment']),
    service: oneOf(search['service']),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

export interface ProblemSearch {
  /** The event that is shown; the latest when absent. */
  readonly event?: string
  readonly view?: 'events'
  /** Frames that are not the program's own are shown too. */
  readonly frames?: 'all'
}

export function readProblemSearch(search: Record<string, unknown>): ProblemSearch {
  const found = {
    event: oneOf(search['event']),
    view: choiceOf(search['view'], ['events'] as const),
    frames: choiceOf(search['frames'], ['all'] as const),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
