/** Exemplars from any protocol: bounded in number and size, trace and span ids taken out of the labels. */
import type { Exemplar, Labels } from '../../metrics/index.ts'
import type { DecodeSession } from './session.ts'

/** OpenMetrics allows 128 characters of labels; some senders go over it, so ours is wider. */
const labelCharsMax = 2048

export interface ExemplarPoint {
  readonly seriesRef: number
  readonly timeMs: number
  readonly value: number
}

/** Null when it is not stored: too many already, a time out of range, labels unreadable or too long. Exemplars are extras: nothing is counted. */
export function exemplarOf(session: DecodeSession, point: ExemplarPoint, labels: Labels | null): Exemplar | null {
  if (labels === null || session.batch.exemplars.length >= session.state.limits.exemplarsPerRequestMax) return null
  if (!session.isTimeAccepted(point.timeMs)) return null
  let chars = 0
  let traceId = ''
  let spanId = ''
  const others: (readonly [string, string])[] = []
  for (const label of labels) {
    const [name, value] = label
    chars += name.length + value.length
    if (name === 'trace_id' || name === 'traceID') traceId = value.toLowerCase()
    else if (name === 'span_id' || name === 'spanID') spanId = value.toLowerCase()
    else others.push(label)
  }
  if (chars > labelCharsMax) return null
  return { seriesRef: point.seriesRef, timeMs: point.timeMs, value: point.value, labels: others, traceId, spanId }
}
