/** Times of imported rows, as people's files have them. */
import type { TimeFormat } from './ports.ts'

/** Digits of one unit and ms in it: seconds until the year 5138, then the finer ones. */
const magnitudes: readonly (readonly [below: number, perMs: number])[] = [
  [1e11, 0.001],
  [1e14, 1],
  [1e17, 1000],
  [Infinity, 1_000_000],
]
const unitsPerMs: Readonly<Record<'s' | 'ms' | 'us' | 'ns', number>> = { s: 0.001, ms: 1, us: 1000, ns: 1_000_000 }
const dateText = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i

/**
 * ms since 1970, NaN when the text is no time. Dates without a zone are UTC. `auto`: a date, or a number whose size tells its unit.
 */
export function parseTime(text: string, format: TimeFormat): number {
  const trimmed = text.trim()
  if (/^-?\d+(\.\d+)?$/.test(trimmed) && format !== 'rfc3339') {
    const number = Number(trimmed)
    const perMs = format === 'auto' ? (magnitudes.find(([below]) => Math.abs(number) < below)?.[1] ?? 1) : unitsPerMs[format]
    return Math.floor(perMs < 1 ? number / perMs : wholeMs(trimmed, number, perMs))
  }
  return format === 'auto' || format === 'rfc3339' ? parseDate(trimmed) : Number.NaN
}

/** Nanoseconds are beyond 2^53: their last digits are cut off before they become a number. */
function wholeMs(text: string, number: number, perMs: number): number {
  return perMs === 1 || !/^\d{10,}$/.test(text) ? number / perMs : Number(text.slice(0, -Math.round(Math.log10(perMs))))
}

function parseDate(text: string): number {
  const [, date, time = '00:00:00', zone = 'Z'] = dateText.exec(text) ?? []
  if (date === undefined) return Number.NaN
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  return Date.parse(`${date}T${time.replace(',', '.')}${offset}`)
}
