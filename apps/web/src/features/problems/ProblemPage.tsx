/** One problem: what is known of it, the stack of one event, what happened before, how tags are spread, and its events. */
import type { ProblemDetail } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { Button } from '../../ui/Button.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { useRange } from '../range/index.ts'
import { may, usePlace } from '../session/index.ts'
import { EventView } from './EventView.tsx'
import { EventsView } from './EventsView.tsx'
import { decisionsFor, decisionVerb, eventQuery, problemQuery, stateTone } from './problems.queries.ts'
import type { ProblemSearch } from './problems-search.ts'
import { SparkBars } from './SparkBars.tsx'
import { TagShares } from './TagShares.tsx'
import { useDecide, type Deciding } from './use-decide.ts'
import './problems.css'

const route = getRouteApi('/p/$project/problems/$problem')
const refreshMs = 15_000

export function ProblemPage() {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const { problem: id } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const problem = useQuery({ ...problemQuery(projectPath, id, resolved), refetchInterval: refreshMs })
  const event = useQuery(eventQuery(projectPath, id, search.event ?? 'latest'))
  const deciding = useDecide()
  const update = (change: { readonly [Name in keyof ProblemSearch]?: ProblemSearch[Name] | undefined }): void =>
    void navigate({
      search: (old) => Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined)),
      replace: true,
    })
  const data = problem.data
  return (
    <Page
      title={data?.title ?? 'Problem'}
      lead={data === undefined ? ' ' : <ProblemLead problem={data} />}
      actions={data === undefined ? undefined : <Decisions problem={data} deciding={deciding} />}
      wide
    >
      {deciding.error !== null && <Failure compact error={deciding.error} title="The decision could not be kept" />}
      {problem.isError && <Failure error={problem.error} title="The problem could not be read" onRetry={() => void problem.refetch()} />}
      {problem.isPending && <Loading label="the problem" rows={8} />}
      {data !== undefined && (
        <div className="bw-problem">
          <div className="bw-problem__main">
            <Segmented
              label="View"
              value={search.view ?? 'event'}
              options={[
                { value: 'event', label: 'Event' },
                { value: 'events', label: `All events ${formatCount(Math.round(data.totalCount))}` },
              ]}
              onChange={(view) => update({ view: view === 'events' ? 'events' : undefined })}
            />
            {search.view === 'events' ? (
              <EventsView id={id} onOpen={(chosen) => update({ event: chosen, view: undefined })} />
            ) : (
              <>
                {event.isPending && <Loading label="the event" rows={8} />}
                {event.isError && (
                  <Failure compact error={event.error} title="No event can be shown" onRetry={() => void event.refetch()} />
                )}
                {event.data !== undefined && (
                  <EventView
                    event={event.data}
                    showsAll={search.frames === 'all'}
                    onShowAll={(all) => update({ frames: all ? 'all' : undefined })}
                    onEvent={(chosen) => update({ event: chosen })}
                  />
                )}
              </>
            )}
          </div>
          <Aside problem={data} />
        </div>
      )}
    </Page>
  )
}

function ProblemLead({ problem: { state, place, service, decidedBy, decidedAt } }: { readonly problem: ProblemDetail }) {
  const nowMs = useNow(30_000)
  return (
    <span className="bw-problem-lead">
      <StatusMark tone={stateTone(state)} label={state} />
      {place !== '' && <code>{place}</code>}
      {service !== '' && <span>{service}</span>}
      {decidedBy !== null && decidedAt !== null && (
        <span className="bw-dim">
          decided by {decidedBy} <time title={decidedAt}>{formatAgo(Date.parse(decidedAt), nowMs)}</time>
        </span>
      )}
    </span>
  )
}

function Decisions({ problem: { id, state }, deciding }: { readonly problem: ProblemDetail; readonly deciding: Deciding }) {
  const { organization } = usePlace()
  if (!may(organization, 'write')) return null
  return (
    <>
      {decisionsFor(state).map((decision) => (
        <Button
          key={decision}
          variant={decision === 'resolved' ? 'primary' : 'plain'}
          busy={deciding.isBusy}
          onClick={() => deciding.decide([id], decision)}
        >
          {decisionVerb(decision)}
        </Button>
      ))}
    </>
  )
}

function Aside({ problem }: { readonly problem: ProblemDetail }) {
  const { project } = usePlace()
  const nowMs = useNow(30_000)
  const { count, users, totalCount, totalUsers, firstSeen, lastSeen, firstRelease, lastRelease, spark, releases, tags, id } = problem
  const ago = (time: string) => <time title={time}>{formatAgo(Date.parse(time), nowMs)}</time>
  return (
    <aside className="bw-problem__aside" aria-label="About this problem">
      <Section title="How often">
        <SparkBars values={spark} label={`${formatCount(Math.round(count))} events over the range`} />
        <dl className="bw-facts">
          <Pair name="In this range" value={`${formatCount(Math.round(count))} events`} />
          <Pair name="For" value={users === 1 ? '1 user' : `${formatCount(users)} users`} />
          <Pair name="Ever" value={`${formatCount(Math.round(totalCount))} events`} />
          <Pair name="For" value={totalUsers === 1 ? '1 user' : `${formatCount(totalUsers)} users`} />
          <Pair name="First seen" value={ago(firstSeen)} />
          <Pair name="Last seen" value={ago(lastSeen)} />
          {firstRelease !== '' && <Pair name="First release" value={firstRelease} />}
          {lastRelease !== '' && <Pair name="Last release" value={lastRelease} />}
        </dl>
        <p>
          <Link to="/p/$project/explore/logs" params={{ project: project.id }} search={{ q: `problem:${id}` }}>
            Its events in the logs
          </Link>
        </p>
      </Section>
      {tags.length > 0 && (
        <Section title="Tags" note="of the newest events">
          <TagShares tags={tags} />
        </Section>
      )}
      {releases.length > 0 && (
        <Section title="Releases">
          <ul className="bw-problem-releases">
            {releases.map((release) => (
              <li key={release.release}>
                <Link to="/p/$project/problems" params={{ project: project.id }} search={{ release: release.release, state: 'all' }}>
                  {release.release}
                </Link>
                <span>
                  {formatCount(Math.round(release.count))} · {ago(release.lastSeen)}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </aside>
  )
}

function Pair({ name, value }: { readonly name: string; readonly value: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
