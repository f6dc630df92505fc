/** Slow queries: calls of a database that take long. Statements that wait by their nature, or rebuild something on purpose, do not count. */
import type { Evidence } from './evidence.ts'
import type { Call, TraceView } from './trace-view.ts'

export const slowQueryMs = 500

/** Blocking commands, locks, streams, maintenance and changes of the schema. */
const waitsByNature =
  /^(BLPOP|BRPOP|BLMOVE|BRPOPLPUSH|BZPOPMIN|BZPOPMAX|XREAD|XREADGROUP|SUBSCRIBE|PSUBSCRIBE|MONITOR|WAIT|LISTEN|NOTIFY|COPY|VACUUM|ANALYZE|REINDEX|CLUSTER|REFRESH|CREATE|ALTER|DROP|TRUNCATE|LOCK|BEGIN|COMMIT|ROLLBACK|START TRANSACTION|BACKUP|PRAGMA|OPTIMIZE|CHECKPOINT)\b|pg_sleep\(|\bSLEEP\(|pg_advisory_(xact_)?lock\(|GET_LOCK\(/i

export function detectSlowQueries(view: TraceView): Evidence[] {
  const found: Evidence[] = []
  for (const { call, entry } of view.nodes) {
    if (call === null || !isCandidate(call) || call.span.durationMs < slowQueryMs) continue
    const { span, subject } = call
    found.push({
      finding: 'slow_query',
      entry,
      subject,
      spanIds: [span.spanId],
      calls: 1,
      costMs: span.durationMs,
      savedMs: 0,
      sizeBytes: 0,
    })
  }
  return found
}

/** How often each statement was seen at all, slow or not: `${service} ${operation} ${subject}` to a count. */
export function countQueries(view: TraceView, counts: Map<string, number>): void {
  for (const { call, entry } of view.nodes) {
    if (call === null || call.on !== 'database') continue
    const key = queryKey(entry.service, entry.name, call.subject)
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
}

export function queryKey(service: string, operation: string, subject: string): string {
  return `${service}\0${operation}\0${subject}`
}

function isCandidate({ on, subject }: Call): boolean {
  return on === 'database' && !waitsByNature.test(subject)
}
