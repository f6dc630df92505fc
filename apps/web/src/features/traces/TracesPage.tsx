/** The search for traces: how long things take, which ones failed, and the traces themselves. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { FoundTrace, TracesHistogram } from '@bellwether/protocol'
import { ApiError } from '../../lib/http.ts'
import { absoluteRange } from '../../lib/time-range.ts'
import { readTraceId } from '../../lib/trace-id.ts'
import { formatCount } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchInput } from '../../ui/SearchInput.tsx'
import { addCondition } from '../../ui/search-filters.ts'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { completeSearchOf, searchCheckQuery, useUnknownNames, WhyNothing } from '../search/index.ts'
import { usePlace } from '../session/index.ts'
import { CountChart } from './CountChart.tsx'
import { DurationMap } from './DurationMap.tsx'
import { SelectionBar } from './SelectionBar.tsx'
import { durationCondition, heatMapOf, selectionOf, type CellRange, type HeatSelection } from './model/heat-map.ts'
import { PickBar, TraceTable } from './TraceTable.tsx'
import { TracesEmpty } from './TracesEmpty.tsx'
import { tracesHistogramQuery, tracesQuery } from './traces.queries.ts'
import { readTracesSearch, type TracesSearch } from './traces-search.ts'
import '../../charts/chart.css'
import './traces.css'

const route = getRouteApi('/p/$project/explore/traces')

type Update = (change: { readonly [Key in keyof TracesSearch]?: TracesSearch[Key] | undefined }) => void

export function TracesPage() {
  const { projectPath, project } = usePlace()
  const { range, resolved } = useRange()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const query = search.q ?? ''
  const update: Update = (change) => void navigate({ search: (current) => readTracesSearch({ ...current, ...change }) })
  const run = (next: string): void => {
    const traceId = readTraceId(next)
    if (traceId === null) update({ q: next === '' ? undefined : next })
    else void navigate({ to: '/p/$project/explore/traces/$traceId', params: { project: project.id, traceId } })
  }
  const asked = { query, ...resolved }
  const histogram = useQuery(tracesHistogramQuery(projectPath, asked))
  const check = useQuery(searchCheckQuery(projectPath, 'spans', query))
  const complete = useMemo(() => completeSearchOf(projectPath, 'spans'), [projectPath])
  const problem = check.data?.problem ?? null
  // A search that may be wrong: its place is asked for before anything else is said.
  const isUnclear = query !== '' && isWrongSearch(histogram.error) && (check.isPending || problem !== null)
  const list = useInfiniteQuery(tracesQuery(projectPath, asked, search.order ?? 'newest'))
  const hasFound = !list.isPlaceholderData && (list.data?.pages[0]?.items.length ?? 0) > 0
  // Counts are no reason to leave out what the list has.
  const isNoMatch = histogram.data?.total === 0 && !histogram.isPlaceholderData && !hasFound && !list.isError
  const unknown = useUnknownNames('spans', { text: query, range, isNothing: isNoMatch })
  const isNothing = isNoMatch && query === ''
  return (
    <Page title="Traces" wide>
      <SearchInput
        label="Search traces"
        placeholder="service:checkout status:error duration:>500ms, or the id of a trace"
        value={query}
        problem={problem}
        unknown={unknown}
        complete={complete}
        onRun={run}
      />
      {isNothing ? (
        <TracesEmpty />
      ) : (
        <>
          <ChartSection histogram={histogram.data ?? null} update={update} search={search} isFetching={histogram.isFetching} />
          {histogram.isError && !isUnclear && (
            <Failure error={histogram.error} title="The spans could not be counted" onRetry={() => void histogram.refetch()} />
          )}
          {!isUnclear && !isNoMatch && <TraceList search={search} update={update} />}
        </>
      )}
    </Page>
  )
}

function isWrongSearch(error: unknown): boolean {
  return error instanceof ApiError && error.status === 400
}

interface ChartSectionProps {
  readonly histogram: TracesHistogram | null
  readonly search: TracesSearch
  readonly update: Update
  readonly isFetching: boolean
}

function ChartSection({ histogram, search, update, isFetching }: ChartSectionProps) {
  const chart = search.chart ?? 'durations'
  const { setRange, resolved } = useRange()
  const [mark, setMark] = useState<{ readonly of: TracesHistogram; readonly range: CellRange } | null>(null)
  // A mark belongs to the histogram it was made on.
  const selected = mark !== null && mark.of === histogram ? mark.range : null
  const selection: HeatSelection | null = selected === null || histogram === null ? null : selectionOf(heatMapOf(histogram), selected)
  const query = search.q ?? ''
  const narrow = (to: HeatSelection): void => {
    const condition = durationCondition(to)
    if (condition !== '') update({ q: addCondition(query, condition) })
    setRange(absoluteRange(Math.max(to.fromMs, resolved.fromMs), Math.min(to.toMs, resolved.toMs)))
  }
  return (
    <section className="bw-section" aria-label="Spans over time" aria-busy={isFetching && histogram === null}>
      <div className="bw-section__head">
        <Segmented
          label="Chart"
          value={chart}
          options={[
            { value: 'durations', label: 'Durations' },
            { value: 'counts', label: 'Counts' },
          ]}
          onChange={(next) => update({ chart: next === 'durations' ? undefined : next })}
        />
        {histogram !== null && (
          <span className="bw-section__note">
            {formatCount(histogram.total)} spans · {formatCount(histogram.errors.reduce((sum, each) => sum + each, 0))} failed
            {chart === 'durations' && selection === null && histogram.total > 0 && ' · drag over the map to look closer'}
          </span>
        )}
      </div>
      <div className="bw-traces__chart">
        {histogram === null ? (
          <div className="bw-section__body">
            <Loading label="the spans" rows={5} />
          </div>
        ) : histogram.total === 0 ? (
          <Empty title="No span matches" icon="search">
            <p>A trace is found when one of its spans meets every condition. Widen the time range, or take a condition out.</p>
            {query !== '' && <WhyNothing signal="spans" query={query} onQuery={(q) => update({ q: q === '' ? undefined : q })} />}
          </Empty>
        ) : chart === 'durations' ? (
          <DurationMap
            histogram={histogram}
            selected={selected}
            onSelect={(range) => setMark(range === null ? null : { of: histogram, range })}
          />
        ) : (
          <CountChart histogram={histogram} />
        )}
      </div>
      {selection !== null && (
        <SelectionBar selection={selection} query={query} onNarrow={() => narrow(selection)} onClear={() => setMark(null)} />
      )}
    </section>
  )
}

function TraceList({ search, update }: { readonly search: TracesSearch; readonly update: Update }) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const order = search.order ?? 'newest'
  const list = useInfiniteQuery(tracesQuery(projectPath, { query: search.q ?? '', ...resolved }, order))
  const rows = useMemo<readonly FoundTrace[]>(() => {
    const seen = new Set<string>()
    // A trace whose spans lie on two pages is in both.
    return (list.data?.pages ?? []).flatMap(({ items }) => items).filter(({ traceId }) => !seen.has(traceId) && seen.add(traceId))
  }, [list.data])
  return (
    <section className="bw-section" aria-label="Traces" aria-busy={list.isPending}>
      <div className="bw-section__head">
        <h2>Traces</h2>
        <Segmented
          label="Order"
          value={order}
          options={[
            { value: 'newest', label: 'Newest' },
            { value: 'slowest', label: 'Slowest' },
          ]}
          onChange={(next) => update({ order: next === 'slowest' ? next : undefined })}
        />
      </div>
      <PickBar picks={search.pick ?? []} onClear={() => update({ pick: undefined })} />
      {list.isPending && (
        <div className="bw-section__body">
          <Loading label="the traces" rows={8} />
        </div>
      )}
      {list.isError && <Failure error={list.error} title="The traces could not be read" onRetry={() => void list.refetch()} />}
      {list.data !== undefined && rows.length === 0 && (
        <Empty title="No trace matches" icon="search">
          <p>The search is about spans: a trace is listed when one of its spans meets every condition.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <TraceTable
          rows={rows}
          picks={search.pick ?? []}
          onPick={(pick) => update({ pick })}
          more={
            list.hasNextPage ? (
              <Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                Show more
              </Button>
            ) : null
          }
        />
      )}
    </section>
  )
}
