/** What time the charts of a finding show: as much before the change as after it, or the time in which it was seen. */
import type { PerformanceFinding } from '@bellwether/protocol'
import type { ResolvedRange } from '../../lib/time-range.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

type Seen = Pick<PerformanceFinding, 'changeAt' | 'firstSeenAt' | 'lastSeenAt'>

/** Ends now at the latest. */
export function evidenceRange({ changeAt, firstSeenAt, lastSeenAt }: Seen, nowMs: number): ResolvedRange {
  const lastMs = Date.parse(lastSeenAt)
  if (changeAt !== null) {
    const changeMs = Date.parse(changeAt)
    const spanMs = Math.min(7 * dayMs, Math.max(hourMs, lastMs - changeMs))
    return { fromMs: changeMs - spanMs, toMs: Math.max(lastMs, Math.min(changeMs + spanMs, lastMs + hourMs / 2, nowMs)) }
  }
  const firstMs = Math.max(Date.parse(firstSeenAt), lastMs - 7 * dayMs)
  const spanMs = Math.max(hourMs, (lastMs - firstMs) * 1.2)
  return { fromMs: lastMs - spanMs, toMs: Math.max(lastMs, Math.min(lastMs + spanMs / 10, lastMs + hourMs / 2, nowMs)) }
}
