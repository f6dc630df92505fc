/**
 * The spans of one trace in columns: what the waterfall, the flame graph and the critical path compute on. A hundred thousand spans are a
 * few typed arrays, not a hundred thousand objects.
 */
import type { TraceColumns } from '@bellwether/protocol'

/** Status of a span as OTLP numbers it. */
export const statusError = 2

export interface SpanColumns {
  readonly count: number
  /** Moment of the earliest start, ms since 1970; `startNs` counts from here. */
  readonly baseMs: number
  readonly ids: readonly string[]
  /** Index of the parent: -1 for a root; `count + i` for `missingIds[i]`, a parent that never came. */
  readonly parents: Int32Array
  readonly missingIds: readonly string[]
  /** Spans whose parents led back to themselves; they are roots. */
  readonly loops: readonly number[]
  /** Since `baseMs`, with the clock's correction in it. */
  readonly startNs: Float64Array
  readonly durationNs: Float64Array
  /** What was added to the reported start because the service's clock goes wrong; 0 where nothing was. */
  readonly shiftNs: Float64Array
  readonly status: Uint8Array
  /** As OTLP numbers it: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: Uint8Array
  /** Index into `names`. */
  readonly name: Uint32Array
  readonly names: readonly string[]
  /** Index into `services`. */
  readonly service: Uint32Array
  readonly services: readonly string[]
}

/** Digits of a span id. */
const idLength = 16

/** The server's answer as typed arrays. */
export function columnsOf(answer: TraceColumns): SpanColumns {
  const { count, spanIds, shiftsNs } = answer
  return {
    count,
    baseMs: Date.parse(answer.start),
    ids: Array.from({ length: count }, (_, span) => spanIds.slice(span * idLength, span * idLength + idLength)),
    parents: Int32Array.from(answer.parents),
    missingIds: answer.missing,
    loops: answer.loops,
    startNs: Float64Array.from(answer.startNs),
    durationNs: Float64Array.from(answer.durationNs),
    shiftNs: Float64Array.from(answer.shift, (index) => shiftsNs[index] ?? 0),
    status: Uint8Array.from(answer.status),
    kind: Uint8Array.from(answer.kind),
    name: Uint32Array.from(answer.name),
    names: answer.names,
    service: Uint32Array.from(answer.service),
    services: answer.serviceNames,
  }
}

/** When the span ended, ns since the base. */
export function endNs(spans: SpanColumns, span: number): number {
  return spans.startNs[span]! + spans.durationNs[span]!
}

export function nameOf(spans: SpanColumns, span: number): string {
  return spans.names[spans.name[span] ?? 0] ?? ''
}

export function serviceOf(spans: SpanColumns, span: number): string {
  return spans.services[spans.service[span] ?? 0] ?? ''
}
