/** The live tail: server-sent events into a buffer, the buffer onto the screen four times a second. */
import type { LogRow } from '@bellwether/protocol'
import { useCallback, useEffect, useRef, useState } from 'react'
import { readTailEnd, readTailEvent, tailPath } from './logs.queries.ts'
import { noneSkipped, TailBuffer, type TailSnapshot } from './tail-model.ts'

/** How often new rows move onto the screen. */
const frameMs = 250

export interface Tail {
  readonly snapshot: TailSnapshot<LogRow>
  readonly isPaused: boolean
  readonly setPaused: (isPaused: boolean) => void
  /** `waiting`: the browser tries again by itself; `refused`: the server gave no stream; `ended`: it said why it gives no more. */
  readonly connection: 'connecting' | 'open' | 'waiting' | 'refused' | 'ended'
  /** Why it ended, in the server's words. */
  readonly ending: string | null
  /** Opens the stream again; the rows stay. */
  readonly reopen: () => void
  readonly clear: () => void
}

const nothing: TailSnapshot<LogRow> = { rows: [], waiting: 0, skipped: noneSkipped, perSecond: 0 }

/** Times are texts of one length, all in UTC. */
function newestFirst(a: LogRow, b: LogRow): number {
  return a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0
}

/** Of one search: whoever asks for another mounts anew. */
export function useTail(projectPath: string, query: string): Tail {
  const buffer = useRef<TailBuffer<LogRow>>(null)
  buffer.current ??= new TailBuffer<LogRow>(newestFirst)
  const [snapshot, setSnapshot] = useState(nothing)
  const [isPaused, setPausedState] = useState(false)
  const [connection, setConnection] = useState<Tail['connection']>('connecting')
  const [ending, setEnding] = useState<string | null>(null)
  const [opening, setOpening] = useState(0)
  useEffect(() => {
    const source = new EventSource(tailPath(projectPath, query))
    source.addEventListener('open', () => setConnection('open'))
    source.addEventListener('error', () => setConnection(source.readyState === EventSource.CLOSED ? 'refused' : 'waiting'))
    source.addEventListener('rows', (event: MessageEvent<string>) => {
      const read = readTailEvent(event.data)
      if (read !== null) buffer.current?.push(read.items, read, Date.now())
    })
    source.addEventListener('end', (event: MessageEvent<string>) => {
      // Left open, the browser would ask again and again.
      source.close()
      setConnection('ended')
      setEnding(readTailEnd(event.data)?.message ?? 'The server ended the live view.')
    })
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') setSnapshot((shown) => buffer.current?.take(Date.now()) ?? shown)
    }, frameMs)
    return () => {
      source.close()
      window.clearInterval(timer)
    }
  }, [projectPath, query, opening])
  const setPaused = useCallback((next: boolean) => {
    if (next) buffer.current?.pause()
    else buffer.current?.resume()
    setPausedState(next)
  }, [])
  const clear = useCallback(() => buffer.current?.clear(), [])
  const reopen = useCallback(() => {
    setConnection('connecting')
    setEnding(null)
    setOpening((nth) => nth + 1)
  }, [])
  return { snapshot, isPaused, setPaused, connection, ending, reopen, clear }
}
