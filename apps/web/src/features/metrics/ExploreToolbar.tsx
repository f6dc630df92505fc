/** Above the result: which view, which style, and taking it away. */
import { saveFile, writeCsv } from '../../lib/csv.ts'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { Button } from '../../ui/Button.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { tableOf, type ExploreSeries } from './explore-model.ts'
import type { ExploreState } from './use-explore.ts'

export interface ExploreToolbarProps {
  readonly state: ExploreState
  readonly series: readonly ExploreSeries[]
  readonly timesMs: Float64Array
}

export function ExploreToolbar({ state, series, timesMs }: ExploreToolbarProps) {
  const view = state.search.view ?? 'chart'
  const download = (): void => {
    const table = tableOf(timesMs, series)
    saveFile('metrics.csv', 'text/csv', writeCsv(table.header, table.rows))
  }
  return (
    <div className="bw-section__head bw-explore__bar">
      <Segmented
        label="View"
        value={view}
        options={[
          { value: 'chart', label: 'Chart' },
          { value: 'table', label: 'Points' },
          { value: 'instant', label: 'Now' },
        ]}
        onChange={(next) => state.update({ view: next === 'chart' ? undefined : next })}
      />
      {view === 'chart' && (
        <Segmented
          label="Style"
          value={state.search.style ?? 'line'}
          options={[
            { value: 'line', label: 'Line' },
            { value: 'area', label: 'Area' },
            { value: 'stacked', label: 'Stacked' },
            { value: 'bars', label: 'Bars' },
          ]}
          onChange={(next) => state.update({ style: next === 'line' ? undefined : next })}
        />
      )}
      <div className="bw-section__actions">
        <CopyButton text={location.href} what="link" label="Copy link" />
        <Button small icon="download" disabled={series.length === 0} onClick={download} aria-label="Download the points as CSV">
          CSV
        </Button>
      </div>
    </div>
  )
}
