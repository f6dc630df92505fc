/** Rates, errors and durations as they are written, and how bad they are. */
import { formatMs, formatValue } from '../../lib/units.ts'
import type { Tone } from '../../ui/StatusMark.tsx'

/** Shares of failed calls from which they are marked. */
const warnFrom = 0.01
const downFrom = 0.05

export function formatRate(perSec: number): string {
  if (perSec > 0 && perSec < 1) {
    const perMinute = perSec * 60
    return perMinute < 1
      ? `${formatValue(perSec * 3600, { base: 'none', perSecond: false })}/h`
      : `${formatValue(perMinute, { base: 'none', perSecond: false })}/min`
  }
  return formatValue(perSec, { base: 'none', perSecond: true })
}

/** "—" where nothing was measured. */
export function formatShare(share: number | null): string {
  if (share === null) return '—'
  return share === 0 ? '0 %' : formatValue(share, { base: 'ratio', perSecond: false })
}

export function formatDuration(ms: number | null): string {
  return ms === null ? '—' : formatMs(ms)
}

export function toneOfErrors(share: number | null): Tone {
  if (share === null) return 'unknown'
  return share >= downFrom ? 'down' : share >= warnFrom ? 'warn' : 'ok'
}

/** Values of a trend for a sparkline; what was not measured is a gap. */
export function sparkValues(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN)
}
