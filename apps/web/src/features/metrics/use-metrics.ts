/** The metrics of the project, and the search among them: in the browser while the list is whole, else on the server. */
import type { Metric } from '@bellwether/protocol'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { usePlace } from '../session/index.ts'
import { orderMetrics, serverWord } from './metric-list.ts'
import { metricsQuery } from './metrics.queries.ts'

/** How long typing rests before the server is asked. */
const restMs = 150

export interface MetricsFound {
  /** In the order they are shown; undefined until the list is there. */
  readonly items: readonly Metric[] | undefined
  /** The project has more than the list holds: what is not in it is found by searching. */
  readonly isCut: boolean
  readonly error: Error | null
  readonly updatedAtMs: number
  readonly retry: () => void
}

export function useMetrics(text: string): MetricsFound {
  const { projectPath } = usePlace()
  const [rested] = useDebouncedValue(text, restMs)
  const all = useQuery(metricsQuery(projectPath))
  const isCut = all.data !== undefined && all.data.next !== null
  const word = serverWord(rested)
  const searched = useQuery({ ...metricsQuery(projectPath, word), enabled: isCut && word !== '', placeholderData: keepPreviousData })
  const items = isCut && word !== '' ? (searched.data?.items ?? all.data?.items) : all.data?.items
  const ordered = useMemo(() => (items === undefined ? undefined : orderMetrics(items)), [items])
  return {
    items: ordered,
    isCut,
    error: all.error ?? searched.error,
    updatedAtMs: all.dataUpdatedAt,
    retry: () => void all.refetch(),
  }
}
