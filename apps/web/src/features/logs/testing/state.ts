/** The explorer's state for tests of its parts: what is asked of it is kept in order. */
import { readLogsSearch } from '../logs-search.ts'
import type { LogsState } from '../use-logs.ts'

export interface RecordedState extends LogsState {
  /** `addFilter {"field":…}`, in the order of the calls. */
  readonly calls: readonly string[]
}

export function recordedState(search: Record<string, unknown> = {}): RecordedState {
  const calls: string[] = []
  const record =
    (name: string) =>
    (...values: readonly unknown[]): void => {
      calls.push([name, ...values.map((value) => JSON.stringify(value))].join(' '))
    }
  const read = readLogsSearch(search)
  return {
    calls,
    search: read,
    query: read.q ?? '',
    update: record('update'),
    setQuery: record('setQuery'),
    addFilter: record('addFilter'),
    filterOnly: record('filterOnly'),
    removeFilter: record('removeFilter'),
    addText: record('addText'),
    toggleColumn: record('toggleColumn'),
  }
}
