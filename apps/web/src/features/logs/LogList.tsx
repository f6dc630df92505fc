/** The rows, newest first: only those in sight are drawn. `j` and `k` move, Enter opens, the next page is read before the end is reached. */
import type { LogRow } from '@bellwether/protocol'
import { measureElement, useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { usePageKeys } from '../../lib/page-keys.ts'
import { useZone } from '../../lib/preferences.ts'
import { IconButton } from '../../ui/Button.tsx'
import { columnValue, fieldLabel } from './log-fields.ts'
import { lineOf, listTime, timeMsOf, withoutControls } from './log-text.ts'
import { Marked } from './Marked.tsx'
import { lineHeightPx, wrappedHeights } from './row-heights.ts'
import { severityName, severityText } from './severity.ts'
import './log-list.css'

/** Rows before the end at which the next page is asked for. */
const readAhead = 40
/** Rows that a Page key moves. */
const pageSteps = 20

export interface LogListProps {
  readonly rows: readonly LogRow[]
  /** Columns beside time, service and message. */
  readonly columns: readonly string[]
  readonly onRemoveColumn: (field: string) => void
  readonly isWrapped: boolean
  readonly openId: string | null
  readonly onOpen: (row: LogRow) => void
  /** Words to mark in messages. */
  readonly words: readonly string[]
  /** The end is near. */
  readonly onEnd: () => void
  /** Below the last row. */
  readonly foot: ReactNode
  /** Called when someone scrolls away from the newest row, and when they are back. */
  readonly onAway?: (isAway: boolean) => void
  /** Another value brings the list back to its newest row. */
  readonly topKey?: number
}

const dayMs = 86_400_000

/** Rows of more than one day: their times need it. */
function spansDays(rows: readonly LogRow[]): boolean {
  const [first, last] = [rows[0], rows[rows.length - 1]]
  if (first === undefined || last === undefined) return false
  const [newest, oldest] = [timeMsOf(first.timestamp), timeMsOf(last.timestamp)]
  return newest - oldest > dayMs / 2 || Date.now() - oldest > dayMs
}

/** Where a key leads in the list, from the row at `at`; null for a key that leads nowhere. */
function targetOf(key: string, at: number, last: number): number | null {
  const targets: Readonly<Record<string, number>> = {
    j: at + 1,
    ArrowDown: at + 1,
    k: at - 1,
    ArrowUp: at - 1,
    PageDown: at + pageSteps,
    PageUp: at - pageSteps,
    Home: 0,
    End: last,
  }
  const target = targets[key]
  return target === undefined ? null : Math.max(0, Math.min(last, target))
}

function templateOf(columns: readonly string[], withDay: boolean): string {
  return `${withDay ? 142 : 92}px 46px minmax(48px, 120px) ${columns.map(() => 'minmax(64px, 150px)').join(' ')} minmax(120px, 1fr)`
}

export function LogList(props: LogListProps) {
  const { rows, columns, onRemoveColumn, isWrapped, openId, onOpen, words, onEnd, foot, onAway, topKey = 0 } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState(0)
  const wantsFocus = useRef(false)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (isWrapped ? wrappedHeights.heightOf(rows[index]?.id) : lineHeightPx),
    measureElement(element, entry, instance) {
      const heightPx = measureElement(element, entry, instance)
      const id = rows[instance.indexFromElement(element)]?.id
      if (isWrapped && id !== undefined && heightPx > 0) wrappedHeights.keep(id, heightPx)
      return heightPx
    },
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 16,
  })
  const items = virtual.getVirtualItems()
  const lastSeen = items[items.length - 1]?.index ?? -1
  useEffect(() => {
    if (lastSeen >= 0 && lastSeen >= rows.length - readAhead) onEnd()
  }, [lastSeen, rows.length, onEnd])
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 })
  }, [topKey])
  useEffect(() => {
    if (!wantsFocus.current) return
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${active}"]`)
    if (row === null || row === undefined) return
    wantsFocus.current = false
    row.focus({ preventScroll: true })
  })
  const goTo = (target: number): void => {
    // A row that is drawn is not drawn again where it is the active one already.
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${target}"]`)
    wantsFocus.current = row === null || row === undefined
    row?.focus({ preventScroll: true })
    setActive(target)
    virtual.scrollToIndex(target)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const at = event.target instanceof HTMLElement ? event.target.dataset['index'] : undefined
    if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const target = targetOf(event.key, Number(at), rows.length - 1)
    if (target === null) return
    event.preventDefault()
    goTo(target)
  }
  usePageKeys(scroller, (event) => {
    // Arrows scroll the page, and an open row has keys of its own.
    if (openId !== null || event.key.startsWith('Arrow')) return
    const last = rows.length - 1
    const isStep = event.key === 'j' || event.key === 'k'
    const target = isStep ? Math.min(active, last) : targetOf(event.key, active, last)
    if (target === null || last < 0) return
    event.preventDefault()
    goTo(target)
  })
  const withDay = spansDays(rows)
  const template = templateOf(columns, withDay)
  return (
    <div
      className={`bw-log-list ${isWrapped ? 'bw-log-list--wrapped' : ''}`}
      ref={scroller}
      onScroll={onAway === undefined ? undefined : (event) => onAway(event.currentTarget.scrollTop > lineHeightPx)}
    >
      <div role="table" aria-label="Rows" aria-rowcount={rows.length + 1} className="bw-log-list__table">
        <ListHead columns={columns} template={template} onRemoveColumn={onRemoveColumn} />
        <div role="rowgroup" className="bw-log-list__rows" style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
          {items.map((item) => {
            const row = rows[item.index]
            return row === undefined ? null : (
              <LogLine
                key={item.key}
                row={row}
                columns={columns}
                words={words}
                place={{ index: item.index, startPx: item.start, template, withDay }}
                measure={virtual.measureElement}
                isActive={item.index === Math.min(active, rows.length - 1)}
                isOpen={row.id === openId}
                onOpen={() => {
                  setActive(item.index)
                  onOpen(row)
                }}
              />
            )
          })}
        </div>
      </div>
      <div className="bw-log-list__foot">{foot}</div>
    </div>
  )
}

interface LogLineProps {
  readonly row: LogRow
  readonly columns: readonly string[]
  readonly words: readonly string[]
  readonly place: { readonly index: number; readonly startPx: number; readonly template: string; readonly withDay: boolean }
  readonly measure: (element: HTMLElement | null) => void
  readonly isActive: boolean
  readonly isOpen: boolean
  readonly onOpen: () => void
}

function LogLine({ row, columns, words, place, measure, isActive, isOpen, onOpen }: LogLineProps) {
  const [zone] = useZone()
  return (
    <div
      role="row"
      aria-rowindex={place.index + 2}
      aria-current={isOpen || undefined}
      data-index={place.index}
      ref={measure}
      tabIndex={isActive ? 0 : -1}
      className={`bw-log-row bw-log-row--${severityName(row.severity)}`}
      style={{ transform: `translateY(${place.startPx}px)`, gridTemplateColumns: place.template }}
      onClick={() => {
        // Selecting a part of the message is not opening it.
        if (window.getSelection()?.isCollapsed !== false) onOpen()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onOpen()
      }}
    >
      <span role="cell" className="bw-log-row__time">
        <time title={row.timestamp}>{listTime(row.timestamp, zone, place.withDay)}</time>
      </span>
      <span role="cell" className="bw-log-row__severity">
        {severityText(row.severity)}
      </span>
      <span role="cell" className="bw-log-row__word" title={row.service}>
        {row.service}
      </span>
      {columns.map((field) => (
        <span key={field} role="cell" className="bw-log-row__word" title={columnValue(row, field)}>
          {columnValue(row, field)}
        </span>
      ))}
      <span role="cell" className="bw-log-row__message">
        <Message row={row} words={words} />
      </span>
    </div>
  )
}

interface ListHeadProps extends Pick<LogListProps, 'columns' | 'onRemoveColumn'> {
  /** Widths of the columns, CSS. */
  readonly template: string
}

function ListHead({ columns, template, onRemoveColumn }: ListHeadProps) {
  return (
    <div role="rowgroup" className="bw-log-list__head">
      <div role="row" aria-rowindex={1} className="bw-log-list__head-row" style={{ gridTemplateColumns: template }}>
        <span role="columnheader">Time</span>
        <span role="columnheader">
          <span className="bw-sr">Severity</span>
        </span>
        <span role="columnheader">Service</span>
        {columns.map((field) => (
          <span key={field} role="columnheader" className="bw-log-list__column">
            <span className="bw-truncate" title={field}>
              {fieldLabel(field)}
            </span>
            <IconButton small icon="close" label={`Remove column ${fieldLabel(field)}`} onClick={() => onRemoveColumn(field)} />
          </span>
        ))}
        <span role="columnheader">Message</span>
      </div>
    </div>
  )
}

function Message({ row, words }: { readonly row: LogRow; readonly words: readonly string[] }) {
  const line = withoutControls(lineOf(row))
  if (line === '') return <span className="bw-dim">(empty)</span>
  return <Marked text={line} words={words} />
}
