/** One number, its trend, and the way to the query behind it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Sparkline } from '../../charts/Sparkline.tsx'
import { statsOf } from '../../charts/series-stats.ts'
import { alignRange, niceStepMs } from '../../lib/time-range.ts'
import { formatValue } from '../../lib/units.ts'
import { fillIntervals, rangeQuery, unitOfQuery } from '../metrics/index.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import type { OverviewStat } from './overview-stats.ts'

/** Points of a sparkline; many, so that a program started a minute ago shows them too. */
const pointsMax = 240

function toneOf(value: number, { warnFrom, downFrom }: OverviewStat): 'ok' | 'warn' | 'down' {
  if (downFrom !== null && value >= downFrom) return 'down'
  return warnFrom !== null && value >= warnFrom ? 'warn' : 'ok'
}

export function StatTile({ stat }: { readonly stat: OverviewStat }) {
  const { projectPath, project } = usePlace()
  const { resolved, nowMs } = useRange()
  const { fromMs, toMs } = resolved
  const grid = useMemo(() => {
    const stepMs = niceStepMs(toMs - fromMs, pointsMax)
    return { ...alignRange({ fromMs, toMs }, stepMs), stepMs, nowMs }
  }, [fromMs, toMs, nowMs])
  const answer = useQuery(rangeQuery(projectPath, fillIntervals(stat.query, grid.stepMs, toMs - fromMs), grid))
  const values = answer.data?.series[0]?.values ?? new Float64Array(0)
  const { last } = statsOf(values)
  const unit = unitOfQuery(stat.query, () => '')
  const hasValue = !Number.isNaN(last)
  const tone = hasValue ? toneOf(last, stat) : 'ok'
  return (
    <Link
      className={`bw-stat bw-stat--${tone}`}
      to="/p/$project/explore/metrics"
      params={{ project: project.id }}
      search={{ q: [stat.query] }}
      title={`${stat.query}\nOpen in Explore`}
    >
      <span className="bw-stat__label">{stat.label}</span>
      <span className="bw-stat__value" aria-live="off">
        {hasValue ? (
          formatValue(last, unit)
        ) : answer.isPending ? (
          <span className="bw-skeleton bw-stat__wait" />
        ) : (
          <span className="bw-dim">{answer.isError ? 'unknown' : 'no data yet'}</span>
        )}
        {tone !== 'ok' && <span className="bw-sr">, high</span>}
      </span>
      <Sparkline values={values} />
    </Link>
  )
}
