/** One target: all that is known of it, with its labels before and after relabelling. */
import type { ScrapeTarget } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount, formatMs } from '../../lib/units.ts'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { usePlace } from '../session/index.ts'
import { healthWords, labelsText, sentence } from './targets.queries.ts'

export interface TargetDrawerProps {
  readonly target: ScrapeTarget
  readonly nowMs: number
  readonly onClose: () => void
}

export function TargetDrawer({ target, nowMs, onClose }: TargetDrawerProps) {
  const { project } = usePlace()
  const ago = (at: string | null): string => (at === null ? 'never' : formatAgo(Date.parse(at), nowMs))
  return (
    <DetailDrawer title={target.labels['instance'] ?? target.url} onClose={onClose}>
      {target.lastError !== null && (
        <Notice tone="warn" icon="warning" title="The last scrape failed">
          <p>{sentence(target.lastError)}</p>
        </Notice>
      )}
      <dl className="bw-facts bw-targets__head">
        <Fact name="State" value={healthWords[target.health]} />
        <Fact name="Last scrape" value={ago(target.lastScrapeAt)} />
        <Fact name="Took" value={formatMs(target.lastDurationMs)} />
        <Fact name="At most" value={formatMs(target.timeoutMs)} />
        <Fact name="Every" value={formatMs(target.intervalMs)} />
        <Fact name="Samples exposed" value={formatCount(target.samplesScraped)} />
        <Fact name="Kept" value={formatCount(target.samplesKept)} />
        <Fact name="New series" value={formatCount(target.seriesAdded)} />
      </dl>
      <h3 className="bw-targets__head">Address</h3>
      <p className="bw-targets__long">{target.url}</p>
      <LabelList title="Labels of its series" labels={target.labels} />
      <LabelList title="Before relabelling" labels={target.discoveredLabels} />
      <p className="bw-targets__head">
        <Link to="/p/$project/explore/metrics" params={{ project: project.id }} search={{ q: [`up{${labelsText(target.labels)}}`] }}>
          See when it was up
        </Link>
      </p>
    </DetailDrawer>
  )
}

function LabelList({ title, labels }: { readonly title: string; readonly labels: Readonly<Record<string, string>> }) {
  return (
    <>
      <h3 className="bw-targets__head">{title}</h3>
      <dl className="bw-targets__labels">
        {Object.entries(labels).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="bw-targets__long">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}
