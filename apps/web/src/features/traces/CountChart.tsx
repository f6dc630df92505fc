/** Spans over time as bars, failed ones apart. */
import type { TracesHistogram } from '@bellwether/protocol'
import { useMemo } from 'react'
import { readTokens, useScheme } from '../../charts/chart-colors.ts'
import { TimeChart } from '../../charts/TimeChart.tsx'
import { absoluteRange, defaultRange, isLive } from '../../lib/time-range.ts'
import { formatCount, noUnit } from '../../lib/units.ts'
import { useRange } from '../range/index.ts'

const heightPx = 186

export function CountChart({ histogram }: { readonly histogram: TracesHistogram }) {
  const { range, setRange } = useRange()
  const scheme = useScheme()
  const data = useMemo(() => {
    const [ok = '', error = ''] = readTokens(scheme, ['--bw-accent', '--bw-down'])
    const stepMs = histogram.stepSec * 1000
    const firstMs = Date.parse(histogram.first)
    return {
      stepMs,
      areIntervals: true,
      timesMs: Float64Array.from(histogram.counts, (_count, index) => firstMs + index * stepMs),
      series: [
        { name: 'failed', color: error, dash: 'solid' as const, values: Float64Array.from(histogram.errors) },
        {
          name: 'good',
          color: ok,
          dash: 'solid' as const,
          values: Float64Array.from(histogram.counts, (count, index) => Math.max(0, count - (histogram.errors[index] ?? 0))),
        },
      ],
    }
  }, [histogram, scheme])
  const [fromMs, toMs] = [Date.parse(histogram.from), Date.parse(histogram.to)]
  const errors = histogram.errors.reduce((sum, each) => sum + each, 0)
  const lastMs = data.timesMs[data.timesMs.length - 1] ?? toMs
  return (
    <TimeChart
      data={data}
      style="bars"
      unit={noUnit}
      fromMs={fromMs}
      toMs={toMs}
      fillingFromMs={isLive(range) ? Math.max(fromMs, lastMs) : null}
      heightPx={heightPx}
      summary={`${formatCount(histogram.total)} spans, ${formatCount(errors)} failed.`}
      onZoom={(a, b) => setRange(absoluteRange(a, b))}
      onReset={() => setRange(defaultRange)}
    />
  )
}
