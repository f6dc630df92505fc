/** The state of the pages of services as it stands in the address. */
import { choiceOf, oneOf } from '../../lib/search-params.ts'

export interface ServicesSearch {
  readonly find?: string
  readonly environment?: string
}

export function readServicesSearch(search: Record<string, unknown>): ServicesSearch {
  const [find, environment] = [oneOf(search['find']), oneOf(search['environment'])]
  return { ...(find === undefined ? {} : { find }), ...(environment === undefined ? {} : { environment }) }
}

export interface ServiceSearch {
  readonly environment?: string
  /** The operation that the charts are about. */
  readonly operation?: string
  readonly kind?: (typeof kinds)[number]
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const

export function readServiceSearch(search: Record<string, unknown>): ServiceSearch {
  const found = {
    environment: oneOf(search['environment']),
    operation: oneOf(search['operation']),
    kind: choiceOf(search['kind'], kinds),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

export interface MapSearch {
  readonly environment?: string
  /** Id of the node that is looked at. */
  readonly node?: string
  readonly view?: 'table'
}

export function readMapSearch(search: Record<string, unknown>): MapSearch {
  const found = {
    environment: oneOf(search['environment']),
    node: oneOf(search['node']),
    view: choiceOf(search['view'], ['table'] as const),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
