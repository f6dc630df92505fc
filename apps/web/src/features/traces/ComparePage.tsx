/** Two traces or two groups of traces beside each other: how long they take, and which operations make the difference. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import type { ComparedTraces, TracesComparison } from '@bellwether/protocol'
import { rangeForServer, type TimeRange } from '../../lib/time-range.ts'
import { readTraceId } from '../../lib/trace-id.ts'
import { formatMs } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { SearchInput } from '../../ui/SearchInput.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { completeSearchOf, searchCheckQuery, useUnknownNames } from '../search/index.ts'
import { usePlace } from '../session/index.ts'
import { ComparedDurations } from './ComparedDurations.tsx'
import { ComparedOperations } from './ComparedOperations.tsx'
import { DifferentFields } from './DifferentFields.tsx'
import { changeSentence } from './model/compare-words.ts'
import { nameOfSide, sidesOf, type ComparedSides } from './model/compare-sides.ts'
import { compareQuery } from './traces.queries.ts'
import { readCompareSearch, type CompareSearch } from './traces-search.ts'
import { plural, shortId } from './trace-words.ts'
import './compare.css'
import './traces.css'

const TraceDifferenceTree = lazy(async () => ({ default: (await import('./TraceDifferenceTree.tsx')).TraceDifferenceTree }))

const route = getRouteApi('/p/$project/explore/traces/compare')

export function ComparePage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const range = usePageRange()
  const sides = sidesOf(search, range)
  const { left, right } = sides
  const empty = useEmptySides(sides)
  const update = (change: { readonly [Key in keyof CompareSearch]?: string | undefined }): void =>
    void navigate({ search: (current) => readCompareSearch({ ...current, ...change }) })
  const turn = (): void => {
    const { a, b, qa, qb, ra, rb } = search
    update({ a: b, b: a, qa: qb, qb: qa, ra: rb, rb: ra })
  }
  return (
    <Page
      title="Compare traces"
      lead="What takes longer, and what fails more: the right side against the left."
      actions={
        <Button icon="refresh" disabled={left === null || right === null} onClick={turn}>
          Swap sides
        </Button>
      }
      wide
    >
      <div className="bw-versus__sides">
        <Side name="Left" side={left} isEmpty={empty.left} traceId={search.a} onChange={(a, qa) => update({ a, qa, ra: undefined })} />
        <Side name="Right" side={right} isEmpty={empty.right} traceId={search.b} onChange={(b, qb) => update({ b, qb, rb: undefined })} />
      </div>
      {left === null || right === null ? (
        <Empty title="Choose the other side" icon="search">
          <p>Give the id of a trace, or a search: all traces that it finds in the time range are one side.</p>
        </Empty>
      ) : (
        <Comparison left={left} right={right} />
      )}
    </Page>
  )
}

/** As the server and the sides know it. */
function usePageRange(): TimeRange {
  const { range, resolved } = useRange()
  return rangeForServer(range, resolved)
}

/** The sides that were asked for and have no trace. */
function useEmptySides({ left, right }: ComparedSides): { readonly left: boolean; readonly right: boolean } {
  const { projectPath } = usePlace()
  const range = usePageRange()
  const any: ComparedTraces = { traceId: null, query: '', ...range }
  const answer = useQuery({ ...compareQuery(projectPath, left ?? any, right ?? any), enabled: left !== null && right !== null })
  const data = answer.isPlaceholderData ? undefined : answer.data
  return { left: data?.left.traces === 0, right: data?.right.traces === 0 }
}

interface SideProps {
  readonly name: 'Left' | 'Right'
  readonly side: ComparedTraces | null
  readonly isEmpty: boolean
  readonly traceId: string | undefined
  readonly onChange: (traceId: string | undefined, query: string | undefined) => void
}

/** The id of a trace, or a search. */
function Side({ name, side, isEmpty, traceId, onChange }: SideProps) {
  const { projectPath, project } = usePlace()
  const range = usePageRange()
  const complete = useMemo(() => completeSearchOf(projectPath, 'spans'), [projectPath])
  const query = traceId === undefined ? (side?.query ?? '') : ''
  const check = useQuery(searchCheckQuery(projectPath, 'spans', query))
  const unknown = useUnknownNames('spans', { text: query, range: side ?? range, isNothing: isEmpty })
  const hasOwnRange = side !== null && traceId === undefined && (side.from !== range.from || side.to !== range.to)
  return (
    <div className="bw-versus__side">
      <span className={`bw-versus__name bw-versus__name--${name.toLowerCase()}`}>{name}</span>
      <div>
        <SearchInput
          label={`${name} side`}
          placeholder="a trace id, or a search: service:checkout release:2.4.1"
          value={traceId ?? side?.query ?? ''}
          problem={check.data?.problem ?? null}
          unknown={unknown}
          complete={complete}
          onRun={(text) => {
            const id = readTraceId(text)
            onChange(id ?? undefined, id === null ? text : undefined)
          }}
        />
        <p className="bw-dim bw-versus__about">
          {traceId !== undefined && (
            <Link to="/p/$project/explore/traces/$traceId" params={{ project: project.id, traceId }}>
              Open trace {shortId(traceId)}
            </Link>
          )}
          {hasOwnRange && `${side.from} to ${side.to}`}
          {side === null && 'not chosen'}
        </p>
      </div>
    </div>
  )
}

function Comparison({ left, right }: { readonly left: ComparedTraces; readonly right: ComparedTraces }) {
  const { projectPath } = usePlace()
  const answer = useQuery(compareQuery(projectPath, left, right))
  if (answer.isPending) return <Loading label="the comparison" rows={8} />
  if (answer.isError) return <Failure error={answer.error} title="The sides could not be compared" onRetry={() => void answer.refetch()} />
  const { data } = answer
  if (data.left.traces === 0 || data.right.traces === 0) {
    return (
      <Empty title={`The ${data.left.traces === 0 ? 'left' : 'right'} side has no trace`} icon="search">
        <p>Nothing matches {nameOfSide(data.left.traces === 0 ? left : right)} in its time range.</p>
      </Empty>
    )
  }
  // Of one trace there is a duration, no distribution: its percentiles would be those of the class that it falls into.
  const areTraces = left.traceId !== null && right.traceId !== null
  return (
    <>
      {!areTraces && <p className="bw-versus__sentence">{changeSentence(data)}</p>}
      {!areTraces && <SideFacts data={data} />}
      {!areTraces && <ComparedDurations data={data} />}
      <DifferentFields left={left} right={right} />
      {left.traceId !== null && right.traceId !== null && (
        <Suspense fallback={<Loading label="both traces" rows={8} />}>
          <TraceDifferenceTree key={`${left.traceId} ${right.traceId}`} ids={{ left: left.traceId, right: right.traceId }} />
        </Suspense>
      )}
      <Section title="Operations" note="own time a trace: what an operation does itself, without what it waits for; largest change first">
        <ComparedOperations data={data} left={left} right={right} />
      </Section>
    </>
  )
}

function SideFacts({ data }: { readonly data: TracesComparison }) {
  const rows: readonly (readonly [name: string, of: (side: TracesComparison['left']) => string])[] = [
    [
      'Traces',
      (side) =>
        `${side.traces.toLocaleString('en-US')}${side.tracesTotal > side.traces ? ` of ${side.tracesTotal.toLocaleString('en-US')}` : ''}`,
    ],
    ['Spans a trace', (side) => (side.spans / side.traces).toLocaleString('en-US', { maximumFractionDigits: 1 })],
    ['Failed spans', (side) => side.errors.toLocaleString('en-US')],
    ['p50', (side) => (side.p50Ms === null ? '—' : formatMs(side.p50Ms))],
    ['p90', (side) => (side.p90Ms === null ? '—' : formatMs(side.p90Ms))],
    ['p99', (side) => (side.p99Ms === null ? '—' : formatMs(side.p99Ms))],
  ]
  return (
    <div className="bw-section bw-table-scroll" tabIndex={0} role="group" aria-label="Both sides in numbers">
      <table className="bw-table" aria-label={`${plural(data.left.traces, 'trace')} against ${plural(data.right.traces, 'trace')}`}>
        <thead>
          <tr>
            <th scope="col">Side</th>
            {rows.map(([name]) => (
              <th key={name} scope="col" className="bw-num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(['left', 'right'] as const).map((side) => (
            <tr key={side}>
              <th scope="row">
                <span className={`bw-versus__name bw-versus__name--${side}`}>{side === 'left' ? 'Left' : 'Right'}</span>
              </th>
              {rows.map(([name, of]) => (
                <td key={name} className="bw-num">
                  {of(data[side])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
