/** The found rows: pages read as the list is scrolled, and what to do when there are none. */
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo } from 'react'
import { formatDateTime } from '../../lib/time-format.ts'
import { useZone } from '../../lib/preferences.ts'
import { absoluteRange } from '../../lib/time-range.ts'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { WhyNothing } from '../search/index.ts'
import { usePlace } from '../session/index.ts'
import { StillAsking } from '../system/index.ts'
import { isSearchError } from './log-analysis.queries.ts'
import { LazyLogDrawer } from './LazyLogDrawer.tsx'
import { LogList } from './LogList.tsx'
import { LogsEmpty } from './LogsEmpty.tsx'
import { rowsQuery, storedQuery } from './logs.queries.ts'
import { RowsTools } from './RowsTools.tsx'
import type { LogsState } from './use-logs.ts'

export interface LogRowsProps {
  readonly state: LogsState
  readonly words: readonly string[]
  /** The search is wrong, and its field says so already. */
  readonly isWrong: boolean
}

export function LogRows({ state, words, isWrong }: LogRowsProps) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const { update, search, query, toggleColumn } = state
  const asked = rowsQuery(projectPath, query, resolved)
  const found = useInfiniteQuery(asked)
  const client = useQueryClient()
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data])
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage, isPlaceholderData } = found
  const readOn = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError && !isPlaceholderData) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, isPlaceholderData, fetchNextPage])
  if (found.isError && found.data === undefined) {
    if (isWrong || isSearchError(found.error)) return <p className="bw-logs-note">Mend the search to see rows.</p>
    return <Failure error={found.error} title="Rows could not be read" onRetry={() => void found.refetch()} />
  }
  if (found.data === undefined) {
    // Neither asked nor answered: given up by the button below.
    if (found.fetchStatus === 'idle') return <GivenUp onAgain={() => void found.refetch()} />
    return (
      <Loading label="rows" rows={12} onCancel={() => void client.cancelQueries({ queryKey: asked.queryKey })} late={<StillAsking />} />
    )
  }
  if (rows.length === 0 && !found.isFetching) return <NoRows state={state} />
  const foot = isFetchNextPageError ? (
    <Failure compact error={found.error} title="Older rows could not be read" onRetry={() => void fetchNextPage()} />
  ) : isFetchingNextPage ? (
    'Reading older rows…'
  ) : hasNextPage ? (
    ''
  ) : rows.length === 1 ? (
    'The only row in this range.'
  ) : (
    `The oldest of ${formatCount(rows.length)} rows in this range.`
  )
  return (
    <div className={found.isPlaceholderData ? 'bw-logs-stale' : ''} aria-busy={found.isFetching && !isFetchingNextPage}>
      <RowsTools rows={rows} state={state} hasMore={hasNextPage} />
      <LogList
        rows={rows}
        columns={search.col ?? []}
        onRemoveColumn={toggleColumn}
        isWrapped={search.wrap === 'on'}
        openId={search.open ?? null}
        onOpen={(row) => update({ open: row.id })}
        words={words}
        onEnd={readOn}
        foot={foot}
      />
      {search.open !== undefined && <LazyLogDrawer id={search.open} rows={rows} state={state} words={words} />}
    </div>
  )
}

function GivenUp({ onAgain }: { readonly onAgain: () => void }) {
  return (
    <Empty title="Given up before the answer came" icon="search" action={<Button onClick={onAgain}>Search again</Button>}>
      <p>A shorter range or a condition on the service is answered sooner.</p>
    </Empty>
  )
}

const waitMs = 2000
const widerRanges = [
  { from: 'now-24h', to: 'now', label: 'Last 24 hours' },
  { from: 'now-7d', to: 'now', label: 'Last 7 days' },
] as const

/** Nothing found: because nothing ever came, because of the range, or because of the search. */
function NoRows({ state }: { readonly state: LogsState }) {
  const { projectPath } = usePlace()
  const { resolved, setRange, refreshNow } = useRange()
  const [zone] = useZone()
  const stored = useQuery({ ...storedQuery(projectPath), refetchInterval: waitMs })
  const count = stored.data?.rows
  const isQuiet = count === 0
  useEffect(() => {
    // The first row replaces the lesson by itself.
    if (count !== undefined && count > 0 && state.query === '') refreshNow()
    // Only the step from none to some matters.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [count === 0])
  if (stored.isPending) return <Loading label="logs" rows={8} />
  if (isQuiet) return <LogsEmpty />
  const oldestAt = stored.data?.oldestAt ?? null
  const widthMs = resolved.toMs - resolved.fromMs
  return (
    <Empty
      title={state.query === '' ? 'No rows in this range' : 'No row matches in this range'}
      icon="search"
      action={
        <span className="bw-logs-actions">
          {state.query !== '' && <Button onClick={() => state.setQuery('')}>Clear the search</Button>}
          {widerRanges.map((range) => (
            <Button key={range.from} onClick={() => setRange(range)}>
              {range.label}
            </Button>
          ))}
          <Button onClick={() => setRange(absoluteRange(resolved.fromMs - widthMs, resolved.fromMs))}>The time before</Button>
        </span>
      }
    >
      <p>
        {count === undefined ? 'The project has' : `The project keeps ${formatCount(count)}`} rows
        {oldestAt === null ? '' : `, the oldest of ${formatDateTime(Date.parse(oldestAt), zone)}`}.
        {state.query === '' ? ' None of them is in this range.' : ' Words match whole words; put a * after the beginning of one.'}
      </p>
      {state.query !== '' && <WhyNothing signal="logs" query={state.query} onQuery={state.setQuery} />}
    </Empty>
  )
}
