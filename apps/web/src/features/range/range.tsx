/**
 * The one time range of all pages, read from the address. "Now" moves only when data is to be asked again (the refresh interval,
 * a press of the button, a new range), so that all queries of a page share one moment.
 */
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { defaultRange, isLive, parseDuration, resolveRange, type ResolvedRange, type TimeRange } from '../../lib/time-range.ts'

export interface RangeState {
  readonly range: TimeRange
  readonly resolved: ResolvedRange
  /** The moment that `now` stands for. */
  readonly nowMs: number
  /** `10s`, or null when refreshing by hand. */
  readonly refresh: string | null
  /** False when the address held a range that cannot be read; the default is shown then. */
  readonly isReadable: boolean
  readonly setRange: (range: TimeRange) => void
  readonly setRefresh: (refresh: string | null) => void
  readonly refreshNow: () => void
}

const RangeContext = createContext<RangeState | null>(null)

export const refreshChoices: readonly string[] = ['5s', '10s', '30s', '1m', '5m']

export interface RangeProviderProps {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly refresh: string | undefined
  readonly onChange: (change: { readonly from?: string; readonly to?: string; readonly refresh?: string }) => void
  readonly children: ReactNode
}

/** Calls `tick` every `intervalMs` while the tab is visible. */
function useTicks(intervalMs: number | null, tick: () => void): void {
  useEffect(() => {
    if (intervalMs === null) return undefined
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') tick()
    }, intervalMs)
    return () => window.clearInterval(timer)
  }, [intervalMs, tick])
}

export function RangeProvider({ from, to, refresh, onChange, children }: RangeProviderProps) {
  const [nowMs, setNowMs] = useState(() => Date.now())
  const refreshNow = useCallback(() => setNowMs(Date.now()), [])
  const asked = useMemo<TimeRange>(() => ({ from: from ?? defaultRange.from, to: to ?? defaultRange.to }), [from, to])
  const [zone] = useZone()
  const resolvedAsked = resolveRange(asked, nowMs, zone)
  const range = resolvedAsked === null ? defaultRange : asked
  const chosen = refresh === undefined || refresh === 'off' ? null : refresh
  const intervalMs = chosen === null || !isLive(range) ? null : parseDuration(chosen)
  useTicks(intervalMs === null ? null : Math.max(1000, intervalMs), refreshNow)
  const value = useMemo<RangeState>(() => {
    const fallback = { fromMs: nowMs - 3_600_000, toMs: nowMs }
    return {
      range,
      resolved: resolveRange(range, nowMs, zone) ?? fallback,
      nowMs,
      refresh: chosen,
      isReadable: resolvedAsked !== null,
      setRange: (next) => {
        setNowMs(Date.now())
        onChange({ from: next.from, to: next.to })
      },
      setRefresh: (next) => onChange({ refresh: next ?? 'off' }),
      refreshNow,
    }
    // `resolvedAsked` is a fresh object each time; only whether it exists matters.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [range.from, range.to, nowMs, zone, chosen, onChange, refreshNow, resolvedAsked === null])
  return <RangeContext value={value}>{children}</RangeContext>
}

export function useRange(): RangeState {
  const state = useContext(RangeContext)
  if (state === null) throw new Error('useRange outside of a page with a range')
  return state
}
