/** Traces of a small shop over OTLP: half an hour of good requests, then a release whose payments fail; one trace with everything odd in it. */
import { createHash } from 'node:crypto'

/** Where spans go, and by which key. */
interface Receiver {
  readonly url: string
  readonly ingestKey: string
}

interface ShopSpan {
  readonly trace: string
  /** Any text; becomes the span's id. */
  readonly id: string
  readonly parent?: string
  readonly service: string
  readonly release?: string
  readonly name: string
  /** As OTLP numbers it. */
  readonly kind: number
  readonly startMs: number
  readonly durationMs: number
  readonly failed?: { readonly type: string; readonly message: string }
  readonly attributes?: Readonly<Record<string, string>>
}

/** Good requests, and failed ones after them. */
export const goodOrders = 60
export const failedOrders = 12
/** Queries of each cart. */
export const itemsOfCart = 8

export const oddTrace = idOf('odd', 16)
export const failedPayment = { type: 'PaymentRefused', message: 'card declined: insufficient funds' }

function idOf(text: string, sizeBytes: number): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, sizeBytes * 2)
}

export function traceIdOf(order: number): string {
  return idOf(`order ${order}`, 16)
}

function order(number: number, startMs: number, isFailed: boolean): ShopSpan[] {
  const trace = traceIdOf(number)
  const payMs = isFailed ? 900 : 60
  const release = isFailed ? '1.4.2' : '1.4.1'
  const failed = isFailed ? { failed: failedPayment } : {}
  const at = (offsetMs: number): number => startMs + offsetMs
  const query = 'SELECT * FROM items WHERE id = $1'
  const items = Array.from({ length: itemsOfCart }, (_, i): ShopSpan => {
    const attributes = { 'db.system': 'postgresql', 'db.query.text': query, 'server.address': 'db-1' }
    return {
      trace,
      id: `item ${i}`,
      parent: 'cart',
      service: 'cart',
      name: 'SELECT items',
      kind: 3,
      startMs: at(12 + i * 4),
      durationMs: 3,
      attributes,
    }
  })
  return [
    { trace, id: 'root', service: 'web', name: 'GET /checkout', kind: 2, startMs: at(0), durationMs: 70 + payMs, ...failed },
    { trace, id: 'ask', parent: 'root', service: 'web', name: 'POST cart', kind: 3, startMs: at(5), durationMs: 45 },
    { trace, id: 'cart', parent: 'ask', service: 'cart', name: 'GET /cart/:id', kind: 2, startMs: at(8), durationMs: 38 },
    ...items,
    {
      trace,
      id: 'pay',
      parent: 'root',
      service: 'web',
      name: 'POST payment',
      kind: 3,
      startMs: at(55),
      durationMs: payMs,
      ...failed,
    },
    {
      trace,
      id: 'charge',
      parent: 'pay',
      service: 'payment',
      release,
      name: 'POST /charge',
      kind: 2,
      startMs: at(58),
      durationMs: payMs - 6,
      attributes: { 'http.response.status_code': isFailed ? '502' : '200', 'order.id': String(number) },
      ...failed,
    },
  ]
}

/** A service whose clock is five seconds ahead, a parent that never came, and a span that is its own parent. */
function odd(startMs: number): ShopSpan[] {
  const span = (id: string, service: string, more: Partial<ShopSpan>): ShopSpan => ({
    trace: 'odd',
    id,
    service,
    name: `${service} work`,
    kind: 1,
    startMs,
    durationMs: 100,
    ...more,
  })
  return [
    span('odd root', 'web', { kind: 2 }),
    span('odd call', 'web', { parent: 'odd root', kind: 3, startMs: startMs + 10, durationMs: 80 }),
    span('odd answer', 'stock', { parent: 'odd call', kind: 2, startMs: startMs + 5020, durationMs: 60 }),
    span('odd orphan', 'mail', { parent: 'odd nobody', startMs: startMs + 30, durationMs: 20 }),
    span('odd loop', 'batch', { parent: 'odd loop', startMs: startMs + 40, durationMs: 10 }),
  ].map((each) => ({ ...each, trace: oddTrace }))
}

/** Oldest first; the failures are of the last minutes before `nowMs`. */
export function shopSpans(nowMs: number): ShopSpan[] {
  const all = Array.from({ length: goodOrders + failedOrders }, (_, number) =>
    order(number, nowMs - (goodOrders + failedOrders - number) * 20_000, number >= goodOrders),
  )
  return [...all.flat(), ...odd(nowMs - 30_000)]
}

function attributesOf(values: Readonly<Record<string, string>>): { key: string; value: { stringValue: string } }[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

function spanBody(span: ShopSpan): object {
  const { trace, id, parent, name, kind, startMs, durationMs, failed, attributes = {} } = span
  const endNano = `${startMs + durationMs}000000`
  const exception = failed === undefined ? {} : { 'exception.type': failed.type, 'exception.message': failed.message }
  const stack = { 'exception.stacktrace': `${failed?.type}: ${failed?.message}\n    at charge (payment.js:41:11)` }
  return {
    traceId: trace,
    spanId: idOf(`${trace} ${id}`, 8),
    ...(parent === undefined ? {} : { parentSpanId: idOf(`${trace} ${parent}`, 8) }),
    name,
    kind,
    startTimeUnixNano: `${startMs}000000`,
    endTimeUnixNano: endNano,
    attributes: attributesOf(attributes),
    status: failed === undefined ? {} : { code: 2, message: failed.message },
    events:
      failed === undefined ? [] : [{ name: 'exception', timeUnixNano: endNano, attributes: attributesOf({ ...exception, ...stack }) }],
  }
}

/** The status of the answer. */
export async function sendSpans(receiver: Receiver, spans: readonly ShopSpan[]): Promise<number> {
  const places = new Map<string, ShopSpan[]>()
  for (const span of spans) {
    const place = `${span.service}\n${span.release ?? '1.0.0'}`
    const known = places.get(place)
    if (known === undefined) places.set(place, [span])
    else known.push(span)
  }
  const resourceSpans = [...places].map(([place, own]) => {
    const [service = '', version = ''] = place.split('\n')
    const resource = attributesOf({ 'service.name': service, 'service.version': version, 'deployment.environment.name': 'production' })
    return { resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'shop' }, spans: own.map(spanBody) }] }
  })
  const headers = { 'content-type': 'application/json', 'x-bellwether-key': receiver.ingestKey }
  const response = await fetch(`${receiver.url}/v1/traces`, { method: 'POST', headers, body: JSON.stringify({ resourceSpans }) })
  await response.arrayBuffer()
  return response.status
}

/** A trace of one root with `count` children, sent in portions: larger than any screen. */
export async function sendLargeTrace(receiver: Receiver, { count, startMs }: { count: number; startMs: number }): Promise<string> {
  const trace = idOf(`large ${count}`, 16)
  const root: ShopSpan = { trace, id: 'root', service: 'batch', name: 'nightly import', kind: 1, startMs, durationMs: count }
  const children = Array.from({ length: count - 1 }, (_, i): ShopSpan => {
    const place = { startMs: startMs + i, durationMs: 1 + (i % 7) }
    return { trace, id: `child ${i}`, parent: 'root', service: i % 3 === 0 ? 'db' : 'batch', name: `step ${i % 11}`, kind: 1, ...place }
  })
  const all = [root, ...children]
  for (let from = 0; from < all.length; from += 5000) {
    const status = await sendSpans(receiver, all.slice(from, from + 5000))
    if (status !== 200) throw new Error(`spans refused: ${status}`)
  }
  return trace
}
