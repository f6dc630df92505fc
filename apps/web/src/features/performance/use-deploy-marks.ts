/** Deploys as marks of a chart. Charts without them are whole: while they are asked for, or cannot be had, there are none. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ChartMark } from '../../charts/chart-option.ts'
import type { ResolvedRange } from '../../lib/time-range.ts'
import { usePlace } from '../session/index.ts'
import { deploysQuery } from './performance.queries.ts'

/** `service` null: of all services. */
export function useDeployMarks(service: string | null, range: ResolvedRange): readonly ChartMark[] {
  const { projectPath } = usePlace()
  const deploys = useQuery(deploysQuery(projectPath, service, range))
  return useMemo(() => (deploys.data?.items ?? []).map(({ at, version }) => ({ atMs: Date.parse(at), label: version })), [deploys.data])
}
