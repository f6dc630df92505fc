/** Release health: sessions and users without a crash, errors, problems that are new in it; and what people wrote. */
import type { ReleaseHealth, ToldRelease } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark, type Tone } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { feedbackQuery, releasesQuery, shareText } from './problems.queries.ts'
import { SourceMaps } from './SourceMaps.tsx'
import './problems.css'

const refreshMs = 15_000

export function ReleasesPage() {
  const { projectPath, project } = usePlace()
  const { resolved } = useRange()
  const nowMs = useNow(30_000)
  const releases = useQuery({ ...releasesQuery(projectPath, resolved), refetchInterval: refreshMs })
  return (
    <Page title="Releases" lead="How each release does: sessions and users without a crash, errors, and problems that came with it.">
      <Section title="Release health">
        {releases.isPending && <Loading label="releases" rows={6} />}
        {releases.isError && <Failure error={releases.error} title="Releases could not be read" onRetry={() => void releases.refetch()} />}
        {releases.data !== undefined && (
          <DataTable
            label="releases"
            columns={columnsFor(project.id, nowMs)}
            rows={releases.data.items}
            rowKey={({ release, environment }) => `${release}\n${environment}`}
            empty={
              <Empty title="No release in this range" icon="send">
                <p>Errors and sessions with a release show it here: set `release` when you start the SDK.</p>
              </Empty>
            }
          />
        )}
      </Section>
      <FeedbackSection />
      <SourceMaps />
    </Page>
  )
}

/** Below these shares a release is looked at, or alarming. */
const goodShare = 0.995
const badShare = 0.98

function toneOf(share: number | null): Tone {
  if (share === null) return 'unknown'
  return share >= goodShare ? 'ok' : share >= badShare ? 'warn' : 'down'
}

function columnsFor(project: string, nowMs: number): readonly Column<ReleaseHealth>[] {
  return [
    {
      id: 'release',
      header: 'Release',
      isMain: true,
      value: ({ release }) => release,
      cell: ({ release }) => (
        <Link to="/p/$project/problems" params={{ project }} search={{ release, state: 'all' }}>
          {release}
        </Link>
      ),
    },
    {
      id: 'environment',
      header: 'Environment',
      isExtra: true,
      value: ({ environment }) => environment,
      cell: ({ environment }) => environment,
    },
    {
      id: 'released',
      header: 'Released',
      isNumber: true,
      isExtra: true,
      value: ({ told }) => told?.releasedAt ?? told?.createdAt ?? null,
      cell: ({ told }) => (told === null ? '—' : <Released told={told} nowMs={nowMs} />),
    },
    share('sessions', 'Crash-free sessions', ({ crashFreeSessions }) => crashFreeSessions),
    share('users', 'Crash-free users', ({ crashFreeUsers }) => crashFreeUsers),
    counted('count', 'Sessions', ({ sessions }) => sessions),
    { ...counted('crashed', 'Crashed', ({ crashed }) => crashed), isExtra: true },
    { ...counted('errored', 'With errors', ({ errored }) => errored), isExtra: true },
    counted('errors', 'Errors', ({ errors }) => Math.round(errors)),
    counted('new', 'New problems', ({ newProblems }) => newProblems),
    {
      id: 'last',
      header: 'Last error',
      isNumber: true,
      isExtra: true,
      value: ({ lastSeen }) => lastSeen,
      cell: ({ lastSeen }) => (lastSeen === null ? '—' : <time title={lastSeen}>{formatAgo(Date.parse(lastSeen), nowMs)}</time>),
    },
  ]
}

/** When, and with how many commits; the newest of them where it is pointed at. */
function Released({ told, nowMs }: { readonly told: ToldRelease; readonly nowMs: number }) {
  const { createdAt, releasedAt, commits, commit } = told
  const at = releasedAt ?? createdAt
  return (
    <>
      <time title={releasedAt === null ? `made ${at}, not released yet` : at}>
        {releasedAt === null ? 'not yet' : formatAgo(Date.parse(at), nowMs)}
      </time>
      {commit !== null && (
        <span className="bw-dim" title={`${commit.id.slice(0, 10)} ${commit.message} (${commit.author})`}>
          {` · ${formatCount(commits)} ${commits === 1 ? 'commit' : 'commits'}`}
        </span>
      )}
    </>
  )
}

function share(id: string, header: string, value: (release: ReleaseHealth) => number | null): Column<ReleaseHealth> {
  return {
    id,
    header,
    isNumber: true,
    value,
    cell: (release) => {
      const of = value(release)
      return of === null ? <span title="No sessions were reported">—</span> : <StatusMark tone={toneOf(of)} label={shareText(of)} />
    },
  }
}

function counted(id: string, header: string, value: (release: ReleaseHealth) => number): Column<ReleaseHealth> {
  return { id, header, isNumber: true, value, cell: (release) => formatCount(value(release)) }
}

function FeedbackSection() {
  const { projectPath, project } = usePlace()
  const nowMs = useNow(30_000)
  const feedback = useQuery(feedbackQuery(projectPath))
  const rows = feedback.data?.items ?? []
  if (feedback.isError)
    return <Failure compact error={feedback.error} title="Feedback could not be read" onRetry={() => void feedback.refetch()} />
  if (rows.length === 0) return null
  return (
    <Section title="What people wrote" note="the newest">
      <ul className="bw-problem-feedback">
        {rows.map(({ id, timestamp, name, email, message, url, traceId }) => (
          <li key={id}>
            <p>{message}</p>
            <p className="bw-dim">
              {[name, email, url].filter((part) => part !== '').join(' · ')}{' '}
              <time title={timestamp}>{formatAgo(Date.parse(timestamp), nowMs)}</time>
              {traceId !== null && (
                <>
                  {' '}
                  <Link to="/p/$project/explore/traces/$traceId" params={{ project: project.id, traceId }}>
                    Trace
                  </Link>
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    </Section>
  )
}
