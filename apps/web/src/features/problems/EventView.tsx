/** One event: where it was thrown, what happened before, and all that is known of it. */
import type { Breadcrumb, ProblemEvent } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { useZone } from '../../lib/preferences.ts'
import { formatDateTime } from '../../lib/time-format.ts'
import { absoluteRange } from '../../lib/time-range.ts'
import { formatMs } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Section } from '../../ui/Page.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import { ErrorStack } from './ErrorStack.tsx'

export interface EventViewProps {
  readonly event: ProblemEvent
  readonly showsAll: boolean
  readonly onShowAll: (all: boolean) => void
  readonly onEvent: (id: string) => void
}

export function EventView({ event, showsAll, onShowAll, onEvent }: EventViewProps) {
  const hidden = event.errors.some(({ frames }) => frames.some(({ isInApp }) => isInApp) && frames.some(({ isInApp }) => !isInApp))
  return (
    <>
      <EventHead event={event} onEvent={onEvent} />
      {event.errors.length > 0 && (
        <Section
          title="Stack"
          actions={
            hidden && (
              <Button small variant="quiet" aria-pressed={showsAll} onClick={() => onShowAll(!showsAll)}>
                {showsAll ? 'Only the program’s own frames' : 'All frames'}
              </Button>
            )
          }
        >
          {event.errors.map((error, index) => (
            <ErrorStack
              // Causes have no other name than their place.
              // eslint-disable-next-line react/no-array-index-key
              key={index}
              error={error}
              isCause={index > 0}
              showsAll={showsAll}
            />
          ))}
        </Section>
      )}
      {event.errors.length === 0 && <p className="bw-problem-message">{event.message}</p>}
      {event.stackText !== '' && (
        <Section title="Stack as text">
          <pre className="bw-problem-text">{event.stackText}</pre>
        </Section>
      )}
      {event.breadcrumbs.length > 0 && (
        <Section title="What happened before">
          <Breadcrumbs crumbs={event.breadcrumbs} atMs={Date.parse(event.timestamp)} />
        </Section>
      )}
      <Section title="Details">
        <Attributes event={event} />
      </Section>
    </>
  )
}

/** What is shown around the event elsewhere, to each side. */
const aroundMs = 15 * 60_000

function EventHead({ event, onEvent }: Pick<EventViewProps, 'event' | 'onEvent'>) {
  const { project } = usePlace()
  const [zone] = useZone()
  const { id, timestamp, traceId, spanId, newer, older, release, environment } = event
  const atMs = Date.parse(timestamp)
  const around = absoluteRange(atMs - aroundMs, atMs + aroundMs)
  return (
    <div className="bw-problem-event">
      <time title={`${timestamp}, event ${id}`}>{formatDateTime(atMs, zone)}</time>
      {release !== '' && <Tag>{release}</Tag>}
      {environment !== '' && <Tag>{environment}</Tag>}
      <span className="bw-problem-event__links">
        {traceId !== null && (
          <Link
            to="/p/$project/explore/traces/$traceId"
            params={{ project: project.id, traceId }}
            search={{ ...(spanId === null ? {} : { span: spanId }), ...around }}
          >
            Trace
          </Link>
        )}
        <Link
          to="/p/$project/explore/logs"
          params={{ project: project.id }}
          search={{ ...(traceId === null ? {} : { q: `trace_id:${traceId}` }), ...around }}
        >
          {traceId === null ? 'Logs around it' : 'Logs of its trace'}
        </Link>
      </span>
      <span className="bw-problem-event__step">
        <Button small icon="up" disabled={newer === null} onClick={() => newer !== null && onEvent(newer)}>
          Newer
        </Button>
        <Button small icon="down" disabled={older === null} onClick={() => older !== null && onEvent(older)}>
          Older
        </Button>
      </span>
    </div>
  )
}

function Breadcrumbs({ crumbs, atMs }: { readonly crumbs: readonly Breadcrumb[]; readonly atMs: number }) {
  return (
    <ol className="bw-problem-crumbs">
      {crumbs.map(({ timestamp, category, level, message, data }, index) => (
        // eslint-disable-next-line react/no-array-index-key -- they have no other name than their place
        <li key={index} className={level === 'error' || level === 'fatal' ? 'bw-problem-crumbs__bad' : ''}>
          <span className="bw-problem-crumbs__at" title={timestamp ?? ''}>
            {timestamp === null ? '' : `−${formatMs(Math.max(0, atMs - Date.parse(timestamp)))}`}
          </span>
          <span className="bw-problem-crumbs__category">{category}</span>
          <span className="bw-problem-crumbs__message">
            {message}
            {data !== '' && <code>{data}</code>}
          </span>
        </li>
      ))}
    </ol>
  )
}

function Attributes({ event: { tags, attributes } }: Pick<EventViewProps, 'event'>) {
  const pairs = [...Object.entries(tags).map(([name, value]) => [`tag ${name}`, value] as const), ...Object.entries(attributes)]
  return (
    <dl className="bw-problem-pairs">
      {pairs
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
