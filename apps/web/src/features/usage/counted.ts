/** How rows are called: points of metrics, log records, spans; records where they are of several kinds, or of one that is not known. */
import { formatCount } from '../../lib/units.ts'

const names: ReadonlyMap<string, readonly [one: string, many: string]> = new Map([
  ['metrics', ['point', 'points']],
  ['logs', ['log record', 'log records']],
  ['spans', ['span', 'spans']],
])
const anyName = ['record', 'records'] as const

/** `3 points`, `1 log record`; of several kinds `4 records`. */
export function countedRows(rows: number, kinds: Iterable<string>): string {
  const [kind = '', ...others] = new Set(kinds)
  const [one, many] = (others.length === 0 ? names.get(kind) : undefined) ?? anyName
  return `${formatCount(rows)} ${rows === 1 ? one : many}`
}
