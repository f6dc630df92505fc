/** The answer of the first page in one line, with the reasons when it is not "all is well". */
import type { SourceRow, SystemStatusBody, UsageRow } from '@bellwether/protocol'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import type { LastingGaps } from '../usage/index.ts'
import { findingsOf, type Finding } from './verdict-model.ts'

export interface VerdictProps {
  readonly status: UseQueryResult<SystemStatusBody>
  readonly usage: UseQueryResult<readonly UsageRow[]>
  readonly lasting: LastingGaps
  readonly sources: UseQueryResult<readonly SourceRow[]>
  readonly nowMs: number
}

const pages = {
  system: '/p/$project/system',
  usage: '/p/$project/data/usage',
  refused: '/p/$project/data/refused',
  sources: '/p/$project/data/sources',
} as const satisfies Record<Finding['page'], string>

export function Verdict({ status, usage, lasting, sources, nowMs }: VerdictProps) {
  const { project } = usePlace()
  if (status.isPending && usage.isPending) return <Loading label="the state" rows={1} />
  // Who may not see the program's state still sees the state of their data.
  const failed = [usage, sources].find((query) => query.isError)
  if (failed !== undefined) {
    return (
      <Failure
        error={failed.error}
        title={
          failed.data === undefined
            ? 'The state is unknown'
            : `The state is unknown; what is below is from ${formatAgo(failed.dataUpdatedAt, nowMs)}`
        }
        onRetry={() => void Promise.all([status.refetch(), usage.refetch(), sources.refetch()])}
      />
    )
  }
  const findings = findingsOf({
    status: status.data ?? null,
    usage: usage.data ?? [],
    lasting,
    sources: sources.data ?? [],
    projectId: project.id,
    nowMs,
  })
  const worst = findings[0]
  return (
    <section className={`bw-verdict ${worst === undefined ? '' : `bw-verdict--${worst.tone}`}`} aria-label="State" aria-live="polite">
      <p className="bw-verdict__title">
        {worst === undefined ? (
          <>
            <StatusMark tone="ok" label="Bellwether works" />{' '}
            <span className="bw-dim bw-verdict__scope">its own parts, and all that was sent to it; what your programs report is apart</span>
          </>
        ) : (
          <StatusMark
            tone={worst.tone}
            label={findings.length === 1 ? 'One thing needs a look' : `${findings.length} things need a look`}
          />
        )}
      </p>
      {findings.length > 0 && (
        <ul className="bw-verdict__list">
          {findings.map((finding) => (
            <li key={finding.text}>
              <StatusMark tone={finding.tone} label={finding.tone === 'down' ? 'serious' : 'warning'} hideLabel />
              <Link to={pages[finding.page]} params={{ project: project.id }}>
                {finding.text}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
