/**
 * Two traces, or two groups of them, side by side: how long they take, and what each operation does in a trace of either side. The operation
 * whose own time differs most comes first, because that is where the time went.
 */
import { textsIn } from '../../signals/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { numbersIn } from '../../signals/index.ts'
import { bucketOf, bucketUpperMs, quantileMs } from '../duration-buckets.ts'
import { comparedSpansMax, comparedTracesMax } from '../limits.ts'
import { both, spanSearch } from '../reads.ts'
import { kindNames } from '../span-fields.ts'
import { spansTable } from '../tables.ts'
import { selfTimesNs } from '../trace/self-time.ts'
import { findParents } from '../trace/trace-parents.ts'
import { checkedId, type TraceReader } from '../trace/trace-reader.ts'
import { TraceSpans, traceColumnsSql } from '../trace/trace-spans.ts'
import type { SearchDeps, SpanSelection } from './selection.ts'
import type { SpanSearch } from './span-search.ts'

export interface ComparedTraces extends SpanSelection {
  /** Null: those that the selection finds. */
  readonly traceId: string | null
}

export interface ComparedSide {
  readonly traces: number
  readonly tracesTotal: number
  readonly spans: number
  readonly errors: number
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  readonly p99Ms: number | null
}

/** Numbers are averages over the traces of the side. */
export interface OperationInTraces {
  readonly spans: number
  readonly errors: number
  readonly totalMs: number
  readonly selfMs: number
  readonly averageMs: number
}

export interface ComparedOperation {
  readonly service: string
  readonly operation: string
  readonly kind: (typeof kindNames)[number]
  readonly left: OperationInTraces | null
  readonly right: OperationInTraces | null
  readonly changeMs: number
}

export interface TracesComparison {
  readonly left: ComparedSide
  readonly right: ComparedSide
  readonly uppersMs: number[]
  readonly leftCounts: number[]
  readonly rightCounts: number[]
  readonly operations: ComparedOperation[]
}

interface Side {
  readonly summary: ComparedSide
  /** Traces by class of their length. */
  readonly classes: ReadonlyMap<number, number>
  readonly operations: ReadonlyMap<string, OperationInTraces>
  readonly names: ReadonlyMap<string, OperationName>
}

type OperationName = Pick<ComparedOperation, 'service' | 'operation' | 'kind'>
const nameless: OperationName = { service: '', operation: '', kind: 'unspecified' }
const errorStatus = 2
/** Buckets that are one class: half a doubling. */
const perClass = 4

export interface CompareDeps extends SearchDeps {
  readonly search: SpanSearch
  readonly reader: TraceReader
}

/** Errors: `search.invalid`, `search.pattern`, `traces.bad_id`, the engine's. */
export async function compareTraces(
  deps: CompareDeps,
  asked: { readonly scope: Scope; readonly left: ComparedTraces; readonly right: ComparedTraces; readonly limit: number },
  signal: AbortSignal,
): Promise<TracesComparison> {
  const { scope, limit } = asked
  const [left, right] = await Promise.all([sideOf(deps, scope, asked.left, signal), sideOf(deps, scope, asked.right, signal)])
  const used = [...left.classes.keys(), ...right.classes.keys()]
  const low = Math.min(...used)
  const classes = used.length === 0 ? [] : Array.from({ length: Math.max(...used) - low + 1 }, (_, i) => low + i)
  const operations = [...new Set([...left.operations.keys(), ...right.operations.keys()])].map((key): ComparedOperation => {
    const [inLeft, inRight] = [left.operations.get(key) ?? null, right.operations.get(key) ?? null]
    const { service, operation, kind } = left.names.get(key) ?? right.names.get(key) ?? nameless
    const changeMs = (inRight?.selfMs ?? 0) - (inLeft?.selfMs ?? 0)
    return { service, operation, kind, left: inLeft, right: inRight, changeMs }
  })
  return {
    left: left.summary,
    right: right.summary,
    uppersMs: classes.map((number) => bucketUpperMs(number * perClass)),
    leftCounts: classes.map((number) => left.classes.get(number) ?? 0),
    rightCounts: classes.map((number) => right.classes.get(number) ?? 0),
    operations: operations.sort((a, b) => Math.abs(b.changeMs) - Math.abs(a.changeMs)).slice(0, limit),
  }
}

// oxlint-disable-next-line max-params -- with what, whose, which, and until when
async function sideOf(deps: CompareDeps, scope: Scope, asked: ComparedTraces, signal: AbortSignal): Promise<Side> {
  const { ids, total } =
    asked.traceId === null ? await idsOf(deps, scope, asked, signal) : { ids: [checkedId(asked.traceId, 32)], total: 1 }
  const place = await deps.reader.placesOf(scope, ids, signal)
  if (place === null) return summed(new TraceSpans(), [], 0)
  const within = `${deps.reads.buckets(scope, place.firstBucket, place.lastBucket)} AND trace_id IN (${ids.map((id) => `unhex('${id}')`).join(', ')})`
  const sql = `SELECT lower(hex(trace_id)) AS trace, ${traceColumnsSql} FROM ${spansTable} WHERE ${within} ORDER BY trace_id, ts LIMIT ${comparedSpansMax}`
  const spans = new TraceSpans()
  const traces: string[] = []
  for await (const block of deps.engine.queryNative({ sql, class: 'interactive', signal })) {
    spans.add(block)
    for (const id of textsIn(block, 'trace')) traces.push(id)
  }
  return summed(spans, traces, total)
}

// oxlint-disable-next-line max-params -- with what, whose, which, and until when
async function idsOf(
  { engine, reads, clock, search }: CompareDeps,
  scope: Scope,
  { query, fromMs, toMs }: SpanSelection,
  signal: AbortSignal,
): Promise<{ ids: string[]; total: number }> {
  const range = { fromMs, toMs }
  const where = both(reads.spans(scope, range), spanSearch(scope, query, clock.nowMs()))
  const count = async (): Promise<number> => {
    let total = 0
    const sql = `SELECT toUInt32(uniq(trace_id)) AS traces FROM ${spansTable} WHERE ${where}`
    for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) total = numbersIn(block, 'traces')[0] ?? 0
    return total
  }
  // Together: when the reader leaves both fail, and neither failure may be left to nobody.
  const [list, total] = await Promise.all([
    search.traces(scope, { query, ...range, order: 'newest', limit: comparedTracesMax, cursor: null }, signal),
    count(),
  ])
  const ids = list.items.map(({ traceId }) => traceId)
  return { ids, total: Math.max(total, ids.length) }
}

/** `traces`: by span, the trace it is of. */
function summed(spans: TraceSpans, traces: readonly string[], tracesTotal: number): Side {
  const lengths = new Map<string, { startNs: number; endNs: number }>()
  for (let span = 0; span < spans.count; span++) {
    const startNs = spans.sinceFirstNs(span)
    const endNs = startNs + (spans.durationNs[span] ?? 0)
    const trace = traces[span] ?? ''
    const known = lengths.get(trace)
    if (known === undefined) lengths.set(trace, { startNs, endNs })
    else {
      known.startNs = Math.min(known.startNs, startNs)
      known.endNs = Math.max(known.endNs, endNs)
    }
  }
  const [classes, buckets] = [new Map<number, number>(), new Map<number, number>()]
  for (const { startNs, endNs } of lengths.values()) {
    const bucket = bucketOf((endNs - startNs) / 1000)
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1)
    const number = Math.ceil(bucket / perClass)
    classes.set(number, (classes.get(number) ?? 0) + 1)
  }
  const summary = {
    traces: lengths.size,
    tracesTotal,
    spans: spans.count,
    errors: spans.status.filter((status) => status === errorStatus).length,
    p50Ms: quantileMs(buckets, 0.5),
    p90Ms: quantileMs(buckets, 0.9),
    p99Ms: quantileMs(buckets, 0.99),
  }
  return { summary, classes, ...operationsOf(spans, lengths.size) }
}

interface OperationSum {
  readonly name: OperationName
  spans: number
  errors: number
  totalNs: number
  selfNs: number
}

function operationsOf(spans: TraceSpans, traces: number): Pick<Side, 'operations' | 'names'> {
  const self = selfTimesNs(spans, findParents(spans).parents)
  const sums = new Map<string, OperationSum>()
  for (let span = 0; span < spans.count; span++) {
    const service = spans.services.texts[spans.service[span] ?? 0] ?? ''
    const operation = spans.names.texts[spans.name[span] ?? 0] ?? ''
    const kind = kindNames[spans.kind[span] ?? 0] ?? 'unspecified'
    const key = JSON.stringify([service, operation, kind])
    let sum = sums.get(key)
    if (sum === undefined) sums.set(key, (sum = { name: { service, operation, kind }, spans: 0, errors: 0, totalNs: 0, selfNs: 0 }))
    sum.spans++
    if (spans.status[span] === errorStatus) sum.errors++
    sum.totalNs += spans.durationNs[span] ?? 0
    sum.selfNs += self[span] ?? 0
  }
  const inTraces = (sum: OperationSum): OperationInTraces => ({
    spans: sum.spans / traces,
    errors: sum.errors / traces,
    totalMs: sum.totalNs / 1e6 / traces,
    selfMs: sum.selfNs / 1e6 / traces,
    averageMs: sum.totalNs / 1e6 / sum.spans,
  })
  return {
    operations: new Map([...sums].map(([key, sum]) => [key, inTraces(sum)])),
    names: new Map([...sums].map(([key, { name }]) => [key, name])),
  }
}
