/** From counts by severity to bars: the worst at the bottom, where its height can be read. Pure. */
import type { LogsHistogram } from '@bellwether/protocol'
import type { ChartData } from '../../charts/chart-option.ts'
import { formatCount, formatValue } from '../../lib/units.ts'
import { readSeverity, severityNames, type SeverityName } from './severity.ts'

export interface SeverityTotal {
  readonly name: SeverityName
  readonly total: number
}

/** Rows of each severity that occurs, the worst first. */
export function severityTotals(histogram: LogsHistogram): readonly SeverityTotal[] {
  const totals = new Map<SeverityName, number>()
  for (const series of histogram.series) {
    const name = readSeverity(series.value)
    totals.set(name, (totals.get(name) ?? 0) + (series.total ?? 0))
  }
  return severityNames.flatMap((name) => {
    const total = totals.get(name) ?? 0
    return total > 0 ? [{ name, total }] : []
  })
}

export function histogramData(histogram: LogsHistogram, colors: Readonly<Record<SeverityName, string>>): ChartData {
  const startMs = Date.parse(histogram.start)
  const stepMs = histogram.stepSec * 1000
  const sums = new Map<SeverityName, Float64Array>()
  for (const series of histogram.series) {
    const name = readSeverity(series.value)
    const values = sums.get(name) ?? new Float64Array(histogram.intervals)
    for (const [index, value] of series.values.entries()) values[index] = (values[index] ?? 0) + (value ?? 0)
    sums.set(name, values)
  }
  return {
    timesMs: Float64Array.from({ length: histogram.intervals }, (_, index) => startMs + index * stepMs),
    stepMs,
    areIntervals: true,
    series: severityNames.flatMap((name) => {
      const values = sums.get(name)
      return values === undefined ? [] : [{ name, color: colors[name], dash: 'solid' as const, values }]
    }),
  }
}

/** "12.3 k rows, 312 errors (2.5 %)". */
export function histogramSummary(histogram: LogsHistogram): string {
  const rows = `${formatCount(Math.round(histogram.total))} ${histogram.total === 1 ? 'row' : 'rows'}`
  const bad = severityTotals(histogram)
    .filter(({ name }) => name === 'error' || name === 'fatal')
    .reduce((sum, { total }) => sum + total, 0)
  if (histogram.total === 0) return 'No rows'
  if (bad === 0) return `${rows}, no errors`
  const share = formatValue(bad / histogram.total, { base: 'ratio', perSecond: false })
  return `${rows}, ${formatCount(Math.round(bad))} ${bad === 1 ? 'error' : 'errors'} (${share})`
}

/** A dragged part moved outwards to whole intervals. */
export function wholeIntervals(fromMs: number, toMs: number, stepMs: number): readonly [fromMs: number, toMs: number] {
  return [Math.floor(fromMs / stepMs) * stepMs, Math.ceil(toMs / stepMs) * stepMs]
}
