/** Problems: errors that belong together, what is new or came back first. Rows are worked off with the keyboard. */
import type { Problem, ProblemDecision, ProblemList } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { formatAgo, formatShort } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { Button } from '../../ui/Button.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { may, usePlace } from '../session/index.ts'
import { decisionsFor, decisionVerb, problemsQuery, stateTone } from './problems.queries.ts'
import type { ProblemOrder, ProblemsSearch, StateFilter } from './problems-search.ts'
import { SparkBars } from './SparkBars.tsx'
import { useDecide } from './use-decide.ts'
import './problems.css'

const route = getRouteApi('/p/$project/problems')
const refreshMs = 10_000
/** Keys on a row that has the focus. */
const keys: Readonly<Record<string, ProblemDecision>> = { e: 'resolved', i: 'ignored', u: 'reopened' }

export function ProblemsPage() {
  const { projectPath, project, organization } = usePlace()
  const { resolved } = useRange()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const problems = useQuery({ ...problemsQuery(projectPath, search, resolved), refetchInterval: refreshMs })
  const deciding = useDecide()
  const mayDecide = may(organization, 'write')
  const nowMs = useNow(10_000)
  const chord = useRef(false)
  const update = (change: { readonly [Name in keyof ProblemsSearch]?: ProblemsSearch[Name] | undefined }): void =>
    void navigate({
      search: (old) => Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined && value !== '')),
      replace: true,
    })
  const open = ({ id }: Problem): void =>
    void navigate({ to: '/p/$project/problems/$problem', params: { project: project.id, problem: id }, search: (old) => rangeOnly(old) })
  const data = problems.data
  return (
    <Page
      title="Problems"
      wide
      lead={data === undefined ? ' ' : leadOf(data)}
      actions={
        <StateChoice
          state={search.state ?? 'open'}
          data={data}
          onState={(state) => update({ state: state === 'open' ? undefined : state })}
        />
      }
    >
      <Filters search={search} onChange={update} />
      {deciding.error !== null && <Failure compact error={deciding.error} title="The decision could not be kept" />}
      {problems.isError && <Failure error={problems.error} title="Problems could not be read" onRetry={() => void problems.refetch()} />}
      {problems.isPending && <Loading label="problems" rows={8} />}
      {data !== undefined && (
        <section
          aria-label="Problems"
          aria-keyshortcuts={mayDecide ? 'e i u' : undefined}
          onKeyDown={(event) => {
            const wasGo = chord.current
            chord.current = event.key === 'g'
            // After `g` a letter names a page.
            if (wasGo) return
            const problem = mayDecide ? problemOfRow(event, data.items) : null
            const decision = keys[event.key]
            if (problem === null || decision === undefined || !decisionsFor(problem.state).includes(decision)) return
            event.preventDefault()
            event.stopPropagation()
            focusNextRow(event)
            deciding.decide([problem.id], decision)
          }}
        >
          <DataTable
            key={`${search.order ?? 'last'} ${search.state ?? 'open'}`}
            label="problems"
            columns={columnsFor({ nowMs, ...(mayDecide ? { onDecide: deciding.decide, isBusy: deciding.isBusy } : {}) })}
            rows={data.items}
            rowKey={({ id }) => id}
            onOpen={open}
            empty={<NoProblems search={search} />}
          />
          {data.items.length > 0 && mayDecide && (
            <p className="bw-dim bw-problem-keys">
              On a row: <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens, <kbd>e</kbd> resolves, <kbd>i</kbd> ignores, <kbd>u</kbd>{' '}
              reopens.
            </p>
          )}
          {data.items.length > 0 && <CountedHours from={data.from} />}
          {data.isCut && <p className="bw-dim">There are more; narrow the search or the range to see them.</p>}
        </section>
      )}
    </Page>
  )
}

/** Counts are kept by hour: said, because the range may begin within one. */
function CountedHours({ from }: Pick<ProblemList, 'from'>) {
  const [zone] = useZone()
  return <p className="bw-dim">Counts are of whole hours, from {formatShort(Date.parse(from), zone)} on.</p>
}

/** The range is common to all pages; the filters are this page's own. */
function rangeOnly(search: Record<string, unknown>): Record<string, never> {
  const { q: _q, state: _state, order: _order, release: _release, environment: _environment, service: _service, ...rest } = search
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the rest belongs to the route above
  return rest as Record<string, never>
}

function leadOf({ states, items }: ProblemList): string {
  const events = items.reduce((sum, { count }) => sum + count, 0)
  const open = states.new + states.ongoing + states.regressed
  return `${formatCount(open)} open in this range, ${formatCount(states.new)} of them new and ${formatCount(states.regressed)} back after they were resolved; ${formatCount(Math.round(events))} ${Math.round(events) === 1 ? 'event' : 'events'} shown`
}

const stateLabels: readonly (readonly [StateFilter, string])[] = [
  ['open', 'Open'],
  ['new', 'New'],
  ['regressed', 'Regressed'],
  ['resolved', 'Resolved'],
  ['ignored', 'Ignored'],
  ['all', 'All'],
]

function countOf(state: StateFilter, { states }: ProblemList): number {
  if (state === 'open') return states.new + states.ongoing + states.regressed
  if (state === 'all') return Object.values(states).reduce((sum, count) => sum + count, 0)
  return states[state]
}

interface StateChoiceProps {
  readonly state: StateFilter
  readonly data: ProblemList | undefined
  readonly onState: (state: StateFilter) => void
}

function StateChoice({ state, data, onState }: StateChoiceProps) {
  return (
    <Segmented
      label="State"
      value={state}
      options={stateLabels.map(([value, label]) => ({
        value,
        label: data === undefined ? label : `${label} ${formatCount(countOf(value, data))}`,
      }))}
      onChange={onState}
    />
  )
}

const orderLabels: readonly { readonly value: ProblemOrder; readonly label: string }[] = [
  { value: 'last', label: 'Last seen' },
  { value: 'first', label: 'First seen' },
  { value: 'count', label: 'Events' },
  { value: 'users', label: 'Users' },
]

/** How long typing rests before it is asked. */
const typingMs = 250

interface FiltersProps {
  readonly search: ProblemsSearch
  readonly onChange: (change: { readonly [Name in keyof ProblemsSearch]?: ProblemsSearch[Name] | undefined }) => void
}

function Filters({ search, onChange }: FiltersProps) {
  const [text, setText] = useState(search.q ?? '')
  const told = useRef(onChange)
  useEffect(() => {
    told.current = onChange
  })
  useEffect(() => {
    if (text === (search.q ?? '')) return undefined
    const timer = window.setTimeout(() => told.current({ q: text }), typingMs)
    return () => window.clearTimeout(timer)
  }, [text, search.q])
  return (
    <div className="bw-problem-filters">
      <SearchField label="Find a problem" value={text} onChange={setText} />
      {(['release', 'environment', 'service'] as const).map((name) => {
        const value = search[name]
        return value === undefined ? null : (
          <Button key={name} small icon="close" onClick={() => onChange({ [name]: undefined })} aria-label={`Any ${name}`}>
            {`${name} ${value}`}
          </Button>
        )
      })}
      <Segmented
        label="Order by"
        value={search.order ?? 'last'}
        options={orderLabels}
        onChange={(order) => onChange({ order: order === 'last' ? undefined : order })}
      />
    </div>
  )
}

function NoProblems({ search }: { readonly search: ProblemsSearch }) {
  const { project } = usePlace()
  const isNarrowed =
    search.q !== undefined || search.release !== undefined || search.environment !== undefined || search.service !== undefined
  return (
    <Empty title={isNarrowed || search.state !== undefined ? 'No problem matches' : 'No problems in this range'} icon="check">
      <p>
        Errors come from Sentry’s SDKs with this project’s DSN, and from OpenTelemetry: logs and spans with <code>exception.*</code>.
      </p>
      <p>
        <Link to="/p/$project/start" params={{ project: project.id }} search={{ with: 'sentry' }}>
          Connect a Sentry SDK
        </Link>
      </p>
    </Empty>
  )
}

interface ColumnFacts {
  readonly nowMs: number
  readonly isBusy?: boolean
  readonly onDecide?: (ids: readonly string[], decision: ProblemDecision) => void
}

function columnsFor({ nowMs, isBusy = false, onDecide }: ColumnFacts): readonly Column<Problem>[] {
  return [
    { id: 'title', header: 'Problem', isMain: true, cell: (problem) => <ProblemTitle problem={problem} />, value: ({ title }) => title },
    {
      id: 'state',
      header: 'State',
      cell: ({ state }) => <StatusMark tone={stateTone(state)} label={state} />,
      value: ({ state }) => state,
    },
    {
      id: 'spark',
      header: 'Trend',
      isExtra: true,
      cell: ({ spark, count }) => <SparkBars values={spark} label={`${formatCount(Math.round(count))} events over the range`} />,
    },
    counted('count', 'Events', ({ count }) => Math.round(count)),
    { ...counted('users', 'Users', ({ users }) => users), isExtra: true, isAside: true },
    { ...seen('last', 'Last seen', ({ lastSeen }) => lastSeen, nowMs) },
    { ...seen('first', 'First seen', ({ firstSeen }) => firstSeen, nowMs), isExtra: true, isAside: true },
    {
      id: 'release',
      header: 'Release',
      isExtra: true,
      isAside: true,
      cell: ({ firstRelease, lastRelease }) => <span title={`First ${firstRelease}, last ${lastRelease}`}>{lastRelease}</span>,
      value: ({ lastRelease }) => lastRelease,
    },
    ...(onDecide === undefined
      ? []
      : [
          {
            id: 'actions',
            header: '',
            isNumber: true,
            isExtra: true,
            cell: ({ id, state, title }: Problem) => (
              <span className="bw-problem-actions">
                {decisionsFor(state).map((decision) => (
                  <Button
                    key={decision}
                    small
                    variant="quiet"
                    disabled={isBusy}
                    aria-label={`${decisionVerb(decision)} ${title}`}
                    onClick={(event) => {
                      event.stopPropagation()
                      onDecide([id], decision)
                    }}
                  >
                    {decisionVerb(decision)}
                  </Button>
                ))}
              </span>
            ),
          },
        ]),
  ]
}

function ProblemTitle({ problem: { title, place, service } }: { readonly problem: Problem }) {
  return (
    <span className="bw-problem-title" title={`${title}\n${place}`}>
      <span className="bw-problem-title__text">{title}</span>
      <span className="bw-problem-title__place">{[place, service].filter((part) => part !== '').join(' · ')}</span>
    </span>
  )
}

function counted(id: string, header: string, value: (problem: Problem) => number): Column<Problem> {
  return {
    id,
    header,
    isNumber: true,
    value,
    cell: (problem) => <span title={value(problem).toLocaleString('en-US')}>{formatCount(value(problem))}</span>,
  }
}

// oxlint-disable-next-line max-params -- a column: its id, header and value, and what "ago" counts from
function seen(id: string, header: string, value: (problem: Problem) => string, nowMs: number): Column<Problem> {
  return {
    id,
    header,
    isNumber: true,
    value,
    cell: (problem) => <time title={value(problem)}>{formatAgo(Date.parse(value(problem)), nowMs)}</time>,
  }
}

/** The problem of the row that has the focus. */
function problemOfRow({ target }: KeyboardEvent, items: readonly Problem[]): Problem | null {
  if (!(target instanceof HTMLElement) || target.dataset['row'] === undefined) return null
  const title = target.querySelector('.bw-problem-title__text')?.textContent
  const index = Number(target.getAttribute('aria-rowindex')) - 2
  const sorted = items[index]
  // Sorted by a column, the rows are not in the order of the answer.
  return sorted?.title === title ? (sorted ?? null) : (items.find((item) => item.title === title) ?? null)
}

/** The row that is decided about may go: the focus goes on, so that the next key means the next one. */
function focusNextRow({ target }: KeyboardEvent): void {
  const next = target instanceof HTMLElement ? (target.nextElementSibling ?? target.previousElementSibling) : null
  if (next instanceof HTMLElement && next.dataset['row'] !== undefined) next.focus()
}
