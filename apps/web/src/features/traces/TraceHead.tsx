/** What is true of the whole trace: when, how long, how many; and what is wrong with the picture. */
import type { TraceFacts } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { useZone } from '../../lib/preferences.ts'
import { formatDateTime } from '../../lib/time-format.ts'
import { absoluteRange, type TimeRange } from '../../lib/time-range.ts'
import { formatMs } from '../../lib/units.ts'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import type { TraceModel } from './model/trace-model.ts'
import { logsSearchOf } from './traces.queries.ts'
import { plural, shortId } from './trace-words.ts'

/** Around a trace, for its logs, and for a search for others like it. */
const logsAroundMs = 60_000
const othersAroundMs = 30 * 60_000

function rangeAround({ start, durationMs }: TraceFacts, aroundMs: number): TimeRange {
  const startMs = Date.parse(start)
  return absoluteRange(startMs - aroundMs, startMs + durationMs + aroundMs)
}

/** The time in which other traces like this one are looked for. */
export function othersRange(facts: TraceFacts): TimeRange {
  return rangeAround(facts, othersAroundMs)
}

export function TraceLead({ facts, model }: { readonly facts: TraceFacts; readonly model: TraceModel }) {
  const [zone] = useZone()
  const { tree } = model
  let depth = 0
  for (const each of tree.depth) depth = Math.max(depth, each + 1)
  return (
    <span className="bw-trace__lead">
      <strong>{formatMs(facts.durationMs)}</strong>
      <time dateTime={facts.start} title={facts.start}>
        {formatDateTime(Date.parse(facts.start), zone)}
      </time>
      <span>{plural(facts.spanCount, 'span')}</span>
      <span>{plural(facts.services.length, 'service')}</span>
      <span>{plural(depth, 'level')}</span>
      {facts.errorCount > 0 && <StatusMark tone="down" label={plural(facts.errorCount, 'error')} />}
      <span className="bw-key">
        <code title={facts.traceId}>{shortId(facts.traceId)}</code>
        <CopyButton text={facts.traceId} what="trace id" />
      </span>
    </span>
  )
}

export function TraceActions({ facts }: { readonly facts: TraceFacts }) {
  const { project } = usePlace()
  const range = rangeAround(facts, logsAroundMs)
  return (
    <>
      <Link
        className="bw-btn bw-btn--plain"
        to="/p/$project/explore/logs"
        params={{ project: project.id }}
        search={{ q: logsSearchOf(facts.traceId), ...range }}
      >
        Logs of this trace
      </Link>
      <Link
        className="bw-btn bw-btn--plain"
        to="/p/$project/explore/traces/compare"
        params={{ project: project.id }}
        search={{ a: facts.traceId }}
      >
        Compare
      </Link>
      <CopyButton text={location.href} what="link" label="Copy link" small={false} />
    </>
  )
}

export function TraceNotes({ facts, model }: { readonly facts: TraceFacts; readonly model: TraceModel }) {
  const missing = model.tree.missingIds.length
  const loops = model.tree.spans.loops.length
  const shown = model.tree.spans.count
  const isPartial = facts.isPartial || facts.note !== null
  if (!isPartial && missing === 0 && loops === 0 && facts.skews.length === 0) return null
  return (
    <ul className="bw-trace__notes" aria-label="About this picture">
      {isPartial && (
        <li className="bw-trace__note--warn">
          <Icon name="warning" size={14} />
          <span>
            <strong>
              A part of the trace: {plural(shown, 'span')} of {facts.spanCount.toLocaleString('en-US')}.
            </strong>{' '}
            {facts.note}
          </span>
        </li>
      )}
      {missing > 0 && (
        <li>
          <Icon name="help" size={14} />
          <span>
            <strong>{missing === 1 ? 'One span is missing' : `${missing.toLocaleString('en-US')} spans are missing`}</strong> that others
            name as their parent: not sent yet, left out by sampling, or sent to another place. Hatched rows stand for{' '}
            {missing === 1 ? 'it' : 'them'}.
          </span>
        </li>
      )}
      {loops > 0 && (
        <li>
          <Icon name="refresh" size={14} />
          <span>
            <strong>{plural(loops, 'span names', 'spans name')} a descendant as parent</strong>, and so {loops === 1 ? 'stands' : 'stand'}{' '}
            at the top.
          </span>
        </li>
      )}
      {facts.skews.length > 0 && <SkewNote facts={facts} />}
    </ul>
  )
}

/** Clocks named in the note; the others are counted. */
const skewsNamedMax = 4

function SkewNote({ facts }: { readonly facts: TraceFacts }) {
  const rest = facts.skews.length - skewsNamedMax
  return (
    <li>
      <Icon name="clock" size={14} />
      <span>
        <strong>Clocks differ, and the picture is corrected:</strong>{' '}
        {facts.skews.slice(0, skewsNamedMax).map(({ service, host, shiftMs, spans }, index) => (
          <span key={`${service} ${host}`}>
            {index > 0 && ', '}
            {service}
            {host === '' ? '' : ` on ${host}`} is {formatMs(Math.abs(shiftMs))} {shiftMs < 0 ? 'ahead' : 'behind'} ({plural(spans, 'span')}{' '}
            moved)
          </span>
        ))}
        {rest > 0 && ` and ${rest} more`}. Moved spans carry a clock.
      </span>
    </li>
  )
}
