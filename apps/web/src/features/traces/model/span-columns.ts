/**
 * The spans of one trace in columns: what the waterfall, the flame graph and the critical path compute on. A hundred thousand spans are a
 * few typed arrays, not a hundred thousand objects.
 */

/** Status of a span as OTLP numbers it. */
export const statusError = 2

export interface SpanColumns {
  readonly count: number
  /** Moment of the earliest start, ms since 1970; `startNs` counts from here. */
  readonly baseMs: number
  readonly ids: readonly string[]
  /** `''` for a root. */
  readonly parentIds: readonly string[]
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

/** Gives every distinct text a number, in order of first sight. */
export class Words {
  readonly all: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(word: string): number {
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    this.#numbers.set(word, this.all.length)
    this.all.push(word)
    return this.all.length - 1
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
