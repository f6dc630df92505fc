/** Overview: is anything wrong, and is data coming in? */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useNow } from '../../lib/use-now.ts'
import { Icon } from '../../ui/Icon.tsx'
import { Page } from '../../ui/Page.tsx'
import { instantQuery } from '../metrics/index.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { foreignSources, sourcesQuery } from '../sources/index.ts'
import { systemQuery } from '../system/index.ts'
import { useLastingGaps, usageQuery } from '../usage/index.ts'
import { AttentionPanel } from './AttentionPanel.tsx'
import { ComponentsPanel, IngestPanel, ReasonsPanel, SourcesPanel } from './OverviewPanels.tsx'
import { overviewStats } from './overview-stats.ts'
import { StatTile } from './StatTile.tsx'
import { Verdict } from './Verdict.tsx'
import './overview.css'

/** The overview is for a glance and for a wall: it follows by itself. */
const refreshMs = 5000
const tilesRefreshMs = 15_000

export function OverviewPage() {
  const { projectPath, organizationPath, project } = usePlace()
  const { refreshNow, refresh, resolved } = useRange()
  const nowMs = useNow(5000)
  const status = useQuery({ ...systemQuery, refetchInterval: refreshMs })
  const usage = useQuery({ ...usageQuery(organizationPath), refetchInterval: refreshMs })
  const lasting = useLastingGaps(usage.data ?? [], usage.dataUpdatedAt)
  const sources = useQuery({ ...sourcesQuery(projectPath), refetchInterval: refreshMs })
  useEffect(() => {
    if (refresh !== null) return undefined
    const timer = window.setInterval(refreshNow, tilesRefreshMs)
    return () => window.clearInterval(timer)
  }, [refresh, refreshNow])
  // Bellwether reports about itself into its first project only; the others have no such numbers to show.
  const own = useQuery(instantQuery(projectPath, 'count(host_cpu_count)', resolved.toMs))
  const hasOwn = own.data === undefined || own.data.series.length > 0
  const onlySelf = sources.data !== undefined && foreignSources(sources.data).length === 0
  const isWatched = (usage.data ?? []).some((row) => row.projectId === project.id && row.kind !== 'metrics')
  return (
    <Page title="Overview" wide>
      <Verdict status={status} usage={usage} lasting={lasting} sources={sources} nowMs={nowMs} />
      {onlySelf && <SendDataPanel />}
      <AttentionPanel nowMs={nowMs} isWatched={isWatched} />
      {hasOwn && (
        <div className="bw-stats">
          {overviewStats(project.id).map((stat) => (
            <StatTile key={stat.id} stat={stat} />
          ))}
        </div>
      )}
      <div className="bw-columns">
        <div className="bw-stack">
          <IngestPanel usage={usage} lasting={lasting} />
          <ReasonsPanel usage={usage} />
        </div>
        <div className="bw-stack">
          <SourcesPanel sources={sources} nowMs={nowMs} />
          <ComponentsPanel status={status} nowMs={nowMs} />
        </div>
      </div>
    </Page>
  )
}

function SendDataPanel() {
  const { project } = usePlace()
  const ways = [
    ['node', 'Node.js'],
    ['python', 'Python'],
    ['go', 'Go'],
    ['java', 'Java'],
    ['collector', 'OTel Collector'],
    ['prometheus', 'Prometheus'],
    ['curl', 'curl'],
  ] as const
  return (
    <section className="bw-send" aria-label="Send your first data">
      <div className="bw-send__text">
        <h2>Send your first data</h2>
        <p className="bw-dim">
          So far only Bellwether reports, about itself and this machine. Pick what you have; a snippet with your key is ready, and this page
          notices when data arrives.
        </p>
        <ul className="bw-send__ways">
          {ways.map(([id, label]) => (
            <li key={id}>
              <Link
                className="bw-btn bw-btn--plain bw-btn--small"
                to="/p/$project/start"
                params={{ project: project.id }}
                search={{ with: id }}
              >
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </div>
      <Link className="bw-btn bw-btn--primary" to="/p/$project/start" params={{ project: project.id }}>
        <Icon name="send" /> Send data
      </Link>
    </section>
  )
}
