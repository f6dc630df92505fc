/** Lanes: who costs how much, who waits in the low-priority lane, and what was moved when and why. Live. */
import type { LaneMoveEntry, LaneProjectStatus, LaneQueue, LanesStatusBody, LaneSwitchState } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Sparkline } from '../../charts/Sparkline.tsx'
import { formatAgo } from '../../lib/time-format.ts'
import { formatBytes, formatCount, formatMs } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { formatBudget, lanesQuery, moveText, projectLabel, setLaneSwitch } from './lanes.queries.ts'
import './lanes.css'

const refreshMs = 2000

export function LanesPage() {
  const lanes = useQuery({ ...lanesQuery, refetchInterval: refreshMs })
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: ({ projectId, to }: { projectId: string; to: LaneSwitchState }) => setLaneSwitch(projectId, to),
    onSuccess: (body) => client.setQueryData(lanesQuery.queryKey, body),
  })
  const status = lanes.data
  return (
    <Page
      title="Lanes"
      lead={
        status === undefined
          ? undefined
          : `A project may take ${formatBudget(status.projectBudget)} of a processor, on average over ${formatMs(status.windowSec * 1000)}. One that takes more waits in a lane of its own, so that the others do not.`
      }
    >
      {lanes.isError && <Failure error={lanes.error} title="The lanes could not be read" onRetry={() => void lanes.refetch()} />}
      {lanes.isPending && <Loading label="lanes" rows={6} />}
      {change.isError && <Failure error={change.error} title="The switch was not set" />}
      {status !== undefined && (
        <>
          <Warnings status={status} />
          <Section title="Budgets" note="processor time that each project’s data takes">
            <Budgets
              status={status}
              busyId={change.isPending ? change.variables.projectId : null}
              onChange={(projectId, to) => change.mutate({ projectId, to })}
            />
          </Section>
          <Section title="Queues" note="acknowledged, not yet in the store">
            <DataTable label="queues" columns={queueColumns(status)} rows={status.lanes} rowKey={({ lane }) => lane} />
          </Section>
          <Section title="Moves" note="newest first">
            <DataTable
              label="moves"
              columns={moveColumns(lanes.dataUpdatedAt)}
              rows={status.moves}
              rowKey={({ projectId, at, reason }) => `${projectId} ${at} ${reason}`}
              empty={
                <Empty title="Nobody was moved yet" icon="system">
                  <p>A project that goes over its budget, or that someone switches, shows here with the reason.</p>
                </Empty>
              }
            />
          </Section>
        </>
      )}
    </Page>
  )
}

function Warnings({ status }: { readonly status: LanesStatusBody }) {
  return (
    <>
      {status.backendFailure !== null && (
        <Notice tone="warn" icon="warning" title="Redis does not answer">
          <p>Costs and the queue are kept by this program alone until it does. Nothing is lost; other programs decide for themselves.</p>
        </Notice>
      )}
      {!status.isAutomatic && (
        <Notice icon="help" title="The budget moves nobody">
          <p>
            <code>BELLWETHER_LPQ</code> is off. The switches below still hold.
          </p>
        </Notice>
      )}
    </>
  )
}

interface BudgetsProps {
  readonly status: LanesStatusBody
  readonly busyId: string | null
  readonly onChange: (projectId: string, to: LaneSwitchState) => void
}

function Budgets({ status, busyId, onChange }: BudgetsProps) {
  const isAdmin = may(usePlace().organization, 'admin')
  return (
    <DataTable
      label="budgets"
      columns={budgetColumns(status, { isAdmin, busyId, onChange })}
      rows={status.projects}
      rowKey={({ projectId }) => projectId}
      empty={
        <Empty title="No project cost anything yet" icon="system">
          <p>The first data of a project shows here what its processing takes.</p>
        </Empty>
      }
    />
  )
}

type SwitchAbility = Pick<BudgetsProps, 'busyId' | 'onChange'> & { readonly isAdmin: boolean }

function budgetColumns(status: LanesStatusBody, ability: SwitchAbility): readonly Column<LaneProjectStatus>[] {
  return [
    {
      id: 'project',
      header: 'Project',
      isMain: true,
      value: projectLabel,
      cell: (project) => <strong>{projectLabel(project)}</strong>,
    },
    { id: 'lane', header: 'Lane', value: ({ lane }) => lane, cell: ({ lane }) => <LaneMark lane={lane} /> },
    {
      id: 'used',
      header: 'Used',
      isNumber: true,
      value: ({ usedBudget }) => usedBudget,
      cell: ({ usedBudget }) => <span title={`${usedBudget.toPrecision(3)} seconds a second`}>{formatBudget(usedBudget)}</span>,
    },
    {
      id: 'bar',
      header: 'Of its budget',
      width: '150px',
      isExtra: true,
      cell: (project) => <BudgetBar project={project} budget={status.projectBudget} />,
    },
    {
      id: 'history',
      header: 'Lately',
      width: '130px',
      isExtra: true,
      cell: ({ history }) => <Sparkline values={Float64Array.from(history)} />,
    },
    {
      id: 'queued',
      header: 'Waiting',
      isNumber: true,
      value: ({ queuedBytes }) => queuedBytes,
      cell: ({ queuedBodies, queuedBytes }) =>
        queuedBodies === 0 ? '' : <span title={`${queuedBodies} requests`}>{formatBytes(queuedBytes)}</span>,
    },
    {
      id: 'switch',
      header: 'Low priority',
      width: '220px',
      value: (project) => project.switch,
      cell: (project) => <SwitchOf project={project} ability={ability} />,
    },
  ]
}

function LaneMark({ lane }: { readonly lane: LaneQueue['lane'] }) {
  return lane === 'low' ? <StatusMark tone="warn" label="low priority" /> : <StatusMark tone="ok" label="normal" />
}

/** The low-priority queue always has its row; it is worth a warning only while something waits in it. */
function QueueMark({ queue }: { readonly queue: LaneQueue }) {
  return queue.lane === 'low' && queue.rows === 0 ? <StatusMark tone="unknown" label="low priority" /> : <LaneMark lane={queue.lane} />
}

function BudgetBar({ project, budget }: { readonly project: LaneProjectStatus; readonly budget: number }) {
  const share = project.usedBudget / budget
  const text = `${Math.round(share * 100)} % of the budget`
  return (
    <div
      className="bw-budget"
      role="meter"
      aria-label={`Budget of ${projectLabel(project)}`}
      aria-valuenow={Math.min(100, Math.round(share * 100))}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={text}
      title={text}
    >
      <div className={`bw-budget__fill ${share > 1 ? 'bw-budget__fill--over' : ''}`} style={{ width: `${Math.min(1, share) * 100}%` }} />
    </div>
  )
}

function SwitchOf({ project, ability }: { readonly project: LaneProjectStatus; readonly ability: SwitchAbility }) {
  if (project.isSetInSettings) return <span title="It stands in the settings of the program">{project.switch}, by the settings</span>
  if (!ability.isAdmin) return <>{project.switch === 'auto' ? 'by its budget' : project.switch}</>
  return (
    <Segmented
      label={`Low priority for ${projectLabel(project)}`}
      value={project.switch}
      options={[
        { value: 'auto', label: 'By budget' },
        { value: 'always', label: 'Always' },
        { value: 'never', label: 'Never' },
      ]}
      onChange={(to) => ability.busyId === null && ability.onChange(project.projectId, to)}
    />
  )
}

function queueColumns(status: LanesStatusBody): readonly Column<LaneQueue>[] {
  return [
    { id: 'lane', header: 'Lane', isMain: true, cell: (queue) => <QueueMark queue={queue} /> },
    {
      id: 'rows',
      header: 'Waiting',
      isNumber: true,
      cell: ({ lane, rows }) => `${formatCount(rows)} ${lane === 'low' ? 'requests' : 'records'}`,
    },
    { id: 'size', header: 'Size', isNumber: true, cell: ({ sizeBytes }) => formatBytes(sizeBytes) },
    { id: 'oldest', header: 'Oldest', isNumber: true, cell: ({ segments, oldestMs }) => (segments === 0 ? 'empty' : formatMs(oldestMs)) },
    { id: 'workers', header: 'Workers', isNumber: true, isExtra: true, cell: ({ workers }) => String(workers) },
    {
      id: 'share',
      header: 'Processor',
      isNumber: true,
      isExtra: true,
      cell: ({ lane }) => (lane === 'low' ? `at most ${formatBudget(status.lowShare)}` : 'as needed'),
    },
  ]
}

function moveColumns(nowMs: number): readonly Column<LaneMoveEntry>[] {
  return [
    {
      id: 'at',
      header: 'When',
      isNumber: true,
      value: ({ at }) => at,
      cell: ({ at }) => <time title={at}>{formatAgo(Date.parse(at), nowMs)}</time>,
    },
    { id: 'project', header: 'Project', value: projectLabel, cell: projectLabel },
    { id: 'what', header: 'Move', isMain: true, value: moveText, cell: moveText },
    {
      id: 'used',
      header: 'Used',
      isNumber: true,
      value: ({ usedBudget }) => usedBudget,
      cell: ({ usedBudget }) => formatBudget(usedBudget),
    },
    { id: 'actor', header: 'By', isExtra: true, value: ({ actor }) => actor, cell: ({ actor }) => actor },
  ]
}
