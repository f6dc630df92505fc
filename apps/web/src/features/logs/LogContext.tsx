/** What the same place logged before and after a row, oldest first, as `tail -f` would have shown it. */
import { logContextKinds, type LogContextKind, type LogRow } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { Button } from '../../ui/Button.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { usePlace } from '../session/index.ts'
import { lineOf, listTime, withoutControls } from './log-text.ts'
import { contextQuery } from './logs.queries.ts'
import { severityName, severityText } from './severity.ts'
import type { LogsState } from './use-logs.ts'

const firstRows = 20
const moreRows = 50
/** The server's limit. */
const rowsMax = 500

const kindLabels: Readonly<Record<LogContextKind, string>> = {
  resource: 'Same source',
  service: 'Service',
  host: 'Host',
  trace: 'Trace',
  all: 'Everything',
}

/** Kinds that can be asked for this row. */
function kindsOf(row: LogRow): readonly LogContextKind[] {
  const missing: Readonly<Record<LogContextKind, boolean>> = {
    resource: false,
    service: row.service === '',
    host: row.host === '',
    trace: row.traceId === '',
    all: false,
  }
  return logContextKinds.filter((kind) => !missing[kind])
}

export function LogContext({ row, state }: { readonly row: LogRow; readonly state: LogsState }) {
  const { projectPath } = usePlace()
  const [of, setOf] = useState<LogContextKind>('resource')
  const [before, setBefore] = useState(firstRows)
  const [after, setAfter] = useState(firstRows)
  const context = useQuery(contextQuery(projectPath, { id: row.id, of, before, after }))
  const data = context.data
  return (
    <>
      <Segmented
        label="Rows with the same"
        value={of}
        options={kindsOf(row).map((value) => ({ value, label: kindLabels[value] }))}
        onChange={setOf}
      />
      {context.isError && (
        <Failure compact error={context.error} title="The rows around could not be read" onRetry={() => void context.refetch()} />
      )}
      {data === undefined && !context.isError && <Loading label="rows around" rows={8} />}
      {data !== undefined && (
        <div className="bw-log-context" aria-busy={context.isFetching}>
          {data.hasMoreBefore && (
            <Button
              small
              variant="quiet"
              icon="up"
              onClick={() => setBefore(Math.min(rowsMax, before + moreRows))}
              disabled={before >= rowsMax}
            >
              Earlier rows
            </Button>
          )}
          <ol aria-label="Rows around, oldest first">
            {data.before.map((each) => (
              <ContextRow key={each.id} row={each} state={state} />
            ))}
            <ContextRow row={data.row} state={state} isThis />
            {data.after.map((each) => (
              <ContextRow key={each.id} row={each} state={state} />
            ))}
          </ol>
          {data.hasMoreAfter && (
            <Button
              small
              variant="quiet"
              icon="down"
              onClick={() => setAfter(Math.min(rowsMax, after + moreRows))}
              disabled={after >= rowsMax}
            >
              Later rows
            </Button>
          )}
        </div>
      )}
    </>
  )
}

interface ContextRowProps {
  readonly row: LogRow
  readonly state: LogsState
  readonly isThis?: boolean
}

function ContextRow({ row, state, isThis = false }: ContextRowProps) {
  const [zone] = useZone()
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isThis) item.current?.scrollIntoView({ block: 'center' })
  }, [isThis])
  return (
    <li ref={item} aria-current={isThis || undefined} className={`bw-log-context__row bw-log-row--${severityName(row.severity)}`}>
      <button
        type="button"
        title={isThis ? 'This row' : 'Open this row'}
        onClick={() => state.update({ open: row.id, around: undefined }, true)}
      >
        <time title={row.timestamp}>{listTime(row.timestamp, zone, false)}</time>
        <span className="bw-sr">{severityText(row.severity)} </span>
        <span className="bw-log-context__text">{withoutControls(lineOf(row))}</span>
      </button>
    </li>
  )
}
