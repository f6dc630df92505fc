/** Rate, errors and durations of a service over time, with example traces. The same moment is marked in all three. */
import type { RedSeries } from '@bellwether/protocol'
import { useMemo } from 'react'
import { useScheme } from '../../charts/chart-colors.ts'
import { TimeChart } from '../../charts/TimeChart.tsx'
import type { ChartData, ChartStyle } from '../../charts/chart-option.ts'
import { absoluteRange, defaultRange, isLive } from '../../lib/time-range.ts'
import type { Unit } from '../../lib/units.ts'
import { Section } from '../../ui/Page.tsx'
import { useDeployMarks } from '../performance/index.ts'
import { useRange } from '../range/index.ts'
import { redChartData } from './red-chart.ts'
import { ExampleLink } from './red-columns.tsx'
import { formatDuration, formatRate, formatShare } from './red-words.ts'

const heightPx = 168
/** Example traces named under the charts. */
const examplesMax = 8

export function RedCharts({ series }: { readonly series: RedSeries }) {
  const scheme = useScheme()
  const { resolved } = useRange()
  const marks = useDeployMarks(series.service, resolved)
  const data = useMemo(() => redChartData(series, marks, scheme), [series, marks, scheme])
  const { figures } = series
  const examples = [...series.exemplars]
    .sort((a, b) => Number(b.isError) - Number(a.isError) || b.durationMs - a.durationMs)
    .slice(0, examplesMax)
  return (
    <>
      <div className="bw-red-charts">
        <Chart
          title="Rate"
          data={data.rate}
          style="area"
          unit={{ base: 'none', perSecond: true }}
          series={series}
          summary={formatRate(figures.perSec)}
        />
        <Chart
          title="Errors"
          data={data.errors}
          style="area"
          unit={{ base: 'ratio', perSecond: false }}
          series={series}
          summary={formatShare(figures.errorRate)}
        />
        <Chart
          title="Duration"
          data={data.durations}
          style="line"
          unit={{ base: 'milliseconds', perSecond: false }}
          series={series}
          summary={`p50 ${formatDuration(figures.p50Ms)} · p95 ${formatDuration(figures.p95Ms)} · p99 ${formatDuration(figures.p99Ms)}`}
        />
      </div>
      {examples.length > 0 && (
        <p className="bw-red-examples">
          <span className="bw-dim">Example traces</span>
          {examples.map((example) => (
            <ExampleLink
              key={`${example.traceId} ${example.spanId}`}
              example={example}
              label={example.isError ? 'failed' : formatDuration(example.durationMs)}
            />
          ))}
        </p>
      )}
    </>
  )
}

interface ChartProps {
  readonly title: string
  readonly data: ChartData
  readonly style: ChartStyle
  readonly unit: Unit
  readonly series: RedSeries
  readonly summary: string
}

function Chart({ title, data, style, unit, series, summary }: ChartProps) {
  const { range, setRange } = useRange()
  const [fromMs, toMs] = [Date.parse(series.from), Date.parse(series.to)]
  const lastMs = data.timesMs[data.timesMs.length - 1] ?? toMs
  return (
    <Section title={title} note={data.series.length > 1 ? <Legend data={data} figures={series.figures} /> : summary}>
      <div className="bw-red-chart">
        <TimeChart
          data={data}
          style={style}
          unit={unit}
          fromMs={fromMs}
          toMs={toMs}
          fillingFromMs={isLive(range) ? Math.max(fromMs, lastMs) : null}
          heightPx={heightPx}
          summary={`${title}: ${summary}.`}
          onZoom={(a, b) => setRange(absoluteRange(a, b))}
          onReset={() => setRange(defaultRange)}
        />
      </div>
    </Section>
  )
}

/** The lines of the chart, as they are drawn, with their value over the whole range. */
function Legend({ data, figures }: { readonly data: ChartData; readonly figures: RedSeries['figures'] }) {
  const values: Readonly<Record<string, number | null>> = { p50: figures.p50Ms, p95: figures.p95Ms, p99: figures.p99Ms }
  const dashes = { solid: undefined, dashed: '5 3', dotted: '2 2' }
  return (
    <span className="bw-red-legend">
      {data.series.map(({ name, color, dash }) => (
        <span key={name}>
          <svg width="18" height="8" aria-hidden="true">
            <path d="M0 4h18" stroke={color} strokeWidth="2" strokeDasharray={dashes[dash]} />
          </svg>
          {name} {formatDuration(values[name] ?? null)}
        </span>
      ))}
    </span>
  )
}
