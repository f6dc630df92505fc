/** The queries are right and have no points: why that may be, and the nearest way to some. */
import { useQueries } from '@tanstack/react-query'
import { useEffect } from 'react'
import { isLive } from '../../lib/time-range.ts'
import { Button } from '../../ui/Button.tsx'
import { Empty } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { withoutRate } from './builder-model.ts'
import { rangeQuery } from './metrics.queries.ts'
import type { Grid } from './prometheus.ts'
import type { ExploreState } from './use-explore.ts'

/** How often a range up to now is asked again while it has no points: the first ones are on their way. */
const lookAgainMs = 3000

/** The first query that has points when no rate is taken, as plain text; null when there is none. */
function useBare(state: ExploreState, grid: Grid): { readonly index: number; readonly text: string } | null {
  const { projectPath } = usePlace()
  const { nowMs } = useRange()
  const bare = state.queries.flatMap((query, index) => {
    const text = state.isOff(index) ? null : withoutRate(query)
    return text === null ? [] : [{ index, text }]
  })
  const answers = useQueries({ queries: bare.map(({ text }) => rangeQuery(projectPath, text, { ...grid, nowMs })) })
  return bare.find((_each, at) => (answers[at]?.data?.series.length ?? 0) > 0) ?? null
}

export function NoPoints({ state, grid }: { readonly state: ExploreState; readonly grid: Grid }) {
  const { range, setRange, refreshNow } = useRange()
  const bare = useBare(state, grid)
  const live = isLive(range)
  useEffect(() => {
    if (!live) return undefined
    const timer = window.setInterval(refreshNow, lookAgainMs)
    return () => window.clearInterval(timer)
  }, [live, refreshNow])
  if (bare !== null) {
    return (
      <Empty
        title="Not enough points yet"
        icon="metrics"
        action={<Button onClick={() => state.setQuery(bare.index, bare.text)}>Show the metric as it is</Button>}
      >
        <p>
          The metric has data here, but a rate needs two samples within its window and there are fewer. Wait for the next one, or look at
          the metric without a rate.
          {live && ' Looking again every few seconds.'}
        </p>
      </Empty>
    )
  }
  return (
    <Empty
      title="No series in this range"
      icon="metrics"
      action={<Button onClick={() => setRange({ from: 'now-24h', to: 'now' })}>Look at the last 24 hours</Button>}
    >
      <p>
        The query is right, but nothing matches it here. Loosen a filter, widen the range, or look whether the source still sends.
        {live && ' Looking again every few seconds.'}
      </p>
    </Empty>
  )
}
