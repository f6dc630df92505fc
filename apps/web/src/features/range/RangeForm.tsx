/** Inside the range button: presets on one side, exact times on the other, and the zone that times are written in. */
import { TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { formatDateTime, fromFieldValue, toFieldValue, zoneName } from '../../lib/time-format.ts'
import { presets, resolveRange, type ResolvedRange, type TimeRange } from '../../lib/time-range.ts'
import { Button } from '../../ui/Button.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { useRange } from './range.tsx'

export interface RangeFormProps {
  readonly range: TimeRange
  readonly resolved: ResolvedRange
  readonly onApply: (range: TimeRange) => void
}

export function RangeForm({ range, resolved, onApply }: RangeFormProps) {
  return (
    <div className="bw-range-form">
      <ul className="bw-range-form__presets" aria-label="Ranges up to now">
        {presets.map((preset) => {
          const current = preset.from === range.from && preset.to === range.to
          return (
            <li key={preset.from}>
              <button type="button" aria-current={current || undefined} onClick={() => onApply({ from: preset.from, to: preset.to })}>
                {preset.label}
              </button>
            </li>
          )
        })}
      </ul>
      <ExactTimes key={`${range.from} ${range.to}`} range={range} resolved={resolved} onApply={onApply} />
    </div>
  )
}

function ExactTimes({ range, resolved, onApply }: RangeFormProps) {
  const [zone, setZone] = useZone()
  const { nowMs } = useRange()
  const [from, setFrom] = useState(range.from)
  const [to, setTo] = useState(range.to)
  const parsed = resolveRange({ from, to }, nowMs, zone)
  const pick = (set: (text: string) => void) => (text: string) => {
    const moment = fromFieldValue(text, zone)
    if (moment !== null) set(new Date(moment).toISOString())
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (parsed !== null) onApply({ from, to })
  }
  return (
    <form className="bw-range-form__exact" onSubmit={submit}>
      <TextInput label="From" value={from} onChange={(event) => setFrom(event.currentTarget.value)} spellCheck={false} data-autofocus />
      <DateField label="Pick the start" valueMs={parsed?.fromMs ?? resolved.fromMs} onPick={pick(setFrom)} />
      <TextInput label="To" value={to} onChange={(event) => setTo(event.currentTarget.value)} spellCheck={false} />
      <DateField label="Pick the end" valueMs={parsed?.toMs ?? resolved.toMs} onPick={pick(setTo)} />
      <p className="bw-range-form__hint" aria-live="polite">
        {parsed === null ? (
          <span className="bw-range-form__wrong">Not a range: use now-6h, now/d or 2026-11-21T09:00:00Z, the start before the end.</span>
        ) : (
          `${formatDateTime(parsed.fromMs, zone)} to ${formatDateTime(parsed.toMs, zone)}`
        )}
      </p>
      <Segmented
        label="Time zone"
        value={zone}
        onChange={setZone}
        options={[
          { value: 'browser', label: `Browser · ${zoneName('browser')}` },
          { value: 'utc', label: 'UTC' },
        ]}
      />
      <Button variant="primary" type="submit" disabled={parsed === null}>
        Apply
      </Button>
    </form>
  )
}

function DateField({
  label,
  valueMs,
  onPick,
}: {
  readonly label: string
  readonly valueMs: number
  readonly onPick: (text: string) => void
}) {
  const [zone] = useZone()
  return (
    <input
      className="bw-range-form__date"
      type="datetime-local"
      step={1}
      aria-label={label}
      value={toFieldValue(valueMs, zone)}
      onChange={(event) => onPick(event.currentTarget.value)}
    />
  )
}
