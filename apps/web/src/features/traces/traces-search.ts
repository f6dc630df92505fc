/** The state of the search for traces, and of the comparison, as it stands in the address. */
import { allOf, choiceOf, oneOf } from '../../lib/search-params.ts'

export const traceCharts = ['durations', 'counts'] as const
export type TraceChart = (typeof traceCharts)[number]

export interface TracesSearch {
  /** In the search language, over spans. */
  readonly q?: string
  readonly order?: 'slowest'
  readonly chart?: TraceChart
  /** Ids of the traces chosen to be compared, at most two. */
  readonly pick?: readonly string[]
}

const picksMax = 2

export function readTracesSearch(search: Record<string, unknown>): TracesSearch {
  const picks = [...new Set(allOf(search['pick']))].filter((id) => id !== '').slice(-picksMax)
  const found = {
    q: oneOf(search['q']),
    order: choiceOf(search['order'], ['slowest'] as const),
    chart: choiceOf(search['chart'], traceCharts),
  }
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    ...(picks.length === 0 ? {} : { pick: picks }),
  }
}

/** Two traces (`a`, `b`: ids), or two groups (`qa`, `qb`: searches, each over a range of its own or the page's). */
export interface CompareSearch {
  readonly a?: string
  readonly b?: string
  readonly qa?: string
  readonly qb?: string
  /** `from~to` of the left group when it is not the page's range. */
  readonly ra?: string
  readonly rb?: string
}

export function readCompareSearch(search: Record<string, unknown>): CompareSearch {
  const found = {
    a: oneOf(search['a']),
    b: oneOf(search['b']),
    qa: typeof search['qa'] === 'string' ? search['qa'] : undefined,
    qb: typeof search['qb'] === 'string' ? search['qb'] : undefined,
    ra: oneOf(search['ra']),
    rb: oneOf(search['rb']),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
