/** The live tail: server-sent events into a buffer, the buffer onto the screen four times a second. */
import type { LogRow } from '@bellwether/protocol'
import { useCallback, useEffect, useRef, useState } from 'react'
import { readTailEvent, tailPath } from './logs.queries.ts'
import { TailBuffer, type TailSnapshot } from './tail-model.ts'

/** How often new rows move onto the screen. */
const frameMs = 250

export interface Tail {
  readonly snapshot: TailSnapshot<LogRow>
  readonly isPaused: boolean
  readonly setPaused: (isPaused: boolean) => void
  /** `waiting`: the browser tries again by itself; `refused`: the server gave no stream, and nothing is tried. */
  readonly connection: 'connecting' | 'open' | 'waiting' | 'refused'
  readonly clear: () => void
}

const nothing: TailSnapshot<LogRow> = { rows: [], waiting: 0, skipped: 0, perSecond: 0 }

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
  useEffect(() => {
    const tail = new TailBuffer<LogRow>(newestFirst)
    buffer.current = tail
    const source = new EventSource(tailPath(projectPath, query))
    source.addEventListener('open', () => setConnection('open'))
    source.addEventListener('error', () => setConnection(source.readyState === EventSource.CLOSED ? 'refused' : 'waiting'))
    source.addEventListener('rows', (event: MessageEvent<string>) => {
      const read = readTailEvent(event.data)
      if (read !== null) tail.push(read.items, read.items.length + read.missed, Date.now())
    })
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') setSnapshot(tail.take(Date.now()))
    }, frameMs)
    return () => {
      source.close()
      window.clearInterval(timer)
    }
  }, [projectPath, query])
  const setPaused = useCallback((next: boolean) => {
    if (next) buffer.current?.pause()
    else buffer.current?.resume()
    setPausedState(next)
  }, [])
  const clear = useCallback(() => buffer.current?.clear(), [])
  return { snapshot, isPaused, setPaused, connection, clear }
}
