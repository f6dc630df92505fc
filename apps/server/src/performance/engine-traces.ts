/**
 * A sample of recent traces, read in two bounded steps: ids first (examples that operations keep, slow and failed, and some at random: ids are
 * random and in the order of the table, so the first ones are as good as any), then their spans with the attributes that detectors read.
 */
import type { ClickHouse, NativeBlock } from '../engines/index.ts'
import type { Scope } from '../kernel/scope.ts'
import { mapAt, mapsIn, numbersIn, textsIn } from '../signals/index.ts'
import { exampleOf, kindOf, type CountConditions } from './engine-operations.ts'
import { statementLengthMax } from './limits.ts'
import type { SampledSpan, SampledTrace, TraceSample, TraceSource } from './ports.ts'

export interface SpanConditions extends CountConditions {
  spans(scope: Scope, range: { readonly fromMs: number; readonly toMs: number }): string
}

export interface EngineTracesDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly reads: SpanConditions
}

const timeoutMs = 20_000
/** Traces begin before what is sampled of them, and end after it. */
const marginMs = 10 * 60_000
/** Of the traces, so many are taken as examples of operations. */
const exampleShare = 0.6
const noSpan = '0'.repeat(16)

/** Attributes that detectors read. */
const attributes = [
  'db.system.name',
  'db.system',
  'db.query.text',
  'db.statement',
  'http.request.method',
  'http.method',
  'http.route',
  'http.target',
  'http.host',
  'http.url',
  'http.status_code',
  'http.response.status_code',
  'http.response.body.size',
  'http.response_content_length',
  'http.response_content_length_uncompressed',
  'http.request.body.size',
  'http.request_content_length',
  'http.response.header.content-type',
  'http.request.header.content-type',
  'http.response.content_type',
  'messaging.message.body.size',
  'messaging.message.payload_size_bytes',
  'net.peer.name',
  'rpc.request.size',
  'rpc.response.size',
  'sentry.op',
  'server.address',
  'url.full',
  'url.path',
  'url.template',
]

export class EngineTraces implements TraceSource {
  readonly #deps: EngineTracesDeps

  constructor(deps: EngineTracesDeps) {
    this.#deps = deps
  }

  async sample(scope: Scope, asked: TraceSample, signal: AbortSignal): Promise<SampledTrace[]> {
    const ids = await this.#ids(scope, asked, signal)
    if (ids.length === 0) return []
    const { fromMs, toMs, spansPerTraceMax } = asked
    const where = this.#deps.reads.spans(scope, { fromMs: fromMs - marginMs, toMs: toMs + marginMs })
    const names = attributes.map((name) => `'${name}'`).join(', ')
    const wanted = ids.map((id) => `toFixedString(unhex('${id}'), 16)`).join(', ')
    const sql = `SELECT lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, lower(hex(parent_id)) AS parent, toString(service) AS service,
  toString(name) AS name, kind, toFloat64(ts) / 1e6 AS start, toFloat64(duration) / 1e6 AS length, status,
  CAST(mapApply((k, v) -> (k, substring(v, 1, ${statementLengthMax})), mapFilter((k, v) -> k IN (${names}), attributes)), 'Map(String, String)') AS attributes
FROM spans WHERE ${where} AND trace_id IN (${wanted}) ORDER BY trace_id, ts LIMIT ${spansPerTraceMax + 1} BY trace_id`
    const traces = new Map<string, SampledSpan[]>()
    for await (const block of this.#ask(sql, signal)) readSpans(block, traces)
    return Array.from(traces, ([traceId, spans]) => ({
      traceId,
      isWhole: spans.length <= spansPerTraceMax,
      spans: spans.slice(0, spansPerTraceMax),
    }))
  }

  async #ids(scope: Scope, { fromMs, toMs, tracesMax }: TraceSample, signal: AbortSignal): Promise<string[]> {
    const { reads } = this.#deps
    const found = new Set<string>()
    // Each operation that answers has a say, however busy the others are.
    const examples = `SELECT max(slowest) AS slow, max(failed) AS failing FROM operations
WHERE ${reads.counts(scope, { fromMs, toMs }, 60)} AND kind IN (0, 1, 2, 5) GROUP BY service, name, kind, step
ORDER BY row_number() OVER (PARTITION BY service, name, kind ORDER BY step DESC), sum(total_ms) DESC LIMIT ${tracesMax}`
    for await (const block of this.#ask(examples, signal)) {
      const [slow, failing] = [textsIn(block, 'slow'), textsIn(block, 'failing')]
      for (let row = 0; row < block.rows && found.size < tracesMax * exampleShare; row++) {
        for (const text of [slow[row] ?? '', failing[row] ?? '']) {
          const example = exampleOf(text)
          if (example !== null) found.add(example.traceId)
        }
      }
    }
    const some = `SELECT DISTINCT lower(hex(trace_id)) AS trace FROM spans WHERE ${reads.spans(scope, { fromMs, toMs })} LIMIT ${tracesMax}`
    for await (const block of this.#ask(some, signal)) {
      for (const id of textsIn(block, 'trace')) if (found.size < tracesMax) found.add(id)
    }
    return [...found]
  }

  #ask(sql: string, signal: AbortSignal): AsyncIterable<NativeBlock> {
    return this.#deps.engine.queryNative({ sql, class: 'background', timeoutMs, signal })
  }
}

function readSpans(block: NativeBlock, out: Map<string, SampledSpan[]>): void {
  const [trace, span, parent] = [textsIn(block, 'trace'), textsIn(block, 'span'), textsIn(block, 'parent')]
  const [service, name] = [textsIn(block, 'service'), textsIn(block, 'name')]
  const [kind, start, length, status] = [
    numbersIn(block, 'kind'),
    numbersIn(block, 'start'),
    numbersIn(block, 'length'),
    numbersIn(block, 'status'),
  ]
  const maps = mapsIn(block, 'attributes')
  for (let row = 0; row < block.rows; row++) {
    const traceId = trace[row] ?? ''
    const parentId = parent[row] ?? ''
    const made: SampledSpan = {
      spanId: span[row] ?? '',
      parentId: parentId === noSpan ? '' : parentId,
      service: service[row] ?? '',
      name: name[row] ?? '',
      kind: kindOf(kind[row] ?? 0),
      startMs: start[row] ?? 0,
      durationMs: length[row] ?? 0,
      isError: status[row] === 2,
      attributes: new Map(Object.entries(mapAt(maps, row))),
    }
    const own = out.get(traceId)
    if (own === undefined) out.set(traceId, [made])
    else own.push(made)
  }
}
