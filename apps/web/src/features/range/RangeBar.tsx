/** Range button, refresh and zoom in the top bar. */
import { Menu, Popover } from '@mantine/core'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { formatShort, zoneName } from '../../lib/time-format.ts'
import { isLive, presets, zoomOut, type TimeRange } from '../../lib/time-range.ts'
import { IconButton } from '../../ui/Button.tsx'
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
  const { range, resolved, nowMs, refresh, setRange, setRefresh, refreshNow } = useRange()
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
      <Popover opened={open} onChange={setOpen} position="bottom-end" shadow="md" trapFocus returnFocus withinPortal>
        <Popover.Target>
          <button type="button" className="bw-range__button" aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(!open)} title="Time range (t)">
            <Icon name="clock" size={14} />
            <span className="bw-range__label">{label}</span>
            {zone === 'utc' && <span className="bw-range__zone">{zoneName(zone)}</span>}
          </button>
        </Popover.Target>
        <Popover.Dropdown p={0} aria-label="Choose a time range">
          <Suspense fallback={<div className="bw-range-form bw-range-form--loading" />}>
            <RangeForm range={range} resolved={resolved} onApply={apply} />
          </Suspense>
        </Popover.Dropdown>
      </Popover>
      <IconButton icon="zoomOut" label="Zoom out" className="bw-range__zoom" onClick={() => setRange(zoomOut(resolved, nowMs))} />
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <button type="button" className="bw-range__refresh" aria-label={`Refresh interval: ${refresh ?? 'off'}`} title="Refresh interval">
            {refresh ?? 'Off'} <Icon name="down" size={12} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Refresh by itself{isLive(range) ? '' : ' (only for ranges up to now)'}</Menu.Label>
          <Menu.Item onClick={() => setRefresh(null)}>Off</Menu.Item>
          {refreshChoices.map((choice) => (
            <Menu.Item key={choice} onClick={() => setRefresh(choice)} aria-current={choice === refresh}>
              Every {choice}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <IconButton icon="refresh" label="Refresh now" onClick={refreshNow} />
    </div>
  )
}
