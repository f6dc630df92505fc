/** Whole spans from the engine, as they are shown. */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import { mapAt, mapsIn, numbersIn, preciseTime, textsIn, unlessTooMuch, wideIn } from '../../signals/index.ts'
import { spansAnswerBytesMax } from '../limits.ts'
import { kindNames, statusNames } from '../span-fields.ts'
import { spansTable } from '../tables.ts'

export interface SpanEvent {
  readonly name: string
  readonly time: string
  readonly attributes: Record<string, string>
}

export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Record<string, string>
}

/** As `TraceSpan` of the protocol, and what the store needs to know of it. */
export interface SpanRow {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly service: string
  readonly name: string
  readonly kind: (typeof kindNames)[number]
  readonly status: (typeof statusNames)[number]
  readonly statusMessage: string
  readonly start: string
  readonly durationMs: number
  readonly attributes: Record<string, string>
  readonly events: SpanEvent[]
  readonly links: SpanLink[]
  readonly host: string
  readonly environment: string
  readonly release: string
  readonly scope: string
  readonly weight: number
}

/** What tells rows apart, in the order of lists. */
export interface SpanKey {
  readonly tsLow: number
  readonly tsHigh: number
  readonly durationLow: number
  readonly durationHigh: number
  readonly batch: number
  readonly row: number
}

export interface KeyedSpan {
  readonly span: SpanRow
  readonly key: SpanKey
  /** Halves of the fingerprint. */
  readonly resource: readonly [low: number, high: number]
}

export const spanColumnsSql = `lower(hex(trace_id)) AS trace, lower(hex(span_id)) AS span, lower(hex(parent_id)) AS parent, ts, duration,
  service, name, kind, status, status_message, attributes, events, links, host, environment, release, scope, weight, resource, batch, row`

/** Of a span beside its texts, as it is answered, about. */
const spanBytes = 600
const sizeSql = `toUInt64(${spanBytes} + length(status_message) + length(events) + length(links)
  + arraySum(arrayMap(text -> length(text), arrayConcat(mapKeys(attributes), mapValues(attributes)))))`

/** Up to so many bytes (as the engine has them in memory) are answered as they are; of more it adds up sizes first. */
const plainBytesMax = spansAnswerBytesMax / 2

export interface SpansWanted {
  /** In front of the statement: a name that its conditions use. */
  readonly with?: string
  /** A condition on the table's columns, the tenant's among them. */
  readonly where: string
  /** What leaves most rows by few columns: looked at before those of `where` are read. */
  readonly first?: string
  /** Of `spanColumnsSql`. */
  readonly order: string
  readonly limit: number
  /** What would be more stays in the engine, but for one, which tells that there is more. */
  readonly bytesMax: number
  /** A further column, the same in every row: an expression and its name. */
  readonly beside?: string
  readonly settings: string
}

/** Blocks of `spanColumnsSql` in that order. Errors: the engine's. */
export async function readSpans(engine: ClickHouse, wanted: SpansWanted, signal: AbortSignal): Promise<NativeBlock[]> {
  const ask = async (sql: string): Promise<NativeBlock[]> => {
    const blocks: NativeBlock[] = []
    for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) blocks.push(block)
    return blocks
  }
  // Adding up sizes costs the engine half of what the spans of a usual trace do: only where there is much to leave there.
  return (await unlessTooMuch(ask(plainSql(wanted)))) ?? (await ask(carefulSql(wanted)))
}

function foundSql({ where, first, order, limit }: SpansWanted, columns: string): string {
  const prewhere = first === undefined ? '' : `PREWHERE ${first} `
  return `SELECT ${columns} FROM ${spansTable} ${prewhere}WHERE ${where} ORDER BY ${order} LIMIT ${limit}`
}

function plainSql(wanted: SpansWanted): string {
  const columns = wanted.beside === undefined ? spanColumnsSql : `${spanColumnsSql}, ${wanted.beside}`
  return `${wanted.with ?? ''} ${foundSql(wanted, columns)} SETTINGS ${wanted.settings}, max_result_bytes = ${plainBytesMax}`
}

/** With `size`, bytes, of each. */
function carefulSql(wanted: SpansWanted): string {
  const { order, bytesMax, beside, settings } = wanted
  const found = foundSql(wanted, `${spanColumnsSql}, ${sizeSql} AS size`)
  const summed = `SELECT *, sum(size) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far FROM (${found})`
  const further = beside === undefined ? '' : `, ${beside}`
  return `${wanted.with ?? ''} SELECT * REPLACE (toFloat64(size) AS size)${further} FROM (${summed}) WHERE so_far - size <= ${bytesMax} ORDER BY ${order} SETTINGS ${settings}`
}

/** Bytes of the spans of a block: as the engine says them, or as it would have. */
function sizesIn(block: NativeBlock): ArrayLike<number> {
  if (block.names.includes('size')) return numbersIn(block, 'size')
  const texts = ['status_message', 'events', 'links'].map((name) => textsIn(block, name))
  const { offsets, keys, values } = mapsIn(block, 'attributes')
  return Float64Array.from({ length: block.rows }, (_, row) => {
    let size = spanBytes
    for (const column of texts) size += Buffer.byteLength(column[row]!)
    for (let at = row === 0 ? 0 : offsets[row - 1]!; at < offsets[row]!; at++)
      size += Buffer.byteLength(keys[at]!) + Buffer.byteLength(values[at]!)
    return size
  })
}

/** Spans of an answer until they are enough bytes. */
export class SpanAnswer {
  readonly spans: KeyedSpan[] = []
  #bytes = 0
  /** There were more. */
  isCutBySize = false

  get bytesLeft(): number {
    return spansAnswerBytesMax - this.#bytes
  }

  clear(): void {
    this.spans.length = 0
    this.#bytes = 0
    this.isCutBySize = false
  }

  /** A block that `readSpans` gave. */
  add(block: NativeBlock): void {
    const sizes = sizesIn(block)
    for (const [at, span] of spansIn(block).entries()) {
      if (this.isCutBySize) return
      this.#bytes += sizes[at]!
      this.isCutBySize = this.#bytes > spansAnswerBytesMax
      if (!this.isCutBySize || this.spans.length === 0) this.spans.push(span)
    }
  }
}

const noSpan = '0'.repeat(16)

export function spansIn(block: NativeBlock): KeyedSpan[] {
  const text = (name: string): readonly string[] => textsIn(block, name)
  const [trace, span, parent, service, name] = [text('trace'), text('span'), text('parent'), text('service'), text('name')]
  const [message, events, links, host] = [text('status_message'), text('events'), text('links'), text('host')]
  const [environment, release, scope] = [text('environment'), text('release'), text('scope')]
  const [ts, duration, resource] = [wideIn(block, 'ts'), wideIn(block, 'duration'), wideIn(block, 'resource')]
  const [kind, status, weight] = [numbersIn(block, 'kind'), numbersIn(block, 'status'), numbersIn(block, 'weight')]
  const [batch, number] = [numbersIn(block, 'batch'), numbersIn(block, 'row')]
  const attributes = mapsIn(block, 'attributes')
  return Array.from({ length: block.rows }, (_, row): KeyedSpan => {
    const [low, high] = [row * 2, row * 2 + 1]
    const parentId = parent[row]!
    return {
      key: {
        tsLow: ts[low]!,
        tsHigh: ts[high]!,
        durationLow: duration[low]!,
        durationHigh: duration[high]!,
        batch: batch[row]!,
        row: number[row]!,
      },
      resource: [resource[low]!, resource[high]!],
      span: {
        traceId: trace[row]!,
        spanId: span[row]!,
        parentSpanId: parentId === noSpan ? '' : parentId,
        service: service[row]!,
        name: name[row]!,
        kind: kindNames[kind[row]!] ?? 'unspecified',
        status: statusNames[status[row]!] ?? 'unset',
        statusMessage: message[row]!,
        start: preciseTime(ts[low]!, ts[high]!),
        durationMs: (duration[low]! + duration[high]! * 0x1_0000_0000) / 1e6,
        attributes: mapAt(attributes, row),
        events: eventsOf(events[row]!),
        links: linksOf(links[row]!),
        host: host[row]!,
        environment: environment[row]!,
        release: release[row]!,
        scope: scope[row]!,
        weight: weight[row]!,
      },
    }
  })
}

function listOf(json: string): readonly Readonly<Record<string, unknown>>[] {
  if (json === '') return []
  try {
    const parsed: unknown = JSON.parse(json)
    return Array.isArray(parsed) ? parsed.filter((each) => typeof each === 'object' && each !== null) : []
  } catch {
    // A scrubber may have cut it.
    return []
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)]))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function eventsOf(json: string): SpanEvent[] {
  return listOf(json).map((event) => ({
    name: textOf(event['name']),
    time: timeOf(textOf(event['timeUnixNano'])),
    attributes: textsOf(event['attributes']),
  }))
}

function linksOf(json: string): SpanLink[] {
  return listOf(json).map((link) => ({
    traceId: textOf(link['traceId']),
    spanId: textOf(link['spanId']),
    attributes: textsOf(link['attributes']),
  }))
}

/** Decimal nanoseconds since 1970 as RFC 3339. */
function timeOf(nanos: string): string {
  const padded = (/^\d{1,19}$/.test(nanos) ? nanos : '0').padStart(10, '0')
  const seconds = Number(padded.slice(0, -9))
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${padded.slice(-9)}Z`
}
