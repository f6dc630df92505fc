/** How things of traces are written. */
import { formatMs } from '../../lib/units.ts'
import { mainRoot } from './model/critical-path.ts'
import { nameOf, serviceOf } from './model/span-columns.ts'
import type { TraceModel } from './model/trace-model.ts'
import { isMissing } from './model/trace-tree.ts'

/** A length of time in ns: "12 µs", "340 ms", "2 min 5 s". */
export function formatNs(ns: number): string {
  return formatMs(ns / 1e6)
}

/** The beginning of an id, enough to tell traces on one page apart. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/** "1 span", "12,000 spans". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}

/** What a trace is called: service and name of its root, or of its longest span when the root is missing. */
export function titleOf({ tree }: TraceModel): string {
  const root = mainRoot(tree)
  if (root === -1) return 'Trace'
  if (!isMissing(tree, root)) return `${serviceOf(tree.spans, root)}: ${nameOf(tree.spans, root)}`
  const first = tree.order[(tree.place[root] ?? 0) + 1]
  return first === undefined ? 'Trace' : `${serviceOf(tree.spans, first)}: ${nameOf(tree.spans, first)} (root missing)`
}

/** As OTLP numbers them. */
export const kindNames: readonly string[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
