/** The state of the page of one trace as it stands in the address. */
import { choiceOf, oneOf } from '../../lib/search-params.ts'

export const tracePictures = ['waterfall', 'flame', 'operations'] as const
export type TracePicture = (typeof tracePictures)[number]

export interface TraceSearch {
  readonly view?: TracePicture
  /** Id of the span that is open. */
  readonly span?: string
  /** Looked for within the trace. */
  readonly find?: string
  /** The part of the time that is seen, ns since the trace's beginning: `120000-480000`. */
  readonly zoom?: string
  /** Which subtrees are closed, see `writeClosed`. */
  readonly fold?: string
  /** The critical path is not marked. */
  readonly path?: 'off'
  /** The box of the flame graph that fills it: services and names from the top, see `boxKey`. */
  readonly box?: string
}

export function readTraceSearch(search: Record<string, unknown>): TraceSearch {
  const found = {
    view: choiceOf(search['view'], tracePictures),
    span: oneOf(search['span']),
    find: oneOf(search['find']),
    zoom: oneOf(search['zoom']),
    fold: oneOf(search['fold']),
    path: choiceOf(search['path'], ['off'] as const),
    box: oneOf(search['box']),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
