/** Duration, calls and errors of one operation over time, with deploys marked. */
import type { OperationName, OperationsAnswer } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useScheme } from '../../charts/chart-colors.ts'
import type { ChartMark, ChartSeries, ChartStyle } from '../../charts/chart-option.ts'
import { TimeChart } from '../../charts/TimeChart.tsx'
import { absoluteRange, defaultRange, type ResolvedRange } from '../../lib/time-range.ts'
import { formatValue, type Unit } from '../../lib/units.ts'
import { seriesColors } from '../../theme/series-colors.ts'
import { Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { msText, shareText } from './performance-words.ts'
import { operationQuery } from './performance.queries.ts'
import { useDeployMarks } from './use-deploy-marks.ts'

export interface OperationChartsProps {
  readonly name: OperationName
  readonly range: ResolvedRange
  /** The moment that it is about, marked too. */
  readonly change: ChartMark | null
  readonly shown?: readonly ChartId[]
}

export type ChartId = 'duration' | 'calls' | 'errors'

const heightPx = 150

export function OperationCharts({ name, range, change, shown = ['duration', 'calls', 'errors'] }: OperationChartsProps) {
  const { projectPath } = usePlace()
  const operation = useQuery(operationQuery(projectPath, name, range))
  const deploys = useDeployMarks(name.service, range)
  const marks = useMemo(() => (change === null ? deploys : [...deploys, change]), [deploys, change])
  if (operation.isPending) return <Loading label="the charts" rows={3} />
  if (operation.isError)
    return <Failure compact error={operation.error} title="The charts could not be read" onRetry={() => void operation.refetch()} />
  if (operation.data.items.length === 0) return <p className="bw-dim">It was not called in this time.</p>
  return (
    <>
      {shown.map((id) => (
        <OneChart key={id} id={id} answer={operation.data} marks={marks} range={range} />
      ))}
      {marks.length > 0 && (
        <p className="bw-sr">Marked: {marks.map(({ label, atMs }) => `${label} at ${new Date(atMs).toISOString()}`).join(', ')}.</p>
      )}
    </>
  )
}

interface OneChartProps {
  readonly id: ChartId
  readonly answer: OperationsAnswer
  readonly marks: readonly ChartMark[]
  readonly range: ResolvedRange
}

const titles: Readonly<Record<ChartId, { title: string; unit: Unit; style: ChartStyle }>> = {
  duration: { title: 'Duration', unit: { base: 'milliseconds', perSecond: false }, style: 'line' },
  calls: { title: 'Calls a minute', unit: { base: 'none', perSecond: false }, style: 'area' },
  errors: { title: 'Failed', unit: { base: 'ratio', perSecond: false }, style: 'area' },
}

function OneChart({ id, answer, marks, range }: OneChartProps) {
  const scheme = useScheme()
  const { setRange } = useRange()
  const { title, unit, style } = titles[id]
  const data = useMemo(() => {
    const stepMs = answer.stepSec * 1000
    const firstMs = Date.parse(answer.trendFrom)
    const trend = answer.items[0]?.trend
    const [blue = '', amber = '', , red = ''] = seriesColors[scheme]
    const line = (values: readonly (number | null)[] | undefined, look: Omit<ChartSeries, 'values'>): ChartSeries => ({
      ...look,
      values: Float64Array.from(values ?? [], (value) => value ?? Number.NaN),
    })
    const series =
      id === 'duration'
        ? [
            line(trend?.p50Ms, { name: 'p50', color: blue, dash: 'solid' }),
            line(trend?.p95Ms, { name: 'p95', color: amber, dash: 'dashed' }),
          ]
        : id === 'calls'
          ? [line(trend?.perMinute, { name: 'calls', color: blue, dash: 'solid' })]
          : [line(trend?.errorRate, { name: 'failed', color: red, dash: 'solid' })]
    const timesMs = Float64Array.from(trend?.perMinute ?? [], (_value, index) => firstMs + index * stepMs)
    return { timesMs, stepMs, series, marks, areIntervals: true }
  }, [answer, id, marks, scheme])
  const now = answer.items[0]?.now
  const summary =
    now === undefined
      ? ''
      : id === 'duration'
        ? `p50 ${msText(now.p50Ms)}, p95 ${msText(now.p95Ms)}`
        : id === 'calls'
          ? `${formatValue(now.perMinute, unit)} on average`
          : shareText(now.errorRate)
  return (
    <figure className="bw-perf-chart">
      <figcaption>
        {title} {data.series.length === 1 && <span className="bw-dim">{summary}</span>}
        {data.series.length > 1 && (
          <span className="bw-perf-legend">
            {data.series.map(({ name, color, dash }) => (
              <span key={name} className="bw-dim">
                <i className="bw-perf-swatch" style={{ borderTopColor: color, borderTopStyle: dash }} aria-hidden="true" />
                {name} {msText((name === 'p50' ? now?.p50Ms : now?.p95Ms) ?? null)}
              </span>
            ))}
          </span>
        )}
      </figcaption>
      <TimeChart
        data={data}
        style={style}
        unit={unit}
        fromMs={range.fromMs}
        toMs={range.toMs}
        fillingFromMs={null}
        heightPx={heightPx}
        summary={`${title}: ${summary}.`}
        onZoom={(fromMs, toMs) => setRange(absoluteRange(fromMs, toMs))}
        onReset={() => setRange(defaultRange)}
      />
    </figure>
  )
}
