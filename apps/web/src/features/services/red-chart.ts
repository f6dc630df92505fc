/** From the series of a service to what its three charts draw. */
import type { RedSeries } from '@bellwether/protocol'
import type { ChartData, ChartMark, ChartSeries } from '../../charts/chart-option.ts'
import { seriesColors, type ColorScheme } from '../../theme/series-colors.ts'
import { sparkValues } from './red-words.ts'

export interface RedChartData {
  readonly rate: ChartData
  readonly errors: ChartData
  readonly durations: ChartData
}

/** `marks`: deploys, drawn on all three. */
export function redChartData(series: RedSeries, marks: readonly ChartMark[], scheme: ColorScheme): RedChartData {
  const stepMs = series.stepSec * 1000
  const firstMs = Date.parse(series.first)
  const timesMs = Float64Array.from(series.count, (_count, index) => firstMs + index * stepMs)
  const [blue = '', amber = '', , red = ''] = seriesColors[scheme]
  const line = (name: string, values: readonly (number | null)[], look: Pick<ChartSeries, 'color' | 'dash'>): ChartSeries => ({
    name,
    ...look,
    values: sparkValues(values),
  })
  return {
    rate: { timesMs, stepMs, marks, series: [line('calls', series.perSec, { color: blue, dash: 'solid' })] },
    errors: { timesMs, stepMs, marks, series: [line('failed', series.errorRate, { color: red, dash: 'solid' })] },
    durations: {
      timesMs,
      stepMs,
      marks,
      series: [
        line('p50', series.p50Ms, { color: blue, dash: 'solid' }),
        line('p95', series.p95Ms, { color: amber, dash: 'dashed' }),
        line('p99', series.p99Ms, { color: red, dash: 'dotted' }),
      ],
    },
  }
}
