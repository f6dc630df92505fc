/** The log explorer: search, see how many when, narrow by facets, read, follow. */
import type { LogsHistogram } from '@bellwether/protocol'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { Button } from '../../ui/Button.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchInput } from '../../ui/SearchInput.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { completeSearchOf, searchCheckQuery, useUnknownNames } from '../search/index.ts'
import { usePlace } from '../session/index.ts'
import { FacetColumn } from './FacetColumn.tsx'
import { histogramSummary } from './histogram-model.ts'
import { LiveRows } from './LiveRows.tsx'
import { isSearchError } from './log-analysis.queries.ts'
import { wordsOf } from './log-text.ts'
import { LogHistogram } from './LogHistogram.tsx'
import { LogRows } from './LogRows.tsx'
import { facetsQuery, histogramQuery } from './logs.queries.ts'
import type { LogView } from './logs-search.ts'
import { browserShelf, keepSearch, withRecent } from './recent-searches.ts'
import { SavedViews } from './SavedViews.tsx'
import { useLogs, type LogsState } from './use-logs.ts'
import './logs.css'

const PatternsView = lazy(async () => ({ default: (await import('./PatternsView.tsx')).PatternsView }))
const CompareView = lazy(async () => ({ default: (await import('./CompareView.tsx')).CompareView }))
const MetricsView = lazy(async () => ({ default: (await import('./MetricsView.tsx')).MetricsView }))

const views: readonly { readonly value: LogView; readonly label: string }[] = [
  { value: 'rows', label: 'Rows' },
  { value: 'patterns', label: 'Patterns' },
  { value: 'compare', label: 'Compare' },
  { value: 'metrics', label: 'Metrics' },
]

/** Where facets stand in a drawer rather than beside the list. */
const phone = '(max-width: 900px)'

export function LogsPage() {
  const state = useLogs()
  const { projectPath } = usePlace()
  const { range, resolved } = useRange()
  const { search, query, update, setQuery } = state
  const view = search.view ?? 'rows'
  const check = useQuery(searchCheckQuery(projectPath, 'logs', query))
  const problem = check.data?.problem ?? null
  const complete = useMemo(() => withRecent(completeSearchOf(projectPath, 'logs'), browserShelf, projectPath), [projectPath])
  const counts = useQuery({ ...histogramQuery(projectPath, query, resolved), enabled: problem === null && view !== 'metrics' })
  const isNothing = counts.data?.total === 0 && !counts.isPlaceholderData
  const unknown = useUnknownNames('logs', { text: query, range, isNothing })
  const isLive = search.live === 'on'
  return (
    <Page
      title="Logs"
      wide
      lead={leadOf(counts.data, isLive)}
      actions={
        <Segmented
          label="View"
          value={view}
          options={views}
          onChange={(next) => update({ view: next === 'rows' ? undefined : next, open: undefined, around: undefined, pattern: undefined })}
        />
      }
    >
      <div className="bw-logs-search">
        <SearchInput
          label="Search logs"
          placeholder={'Words, "a phrase", service:checkout, severity>=error, duration_ms>500, -host:web-1'}
          value={query}
          problem={problem}
          unknown={unknown}
          complete={complete}
          onRun={(text) => {
            keepSearch(browserShelf, projectPath, text)
            setQuery(text)
          }}
        />
        <Button
          icon={isLive ? 'close' : 'play'}
          variant={isLive ? 'primary' : 'plain'}
          aria-pressed={isLive}
          onClick={() => update(isLive ? { live: undefined } : { live: 'on', view: undefined })}
        >
          Live
        </Button>
        <SavedViews state={state} />
      </div>
      {view === 'rows' ? (
        <RowsView state={state} isWrong={problem !== null || isSearchError(counts.error)} />
      ) : (
        <Suspense fallback={<Loading label="the view" rows={8} />}>
          {view === 'patterns' && <PatternsView state={state} />}
          {view === 'compare' && <CompareView state={state} />}
          {view === 'metrics' && <MetricsView state={state} />}
        </Suspense>
      )}
    </Page>
  )
}

/** Live, the counts come a little after the rows: that there are none yet is not worth saying. */
function leadOf(counts: LogsHistogram | undefined, isLive: boolean): string {
  if (counts === undefined || (isLive && counts.total === 0)) return '\u00a0'
  return `${histogramSummary(counts)} in this range`
}

function RowsView({ state, isWrong }: { readonly state: LogsState; readonly isWrong: boolean }) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const { query, search, update } = state
  const isPhone = useMediaQuery(phone, window.matchMedia(phone).matches)
  const counts = useQuery({ ...histogramQuery(projectPath, query, resolved), enabled: !isWrong })
  const hasFacets = isPhone ? search.facets === 'on' : search.facets !== 'off'
  const facets = useQuery({ ...facetsQuery(projectPath, query, resolved), enabled: !isWrong && hasFacets })
  const words = useMemo(() => wordsOf(query), [query])
  const isNothing = counts.data?.total === 0 && query === ''
  const column =
    facets.data === undefined ? (
      facets.isError && !isSearchError(facets.error) ? (
        <Failure compact error={facets.error} title="Facets could not be read" onRetry={() => void facets.refetch()} />
      ) : (
        <Loading label="facets" rows={8} />
      )
    ) : (
      <div aria-busy={facets.isFetching} className={facets.isPlaceholderData ? 'bw-logs-stale' : ''}>
        <FacetColumn facets={facets.data} state={state} />
      </div>
    )
  const isBeside = hasFacets && !isPhone && !isNothing && !isWrong
  return (
    <div className={`bw-logs ${isBeside ? 'bw-logs--facets' : ''}`}>
      {isBeside && (
        <aside className="bw-logs__facets" aria-label="Facets">
          {column}
        </aside>
      )}
      {hasFacets && isPhone && (
        <DetailDrawer title="Facets" onClose={() => update({ facets: undefined }, true)}>
          {column}
        </DetailDrawer>
      )}
      <div className="bw-logs__main">
        {(counts.isError || counts.data?.total !== 0) && !isWrong && (
          <section
            className={`bw-section bw-logs__counts ${counts.isPlaceholderData ? 'bw-logs-stale' : ''}`}
            aria-label="Rows over time"
            aria-busy={counts.isFetching}
          >
            {counts.isError && !isWrong && (
              <Failure compact error={counts.error} title="Rows could not be counted" onRetry={() => void counts.refetch()} />
            )}
            {counts.data !== undefined && <LogHistogram histogram={counts.data} state={state} />}
            {counts.isPending && !isWrong && <div className="bw-logs__counts-wait" />}
            <Button
              small
              variant="quiet"
              icon="filter"
              className="bw-logs__facets-switch"
              aria-expanded={hasFacets}
              onClick={() => update({ facets: isPhone ? 'on' : hasFacets ? 'off' : undefined }, true)}
            >
              {hasFacets && !isPhone ? 'Hide facets' : 'Facets'}
            </Button>
          </section>
        )}
        <section className="bw-section bw-logs__rows" aria-label="Rows found">
          {search.live === 'on' ? (
            <LiveRows key={query} state={state} words={words} isWrong={isWrong} />
          ) : (
            <LogRows state={state} words={words} isWrong={isWrong} />
          )}
        </section>
      </div>
    </div>
  )
}
