/** What the messages have in common: shapes with how often they came over time, and which came for the first time. */
import type { LogPattern, LogPatternsBody } from '@bellwether/protocol'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Sparkline } from '../../charts/Sparkline.tsx'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount, formatValue } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { isSearchError, patternsQuery } from './log-analysis.queries.ts'
import { templateParts } from './pattern-template.ts'
import { SeverityMark } from './SeverityMark.tsx'
import type { LogsState } from './use-logs.ts'
import './log-drawer.css'
import './log-views.css'

export function PatternsView({ state }: { readonly state: LogsState }) {
  const { projectPath } = usePlace()
  const { resolved, nowMs } = useRange()
  const patterns = useQuery({ ...patternsQuery(projectPath, state.query, resolved), placeholderData: keepPreviousData })
  const isFresh = state.search.fresh === 'on'
  const data = patterns.data
  const rows = useMemo(() => (data?.items ?? []).filter((pattern) => !isFresh || pattern.isNew), [data, isFresh])
  const columns = useMemo(() => columnsAt(nowMs), [nowMs])
  if (isSearchError(patterns.error)) return <p className="bw-logs-note">Mend the search to see patterns.</p>
  if (patterns.isError && data === undefined)
    return <Failure error={patterns.error} title="Patterns could not be read" onRetry={() => void patterns.refetch()} />
  if (data === undefined) return <Loading label="patterns" rows={8} />
  const open = state.search.pattern === undefined ? undefined : data.items.find(({ id }) => id === state.search.pattern)
  const fresh = data.items.filter((pattern) => pattern.isNew).length
  return (
    <section className="bw-section" aria-label="Patterns" aria-busy={patterns.isFetching}>
      <header className="bw-section__head">
        <h2>{summaryOf(data)}</h2>
        <div className="bw-section__actions">
          <Button
            small
            aria-pressed={isFresh}
            variant={isFresh ? 'primary' : 'plain'}
            disabled={fresh === 0 && !isFresh}
            onClick={() => state.update({ fresh: isFresh ? undefined : 'on' }, true)}
          >
            {`New only (${formatCount(fresh)})`}
          </Button>
        </div>
      </header>
      <DataTable
        label="patterns"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        initialSort={{ column: 'count', descending: true }}
        onOpen={({ id }) => state.update({ pattern: id })}
        openKey={state.search.pattern ?? null}
        empty={
          <Empty title={isFresh ? 'No new patterns' : 'No patterns in this range'} icon="filter">
            <p>{isFresh ? 'Every shape of message in this range was seen before it.' : 'No row that the search finds has one.'}</p>
          </Empty>
        }
      />
      <PartialNote data={data} />
      {open !== undefined && <PatternDrawer pattern={open} nowMs={nowMs} state={state} />}
    </section>
  )
}

function summaryOf({ rows, patterns, items }: LogPatternsBody): string {
  const more = patterns > items.length ? `, the ${formatCount(items.length)} most frequent shown` : ''
  return `${formatCount(rows)} ${rows === 1 ? 'row' : 'rows'} in ${formatCount(patterns)} ${patterns === 1 ? 'pattern' : 'patterns'}${more}`
}

function PartialNote({ data }: { readonly data: LogPatternsBody }) {
  if (data.rowsWithout === 0) return null
  return (
    <p className="bw-logs-note">
      {formatCount(data.rowsWithout)} of {formatCount(data.rows)} rows have no pattern: they came before patterns were kept, or the table of
      patterns was full.
    </p>
  )
}

const ratio = { base: 'ratio', perSecond: false } as const

function columnsAt(nowMs: number): readonly Column<LogPattern>[] {
  return [
    {
      id: 'severity',
      header: 'Severity',
      value: ({ severityMax }) => severityMax,
      cell: ({ severityMax }) => <SeverityMark severity={severityMax} />,
    },
    {
      id: 'template',
      header: 'Pattern',
      isMain: true,
      value: ({ template }) => template,
      cell: ({ template, isNew }) => (
        <span className="bw-logs-pattern" title={template}>
          {isNew && <Tag tone="accent">new</Tag>}
          <Template template={template} />
        </span>
      ),
    },
    {
      id: 'services',
      header: 'Service',
      isExtra: true,
      value: ({ services }) => services.join(', '),
      cell: ({ services }) => (
        <span className="bw-logs-service" title={services.join('\n')}>
          {services.length > 1 ? `${services[0]} +${services.length - 1}` : services[0]}
        </span>
      ),
    },
    { id: 'trend', header: 'Over time', isExtra: true, cell: ({ counts }) => <Sparkline values={Float64Array.from(counts)} /> },
    {
      id: 'count',
      header: 'Rows',
      isNumber: true,
      value: ({ count }) => count,
      cell: ({ count }) => <span title={count.toLocaleString('en-US')}>{formatCount(count)}</span>,
    },
    {
      id: 'share',
      header: 'Share',
      isNumber: true,
      isExtra: true,
      value: ({ share }) => share,
      cell: ({ share }) => formatValue(share, ratio, 2),
    },
    {
      id: 'first',
      header: 'First seen',
      isNumber: true,
      isExtra: true,
      value: ({ firstSeen }) => Date.parse(firstSeen),
      cell: ({ firstSeen }) => <time title={firstSeen}>{formatAgo(Date.parse(firstSeen), nowMs)}</time>,
    },
  ]
}

function Template({ template }: { readonly template: string }) {
  return (
    <code className="bw-logs-template">
      {templateParts(template).map(({ text, isPlaceholder }, index) =>
        // The pieces of one template never change places.
        isPlaceholder ? (
          <span key={index} className="bw-logs-template__hole">
            {text}
          </span>
        ) : (
          <span key={index}>{text}</span>
        ),
      )}
    </code>
  )
}

interface PatternDrawerProps {
  readonly pattern: LogPattern
  readonly nowMs: number
  readonly state: LogsState
}

function PatternDrawer({ pattern, nowMs, state }: PatternDrawerProps) {
  const { update, query } = state
  const show = (condition: string): void =>
    update({ q: query === '' ? condition : `${query} ${condition}`, view: undefined, pattern: undefined })
  return (
    <DetailDrawer title={pattern.isNew ? 'New pattern' : 'Pattern'} sizePx={640} onClose={() => update({ pattern: undefined }, true)}>
      <div className="bw-logs-drawer">
        <div className="bw-logs-actions">
          <Button variant="primary" icon="filter" onClick={() => show(`pattern:${pattern.id}`)} data-autofocus>
            Show its rows
          </Button>
          <Button icon="eyeOff" onClick={() => show(`-pattern:${pattern.id}`)}>
            Leave it out
          </Button>
          <Button
            icon="metrics"
            onClick={() =>
              update({
                q: query === '' ? `pattern:${pattern.id}` : `${query} pattern:${pattern.id}`,
                view: 'compare',
                against: 'rest',
                pattern: undefined,
              })
            }
          >
            What is different
          </Button>
          <CopyButton text={pattern.template} what="pattern" label="Copy" small={false} />
        </div>
        <p className="bw-logs-pattern bw-logs-pattern--whole">
          <Template template={pattern.template} />
        </p>
        <dl className="bw-facts">
          <Fact name="Rows in range" value={formatCount(pattern.count)} title={pattern.count.toLocaleString('en-US')} />
          <Fact name="Share of found rows" value={formatValue(pattern.share, ratio)} />
          <Fact name="First ever seen" value={formatAgo(Date.parse(pattern.firstSeen), nowMs)} title={pattern.firstSeen} />
          <Fact name="Last in range" value={formatAgo(Date.parse(pattern.lastSeen), nowMs)} title={pattern.lastSeen} />
          <Fact name="Services" value={pattern.services.join(', ')} />
        </dl>
        <h3>Over time</h3>
        <div className="bw-logs-trend">
          <Sparkline values={Float64Array.from(pattern.counts)} />
        </div>
        <h3>One of its messages</h3>
        <pre className="bw-logs-body">{pattern.example}</pre>
      </div>
    </DetailDrawer>
  )
}
