/** Range button, refresh and zoom in the top bar. */
import { lazy, Suspense, useEffect, useState } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { formatShort, zoneName } from '../../lib/time-format.ts'
import { isLive, presets, zoomOut, type TimeRange } from '../../lib/time-range.ts'
import { IconButton } from '../../ui/Button.tsx'
import { Dropdown, MenuGroup, MenuItem } from '../../ui/Dropdown.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { refreshChoices, useRange } from './range.tsx'
import './range.css'

const RangeForm = lazy(async () => ({ default: (await import('./RangeForm.tsx')).RangeForm }))

/** The event the `t` key sends. */
export const openRangeEvent = 'bellwether:open-range'

function describe(range: TimeRange, resolved: { fromMs: number; toMs: number }, zone: 'browser' | 'utc'): string {
  const preset = presets.find((candidate) => candidate.from === range.from && candidate.to === range.to)
  if (preset !== undefined) return preset.label
  if (isLive(range) && range.from.startsWith('now')) return `${range.from} → now`
  return `${formatShort(resolved.fromMs, zone)} → ${isLive(range) ? 'now' : formatShort(resolved.toMs, zone)}`
}

export function RangeBar() {
  const { range, resolved, nowMs, refresh, isReadable, setRange, setRefresh, refreshNow } = useRange()
  const [zone] = useZone()
  const [open, setOpen] = useState(false)
  useEffect(() => {
    const show = (): void => setOpen(true)
    window.addEventListener(openRangeEvent, show)
    return () => window.removeEventListener(openRangeEvent, show)
  }, [])
  const apply = (next: TimeRange): void => {
    setOpen(false)
    setRange(next)
  }
  const label = describe(range, resolved, zone)
  return (
    <div className="bw-range" role="group" aria-label="Time range">
      {!isReadable && (
        <p className="bw-range__wrong" role="alert">
          The address names no time range; this is the last hour.
        </p>
      )}
      <Dropdown
        kind="dialog"
        label="Choose a time range"
        isOpen={open}
        onOpenChange={setOpen}
        trigger={(props) => (
          <button type="button" className="bw-range__button" title="Time range (t)" {...props}>
            <Icon name="clock" size={14} />
            <span className="bw-range__label">{label}</span>
            {zone === 'utc' && <span className="bw-range__zone">{zoneName(zone)}</span>}
          </button>
        )}
      >
        <Suspense fallback={<div className="bw-range-form bw-range-form--loading" />}>
          <RangeForm range={range} resolved={resolved} onApply={apply} />
        </Suspense>
      </Dropdown>
      <IconButton icon="zoomOut" label="Zoom out" className="bw-range__zoom" onClick={() => setRange(zoomOut(resolved, nowMs))} />
      <RefreshMenu refresh={refresh} isLiveRange={isLive(range)} onChange={setRefresh} />
      <IconButton icon="refresh" label="Refresh now" onClick={refreshNow} />
    </div>
  )
}

interface RefreshMenuProps {
  readonly refresh: string | null
  readonly isLiveRange: boolean
  readonly onChange: (refresh: string | null) => void
}

function RefreshMenu({ refresh, isLiveRange, onChange }: RefreshMenuProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Dropdown
      kind="menu"
      label="Refresh"
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={(props) => (
        <button
          type="button"
          className="bw-range__refresh"
          aria-label={`Refresh interval: ${refresh ?? 'off'}`}
          title="Refresh interval"
          {...props}
        >
          {refresh ?? 'Off'} <Icon name="down" size={12} />
        </button>
      )}
    >
      <MenuGroup label={isLiveRange ? 'Refresh by itself' : 'Refresh by itself: only for ranges up to now'}>
        <MenuItem isChosen={refresh === null} onSelect={() => onChange(null)}>
          Off
        </MenuItem>
        {refreshChoices.map((choice) => (
          <MenuItem key={choice} isChosen={choice === refresh} onSelect={() => onChange(choice)}>
            Every {choice}
          </MenuItem>
        ))}
      </MenuGroup>
    </Dropdown>
  )
}
