/** Spans and traces that a search finds. Newest first is read in windows from the end of the range, so that a full page ends the reading. */
import type { Scope } from '../../kernel/scope.ts'
import { bucketSec, numbersIn, textsIn, wideIn, wideLiteral } from '../../signals/index.ts'
import type { TimeRange } from '../ports.ts'
import { both, spanSearch } from '../reads.ts'
import { spansTable } from '../tables.ts'
import type { TracePlace, TraceReader } from '../trace/trace-reader.ts'
import { readSpans, SpanAnswer, type KeyedSpan, type SpanRow } from '../trace/span-rows.ts'
import type { SearchDeps, SpanSelection } from './selection.ts'
import { slowestPlaces, type SlowestPlaces, type SlowestWanted } from './slowest-places.ts'
import { cursorParts, cursorText } from './trace-cursor.ts'
import { windowsOf } from './windows.ts'

export type TraceOrder = 'newest' | 'slowest'

export interface SpanListRequest extends SpanSelection {
  readonly order: TraceOrder
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor: string | null
}

export interface FoundTraceId {
  readonly traceId: string
  /** Spans of it that were found. */
  readonly matched: number
}

export interface FoundTraceIds {
  readonly items: FoundTraceId[]
  readonly next: string | null
  /** Buckets in which they lie; null: not asked yet. */
  readonly lies: TracePlace | null
}

/** Where a trace is in a list. */
interface TraceRank {
  readonly traceId: string
  /** Its newest time or longest duration, ns: decimal digits. */
  readonly best: string
}

type RankedTrace = FoundTraceId & TraceRank

/** Traces asked for at once, at least: where most were listed before by newer spans, the next are further behind. */
const candidatesMin = 100

/** Columns of spans that are not answered in the end are not read; the engine's filter by the best rows so far would get in the way of that. */
const listSettings = 'query_plan_max_limit_for_lazy_materialization = 2000, use_top_k_dynamic_filtering = 0'
/** Slowest spans that are looked at for a trace: those of one trace lie in each other. */
const spansPerTrace = 8

export class SpanSearch {
  readonly #deps: SearchDeps
  readonly #places: Pick<TraceReader, 'placesOf'>

  constructor(deps: SearchDeps, places: Pick<TraceReader, 'placesOf'>) {
    this.#deps = deps
    this.#places = places
  }

  /** Errors: `search.invalid`, `search.pattern`, `traces.bad_cursor`, the engine's. */
  async spans(scope: Scope, request: SpanListRequest, signal: AbortSignal): Promise<{ items: SpanRow[]; next: string | null }> {
    const { order, limit, cursor } = request
    const key = order === 'newest' ? 'ts, batch, row' : 'duration, ts, batch, row'
    const parts = cursor === null ? null : cursorParts(cursor, order === 'newest' ? 3 : 4)
    const behind = parts === null ? '' : ` AND (${key}) < (${parts.join(', ')})`
    const direction = `${key.replaceAll(',', ' DESC,')} DESC`
    const answer = new SpanAnswer()
    const read = async (range: TimeRange, places: SlowestPlaces | null): Promise<number> => {
      const before = answer.spans.length
      const where = this.#where(scope, { ...range, query: request.query }) + behind + (places === null ? '' : ` AND ${places.where}`)
      const wanted = {
        where,
        ...(places === null ? {} : { first: places.slow }),
        order: direction,
        limit: limit + 1 - before,
        bytesMax: answer.bytesLeft,
        settings: listSettings,
      }
      for (const block of await readSpans(this.#deps.engine, wanted, signal)) answer.add(block)
      return answer.spans.length - before
    }
    const isFull = (): boolean => answer.isCutBySize || answer.spans.length > limit
    if (order === 'newest')
      await eachWindow(withEnd(request, parts), limit + 1, async (window) => ({ found: await read(window, null), isEnough: isFull() }))
    else {
      const wanted = { ...request, spans: limit + 1, traces: limit + 1, belowNs: parts?.[0] ?? null }
      await this.#slowest(scope, wanted, signal, async (places) => {
        answer.clear()
        await read(request, places)
        return isFull()
      })
    }
    const items = answer.spans.slice(0, limit)
    const last = items.at(-1)
    return { items: items.map(({ span }) => span), next: isFull() && last !== undefined ? cursorOf(last, order) : null }
  }

  /** Reads where the slowest must be if that is known, and all when it was not enough. `read` takes them and says whether they were enough. */
  // oxlint-disable-next-line max-params -- whose, which, until when, and how
  async #slowest(
    scope: Scope,
    wanted: SlowestWanted,
    signal: AbortSignal,
    read: (places: SlowestPlaces | null) => Promise<boolean>,
  ): Promise<void> {
    const places = await slowestPlaces(this.#deps, { scope, wanted }, signal)
    if (places !== null && (await read(places))) return
    await read(null)
  }

  /**
   * Ids of traces with a span that matches, by their newest or slowest one. A window says only what the traces did in it: those that the page
   * before has listed by a newer span are left out, and what was found is counted over the whole range. Errors: as `spans`.
   */
  async traces(scope: Scope, request: SpanListRequest, signal: AbortSignal): Promise<FoundTraceIds> {
    const { order, limit, cursor } = request
    const place = cursor === null ? null : placeOf(cursorParts(cursor, 2))
    const found = new Map<string, RankedTrace>()
    let lies: TracePlace | null = null
    const read = async (range: TimeRange, places: SlowestPlaces | null): Promise<number> => {
      const before = found.size
      const isWhole = places === null && range.fromMs <= request.fromMs && range.toMs >= request.toMs
      const atOnce = place === null ? limit + 1 : Math.max(limit + 1, candidatesMin)
      let behind = place
      let candidates: RankedTrace[]
      do {
        candidates = await this.#candidates(scope, { ...request, ...range, limit: atOnce, behind, places }, signal)
        const whole = isWhole ? null : await this.#whole(scope, request, candidates, signal)
        lies = joined(lies, whole?.lies ?? null)
        for (const candidate of candidates) {
          const all = whole?.ranks.get(candidate.traceId) ?? candidate
          if (!found.has(candidate.traceId) && (place === null || isBehind(all, place)))
            found.set(candidate.traceId, { ...candidate, matched: all.matched })
        }
        behind = candidates.at(-1) ?? null
      } while (candidates.length === atOnce && found.size <= limit)
      return found.size - before
    }
    const isFull = (): boolean => found.size > limit
    if (order === 'newest') {
      const range = withEnd(request, place === null ? null : [place.best])
      await eachWindow(range, limit + 1, async (window) => ({ found: await read(window, null), isEnough: isFull() }))
    } else {
      const wanted = { ...request, spans: (limit + 1) * spansPerTrace, traces: limit + 1, belowNs: place?.best ?? null }
      await this.#slowest(scope, wanted, signal, async (places) => {
        found.clear()
        await read(request, places)
        return isFull()
      })
    }
    const items = [...found.values()].slice(0, limit)
    const last = items.at(-1)
    return {
      items: items.map(({ traceId, matched }) => ({ traceId, matched })),
      next: isFull() && last !== undefined ? cursorText([last.best, last.traceId]) : null,
      lies,
    }
  }

  /** What a window has of traces behind a place. */
  async #candidates(
    scope: Scope,
    request: Omit<SpanListRequest, 'cursor'> & { readonly behind: TraceRank | null; readonly places: SlowestPlaces | null },
    signal: AbortSignal,
  ): Promise<RankedTrace[]> {
    const { order, limit, behind, places } = request
    const having = behind === null ? '' : `HAVING (best, trace_id) < (${behind.best}, toFixedString(unhex('${behind.traceId}'), 16))`
    const where = this.#where(scope, request) + (places === null ? '' : ` AND ${places.where}`)
    const first = places === null ? '' : `PREWHERE ${places.slow} `
    return await this.#ranked({ order, first, where, rest: `${having} ORDER BY best DESC, trace_id DESC LIMIT ${limit}` }, signal)
  }

  // oxlint-disable-next-line max-params -- whose, of which range, which, and until when
  async #whole(
    scope: Scope,
    request: SpanListRequest,
    candidates: readonly RankedTrace[],
    signal: AbortSignal,
  ): Promise<{ readonly ranks: ReadonlyMap<string, RankedTrace>; readonly lies: TracePlace | null }> {
    const ids = candidates.map(({ traceId }) => traceId)
    const lies = await this.#places.placesOf(scope, ids, signal)
    if (lies === null) return { ranks: new Map(), lies }
    const range = {
      fromMs: Math.max(request.fromMs, lies.firstBucket * bucketSec * 1000),
      toMs: Math.min(request.toMs, (lies.lastBucket + 1) * bucketSec * 1000),
    }
    if (range.toMs <= range.fromMs) return { ranks: new Map(), lies }
    const named = `trace_id IN (${ids.map((id) => `unhex('${id}')`).join(', ')})`
    const where = `${this.#where(scope, { ...range, query: request.query })} AND ${named}`
    const rows = await this.#ranked({ order: request.order, first: '', where, rest: '' }, signal)
    return { ranks: new Map(rows.map((row) => [row.traceId, row])), lies }
  }

  async #ranked(
    { order, first, where, rest }: { readonly order: TraceOrder; readonly first: string; readonly where: string; readonly rest: string },
    signal: AbortSignal,
  ): Promise<RankedTrace[]> {
    const measure = order === 'newest' ? 'ts' : 'duration'
    const sql = `SELECT lower(hex(trace_id)) AS trace, max(${measure}) AS best, toUInt32(count()) AS matched FROM ${spansTable} ${first}WHERE ${where}
        GROUP BY trace_id ${rest}`
    const out: RankedTrace[] = []
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [traces, best, matched] = [textsIn(block, 'trace'), wideIn(block, 'best'), numbersIn(block, 'matched')]
      for (let row = 0; row < block.rows; row++)
        out.push({
          traceId: traces[row] ?? '',
          best: wideLiteral(best[row * 2] ?? 0, best[row * 2 + 1] ?? 0),
          matched: matched[row] ?? 0,
        })
    }
    return out
  }

  /** A condition that the selection stands for. Errors: `search.invalid`, `search.pattern`. */
  #where(scope: Scope, { query, ...range }: SpanSelection): string {
    const { reads, clock } = this.#deps
    return both(reads.spans(scope, range), spanSearch(scope, query, clock.nowMs()))
  }
}

function joined(one: TracePlace | null, other: TracePlace | null): TracePlace | null {
  if (one === null || other === null) return one ?? other
  return {
    firstBucket: Math.min(one.firstBucket, other.firstBucket),
    lastBucket: Math.max(one.lastBucket, other.lastBucket),
    spans: one.spans + other.spans,
  }
}

/** Looks at one window after the other until it is enough, which so many are. */
async function eachWindow(
  range: TimeRange,
  wanted: number,
  look: (window: TimeRange) => Promise<{ found: number; isEnough: boolean }>,
): Promise<void> {
  const windows = windowsOf(range, wanted)
  for (let window = windows.next(0); window.done !== true;) {
    const { found, isEnough } = await look(window.value)
    if (isEnough) return
    window = windows.next(found)
  }
}

/** Nothing at or behind the cursor is newer than its time. */
function withEnd({ fromMs, toMs }: TimeRange, parts: readonly string[] | null): TimeRange {
  const [ns] = parts ?? []
  return { fromMs, toMs: ns === undefined ? toMs : Math.min(toMs, Number(BigInt(ns) / 1_000_000n) + 1) }
}

function placeOf([best = '', traceId = '']: readonly string[]): TraceRank {
  return { best, traceId }
}

function isBehind(one: TraceRank, place: TraceRank): boolean {
  const [own, other] = [BigInt(one.best), BigInt(place.best)]
  return own < other || (own === other && one.traceId < place.traceId)
}

function cursorOf({ key }: KeyedSpan, order: TraceOrder): string {
  const place = [wideLiteral(key.tsLow, key.tsHigh), String(key.batch), String(key.row)]
  return cursorText(order === 'newest' ? place : [wideLiteral(key.durationLow, key.durationHigh), ...place])
}
