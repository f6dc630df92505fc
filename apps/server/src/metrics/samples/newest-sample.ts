/** The newest sample of a series that is in memory. */
import type { Head } from './head.ts'
import { SampleColumns } from './sample-columns.ts'

/** Null when memory holds none. */
export function newestSample(head: Pick<Head, 'newestMs' | 'read'>, ref: number): { timeMs: number; value: number } | null {
  const timeMs = head.newestMs(ref)
  if (!Number.isFinite(timeMs)) return null
  const out = new SampleColumns(16)
  head.read(ref, timeMs, timeMs, out)
  const value = out.values[out.count - 1]
  return out.count === 0 || value === undefined ? null : { timeMs, value }
}
