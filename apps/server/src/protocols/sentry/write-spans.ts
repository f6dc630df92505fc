/** Transactions, their spans, and spans sent alone or in containers, as rows of spans. */
import type { Resource } from '../../signals/index.ts'
import { readBase, weightOf } from './event.ts'
import { anyTextOf, idOf, listOf, numberOf, objectOf, textOf, timeOf, type JsonObject } from './json-values.ts'
import { sentryLimits } from './limits.ts'
import { bytesOfId } from './session.ts'
import { resourceOf, type EventContext } from './write-event.ts'

const kinds: Readonly<Record<string, number>> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string
  readonly name: string
  readonly op: string
  /** OpenTelemetry's number; 0: to be told from `op`. */
  readonly kind: number
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number
  readonly statusMessage: string
  readonly start: unknown
  readonly end: unknown
  readonly attributes: ReadonlyMap<string, string>
  readonly links: unknown
}

export interface SpanOrigin {
  readonly resource: Resource
  /** Spans that one of them stands for. */
  readonly weight: number
}

/** A transaction and its spans. `trace`: the trace header of the envelope. Gives its id. */
export function writeTransaction(context: EventContext, json: JsonObject, facts: { eventId: string; trace: unknown }): string {
  const base = readBase(json, facts.eventId)
  const { spans: batch } = context.session
  const root = objectOf(objectOf(json['contexts'])['trace'])
  const origin = { resource: context.resources.of(resourceOf(base)), weight: weightOf(facts.trace) }
  const attributes = attributesOf(root)
  for (const [name, value] of base.tags) attributes.set(`tags.${name}`, value)
  for (const [name, value] of base.attributes) if (!name.startsWith('contexts.')) attributes.set(name, value)
  for (const [name, value] of Object.entries(objectOf(json['measurements']))) {
    const measured = objectOf(value)
    attributes.set(`measurements.${name}`, `${textOf(measured['value'])}`)
  }
  const source = textOf(objectOf(json['transaction_info'])['source'], 50)
  if (source !== '') attributes.set('sentry.source', source)
  writeSpan(context, origin, {
    ...spanOf(root, attributes),
    name: base.operation === '' ? textOf(root['op'], 200) : base.operation,
    start: json['start_timestamp'],
    end: json['timestamp'],
  })
  const spans = listOf(json['spans'])
  const taken = spans.slice(0, sentryLimits.spansMax)
  for (const [i, each] of taken.entries()) {
    if (batch.isFull) {
      batch.refuseTooMany(taken.length - i)
      break
    }
    writeSpan(context, origin, spanOf(objectOf(each)))
  }
  if (spans.length > sentryLimits.spansMax)
    batch.refuse(
      'too_many_spans',
      `A transaction has ${spans.length} spans, of which ${sentryLimits.spansMax} are kept.`,
      spans.length - sentryLimits.spansMax,
    )
  return base.eventId
}

/** A span that came alone, as an item `span`. */
export function writeLoneSpan(context: EventContext, json: JsonObject, origin: SpanOrigin): void {
  writeSpan(context, origin, spanOf(json))
}

/** An entry of a container of spans, version 2: its attributes carry their types. */
export function writeSpan2(context: EventContext, json: JsonObject, origin: SpanOrigin): void {
  const attributes = typedAttributes(json['attributes'])
  const status = textOf(json['status'], 50)
  writeSpan(context, origin, {
    traceId: idOf(json['trace_id'], 32),
    spanId: idOf(json['span_id'], 16),
    parentId: idOf(json['parent_span_id'], 16),
    name: textOf(json['name'], 300),
    op: attributes.get('sentry.op') ?? '',
    kind: kinds[(textOf(json['kind'], 20) || (attributes.get('sentry.kind') ?? '')).toLowerCase()] ?? 0,
    status: status === 'ok' ? 1 : status === '' ? 0 : 2,
    statusMessage: attributes.get('sentry.status.message') ?? '',
    start: json['start_timestamp'],
    end: json['end_timestamp'] ?? json['timestamp'],
    attributes,
    links: json['links'],
  })
}

/** `{name: {value, type}}` of containers as texts. */
export function typedAttributes(value: unknown): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const [name, typed] of Object.entries(objectOf(value))) {
    const text = anyTextOf(typeof typed === 'object' && typed !== null && 'value' in typed ? typed.value : typed, 8192)
    if (text !== '') attributes.set(name, text)
  }
  return attributes
}

function spanOf(json: JsonObject, attributes: Map<string, string> = attributesOf(json)): Span {
  const op = textOf(json['op'], 200)
  const status = textOf(json['status'], 50)
  return {
    traceId: idOf(json['trace_id'], 32),
    spanId: idOf(json['span_id'], 16),
    parentId: idOf(json['parent_span_id'], 16),
    name: textOf(json['description'], 1000) || op,
    op,
    kind: kinds[(attributes.get('otel.kind') ?? attributes.get('sentry.kind') ?? '').toLowerCase()] ?? 0,
    status: status === 'ok' ? 1 : status === '' || status === 'unset' ? 0 : 2,
    statusMessage: status === 'ok' ? '' : status,
    start: json['start_timestamp'],
    end: json['timestamp'],
    attributes,
    links: json['links'],
  }
}

/** What a span says of itself: its data, tags and measurements, and what we would lose otherwise. */
function attributesOf(json: JsonObject): Map<string, string> {
  const attributes = new Map<string, string>()
  const add = (name: string, value: unknown): void => {
    const text = anyTextOf(value, 8192)
    if (value !== null && text !== '') attributes.set(name, text)
  }
  for (const [name, value] of Object.entries(objectOf(json['data']))) add(name, value)
  for (const [name, value] of Object.entries(objectOf(json['tags']))) add(`tags.${name}`, value)
  for (const [name, value] of Object.entries(objectOf(json['measurements']))) add(`measurements.${name}`, objectOf(value)['value'])
  add('sentry.op', json['op'])
  add('sentry.origin', json['origin'])
  return attributes
}

function writeSpan({ session: { spans }, driftSec }: EventContext, origin: SpanOrigin, span: Span): void {
  const start = timeOf(span.start)
  const end = timeOf(span.end)
  if (span.traceId === '' || span.spanId === '') {
    spans.refuse('no_id', `A span ${JSON.stringify(span.name.slice(0, 60))} has no trace id or span id.`)
    return
  }
  if (start === null || end === null) {
    spans.refuse('no_time', `A span ${JSON.stringify(span.name.slice(0, 60))} has no start or end.`)
    return
  }
  if (!spans.time(start.seconds + driftSec, start.nanos)) {
    spans.dropRow()
    return
  }
  spans.from(origin.resource)
  spans.source.pushString('sentry')
  spans.weight.pushF32(origin.weight)
  spans.traceId.pushRaw(bytesOfId(span.traceId))
  spans.spanId.pushRaw(bytesOfId(span.spanId))
  // A span that is its own parent is a root.
  if (span.parentId !== '' && span.parentId !== span.spanId) spans.parentId.pushRaw(bytesOfId(span.parentId))
  pushDuration(spans.duration, (end.seconds - start.seconds) * 1e9 + (end.nanos - start.nanos))
  spans.name.pushString(span.name === '' ? span.op || 'unnamed' : span.name)
  spans.kind.pushU8(span.kind === 0 ? kindOf(span.op) : span.kind)
  spans.status.pushU8(span.status)
  spans.statusMessage.pushString(span.status === 2 ? span.statusMessage : '')
  pushPromoted(spans, span)
  spans.links.pushString(linksText(span.links))
  for (const [name, value] of span.attributes) spans.attribute(name, value)
  spans.endRow()
}

/** An end before the start is none. */
function pushDuration(column: { pushU64(low: number, high: number): void }, nanos: number): void {
  const kept = Math.max(0, Math.min(nanos, Number.MAX_SAFE_INTEGER))
  column.pushU64(kept % 0x1_0000_0000, Math.floor(kept / 0x1_0000_0000))
}

function kindOf(op: string): number {
  if (op === 'http.server' || op === 'rpc.server' || op.startsWith('function')) return 2
  if (op.startsWith('http') || op.startsWith('db') || op.startsWith('cache') || op.startsWith('rpc')) return 3
  if (op.startsWith('queue.publish') || op === 'queue.submit') return 4
  return op.startsWith('queue.') ? 5 : 1
}

type SpanColumns = EventContext['session']['spans']

/** What the screens ask of every span; names of OpenTelemetry's conventions, new and old, and Sentry's. */
function pushPromoted(spans: SpanColumns, { attributes }: Span): void {
  const first = (...names: readonly string[]): string => {
    for (const name of names) {
      const value = attributes.get(name)
      if (value !== undefined && value !== '') return value
    }
    return ''
  }
  spans.httpMethod.pushString(first('http.request.method', 'http.method', 'http.request_method', 'method'))
  spans.httpRoute.pushString(first('http.route'))
  const status = numberOf(first('http.response.status_code', 'http.status_code', 'status_code', 'http.response.status'))
  spans.httpStatus.pushU16(status === null || status < 0 || status > 999 ? 0 : Math.floor(status))
  spans.dbSystem.pushString(first('db.system.name', 'db.system'))
  spans.dbOperation.pushString(first('db.operation.name', 'db.operation'))
  spans.peer.pushString(first('peer.service', 'server.address', 'net.peer.name', 'db.namespace', 'db.name', 'messaging.destination.name'))
}

const linksMax = 128

function linksText(value: unknown): string {
  const links = listOf(value)
    .slice(0, linksMax)
    .map((each) => {
      const link = objectOf(each)
      const attributes = Object.fromEntries(typedAttributes(link['attributes']))
      return { traceId: idOf(link['trace_id'], 32), spanId: idOf(link['span_id'], 16), attributes }
    })
    .filter(({ traceId, spanId }) => traceId !== '' && spanId !== '')
  return links.length === 0 ? '' : JSON.stringify(links)
}
