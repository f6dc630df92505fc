/** What a list of traces shows of each: its root, how long it took, its services, the spans that were found. */
import type { ClickHouse } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { numbersIn, preciseTime, textsIn, wideIn } from '../../signals/index.ts'
import type { TraceReads } from '../ports.ts'
import { both, spanSearch } from '../reads.ts'
import { kindNames, statusNames } from '../span-fields.ts'
import { spansTable } from '../tables.ts'
import type { TracePlace } from '../trace/trace-reader.ts'
import type { SpanSelection } from './selection.ts'
import type { FoundTraceId } from './span-search.ts'

/** As `FoundTrace` of the protocol. */
export interface FoundTrace extends FoundTraceId {
  readonly service: string
  readonly name: string
  readonly hasRoot: boolean
  readonly start: string
  readonly durationMs: number
  readonly spans: number
  readonly errors: number
  readonly services: { service: string; spans: number; errors: number }[]
  readonly matches: FoundSpan[]
}

export interface FoundSpan {
  readonly spanId: string
  readonly service: string
  readonly name: string
  readonly kind: (typeof kindNames)[number]
  readonly status: (typeof statusNames)[number]
  readonly start: string
  readonly durationMs: number
}

const servicesShownMax = 12
const matchesShownMax = 3

interface Summary {
  service: string
  name: string
  hasRoot: boolean
  low: number
  high: number
  /** Halves of the last end. */
  endLow: number
  endHigh: number
  spans: number
  errors: number
  readonly services: { service: string; spans: number; errors: number }[]
}

export interface FoundTracesRequest {
  readonly found: readonly FoundTraceId[]
  readonly place: TracePlace
  readonly selection: SpanSelection
}

export class FoundTraces {
  readonly #engine: ClickHouse
  readonly #reads: TraceReads
  readonly #clock: { nowMs(): number }

  constructor({ engine, reads, clock }: { engine: ClickHouse; reads: TraceReads; clock: { nowMs(): number } }) {
    this.#engine = engine
    this.#reads = reads
    this.#clock = clock
  }

  /** In the order of `found`. Errors: the engine's. */
  async describe(scope: Scope, { found, place, selection }: FoundTracesRequest, signal: AbortSignal): Promise<FoundTrace[]> {
    const ids = found.map(({ traceId }) => `unhex('${traceId}')`).join(', ')
    const within = `${this.#reads.buckets(scope, place.firstBucket, place.lastBucket)} AND trace_id IN (${ids})`
    const [summaries, matches] = await Promise.all([this.#summaries(within, signal), this.#matches(scope, within, selection.query, signal)])
    return found.flatMap(({ traceId, matched }): FoundTrace[] => {
      const summary = summaries.get(traceId)
      if (summary === undefined) return []
      const { low, high, endLow, endHigh, services, ...rest } = summary
      return [
        {
          traceId,
          matched,
          ...rest,
          start: preciseTime(low, high),
          durationMs: ((endHigh - high) * 0x1_0000_0000 + (endLow - low)) / 1e6,
          services: services.sort((a, b) => b.spans - a.spans).slice(0, servicesShownMax),
          matches: matches.get(traceId) ?? [],
        },
      ]
    })
  }

  async #summaries(within: string, signal: AbortSignal): Promise<Map<string, Summary>> {
    const root = "parent_id = unhex('0000000000000000')"
    const sql = `SELECT lower(hex(trace_id)) AS trace, toString(service) AS service, toUInt32(count()) AS spans, toUInt32(countIf(status = 2)) AS errors,
        min(ts) AS first, max(ts + toInt64(duration)) AS last, toString(argMin(name, (not(${root}), ts))) AS name, toUInt8(max(${root})) AS hasRoot
      FROM ${spansTable} WHERE ${within} GROUP BY trace_id, service`
    const out = new Map<string, Summary>()
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const [trace, service, name] = [textsIn(block, 'trace'), textsIn(block, 'service'), textsIn(block, 'name')]
      const [spans, errors, hasRoot] = [numbersIn(block, 'spans'), numbersIn(block, 'errors'), numbersIn(block, 'hasRoot')]
      const [first, last] = [wideIn(block, 'first'), wideIn(block, 'last')]
      for (let row = 0; row < block.rows; row++) {
        const [low, high] = [first[row * 2] ?? 0, first[row * 2 + 1] ?? 0]
        addService(out, trace[row] ?? '', {
          service: service[row] ?? '',
          name: name[row] ?? '',
          hasRoot: hasRoot[row] === 1,
          low,
          high,
          endLow: last[row * 2] ?? 0,
          endHigh: last[row * 2 + 1] ?? 0,
          spans: spans[row] ?? 0,
          errors: errors[row] ?? 0,
          services: [],
        })
      }
    }
    return out
  }

  // oxlint-disable-next-line max-params -- whose, which, found by what, and until when
  async #matches(scope: Scope, within: string, query: string, signal: AbortSignal): Promise<Map<string, FoundSpan[]>> {
    const search = spanSearch(scope, query, this.#clock.nowMs())
    const out = new Map<string, FoundSpan[]>()
    if (search.isEmpty) return out
    const sql = `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, toString(service) AS service, toString(name) AS name, kind, status, ts, duration
      FROM ${spansTable} WHERE ${both(within, search)}
      ORDER BY duration DESC LIMIT ${matchesShownMax} BY trace_id`
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const [trace, span, service, name] = [
        textsIn(block, 'trace'),
        textsIn(block, 'span'),
        textsIn(block, 'service'),
        textsIn(block, 'name'),
      ]
      const [kind, status] = [numbersIn(block, 'kind'), numbersIn(block, 'status')]
      const [ts, duration] = [wideIn(block, 'ts'), wideIn(block, 'duration')]
      for (let row = 0; row < block.rows; row++) {
        const list = out.get(trace[row] ?? '') ?? []
        if (list.length === 0) out.set(trace[row] ?? '', list)
        list.push({
          spanId: span[row] ?? '',
          service: service[row] ?? '',
          name: name[row] ?? '',
          kind: kindNames[kind[row] ?? 0] ?? 'unspecified',
          status: statusNames[status[row] ?? 0] ?? 'unset',
          start: preciseTime(ts[row * 2] ?? 0, ts[row * 2 + 1] ?? 0),
          durationMs: ((duration[row * 2] ?? 0) + (duration[row * 2 + 1] ?? 0) * 0x1_0000_0000) / 1e6,
        })
      }
    }
    return out
  }
}

/** The trace's head is its root, or the earliest span where none has come. */
function addService(out: Map<string, Summary>, traceId: string, part: Summary): void {
  const count = { service: part.service, spans: part.spans, errors: part.errors }
  const known = out.get(traceId)
  if (known === undefined) {
    part.services.push(count)
    out.set(traceId, part)
    return
  }
  known.services.push(count)
  const isEarlier = part.high < known.high || (part.high === known.high && part.low < known.low)
  const isHead = part.hasRoot === known.hasRoot ? isEarlier : part.hasRoot
  if (isHead) {
    known.service = part.service
    known.name = part.name
    known.hasRoot = part.hasRoot
  }
  if (isEarlier) {
    known.low = part.low
    known.high = part.high
  }
  if (part.endHigh > known.endHigh || (part.endHigh === known.endHigh && part.endLow > known.endLow)) {
    known.endLow = part.endLow
    known.endHigh = part.endHigh
  }
  known.spans += part.spans
  known.errors += part.errors
}
