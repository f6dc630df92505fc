/** Whole spans from the engine, as they are shown. */
import type { NativeBlock } from '../../engines/index.ts'
import { mapAt, mapsIn, numbersIn, preciseTime, textsIn, wideIn } from '../../signals/index.ts'
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
  toString(service) AS service, toString(name) AS name, kind, status, status_message, attributes, events, links, toString(host) AS host,
  toString(environment) AS environment, toString(release) AS release, toString(scope) AS scope, weight, resource, batch, row`

/** Of a span as it is answered, about. */
const sizeSql = `toUInt64(600 + length(status_message) + length(events) + length(links)
  + arraySum(arrayMap(text -> length(text), arrayConcat(mapKeys(attributes), mapValues(attributes)))))`

export interface SpansWanted {
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
}

/** `spanColumnsSql` and `size`, bytes, of spans in an order. */
export function orderedSpansSql({ where, first, order, limit, bytesMax, beside }: SpansWanted): string {
  const prewhere = first === undefined ? '' : `PREWHERE ${first} `
  const found = `SELECT ${spanColumnsSql}, ${sizeSql} AS size FROM ${spansTable} ${prewhere}WHERE ${where} ORDER BY ${order} LIMIT ${limit}`
  const summed = `SELECT *, sum(size) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far FROM (${found})`
  const further = beside === undefined ? '' : `, ${beside}`
  return `SELECT * REPLACE (toFloat64(size) AS size)${further} FROM (${summed}) WHERE so_far - size <= ${bytesMax} ORDER BY ${order}`
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

  /** A block of `orderedSpansSql`. */
  add(block: NativeBlock): void {
    const sizes = numbersIn(block, 'size')
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
