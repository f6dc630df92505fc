/**
 * N+1: the same read again and again, one after the other, for one request, where one read would do. What only looks so is left out: pages
 * of one result, polling, batches in parallel over HTTP, and repetitions that cost nothing.
 */
import { exampleSpansMax } from '../limits.ts'
import type { Evidence } from './evidence.ts'
import type { Call, SpanNode, TraceView } from './trace-view.ts'

const callsMin = 5
/** So many calls are too many however fast they are. */
const callsAlways = 25
const costMinMs = 20
/** A loop goes on at once; who waits longer between two calls, in multiples of a call, polls. */
const waitFactorMax = 10
const waitMinMs = 25

export function detectNPlusOne(view: TraceView): Evidence[] {
  const groups = new Map<string, SpanNode[]>()
  for (const node of view.nodes) {
    const { call } = node
    if (call === null || !call.isRead || isPaging(call)) continue
    const key = `${node.entry.spanId} ${call.on} ${call.subject}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [node])
    else group.push(node)
  }
  const found: Evidence[] = []
  for (const group of groups.values()) {
    const evidence = judge(group)
    if (evidence !== null) found.push(evidence)
  }
  return found
}

function judge(group: SpanNode[]): Evidence | null {
  const [first] = group
  if (first === undefined || first.call === null || group.length < callsMin) return null
  group.sort((a, b) => a.span.startMs - b.span.startMs)
  const costMs = group.reduce((sum, { span }) => sum + span.durationMs, 0)
  if (group.length < callsAlways && costMs < costMinMs) return null
  if (isPolling(group, costMs / group.length)) return null
  // A fan-out over HTTP in parallel is how it is done; to a database it is N+1 all the same.
  if (first.call.on === 'http' && overlapOf(group) > 0.3) return null
  return {
    finding: 'n_plus_one',
    entry: first.entry,
    subject: first.call.subject,
    spanIds: group.slice(0, exampleSpansMax).map(({ span }) => span.spanId),
    calls: group.length,
    costMs,
    savedMs: costMs - costMs / group.length,
    sizeBytes: 0,
  }
}

/** A result read page by page repeats itself for a reason. */
function isPaging({ on, subject, text }: Call): boolean {
  if (on === 'http') return /[?&](page|offset|cursor|start|skip|page_?token|after)=/i.test(text)
  if (/\bOFFSET\b|\bFETCH NEXT\b/.test(subject)) return true
  return /\bLIMIT\b/.test(subject) && /[\w"`]\s*>=?\s*\?/.test(subject) && /\bORDER BY\b/.test(subject)
}

function isPolling(group: readonly SpanNode[], averageMs: number): boolean {
  const waits: number[] = []
  for (let i = 1; i < group.length; i++) waits.push((group[i]?.span.startMs ?? 0) - (group[i - 1]?.endMs ?? 0))
  waits.sort((a, b) => a - b)
  return (waits[Math.floor(waits.length / 2)] ?? 0) > Math.max(waitMinMs, waitFactorMax * averageMs)
}

/** Share of the calls that begin before the one before them ended. */
function overlapOf(group: readonly SpanNode[]): number {
  let overlapping = 0
  for (let i = 1; i < group.length; i++) if ((group[i]?.span.startMs ?? 0) < (group[i - 1]?.endMs ?? 0) - 0.5) overlapping++
  return overlapping / (group.length - 1)
}
