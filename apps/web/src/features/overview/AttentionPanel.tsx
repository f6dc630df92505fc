/** New findings and problems: where to look first. Not there for a project that sends neither traces nor logs. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { Section } from '../../ui/Page.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { findingNames, findingsQuery, findingTone } from '../performance/index.ts'
import { problemsQuery, problemTone } from '../problems/index.ts'
import { usePlace } from '../session/index.ts'
import { attentionOf, type Attention } from './attention.ts'

const refreshMs = 15_000
const dayMs = 86_400_000

export interface AttentionPanelProps {
  readonly nowMs: number
  /** Whether spans or logs came in: then it is worth saying that there is nothing. */
  readonly isWatched: boolean
}

export function AttentionPanel({ nowMs, isWatched }: AttentionPanelProps) {
  const { projectPath, project } = usePlace()
  // Whole minutes, so that the question stays the same for a while.
  const toMs = Math.ceil(nowMs / 60_000) * 60_000
  const findings = useQuery({ ...findingsQuery(projectPath, 'open'), refetchInterval: refreshMs })
  const problems = useQuery({
    ...problemsQuery(projectPath, {}, { fromMs: toMs - dayMs, toMs }),
    refetchInterval: refreshMs,
  })
  if (findings.data === undefined || problems.data === undefined) return null
  const rows = attentionOf(findings.data.items, problems.data.items, nowMs)
  if (rows.length === 0 && !isWatched) return null
  return (
    <Section
      title="Needs a look"
      actions={
        <>
          <Link to="/p/$project/performance" params={{ project: project.id }} search={{ view: 'findings' }}>
            Findings
          </Link>
          <Link to="/p/$project/problems" params={{ project: project.id }}>
            Problems
          </Link>
        </>
      }
    >
      {rows.length === 0 && <p className="bw-section__body bw-dim">Nothing new: no finding and no problem that nobody has looked at.</p>}
      <ul className="bw-rows bw-rows--reasons">
        {rows.map((row) => (
          <li key={row.key}>
            <AttentionMark row={row} />
            <span className="bw-rows__main" title={row.title}>
              <AttentionLink row={row} />
            </span>
            <span className="bw-dim bw-rows__why">{row.why}</span>
            <span className="bw-dim">{row.service}</span>
            <time className="bw-dim bw-rows__time" title={new Date(row.lastMs).toISOString()}>
              {formatAgo(row.lastMs, Math.max(nowMs, row.lastMs))}
            </time>
          </li>
        ))}
      </ul>
    </Section>
  )
}

const quietMarks = { warning: { tone: 'warn', label: 'Warning' }, message: { tone: 'unknown', label: 'Message' } } as const

function AttentionMark({ row: { what, weight } }: { readonly row: Attention }) {
  if ('finding' in what) return <StatusMark tone={findingTone(what.finding.state)} label={findingNames[what.finding.finding]} />
  const isBack = what.problem.state === 'regressed'
  const { tone, label } = weight === 'failure' ? { tone: problemTone(what.problem.state), label: 'Problem' } : quietMarks[weight]
  return <StatusMark tone={tone} label={isBack ? 'Regressed' : label} />
}

function AttentionLink({ row: { what, title } }: { readonly row: Attention }) {
  const { project } = usePlace()
  return 'finding' in what ? (
    <Link to="/p/$project/performance" params={{ project: project.id }} search={{ view: 'findings', open: what.finding.id }}>
      {title}
    </Link>
  ) : (
    <Link to="/p/$project/problems/$problem" params={{ project: project.id, problem: what.problem.id }}>
      {title}
    </Link>
  )
}
