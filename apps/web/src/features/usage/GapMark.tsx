/** Whether an equation holds: adds up, on its way, or lost. */
import { formatCount } from '../../lib/units.ts'
import { StatusMark } from '../../ui/StatusMark.tsx'

export interface GapMarkProps {
  /** Of the balance, at this moment. */
  readonly missing: number
  /** Points whose gap lasts; see `useLastingGaps`. */
  readonly lost: number
}

export function GapMark({ missing, lost }: GapMarkProps) {
  if (lost > 0) return <StatusMark tone="down" label={`${formatCount(lost)} ${missing < 0 ? 'counted twice' : 'unaccounted for'}`} />
  // A request that was received and is not yet queued, or stored between two of the counters' reads.
  if (missing > 0) return <StatusMark tone="ok" label={`${formatCount(missing)} in flight`} />
  return <StatusMark tone="ok" label="adds up" />
}
