/** Asks all queries of the explorer that are on, on one grid. */
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { alignRange, niceStepMs } from '../../lib/time-range.ts'
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

export function useAnswers(queries: readonly string[], isOff: (index: number) => boolean): Answers {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const client = useQueryClient()
  const { fromMs, toMs } = resolved
  const grid = useMemo<Grid>(() => {
    const stepMs = niceStepMs(toMs - fromMs, pointsMax)
    return { ...alignRange({ fromMs, toMs }, stepMs), stepMs }
  }, [fromMs, toMs])
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
    [...data, queries.join('\n')],
  )
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
