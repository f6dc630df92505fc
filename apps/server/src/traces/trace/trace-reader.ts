/** Reads one trace: where in time it lies from `traces`, its spans from `spans`. */
import type { ClickHouse } from '../../engines/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import { mapAt, mapsIn, numbersIn, resourcesTable, wideIn, wideLiteral } from '../../signals/index.ts'
import { badId, spanNotFound, traceNotFound } from '../errors.ts'
import { traceColumnsMax, traceObjectsMax } from '../limits.ts'
import type { TraceReads } from '../ports.ts'
import { tenantSql } from '../reads.ts'
import { spansTable, tracesTable } from '../tables.ts'
import { readSpans, SpanAnswer, spanColumnsSql, spansIn, type KeyedSpan, type SpanRow } from './span-rows.ts'
import { traceColumns, type TraceColumns, type TraceFacts } from './trace-columns.ts'
import { TraceSpans, traceColumnsSql, traceSpansOf } from './trace-spans.ts'

export interface SpanOfTrace extends SpanRow {
  readonly shiftMs: number
  readonly isParentMissing: boolean
  readonly isLooped: boolean
}

export interface TraceObjects extends TraceFacts {
  readonly spans: SpanOfTrace[]
}

export interface TracePlace {
  readonly firstBucket: number
  readonly lastBucket: number
  readonly spans: number
}

/** A trace id as the two numbers of `traces`: bytes 0 to 7 and 8 to 15, little-endian. */
export function traceNumbers(traceId: string): [a: string, b: string] {
  const bytes = Buffer.from(traceId, 'hex')
  return [bytes.readBigUInt64LE(0).toString(), bytes.readBigUInt64LE(8).toString()]
}

/** Lower-case digits. Errors: `traces.bad_id`. */
export function checkedId(id: string, digits: 32 | 16): string {
  if (id.length !== digits || !/^[0-9a-f]+$/i.test(id)) throw new AppError(badId)
  return id.toLowerCase()
}

/** Spans of a trace lie together: there is nothing for a second thread, and starting it costs something. */
const settings = 'max_threads = 1'

export class TraceReader {
  readonly #engine: ClickHouse
  readonly #reads: TraceReads

  constructor(engine: ClickHouse, reads: TraceReads) {
    this.#engine = engine
    this.#reads = reads
  }

  /** Up to 100,000 spans, those that began first. Errors: `traces.not_found`, the engine's. */
  async columns(scope: Scope, traceId: string, signal: AbortSignal): Promise<TraceColumns> {
    const id = checkedId(traceId, 32)
    const { spans, stored } = await this.#spans(scope, id, signal)
    if (spans.count === 0) throw new AppError(traceNotFound)
    return traceColumns(id, spans, stored)
  }

  /** The first spans with all they carry. Errors: `traces.not_found`, the engine's. */
  async objects(scope: Scope, traceId: string, limit: number, signal: AbortSignal): Promise<TraceObjects> {
    const id = checkedId(traceId, 32)
    const bound = Math.min(limit, traceObjectsMax)
    const { answer, stored } = await this.#first(scope, id, bound, signal)
    if (answer.spans.length === 0) throw new AppError(traceNotFound)
    // Most traces are small and all there; of others the columns are needed for the spans that are not.
    const isAll = !answer.isCutBySize && answer.spans.length < bound
    const spans = isAll ? traceSpansOf(answer.spans) : (await this.#spans(scope, id, signal)).spans
    const whole = traceColumns(id, spans, stored)
    const { count, spanIds, parents, loops, shift, shiftsNs } = whole
    const placeOf = new Map<string, number>()
    for (let at = count - 1; at >= 0; at--) placeOf.set(spanIds.slice(at * 16, at * 16 + 16), at)
    const looped = new Set(loops)
    const shown = answer.spans.map(({ span }): SpanOfTrace => {
      const at = placeOf.get(span.spanId) ?? -1
      return {
        ...span,
        shiftMs: (shiftsNs[shift[at] ?? 0] ?? 0) / 1e6,
        isParentMissing: (parents[at] ?? -1) >= count,
        isLooped: looped.has(at),
      }
    })
    const isPartial = whole.spanCount > shown.length
    const [all, some] = [whole.spanCount.toLocaleString('en'), shown.length.toLocaleString('en')]
    const why = answer.isCutBySize ? '; with all they carry, more would be over 8 MiB' : ''
    const note = isPartial ? `The trace has ${all} spans; here are the ${some} that began first${why}.` : null
    const { start, durationMs, spanCount, errorCount, services, skews } = whole
    return { traceId: id, start, durationMs, spanCount, errorCount, services, skews, isPartial, note, spans: shown }
  }

  /** Errors: `traces.span_not_found`, the engine's. */
  async span(
    scope: Scope,
    { traceId, spanId }: { readonly traceId: string; readonly spanId: string },
    signal: AbortSignal,
  ): Promise<SpanRow & { readonly resource: Record<string, string> }> {
    const [trace, id] = [checkedId(traceId, 32), checkedId(spanId, 16)]
    const [found] = await this.#rows(scope, trace, `AND span_id = unhex('${id}') ORDER BY ts LIMIT 1`, signal)
    if (found === undefined) throw new AppError(spanNotFound)
    return { ...found.span, resource: await this.#resource(scope, found.resource, signal) }
  }

  /** Buckets in which all of these traces lie; null when none of them is stored. Errors: the engine's. */
  async placesOf(scope: Scope, traceIds: readonly string[], signal: AbortSignal): Promise<TracePlace | null> {
    if (traceIds.length === 0) return null
    const ids = traceIds.map((id) => `(${traceNumbers(id).join(',')})`).join(',')
    const sql = `SELECT min(first_bucket) AS first, max(last_bucket) AS last, sum(spans) AS stored FROM ${tracesTable}
      WHERE ${this.#reads.traces(scope)} AND (trace_a, trace_b) IN (${ids})`
    // Read to its end: leaving it early would be taken for a reader who has gone, and cost a connection.
    let place: TracePlace | null = null
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const stored = wideIn(block, 'stored')
      const spans = stored[0]! + stored[1]! * 0x1_0000_0000
      if (spans > 0) place = { firstBucket: numbersIn(block, 'first')[0]!, lastBucket: numbersIn(block, 'last')[0]!, spans }
    }
    return place
  }

  /** Where the trace lies and its rows there: asked in one statement, because a second one costs as much as both do. */
  #byId(scope: Scope, id: string): { readonly place: string; readonly where: string } {
    const [a, b] = traceNumbers(id)
    const lies = `${this.#reads.traces(scope)} AND trace_a = ${a} AND trace_b = ${b}`
    return {
      place: `WITH (SELECT (min(first_bucket), max(last_bucket), sum(spans)) FROM ${tracesTable} WHERE ${lies}) AS place`,
      where: `${this.#reads.buckets(scope, 'place.1', 'place.2')} AND trace_id = unhex('${id}')`,
    }
  }

  /** The first spans; `stored`: how many there are. */
  async #spans(scope: Scope, id: string, signal: AbortSignal): Promise<{ readonly spans: TraceSpans; readonly stored: number }> {
    const { place, where } = this.#byId(scope, id)
    const sql = `${place} SELECT ${traceColumnsSql}, assumeNotNull(toFloat64(place.3)) AS stored FROM ${spansTable} WHERE ${where}
      ORDER BY ts, span_id LIMIT ${traceColumnsMax} SETTINGS ${settings}`
    const spans = new TraceSpans()
    let stored = 0
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      spans.add(block)
      stored = numbersIn(block, 'stored')[0] ?? 0
    }
    return { spans, stored }
  }

  /** Those that began first, until they are so many or enough bytes; `stored`: how many there are. */
  // oxlint-disable-next-line max-params -- whose, which, how many, and until when
  async #first(
    scope: Scope,
    id: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly answer: SpanAnswer; readonly stored: number }> {
    const { place, where } = this.#byId(scope, id)
    const answer = new SpanAnswer()
    let stored = 0
    const beside = 'assumeNotNull(toFloat64(place.3)) AS stored'
    const wanted = { with: place, where, order: 'ts, span', limit, bytesMax: answer.bytesLeft, beside, settings }
    for (const block of await readSpans(this.#engine, wanted, signal)) {
      answer.add(block)
      stored = numbersIn(block, 'stored')[0] ?? 0
    }
    return { answer, stored }
  }

  // oxlint-disable-next-line max-params -- whose, which, in which order, and until when
  async #rows(scope: Scope, id: string, rest: string, signal: AbortSignal): Promise<KeyedSpan[]> {
    const { place, where } = this.#byId(scope, id)
    const sql = `${place} SELECT ${spanColumnsSql} FROM ${spansTable} WHERE ${where} ${rest}`
    const rows: KeyedSpan[] = []
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) rows.push(...spansIn(block))
    return rows
  }

  async #resource(scope: Scope, [low, high]: readonly [number, number], signal: AbortSignal): Promise<Record<string, string>> {
    if (low === 0 && high === 0) return {}
    const sql = `SELECT any(attributes) AS attributes FROM ${resourcesTable} WHERE ${tenantSql(scope)} AND fingerprint = ${wideLiteral(low, high)} GROUP BY fingerprint`
    let attributes: Record<string, string> = {}
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal }))
      attributes = mapAt(mapsIn(block, 'attributes'), 0)
    return attributes
  }
}
