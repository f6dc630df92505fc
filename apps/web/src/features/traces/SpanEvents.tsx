/** What happened within a span: exceptions with their stacks first, then all events; and links to other traces. */
import type { SpanEvent, SpanLink } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { formatMs } from '../../lib/units.ts'
import { CodeBlock } from '../../ui/CodeBlock.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { usePlace } from '../session/index.ts'
import { shortId } from './trace-words.ts'

const exceptionKeys = new Set(['exception.type', 'exception.message', 'exception.stacktrace', 'exception.escaped'])

export function SpanExceptions({ events }: { readonly events: readonly SpanEvent[] }) {
  const exceptions = events.filter(
    ({ attributes }) => attributes['exception.type'] !== undefined || attributes['exception.message'] !== undefined,
  )
  return (
    <>
      {exceptions.map(({ attributes, time }, index) => (
        <div key={`${time} ${index}`} className="bw-exception">
          <p>
            <Icon name="warning" size={14} /> <strong>{attributes['exception.type'] ?? 'Exception'}</strong>
          </p>
          {attributes['exception.message'] !== undefined && <p className="bw-exception__message">{attributes['exception.message']}</p>}
          {attributes['exception.stacktrace'] !== undefined && <CodeBlock code={attributes['exception.stacktrace']} what="stack" />}
        </div>
      ))}
    </>
  )
}

export function SpanEvents({ events, spanStartMs }: { readonly events: readonly SpanEvent[]; readonly spanStartMs: number }) {
  if (events.length === 0) return null
  return (
    <details className="bw-panel__part" open>
      <summary>
        Events <span className="bw-dim">{events.length}</span>
      </summary>
      <ol className="bw-events">
        {events.map(({ name, time, attributes }, index) => {
          const rest = Object.entries(attributes).filter(([key]) => !exceptionKeys.has(key))
          return (
            <li key={`${time} ${index}`}>
              <span className="bw-events__at" title={time}>
                +{formatMs(Math.max(0, Date.parse(time) - spanStartMs))}
              </span>
              <span>{name}</span>
              {rest.length > 0 && (
                <span className="bw-dim bw-events__more">{rest.map(([key, value]) => `${key}=${value}`).join('  ')}</span>
              )}
            </li>
          )
        })}
      </ol>
    </details>
  )
}

export function SpanLinks({ links }: { readonly links: readonly SpanLink[] }) {
  const { project } = usePlace()
  if (links.length === 0) return null
  return (
    <details className="bw-panel__part" open>
      <summary>
        Links <span className="bw-dim">{links.length}</span>
      </summary>
      <ul className="bw-events">
        {links.map(({ traceId, spanId, attributes }, index) => (
          <li key={`${traceId} ${spanId} ${index}`}>
            <Link
              to="/p/$project/explore/traces/$traceId"
              params={{ project: project.id, traceId }}
              search={spanId === '' ? {} : { span: spanId }}
            >
              trace <code>{shortId(traceId)}</code>
            </Link>
            <span className="bw-dim bw-events__more">
              {Object.entries(attributes)
                .map(([key, value]) => `${key}=${value}`)
                .join('  ')}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
