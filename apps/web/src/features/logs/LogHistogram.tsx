/** How many rows when, by severity, with the deploys. A drag zooms; a press on a severity filters by it. */
import type { LogsHistogram } from '@bellwether/protocol'
import { useMemo } from 'react'
import { readTokens, useScheme } from '../../charts/chart-colors.ts'
import { TimeChart } from '../../charts/TimeChart.tsx'
import { absoluteRange, defaultRange, isLive } from '../../lib/time-range.ts'
import { formatCount, noUnit } from '../../lib/units.ts'
import { filterState, valuesAsked } from '../../ui/search-filters.ts'
import { useDeployMarks } from '../performance/index.ts'
import { useRange } from '../range/index.ts'
import { histogramData, histogramSummary, severityTotals, wholeIntervals } from './histogram-model.ts'
import { severityNames, type SeverityName } from './severity.ts'
import type { LogsState } from './use-logs.ts'

const heightPx = 148

function useSeverityColors(): Readonly<Record<SeverityName, string>> {
  const scheme = useScheme()
  return useMemo(() => {
    const [fatal = '', error = '', warn = '', info = '', debug = '', trace = '', unknown = ''] = readTokens(
      scheme,
      severityNames.map((name) => `--bw-sev-${name}`),
    )
    return { fatal, error, warn, info, debug, trace, unknown }
  }, [scheme])
}

export interface LogHistogramProps {
  readonly histogram: LogsHistogram
  readonly state: LogsState
}

export function LogHistogram({ histogram, state }: LogHistogramProps) {
  const { range, resolved, setRange } = useRange()
  const colors = useSeverityColors()
  const services = valuesAsked(state.query, 'service')
  const marks = useDeployMarks(services.length === 1 ? (services[0] ?? null) : null, resolved)
  const data = useMemo(() => ({ ...histogramData(histogram, colors), marks }), [histogram, colors, marks])
  const [fromMs, toMs] = [Date.parse(histogram.from), Date.parse(histogram.to)]
  const lastMs = data.timesMs[data.timesMs.length - 1] ?? toMs
  return (
    <div className="bw-logs-histogram">
      <TimeChart
        data={data}
        style="bars"
        unit={noUnit}
        fromMs={fromMs}
        toMs={toMs}
        fillingFromMs={isLive(range) && lastMs + data.stepMs > toMs ? Math.max(lastMs, fromMs) : null}
        heightPx={heightPx}
        summary={`Rows over time by severity. ${histogramSummary(histogram)}.`}
        onZoom={(a, b) => setRange(absoluteRange(...wholeIntervals(a, b, data.stepMs)))}
        onReset={() => setRange(defaultRange)}
      />
      <SeverityLegend histogram={histogram} state={state} />
    </div>
  )
}

function SeverityLegend({ histogram, state }: LogHistogramProps) {
  const { query, addFilter, removeFilter } = state
  return (
    <ul className="bw-logs-legend" aria-label="Severities">
      {severityTotals(histogram).map(({ name, total }) => {
        const isOn = filterState(query, 'severity', name) === 'only'
        return (
          <li key={name}>
            <button
              type="button"
              aria-pressed={isOn}
              title={isOn ? `Show all severities again` : `Show only ${name}`}
              onClick={() => (isOn ? removeFilter('severity', name) : addFilter({ field: 'severity', value: name, exclude: false }))}
            >
              <span className={`bw-swatch bw-sev-bg--${name}`} />
              {name} <strong>{formatCount(Math.round(total))}</strong>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
