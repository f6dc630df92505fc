/** Figures, findings and their states in words. */
import type { FindingFact, FindingKind, FindingState, OperationFigures } from '@bellwether/protocol'
import { formatBytes, formatCount, formatMs, formatValue } from '../../lib/units.ts'
import type { Tone } from '../../ui/StatusMark.tsx'

const notMeasured = '—'

export function msText(ms: number | null): string {
  return ms === null ? notMeasured : formatMs(ms)
}

export function shareText(share: number | null): string {
  if (share === null) return notMeasured
  return share === 0 ? '0 %' : formatValue(share, { base: 'ratio', perSecond: false })
}

export function rateText(perMinute: number): string {
  if (perMinute >= 60) return formatValue(perMinute / 60, { base: 'none', perSecond: true })
  return `${formatValue(perMinute, { base: 'none', perSecond: false })}/min`
}

export function apdexText(apdex: number | null): string {
  return apdex === null ? notMeasured : apdex.toFixed(2)
}

export const findingNames: Readonly<Record<FindingKind, string>> = {
  latency_regression: 'Slower',
  error_regression: 'More errors',
  throughput_drop: 'Fewer calls',
  n_plus_one: 'N+1',
  slow_query: 'Slow query',
  sequential_calls: 'In sequence',
  large_payload: 'Large payload',
}

/** What to do about it, in a sentence or two. */
export const findingAdvice: Readonly<Record<FindingKind, string>> = {
  latency_regression: 'What takes the time now that did not before?',
  error_regression: 'Open a failed trace, then its logs: the first error in it is usually the cause.',
  throughput_drop: 'Look at who calls it: callers that fail or are gone call less.',
  n_plus_one: 'Read all at once: a join, an IN list, or a loader that collects the keys.',
  slow_query: 'Ask the database for its plan; an index or a narrower condition usually helps.',
  sequential_calls: 'If none needs the answer of another, begin them together and wait for all.',
  large_payload: 'Send pages or only the fields that are used, and compress.',
}

export function stateTone(state: FindingState): Tone {
  if (state === 'resolved') return 'ok'
  if (state === 'known') return 'paused'
  return state === 'returned' ? 'down' : 'warn'
}

export function factText({ value, unit }: FindingFact): string {
  switch (unit) {
    case 'ms':
      return formatMs(value)
    case 'ratio':
      return shareText(value)
    case 'bytes':
      return formatBytes(value)
    case 'perMinute':
      return rateText(value)
    case 'probability':
      return probabilityText(value)
    case 'count':
      return Number.isInteger(value) ? formatCount(value) : formatValue(value, { base: 'none', perSecond: false })
  }
}

function probabilityText(value: number): string {
  if (value >= 0.001) return shareText(value)
  return value < 1e-9 ? 'less than one in a billion' : `one in ${formatCount(Math.round(1 / Math.max(value, 1e-12)))}`
}

export interface Change {
  readonly text: string
  readonly tone: 'better' | 'worse' | 'same'
}

/** Changes below this are none. */
const sameBelow = 0.05

/** "+12 %", "2.3×", "−40 %"; null: there is nothing to compare with. */
export function changeOf(now: number | null, before: number | null, isLessBetter = true): Change | null {
  if (now === null || before === null || before <= 0) return null
  const ratio = now / before
  if (Math.abs(ratio - 1) < sameBelow) return { text: '±0 %', tone: 'same' }
  const text =
    ratio >= 2
      ? `${formatValue(ratio, { base: 'none', perSecond: false }, 2)}×`
      : `${ratio > 1 ? '+' : '−'}${Math.round(Math.abs(ratio - 1) * 100)} %`
  return { text, tone: ratio > 1 === isLessBetter ? 'worse' : 'better' }
}

/** One sentence about a period beside the one before. */
export function periodText(now: OperationFigures, before: OperationFigures | null): string {
  if (now.count === 0) return 'Nothing was called in this time.'
  const calls = `${formatCount(Math.round(now.count))} calls, ${shareText(now.errorRate)} failed, p95 ${msText(now.p95Ms)}, Apdex ${apdexText(now.apdex)}`
  if (before === null) return `${calls}. There is nothing before to compare with.`
  const p95 = changeOf(now.p95Ms, before.p95Ms)
  return `${calls}. Before: ${formatCount(Math.round(before.count))} calls, ${shareText(before.errorRate)} failed, p95 ${msText(before.p95Ms)}${p95 === null || p95.tone === 'same' ? '' : ` (now ${p95.text})`}.`
}
