/** Findings: what is open, last seen first. */
import type { PerformanceFinding } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark, Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { shownStates, type PerformanceSearch, type ShownState, type UpdateSearch } from './performance-search.ts'
import { findingNames, stateTone } from './performance-words.ts'
import { findingsQuery } from './performance.queries.ts'

const refreshMs = 15_000

const stateNames: Readonly<Record<ShownState, string>> = {
  open: 'Open',
  new: 'New',
  known: 'Known',
  returned: 'Returned',
  resolved: 'Resolved',
  all: 'All',
}

export interface FindingsViewProps {
  readonly search: PerformanceSearch
  readonly onUpdate: UpdateSearch
}

export function FindingsView({ search, onUpdate }: FindingsViewProps) {
  const { projectPath } = usePlace()
  const state = search.state ?? 'open'
  const findings = useQuery({ ...findingsQuery(projectPath, state), refetchInterval: refreshMs })
  const nowMs = useNow(refreshMs)
  const { data } = findings
  return (
    <>
      {findings.isPending && <Loading label="the findings" rows={6} />}
      {findings.isError && (
        <Failure error={findings.error} title="The findings could not be read" onRetry={() => void findings.refetch()} />
      )}
      {data !== undefined && (
        <section className="bw-section" aria-label="Findings" aria-busy={findings.isPlaceholderData}>
          <div className="bw-section__head bw-perf-head">
            <Segmented
              label="State"
              value={state}
              options={shownStates.map((value) => ({ value, label: stateNames[value] }))}
              onChange={(next) => onUpdate({ state: next === 'open' ? undefined : next, open: undefined })}
            />
          </div>
          <DataTable
            key={state}
            label="findings"
            columns={columnsAt(nowMs)}
            rows={data.items}
            rowKey={({ id }) => id}
            onOpen={({ id }) => onUpdate({ open: id })}
            openKey={search.open ?? null}
            empty={<NothingFound state={state} />}
          />
          {data.next !== null && <p className="bw-dim bw-perf-note">Only the newest {formatCount(data.items.length)} are shown.</p>}
        </section>
      )}
    </>
  )
}

function NothingFound({ state }: { readonly state: ShownState }) {
  if (state !== 'open' && state !== 'all')
    return (
      <Empty title={`No finding is ${state}`} icon="search">
        <p>Look at all of them, or at those that are open.</p>
      </Empty>
    )
  return (
    <Empty title="Nothing found" icon="check">
      <p>
        Traces are looked at every minute: for N+1 and slow queries, calls in sequence and large payloads. Operations are compared with how
        they were before, and around each deploy.
      </p>
    </Empty>
  )
}

function columnsAt(nowMs: number): readonly Column<PerformanceFinding>[] {
  return [
    {
      id: 'finding',
      header: 'Finding',
      value: ({ finding }) => findingNames[finding],
      cell: ({ finding, state }) => (
        <span className="bw-perf-kind">
          <StatusMark tone={stateTone(state)} label={state} hideLabel />
          {findingNames[finding]}
        </span>
      ),
    },
    {
      id: 'title',
      header: 'What',
      isMain: true,
      value: ({ title }) => title,
      cell: ({ title, cause }) => (
        <span className="bw-perf-name">
          <span className="bw-perf-title" title={title}>
            {title}
          </span>
          {cause !== null && <Tag tone="accent">{cause.version}</Tag>}
        </span>
      ),
    },
    {
      id: 'where',
      header: 'Where',
      isExtra: true,
      value: ({ service, operation }) => `${service} ${operation}`,
      cell: ({ service, operation }) => (
        <span title={operation}>
          {service} <span className="bw-dim">{operation}</span>
        </span>
      ),
    },
    { id: 'state', header: 'State', isExtra: true, value: ({ state }) => state, cell: ({ state }) => state },
    {
      id: 'occurrences',
      header: 'Seen',
      isNumber: true,
      isExtra: true,
      value: ({ occurrences }) => occurrences,
      cell: ({ occurrences }) => `${formatCount(occurrences)}×`,
    },
    {
      id: 'last',
      header: 'Last seen',
      isNumber: true,
      value: ({ lastSeenAt }) => lastSeenAt,
      cell: ({ lastSeenAt }) => <time title={lastSeenAt}>{formatAgo(Date.parse(lastSeenAt), nowMs)}</time>,
    },
  ]
}
