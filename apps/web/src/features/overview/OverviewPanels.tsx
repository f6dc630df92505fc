/** The panels of the overview: what came in, from where, and the parts of the program. */
import type { SourceRow, SystemStatusBody, UsageRow } from '@bellwether/protocol'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { formatMs } from '../../lib/units.ts'
import { Section } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import { protocolName } from '../sources/index.ts'
import { byUrgency, componentName, toneOf } from '../system/index.ts'
import { balanceOf, countedRows, Equation, explainReason, lostIn, reasonsOf, type LastingGaps } from '../usage/index.ts'

/** Rows of a panel; its page has all. */
const rowsMax = 8

export interface IngestPanelProps {
  readonly usage: UseQueryResult<readonly UsageRow[]>
  readonly lasting: LastingGaps
}

export function IngestPanel({ usage, lasting }: IngestPanelProps) {
  const { project } = usePlace()
  const mine = (usage.data ?? []).filter((row) => row.projectId === project.id)
  return (
    <Section
      title="Data since the start"
      actions={
        <Link to="/p/$project/data/usage" params={{ project: project.id }}>
          Usage
        </Link>
      }
    >
      <div className="bw-section__body bw-stack">
        {usage.isPending && <Loading label="usage" rows={2} />}
        {usage.isError && usage.data === undefined && <Failure compact error={usage.error} title="Usage could not be read" />}
        {usage.data !== undefined && mine.length === 0 && <p className="bw-dim">Nothing was received for project “{project.name}” yet.</p>}
        {mine.map((row) => (
          <div key={row.kind}>
            <p className="bw-dim">{row.kind}</p>
            <Equation balance={balanceOf([row])} lost={lostIn([row], lasting)} />
          </div>
        ))}
      </div>
    </Section>
  )
}

export function ReasonsPanel({ usage }: { readonly usage: UseQueryResult<readonly UsageRow[]> }) {
  const { project } = usePlace()
  const reasons = reasonsOf((usage.data ?? []).filter((row) => row.projectId === project.id)).slice(0, rowsMax)
  return (
    <Section
      title="Refused and dropped"
      actions={
        <Link to="/p/$project/data/refused" params={{ project: project.id }}>
          Examples
        </Link>
      }
    >
      {usage.data !== undefined && reasons.length === 0 && <p className="bw-section__body bw-dim">Nothing was refused or dropped.</p>}
      <ul className="bw-rows">
        {reasons.map((row) => (
          <li key={`${row.kind} ${row.what} ${row.reason}`} title={explainReason(row.reason) ?? ''}>
            <span className="bw-rows__main">
              <code>{row.reason}</code>
            </span>
            <span className="bw-dim">{row.what}</span>
            <span className="bw-rows__time">{countedRows(row.rows, [row.kind])}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

export function SourcesPanel({ sources, nowMs }: { readonly sources: UseQueryResult<readonly SourceRow[]>; readonly nowMs: number }) {
  const { project } = usePlace()
  const rows = [...(sources.data ?? [])].sort((a, b) => (a.lastSeenAt < b.lastSeenAt ? 1 : -1)).slice(0, rowsMax)
  return (
    <Section
      title="Sources"
      actions={
        <Link to="/p/$project/data/sources" params={{ project: project.id }}>
          All sources
        </Link>
      }
    >
      {sources.isPending && <Loading label="sources" rows={2} />}
      {sources.isError && sources.data === undefined && <Failure compact error={sources.error} title="The sources could not be read" />}
      {sources.data !== undefined && rows.length === 0 && <p className="bw-section__body bw-dim">Nothing has sent data since the start.</p>}
      <ul className="bw-rows">
        {rows.map((source) => (
          <li key={source.protocol}>
            <span className="bw-rows__main">{protocolName(source.protocol)}</span>
            <span className="bw-dim">{countedRows(source.points, [])}</span>
            <time className="bw-dim bw-rows__time" title={source.lastSeenAt}>
              {formatAgo(Date.parse(source.lastSeenAt), Math.max(nowMs, Date.parse(source.lastSeenAt)))}
            </time>
          </li>
        ))}
      </ul>
    </Section>
  )
}

export function ComponentsPanel({ status, nowMs }: { readonly status: UseQueryResult<SystemStatusBody>; readonly nowMs: number }) {
  const { project } = usePlace()
  const rows = byUrgency(status.data?.components ?? []).filter((component) => component.state !== 'off')
  return (
    <Section
      title="Components"
      actions={
        <Link to="/p/$project/system" params={{ project: project.id }}>
          System
        </Link>
      }
    >
      {status.isPending && <Loading label="components" rows={3} />}
      {status.isError && status.data === undefined && <Failure compact error={status.error} title="The components could not be read" />}
      <ul className="bw-rows">
        {rows.map((component) => (
          <li key={component.name}>
            <span className="bw-rows__main">
              <StatusMark tone={toneOf(component.state)} label={componentName(component.name)} />
            </span>
            <span className="bw-dim">{component.state}</span>
            <time className="bw-dim bw-rows__time" title={component.since ?? ''}>
              {component.since === null ? '' : `for ${formatMs(Math.max(0, nowMs - Date.parse(component.since)))}`}
            </time>
          </li>
        ))}
      </ul>
    </Section>
  )
}
