/** Is data arriving: since the page was opened, or just before? */
import type { SourceRow } from '@bellwether/protocol'

export interface Arrival {
  readonly protocol: string
  /** Points since the page was opened, or since the program started when none came since. */
  readonly points: number
  readonly lastSeenAt: string
}

/**
 * What came since `before` was seen: the protocol that sent last, and how many points. Null while nothing new came.
 * A restart of the server counts from zero again, so a smaller number is all new.
 */
export function arrivalSince(before: readonly SourceRow[], now: readonly SourceRow[]): Arrival | null {
  let latest: Arrival | null = null
  for (const source of now) {
    const known = before.find((each) => each.protocol === source.protocol)?.points ?? 0
    const points = source.points >= known ? source.points - known : source.points
    if (points <= 0) continue
    if (latest === null || Date.parse(source.lastSeenAt) > Date.parse(latest.lastSeenAt))
      latest = { protocol: source.protocol, points, lastSeenAt: source.lastSeenAt }
  }
  return latest
}

/** A source whose last point is younger is sending. */
const freshMs = 60_000

/** The source that sent last, when that was a moment ago; null when all are silent. */
export function flowingNow(sources: readonly SourceRow[], nowMs: number): Arrival | null {
  const [latest] = [...sources].sort((a, b) => Date.parse(b.lastSeenAt) - Date.parse(a.lastSeenAt))
  if (latest === undefined || nowMs - Date.parse(latest.lastSeenAt) >= freshMs) return null
  return { protocol: latest.protocol, points: latest.points, lastSeenAt: latest.lastSeenAt }
}
