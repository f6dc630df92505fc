/**
 * OTLP bodies of traces of a small shop, made once and sent again with other ids, times and durations: ten spans a trace over four services,
 * with the attributes that auto-instrumentation of HTTP and PostgreSQL sets. A body is 50 traces, 500 spans, as a collector sends them.
 */
import { randomFillSync } from 'node:crypto'

export const spansPerBody = 500
const tracesPerBody = 50

class Writer {
  bytes = Buffer.alloc(1 << 16)
  length = 0

  reserve(more) {
    if (this.length + more <= this.bytes.length) return
    const grown = Buffer.alloc(Math.max(this.bytes.length * 2, this.length + more))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }

  varint(value) {
    this.reserve(10)
    let rest = value
    while (rest >= 128) {
      this.bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.length++] = rest
    return this
  }

  /** Room of `size` bytes behind tag and length; gives its place. */
  blank(tag, size) {
    this.varint(tag).varint(size)
    this.reserve(size)
    this.length += size
    return this.length - size
  }

  fixed(tag) {
    this.varint(tag)
    this.reserve(8)
    this.length += 8
    return this.length - 8
  }

  text(tag, text) {
    const bytes = Buffer.from(text)
    bytes.copy(this.bytes, this.blank(tag, bytes.length))
    return this
  }

  /** A message whose places are told relative to its own start; `put` gets a writer and gives a list of them. */
  message(tag, put) {
    const inner = new Writer()
    const places = put(inner) ?? []
    const at = this.blank(tag, inner.length)
    inner.bytes.copy(this.bytes, at, 0, inner.length)
    return places.map((place) => ({ ...place, at: place.at + at }))
  }
}

function attribute(writer, tag, key, value) {
  writer.message(tag, (pair) => {
    pair.text(10, key)
    pair.message(18, (any) => void (typeof value === 'number' ? any.varint(24).varint(value) : any.text(10, value)))
  })
}

const chance = (() => {
  let seed = 12345
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32
  }
})()
const pick = (list) => list[Math.floor(chance() * list.length)]
const whole = (below) => Math.floor(chance() * below)

const agents = Array.from(
  { length: 24 },
  (_, i) => `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.${i} (KHTML, like Gecko) Chrome/1${20 + i}.0.0.0 Safari/537.36`,
)
const statements = [
  'SELECT id, name, price_cents FROM products WHERE id = $1',
  'SELECT * FROM carts WHERE user_id = $1 AND closed_at IS NULL',
  'INSERT INTO cart_items (cart_id, product_id, quantity) VALUES ($1, $2, $3)',
  'UPDATE carts SET updated_at = now() WHERE id = $1',
  'SELECT p.id, p.name, s.quantity FROM products p JOIN stock s ON s.product_id = p.id WHERE p.category_id = $1 ORDER BY p.rank LIMIT 50',
  'SELECT balance_cents FROM accounts WHERE user_id = $1 FOR UPDATE',
]

function serverAttributes(route, host) {
  const path = route.replace(':id', String(whole(100_000)))
  return {
    'http.request.method': pick(['GET', 'GET', 'POST']),
    'http.route': route,
    'url.path': path,
    'url.scheme': 'http',
    'http.response.status_code': chance() < 0.02 ? 500 : 200,
    'server.address': host,
    'server.port': 8080,
    'network.protocol.version': '1.1',
    'client.address': `10.${whole(256)}.${whole(256)}.${whole(256)}`,
    'user_agent.original': pick(agents),
  }
}
const clientAttributes = (host, path) => ({
  'http.request.method': 'GET',
  'url.full': `http://${host}:8080${path}/${whole(100_000)}`,
  'server.address': host,
  'server.port': 8080,
  'http.response.status_code': 200,
})
const databaseAttributes = () => {
  const statement = pick(statements)
  return {
    'db.system': 'postgresql',
    'db.namespace': 'shop',
    'db.operation.name': statement.split(' ')[0],
    'db.query.text': statement,
    'server.address': 'pg-main',
    'server.port': 5432,
    'user.id': `u${whole(50_000)}`,
  }
}

/** Spans of one trace: service, parent, name, kind (OTLP's number), where in the trace it begins and how long it takes (ms), attributes. */
function traceShape() {
  const [cart, catalog] = [`/cart`, `/products`]
  return [
    [0, -1, 'GET /cart/:id', 2, 0, 48, serverAttributes('/cart/:id', 'gateway')],
    [0, 0, 'GET', 3, 1, 45, clientAttributes('cart', cart)],
    [1, 1, 'GET /cart/:id', 2, 3, 41, serverAttributes('/cart/:id', 'cart')],
    [1, 2, 'load cart', 1, 4, 12, { 'code.function': 'loadCart' }],
    [1, 3, 'SELECT shop.carts', 3, 5, 6, databaseAttributes()],
    [1, 3, 'SELECT shop.accounts', 3, 11, 3, databaseAttributes()],
    [1, 2, 'GET', 3, 18, 20, clientAttributes('catalog', catalog)],
    [2, 6, 'GET /products/:id', 2, 20, 16, serverAttributes('/products/:id', 'catalog')],
    [2, 7, 'SELECT shop.products', 3, 22, 9, databaseAttributes()],
    [3, 2, 'reserve', 1, 39, 4, { 'code.function': 'reserve', 'order.id': `o-${whole(1_000_000)}` }],
  ]
}

const services = ['gateway', 'cart', 'catalog', 'stock']

/** A body and the places in it that change with every sending. */
export function makeBody() {
  const traces = Array.from({ length: tracesPerBody }, traceShape)
  const writer = new Writer()
  const places = services.flatMap((service, number) =>
    writer.message(10, (resourceSpans) => {
      resourceSpans.message(10, (resource) => {
        const host = `${service}-7d9f${number}-x2x${number}k`
        const own = { 'service.name': service, 'service.version': '1.4.2', 'host.name': host, 'deployment.environment': 'production' }
        const sdk = { 'telemetry.sdk.language': 'nodejs', 'telemetry.sdk.name': 'opentelemetry', 'telemetry.sdk.version': '2.2.0' }
        for (const [key, value] of Object.entries({ ...own, ...sdk })) attribute(resource, 10, key, value)
      })
      return resourceSpans.message(18, (scopeSpans) => {
        scopeSpans.message(10, (scope) => void scope.text(10, '@opentelemetry/instrumentation-http').text(18, '0.207.0'))
        return traces.flatMap((spans, trace) =>
          spans.flatMap((shape, span) => (shape[0] === number ? scopeSpans.message(18, (one) => putSpan(one, trace, span, shape)) : [])),
        )
      })
    }),
  )
  return { bytes: writer.bytes.subarray(0, writer.length), places }
}

function putSpan(writer, trace, span, [, parent, name, kind, startMs, durationMs, attributes]) {
  const place = { trace, span, parent, startMs, durationMs, at: 0 }
  place.traceAt = writer.blank(10, 16)
  place.spanAt = writer.blank(18, 8)
  place.parentAt = parent === -1 ? -1 : writer.blank(34, 8)
  writer.text(42, name).varint(48).varint(kind)
  place.startAt = writer.fixed(57)
  place.endAt = writer.fixed(65)
  for (const [key, value] of Object.entries(attributes)) attribute(writer, 74, key, value)
  if (chance() < 0.02) writer.message(122, (status) => void status.varint(24).varint(2))
  return [place]
}

const ids = Buffer.alloc(tracesPerBody * 16 + spansPerBody * 8)

/** Other ids, times before `endMs` and durations; the same body again. */
export function renew({ bytes, places }, endMs) {
  randomFillSync(ids)
  for (const { at, trace, span, parent, startMs, durationMs, traceAt, spanAt, parentAt, startAt, endAt } of places) {
    ids.copy(bytes, at + traceAt, trace * 16, trace * 16 + 16)
    const own = tracesPerBody * 16 + trace * 80
    ids.copy(bytes, at + spanAt, own + span * 8, own + span * 8 + 8)
    if (parent !== -1) ids.copy(bytes, at + parentAt, own + parent * 8, own + parent * 8 + 8)
    // Stretched by up to three times, by the trace, with some noise of its own in the nanoseconds.
    const stretch = 1 + (ids[trace * 16] / 256) * 2
    const startNs =
      BigInt(Math.floor(endMs - 1000 + trace * 17)) * 1_000_000n + BigInt(Math.floor(startMs * stretch * 1e6) + ids[own + span * 8] * 3911)
    bytes.writeBigUInt64LE(startNs, at + startAt)
    bytes.writeBigUInt64LE(startNs + BigInt(Math.floor(durationMs * stretch * 1e6) + ids[own + span * 8 + 1] * 2777), at + endAt)
  }
  return bytes
}
