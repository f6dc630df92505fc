/** Rows as they come in: how fast, paused by a press or by scrolling away, and what was left out. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { isLive } from '../../lib/time-range.ts'
import { formatCount, threeDigits } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { LazyLogDrawer } from './LazyLogDrawer.tsx'
import { LogList } from './LogList.tsx'
import { rowsQuery } from './logs.queries.ts'
import { joinRows } from './rows-model.ts'
import { RowsTools } from './RowsTools.tsx'
import type { LogRowsProps } from './LogRows.tsx'
import type { TailSkipped } from './tail-model.ts'
import { useTail, type Tail } from './use-tail.ts'

/** What came in this long before is shown below the first new row. */
const beforeMs = 15 * 60_000
/** How often the counts above the list are asked again. */
const countsMs = 5000

export function LiveRows({ state, words, isWrong }: LogRowsProps) {
  const { projectPath } = usePlace()
  const { range, refreshNow } = useRange()
  const { update, search, query, toggleColumn } = state
  const [start] = useState(() => ({ fromMs: Date.now() - beforeMs, toMs: Date.now() }))
  const tail = useTail(projectPath, query)
  const { setPaused } = tail
  const before = useInfiniteQuery(rowsQuery(projectPath, query, start))
  const [topKey, setTopKey] = useState(0)
  const rows = useMemo(() => joinRows(tail.snapshot.rows, before.data?.pages[0]?.items ?? []), [tail.snapshot.rows, before.data])
  const counts = isLive(range) && !tail.isPaused
  useEffect(() => {
    if (!counts) return undefined
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') refreshNow()
    }, countsMs)
    return () => window.clearInterval(timer)
  }, [counts, refreshNow])
  const resume = (): void => {
    setPaused(false)
    setTopKey((key) => key + 1)
  }
  return (
    <>
      <TailBar tail={tail} onResume={resume} onEnd={() => update({ live: undefined })} isWrong={isWrong} />
      <RowsTools rows={rows} state={state} hasMore={false} />
      <LogList
        rows={rows}
        columns={search.col ?? []}
        onRemoveColumn={toggleColumn}
        isWrapped={search.wrap === 'on'}
        openId={search.open ?? null}
        onOpen={(row) => {
          setPaused(true)
          update({ open: row.id })
        }}
        words={words}
        onEnd={() => undefined}
        foot={rows.length === 0 ? 'Waiting for rows that match…' : 'Older rows: end the live view.'}
        onAway={(isAway) => {
          if (isAway) setPaused(true)
        }}
        topKey={topKey}
      />
      {search.open !== undefined && <LazyLogDrawer id={search.open} rows={rows} state={state} words={words} />}
    </>
  )
}

interface TailBarProps {
  readonly tail: Tail
  readonly onResume: () => void
  readonly onEnd: () => void
  readonly isWrong: boolean
}

function TailBar({ tail, onResume, onEnd, isWrong }: TailBarProps) {
  const { snapshot, isPaused, connection } = tail
  const isOver = connection === 'ended' || (connection === 'refused' && !isWrong)
  return (
    <div className="bw-tail" role="group" aria-label="Live tail">
      <TailState tail={tail} isWrong={isWrong} />
      {connection === 'open' && (
        <span className="bw-tail__rate" title="of the last ten seconds">
          {rateText(snapshot.perSecond)}
        </span>
      )}
      <SkippedRows skipped={snapshot.skipped} />
      <span className="bw-tail__tools">
        {isOver ? (
          <Button small variant="primary" icon="play" onClick={tail.reopen}>
            {connection === 'ended' ? 'Go on' : 'Try again'}
          </Button>
        ) : isPaused ? (
          <Button small variant="primary" icon="play" onClick={onResume}>
            {snapshot.waiting === 0 ? 'Go on' : `Go on with ${formatCount(snapshot.waiting)} new`}
          </Button>
        ) : (
          <Button small onClick={() => tail.setPaused(true)}>
            Pause
          </Button>
        )}
        <Button small variant="quiet" onClick={tail.clear}>
          Clear
        </Button>
        <Button small variant="quiet" onClick={onEnd}>
          End
        </Button>
      </span>
    </div>
  )
}

function rateText(perSecond: number): string {
  const rate = threeDigits(perSecond)
  return `${rate} ${rate === '1' ? 'row' : 'rows'}/s`
}

/** How many rows are not shown, and why: closed it is a number. */
function SkippedRows({ skipped: { fast, unseen, paused } }: { readonly skipped: TailSkipped }) {
  const all = fast + unseen + paused
  if (all === 0) return null
  return (
    <details className="bw-tail__skipped">
      <summary>{formatCount(all)} not shown</summary>
      <ul>
        {fast > 0 && <li>{formatCount(fast)} match and came faster than rows are sent to a page.</li>}
        {unseen > 0 && (
          <li>{formatCount(unseen)} were not looked at, as there was no time for it: words and fields take less of it than patterns.</li>
        )}
        {paused > 0 && <li>{formatCount(paused)} came while paused, more than a page keeps.</li>}
        <li>All of them are stored: end the live view to search them, or narrow the search to see fewer.</li>
      </ul>
    </details>
  )
}

function TailState({ tail, isWrong }: { readonly tail: Tail; readonly isWrong: boolean }) {
  if (tail.connection === 'ended') return <StatusMark tone="paused" label={`Ended: ${tail.ending ?? ''}`} />
  if (tail.connection === 'refused')
    return <StatusMark tone="down" label={isWrong ? 'Mend the search to go on' : 'The server gives no live rows now'} />
  if (tail.connection !== 'open')
    return <StatusMark tone="warn" label={tail.connection === 'waiting' ? 'Connecting again…' : 'Connecting…'} />
  return <StatusMark tone={tail.isPaused ? 'paused' : 'ok'} label={tail.isPaused ? 'Paused' : 'Live'} />
}
