/** What is known to be wrong with a service: its open findings, worst news first. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { useNow } from '../../lib/use-now.ts'
import { Section } from '../../ui/Page.tsx'
import { StatusMark, Tag } from '../../ui/StatusMark.tsx'
import { findingNames, findingsQuery, findingTone } from '../performance/index.ts'
import { usePlace } from '../session/index.ts'

/** Findings named here; the page of findings has all. */
const shownMax = 5

/** Nothing where nothing was found, or nothing is known yet: the page is whole without it. */
export function ServiceFindings({ service }: { readonly service: string }) {
  const { projectPath, project } = usePlace()
  const nowMs = useNow(30_000)
  const findings = useQuery(findingsQuery(projectPath, 'open'))
  const own = (findings.data?.items ?? []).filter((each) => each.service === service)
  if (own.length === 0) return null
  return (
    <Section
      title="Findings"
      note={`${own.length} open`}
      actions={
        <Link to="/p/$project/performance" params={{ project: project.id }} search={{ view: 'findings' }}>
          All findings
        </Link>
      }
    >
      <ul className="bw-rows">
        {own.slice(0, shownMax).map(({ id, finding, title, state, lastSeenAt }) => (
          <li key={id}>
            <span className="bw-rows__main">
              <StatusMark tone={findingTone(state)} label={state} /> <Tag>{findingNames[finding]}</Tag>{' '}
              <Link to="/p/$project/performance" params={{ project: project.id }} search={{ view: 'findings', open: id }}>
                {title}
              </Link>
            </span>
            <time className="bw-dim bw-rows__time" title={lastSeenAt}>
              {formatAgo(Date.parse(lastSeenAt), nowMs)}
            </time>
          </li>
        ))}
      </ul>
    </Section>
  )
}
