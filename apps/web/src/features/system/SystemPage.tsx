/** System: is the program itself well, and does it have room? Live. */
import type { ComponentStatus, SystemStatusBody } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatBytes, formatCount, formatMs } from '../../lib/units.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { Meter } from '../../ui/Meter.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { byUrgency, componentName, systemQuery, toneOf } from './system.queries.ts'

const refreshMs = 2000

function componentColumns(nowMs: number): readonly Column<ComponentStatus>[] {
  return [
    { id: 'name', header: 'Component', cell: (component) => <strong>{componentName(component.name)}</strong> },
    { id: 'state', header: 'State', cell: (component) => <StatusMark tone={toneOf(component.state)} label={component.state} /> },
    { id: 'kind', header: 'Kind', isExtra: true, cell: (component) => component.kind },
    { id: 'version', header: 'Version', isExtra: true, cell: (component) => component.version ?? '' },
    { id: 'location', header: 'Where', isExtra: true, cell: (component) => <span className="bw-mono">{component.location ?? ''}</span> },
    {
      id: 'since',
      header: 'For',
      isNumber: true,
      isExtra: true,
      cell: (component) =>
        component.since === null ? '' : <time title={component.since}>{formatMs(Math.max(0, nowMs - Date.parse(component.since)))}</time>,
    },
    {
      id: 'detail',
      header: 'Detail',
      isMain: true,
      cell: (component) => <span title={component.detail ?? ''}>{component.detail ?? ''}</span>,
    },
  ]
}

export function SystemPage() {
  const system = useQuery({ ...systemQuery, refetchInterval: refreshMs })
  const status = system.data
  return (
    <Page
      title="System"
      lead={
        status === undefined ? undefined : (
          <>
            Bellwether {status.version} on Node {status.nodeVersion}, up {formatMs(status.uptimeSec * 1000)}, roles{' '}
            {status.roles.join(', ')}
          </>
        )
      }
    >
      {system.isError && <Failure error={system.error} title="The state could not be read" onRetry={() => void system.refetch()} />}
      {system.isPending && <Loading label="the state" rows={8} />}
      {status !== undefined && (
        <>
          <Section title="Components" note={status.ready ? 'ready' : 'not ready: queries may fail'}>
            <DataTable
              label="components"
              columns={componentColumns(system.dataUpdatedAt)}
              rows={byUrgency(status.components)}
              rowKey={(component) => component.name}
            />
          </Section>
          <div className="bw-columns">
            <QueuePanel log={status.log} />
            <RoomPanel status={status} />
          </div>
        </>
      )}
    </Page>
  )
}

function QueuePanel({ log }: { readonly log: SystemStatusBody['log'] }) {
  const { project } = usePlace()
  return (
    <Section
      title="Queue"
      note="acknowledged, not yet in the store"
      actions={
        <Link
          to="/p/$project/explore/metrics"
          params={{ project: project.id }}
          search={{ q: ['bellwether_ingest_queue_rows'], style: 'area' }}
        >
          Over time
        </Link>
      }
    >
      <div className="bw-section__body bw-stack">
        <Meter
          label="Log"
          used={log.sizeBytes}
          total={log.sizeBytesMax}
          text={`${formatBytes(log.sizeBytes)} of ${formatBytes(log.sizeBytesMax)}`}
          warnFrom={0.5}
          downFrom={0.9}
        />
        <dl className="bw-facts">
          <Fact name="Records" value={formatCount(log.rows)} />
          <Fact name="Requests" value={formatCount(log.records)} />
          <Fact name="Segments" value={formatCount(log.segments)} />
          <Fact name="Oldest" value={log.records === 0 ? 'empty' : formatMs(log.oldestMs)} />
        </dl>
      </div>
    </Section>
  )
}

function RoomPanel({ status }: { readonly status: SystemStatusBody }) {
  const { disk, memory } = status
  const ours = memory.processes.reduce((sum, each) => sum + each.rssBytes, 0)
  const usedDisk = disk.totalBytes - disk.freeBytes
  return (
    <Section title="Disk and memory">
      <div className="bw-section__body bw-stack">
        <Meter
          label={`Disk of ${disk.path}`}
          used={usedDisk}
          total={disk.totalBytes}
          text={`${formatBytes(disk.freeBytes)} free of ${formatBytes(disk.totalBytes)}`}
        />
        {disk.usedByUsBytes !== null && (
          <p className="bw-dim">
            Bellwether’s own data: {formatBytes(disk.usedByUsBytes)} ({disk.path})
          </p>
        )}
        <Meter
          label="Memory of the machine"
          used={memory.totalBytes - memory.freeBytes}
          total={memory.totalBytes}
          text={`${formatBytes(memory.totalBytes - memory.freeBytes)} of ${formatBytes(memory.totalBytes)}`}
          warnFrom={0.9}
          downFrom={0.98}
        />
        <dl className="bw-facts">
          <Fact name="All of Bellwether" value={formatBytes(ours)} />
          {memory.processes.map((each) => (
            <Fact
              key={`${each.name} ${each.pid}`}
              name={`${componentName(each.name)} · pid ${each.pid}`}
              value={formatBytes(each.rssBytes)}
            />
          ))}
          <Fact name="JavaScript heap" value={formatBytes(memory.heapUsedBytes)} />
        </dl>
      </div>
    </Section>
  )
}
