/** Asks all queries of the explorer that are on, on one grid. */
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { statsOf } from '../../charts/series-stats.ts'
import { alignRange, isLive, niceStepMs } from '../../lib/time-range.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import type { QueryAnswer } from './explore-model.ts'
import { rangeQuery } from './metrics.queries.ts'
import type { Grid } from './prometheus.ts'
import { fillIntervals } from './promql-text.ts'

/** Points asked of one series; a chart has not many more pixels for them. */
const pointsMax = 300

export interface Answers {
  readonly grid: Grid
  /** As sent, by index. */
  readonly sent: readonly string[]
  readonly answers: readonly QueryAnswer[]
  readonly errors: readonly unknown[]
  readonly isFetching: boolean
  /** Nothing to show yet. */
  readonly isFirst: boolean
  /** Given up before there was an answer. */
  readonly isCanceled: boolean
  readonly cancel: () => void
  /** Asks what was given up. */
  readonly again: () => void
  readonly retry: (index: number) => void
}

/** From this many points on a chart needs no look ahead. */
const enoughPoints = 4

/** Points of the series that has most. */
function mostPoints(answers: readonly QueryAnswer[]): number {
  let most = 0
  for (const { result } of answers) {
    for (const { values } of result.series) most = Math.max(most, statsOf(values).points)
  }
  return most
}

export function useAnswers(queries: readonly string[], isOff: (index: number) => boolean): Answers {
  const { projectPath } = usePlace()
  const { range, resolved, nowMs } = useRange()
  const client = useQueryClient()
  const { fromMs, toMs } = resolved
  const asked = queries.join('\n')
  const [aheadFor, setAheadFor] = useState<string | null>(null)
  const isAhead = aheadFor === asked
  const grid = useMemo(() => {
    const stepMs = niceStepMs(toMs - fromMs, pointsMax)
    return { ...alignRange({ fromMs, toMs }, stepMs, isAhead), stepMs, nowMs }
  }, [fromMs, toMs, nowMs, isAhead])
  const sent = queries.map((query) => fillIntervals(query, grid.stepMs, toMs - fromMs))
  const results = useQueries({
    queries: sent.map((query, index) => {
      const options = rangeQuery(projectPath, query, grid)
      return { ...options, enabled: query.trim() !== '' && !isOff(index) }
    }),
  })
  const active = results.map((result, index) => ({ result, index, isActive: (sent[index] ?? '').trim() !== '' && !isOff(index) }))
  const data = active.map(({ result, isActive }) => (isActive && !result.isError ? result.data : undefined))
  const answers = useMemo(
    () => data.flatMap((result, index): QueryAnswer[] => (result === undefined ? [] : [{ index, query: queries[index] ?? '', result }])),
    // Answers are compared one by one: the list itself is new each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [...data, asked],
  )
  // The very first points lie after the last whole step: look there while there are no others.
  const points = mostPoints(answers)
  if (!isAhead && isLive(range) && answers.length > 0 && points === 0) setAheadFor(asked)
  if (isAhead && points >= enoughPoints) setAheadFor(null)
  return {
    grid,
    sent,
    answers,
    errors: active.map(({ result, isActive }) => (isActive && result.isError ? result.error : null)),
    isFetching: active.some(({ result, isActive }) => isActive && result.isFetching),
    isFirst: active.some(({ result, isActive }) => isActive && result.isPending && result.isFetching) && answers.length === 0,
    isCanceled: answers.length === 0 && active.some(({ result, isActive }) => isActive && result.isPending && !result.isFetching),
    again: () => {
      for (const { result, isActive } of active) if (isActive && result.isPending) void result.refetch()
    },
    cancel: () => void client.cancelQueries({ queryKey: ['range', projectPath] }),
    retry: (index) => void results[index]?.refetch(),
  }
}
