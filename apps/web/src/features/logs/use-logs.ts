/** The explorer's state, read from and written to the address, and the search changed by a click. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { TimeRange } from '../../lib/time-range.ts'
import { addCondition, withFilter, withOnly, withoutFilter, type SearchFilter } from '../../ui/search-filters.ts'
import { readLogsSearch, type LogsSearch } from './logs-search.ts'

type Change = { readonly [Key in keyof LogsSearch]?: LogsSearch[Key] | undefined } & {
  /** Another range; without one it stays. */
  readonly range?: TimeRange
}

export interface LogsState {
  readonly search: LogsSearch
  readonly query: string
  /** Changes the address; `replace` leaves no step to go back to. */
  readonly update: (change: Change, replace?: boolean) => void
  readonly setQuery: (query: string) => void
  readonly addFilter: (filter: SearchFilter) => void
  /** Asks only for this value of the field. */
  readonly filterOnly: (field: string, value: string) => void
  readonly removeFilter: (field: string, value: string) => void
  readonly addText: (condition: string) => void
  readonly toggleColumn: (field: string) => void
}

export function useLogs(): LogsState {
  const search = useSearch({ from: '/p/$project/explore/logs' })
  const navigate = useNavigate()
  const update = useCallback(
    ({ range, ...change }: Change, replace = false) => {
      // The range is kept by the route above.
      void navigate({ to: '.', search: (current) => ({ ...readLogsSearch({ ...current, ...change }), ...range }), replace })
    },
    [navigate],
  )
  const query = search.q ?? ''
  return useMemo(() => {
    const setQuery = (next: string): void => update({ q: next === '' ? undefined : next, open: undefined, around: undefined })
    return {
      search,
      query,
      update,
      setQuery,
      addFilter: (filter) => setQuery(withFilter(query, filter)),
      filterOnly: (field, value) => setQuery(withOnly(query, field, value)),
      removeFilter: (field, value) => setQuery(withoutFilter(query, field, value)),
      addText: (condition) => setQuery(addCondition(query, condition)),
      toggleColumn: (field) => {
        const columns = search.col ?? []
        update({ col: columns.includes(field) ? columns.filter((each) => each !== field) : [...columns, field] }, true)
      },
    }
  }, [search, query, update])
}
