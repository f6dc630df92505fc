/** One row with everything it says, ways on from it, and what happened around it. */
import { exceptionIn, type LogRow } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { formatAgo } from '../../lib/time-format.ts'
import { formatValue, noUnit } from '../../lib/units.ts'
import { Button, IconButton } from '../../ui/Button.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { attributesOf, resourceOf, rowFields } from './log-fields.ts'
import { exactTime, jsonOf, prettyBody, timeMsOf, withoutControls } from './log-text.ts'
import { LogContext } from './LogContext.tsx'
import { LogLinks } from './LogLinks.tsx'
import { Marked } from './Marked.tsx'
import { rowQuery } from './logs.queries.ts'
import { RowFields } from './RowFields.tsx'
import { SeverityMark } from './SeverityMark.tsx'
import type { LogsState } from './use-logs.ts'
import './log-drawer.css'

export interface LogDrawerProps {
  readonly id: string
  /** Those in the list, among which the arrows move. */
  readonly rows: readonly LogRow[]
  readonly state: LogsState
  readonly words: readonly string[]
}

/** Messages longer than this are shown without marks: marking them would be felt. */
const markedMax = 100_000

export function LogDrawer({ id, rows, state, words }: LogDrawerProps) {
  const { projectPath } = usePlace()
  const { update, search } = state
  const at = rows.findIndex((row) => row.id === id)
  const known = rows[at]
  const asked = useQuery({ ...rowQuery(projectPath, id), enabled: known === undefined || known.isCut === true })
  const row = asked.data ?? known
  const isAround = search.around === 'on'
  const close = (): void => update({ open: undefined, around: undefined }, true)
  const [newer, older] = [rows[at - 1], at === -1 ? undefined : rows[at + 1]]
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof HTMLElement && event.target.matches('input, textarea, select')) return
      const next = event.key === 'j' ? older : event.key === 'k' ? newer : undefined
      if (next !== undefined) update({ open: next.id }, true)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [newer, older, update])
  return (
    <DetailDrawer title="Log row" sizePx={720} onClose={close}>
      <div className="bw-logs-drawer">
        <div className="bw-logs-actions">
          <Segmented
            label="Show"
            value={isAround ? 'around' : 'row'}
            options={[
              { value: 'row', label: 'This row' },
              { value: 'around', label: 'Before and after' },
            ]}
            onChange={(value) => update({ around: value === 'around' ? 'on' : undefined }, true)}
          />
          <span className="bw-logs-actions__end">
            <IconButton icon="up" label="Newer row (k)" disabled={newer === undefined} onClick={() => update({ open: newer?.id }, true)} />
            <IconButton
              icon="down"
              label="Older row (j)"
              disabled={older === undefined}
              onClick={() => update({ open: older?.id }, true)}
            />
          </span>
        </div>
        {row === undefined && asked.isError && (
          <Failure compact error={asked.error} title="This row could not be read" onRetry={() => void asked.refetch()} />
        )}
        {row === undefined && asked.isPending && <Loading label="the row" rows={5} />}
        {row !== undefined && (isAround ? <LogContext row={row} state={state} /> : <WholeRow row={row} state={state} words={words} />)}
      </div>
    </DetailDrawer>
  )
}

interface WholeRowProps {
  readonly row: LogRow
  readonly state: LogsState
  readonly words: readonly string[]
}

function WholeRow({ row, state, words }: WholeRowProps) {
  const [zone] = useZone()
  const { nowMs } = useRange()
  const body = prettyBody(row.body)
  const text = withoutControls(body.text)
  // Shown by itself, as it is written.
  const { stack, stackName } = exceptionIn((name) => row.attributes[name] ?? '') ?? { stack: '', stackName: '' }
  return (
    <>
      <div className="bw-logs-facts">
        <SeverityMark severity={row.severity} />
        <time className="bw-mono" title={row.timestamp}>
          {exactTime(row.timestamp, zone)}
        </time>
        <span className="bw-dim">{formatAgo(timeMsOf(row.timestamp), nowMs)}</span>
        {row.isScrubbed && <Tag tone="warn">scrubbed</Tag>}
        {row.isCut && <Tag>cut: all of it is being read</Tag>}
        {row.weight !== 1 && <Tag>{`stands for ${formatValue(row.weight, noUnit)} rows`}</Tag>}
      </div>
      <LogLinks row={row} state={state} />
      <div className="bw-logs-bodybox">
        <pre className="bw-logs-body" tabIndex={0} aria-label="Message">
          {row.body === '' ? (
            <span className="bw-dim">no message</span>
          ) : text.length > markedMax ? (
            text
          ) : (
            <Marked text={text} words={words} />
          )}
        </pre>
        <div className="bw-logs-actions">
          <CopyButton text={row.body} what="message" label="Copy message" />
          <CopyButton text={jsonOf(row)} what="row" label="Copy as JSON" />
          <CopyButton text={location.href} what="link" label="Copy link" />
          <Button
            small
            icon="filter"
            disabled={row.pattern === ''}
            onClick={() => state.addText(`pattern:${row.pattern}`)}
            title="Rows of the same shape"
          >
            Rows like this
          </Button>
        </div>
      </div>
      {stack !== '' && (
        <section aria-label="Stack">
          <h3>Stack</h3>
          <pre className="bw-logs-body" tabIndex={0} aria-label="Stack trace">
            {withoutControls(stack)}
          </pre>
        </section>
      )}
      <RowFields title="Fields" fields={rowFields(row)} state={state} />
      <RowFields title="Attributes" fields={attributesOf(row).filter(({ name }) => name !== stackName)} state={state} />
      <RowFields title="Resource" fields={resourceOf(row)} state={state} />
    </>
  )
}
