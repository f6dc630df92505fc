/**
 * Single requests to the shop, as spans and log lines: what visitors do, which services it goes through, and how the faulty version of
 * `catalog` slows its stock query until `checkout` gets no connection any more. Depends on the time alone, like all of the demo.
 */
import { pageViewsPerSec, plainStory, secondMs, trouble, type Story } from './calendar.ts'
import { chance } from './chance.ts'

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface DemoSpan {
  /** Index in the trace's list; -1 for the root. */
  readonly parent: number
  readonly service: string
  readonly name: string
  readonly kind: SpanKind
  /** ms after the trace began. */
  readonly startMs: number
  durationMs: number
  readonly attributes: Readonly<Record<string, string | number>>
  failure: DemoFailure | null
}

export interface DemoFailure {
  readonly type: string
  readonly message: string
  readonly stack: string
}

export interface DemoLog {
  /** Index of the span it was written in. */
  readonly span: number
  readonly atMs: number
  readonly severity: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'
  readonly body: string
  readonly attributes: Readonly<Record<string, string | number>>
  readonly failure: DemoFailure | null
}

export interface DemoTrace {
  readonly startMs: number
  /** How many requests it stands for. */
  readonly weight: number
  readonly story: Story
  /** Tells traces apart; from it the ids are made. */
  readonly seed: number
  readonly spans: readonly DemoSpan[]
  readonly logs: readonly DemoLog[]
}

const seed = 77_000

const statements = {
  product: { text: 'SELECT * FROM product WHERE id = $1', table: 'product', ms: 0.9, slowdown: 3 },
  products: {
    text: 'SELECT id, name, price_cents FROM product WHERE category = $1 ORDER BY rank LIMIT 48',
    table: 'product',
    ms: 6,
    slowdown: 3,
  },
  stock: {
    text: 'SELECT count(*) FROM product_stock WHERE product_id = ANY($1) AND reserved < quantity',
    table: 'product_stock',
    ms: 2.4,
    slowdown: 360,
  },
  price: { text: 'SELECT price_cents, quantity FROM product_price WHERE product_id = $1', table: 'product_price', ms: 4.5, slowdown: 2 },
  order: { text: 'SELECT * FROM orders WHERE id = $1', table: 'orders', ms: 0.8, slowdown: 4 },
  insert: { text: 'INSERT INTO orders (customer_id, total_cents) VALUES ($1, $2)', table: 'orders', ms: 3.1, slowdown: 6 },
  reserve: {
    text: 'UPDATE product_stock SET reserved = reserved + $1 WHERE product_id = $2',
    table: 'product_stock',
    ms: 2.7,
    slowdown: 12,
  },
} as const
type Statement = keyof typeof statements

/** What visitors ask for, by share. */
const visits = [
  { share: 0.26, play: frontPage },
  { share: 0.4, play: productPage },
  { share: 0.17, play: cart },
  { share: 0.05, play: checkout },
  { share: 0.12, play: search },
] as const

const poolTimeout: DemoFailure = {
  type: 'PoolTimeoutError',
  message: 'timeout exceeded when trying to get a connection from the pool (20 of 20 in use)',
  stack: `PoolTimeoutError: timeout exceeded when trying to get a connection from the pool (20 of 20 in use)
    at Pool.acquire (/app/node_modules/pool/lib/pool.js:114:13)
    at OrderStore.insert (/app/src/orders/order-store.js:42:31)
    at placeOrder (/app/src/orders/place-order.js:27:22)
    at async handle (/app/src/http/router.js:61:5)`,
}

const cardDeclined: DemoFailure = {
  type: 'CardDeclinedError',
  message: 'the bank declined the card (insufficient_funds)',
  stack: `CardDeclinedError: the bank declined the card (insufficient_funds)
    at charge (/app/src/charges/charge.js:58:11)
    at async handle (/app/src/http/router.js:61:5)`,
}

/** Method and route. */
type Request = readonly [method: string, route: string]

interface Served {
  readonly parent: number
  readonly service: string
  readonly request: Request
}

interface Called {
  readonly parent: number
  readonly from: string
  readonly to: string
  readonly request: Request
}

/** The trace under way: a clock that goes forward, spans within spans. */
class Play {
  readonly spans: DemoSpan[] = []
  readonly logs: DemoLog[] = []
  readonly bad: number
  readonly #seed: number
  #draws = 0
  nowMs = 0

  constructor(traceSeed: number, bad: number) {
    this.#seed = traceSeed
    this.bad = bad
  }

  draw(): number {
    return chance(seed + 1, this.#seed, this.#draws++)
  }

  /** Log-normal around its median. */
  spread(medianMs: number, spread = 0.35): number {
    const [u, v] = [Math.max(this.draw(), 1e-9), this.draw()]
    return medianMs * Math.exp(spread * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v))
  }

  pass(medianMs: number): void {
    this.nowMs += this.spread(medianMs)
  }

  /** Runs `inside` within a span; a failure that it gives is the span's. */
  span(
    one: Pick<DemoSpan, 'parent' | 'service' | 'name' | 'kind' | 'attributes'>,
    inside: (at: number) => DemoFailure | null,
  ): DemoFailure | null {
    const at = this.spans.length
    const startMs = this.nowMs
    const span: DemoSpan = { ...one, startMs, durationMs: 0, failure: null }
    this.spans.push(span)
    span.failure = inside(at)
    span.durationMs = Math.max(this.nowMs - startMs, 0.05)
    return span.failure
  }

  log(span: number, severity: DemoLog['severity'], line: string | Pick<DemoLog, 'body' | 'attributes' | 'failure'>): void {
    const facts = typeof line === 'string' ? { body: line, attributes: {}, failure: null } : line
    this.logs.push({ span, atMs: this.nowMs, severity, ...facts })
  }

  /** A service takes a request. */
  serve({ parent, service, request: [method, route] }: Served, inside: (at: number) => DemoFailure | null): DemoFailure | null {
    const status = { code: 200 }
    const attributes: Record<string, string | number> = { 'http.request.method': method, 'http.route': route, 'url.scheme': 'http' }
    return this.span({ parent, service, name: `${method} ${route}`, kind: 'server', attributes }, (at) => {
      const beganMs = this.nowMs
      const failure = inside(at)
      status.code = failure === null ? (method === 'POST' ? 201 : 200) : failure === cardDeclined ? 402 : 500
      attributes['http.response.status_code'] = status.code
      const tookMs = this.nowMs - beganMs
      this.log(at, failure === null ? 'INFO' : 'WARN', {
        body: `${method} ${route} ${status.code} in ${tookMs.toFixed(0)} ms`,
        attributes: { 'http.response.status_code': status.code, duration_ms: Math.round(tookMs) },
        failure: null,
      })
      return failure === cardDeclined ? null : failure
    })
  }

  /** A service asks another one over HTTP. */
  call({ parent, from, to, request }: Called, inside: (at: number) => DemoFailure | null): DemoFailure | null {
    const [method, route] = request
    const attributes = {
      'http.request.method': method,
      'server.address': to,
      'url.full': `http://${to}.internal${route.replaceAll(/[{}]/g, '')}`,
    }
    return this.span({ parent, service: from, name: method, kind: 'client', attributes }, (at) => {
      this.pass(0.5)
      const failure = this.serve({ parent: at, service: to, request }, inside)
      this.pass(0.4)
      return failure
    })
  }

  query(parent: number, service: string, name: Statement): void {
    const { text, table, ms, slowdown } = statements[name]
    const verb = text.slice(0, text.indexOf(' '))
    const attributes = {
      'db.system.name': 'postgresql',
      'db.namespace': 'shop',
      'db.operation.name': verb,
      'db.collection.name': table,
      'db.query.text': text,
      'server.address': 'postgres',
    }
    this.span({ parent, service, name: `${verb} ${table}`, kind: 'client', attributes }, (at) => {
      const beganMs = this.nowMs
      this.pass(ms * (1 + slowdown * this.bad * this.bad))
      const tookMs = this.nowMs - beganMs
      if (tookMs > 250)
        this.log(at, 'WARN', {
          body: `slow query: ${tookMs.toFixed(0)} ms: ${text}`,
          attributes: { 'db.collection.name': table, duration_ms: Math.round(tookMs) },
          failure: null,
        })
      return null
    })
  }
}

export interface RequestsAsked {
  readonly fromMs: number
  readonly stepMs: number
  readonly count: number
}

/** So many of the requests that began within `stepMs` of `fromMs`, evenly drawn. */
export function requestsOf({ fromMs, stepMs, count }: RequestsAsked, story: Story = plainStory): DemoTrace[] {
  const weight = count === 0 ? 1 : Math.max(1, (pageViewsPerSec(fromMs) * stepMs) / secondMs / count)
  return Array.from({ length: count }, (_, i) => {
    const startMs = fromMs + Math.floor(chance(seed, fromMs, i * 2) * stepMs)
    const traceSeed = Math.floor(fromMs / secondMs) * 4096 + i
    const play = new Play(traceSeed, trouble(startMs, story))
    let pick = chance(seed, fromMs, i * 2 + 1)
    const visit = visits.find(({ share }) => (pick -= share) < 0) ?? visits[0]
    visit.play(play)
    return { startMs, weight, story, seed: traceSeed, spans: play.spans, logs: play.logs }
  })
}

function page(play: Play, [method, route]: readonly [string, string], inside: (at: number) => DemoFailure | null): void {
  play.serve({ parent: -1, service: 'web', request: [method, route] }, (at) => {
    play.pass(2)
    const failure = inside(at)
    play.pass(4)
    return failure
  })
}

function frontPage(play: Play): void {
  page(play, ['GET', '/'], (at) =>
    play.call({ parent: at, from: 'web', to: 'catalog', request: ['GET', '/products'] }, (served) => {
      play.query(served, 'catalog', 'products')
      play.pass(3)
      return null
    }),
  )
}

function productPage(play: Play): void {
  page(play, ['GET', '/product/{id}'], (at) =>
    play.call({ parent: at, from: 'web', to: 'catalog', request: ['GET', '/products/{id}'] }, (served) => {
      play.log(served, 'DEBUG', `cache miss for product ${1000 + Math.floor(play.draw() * 4000)}`)
      play.query(served, 'catalog', 'product')
      play.query(served, 'catalog', 'stock')
      play.pass(2)
      return null
    }),
  )
}

/** Asks for its products one by one: a finding of its own, every day of the year. */
function cart(play: Play): void {
  page(play, ['GET', '/cart'], (at) =>
    play.call({ parent: at, from: 'web', to: 'checkout', request: ['GET', '/orders/{id}'] }, (served) => {
      play.query(served, 'checkout', 'order')
      const items = 6 + Math.floor(play.draw() * 8)
      for (let item = 0; item < items; item++) play.query(served, 'checkout', 'price')
      play.pass(2)
      return null
    }),
  )
}

function checkout(play: Play): void {
  page(play, ['POST', '/checkout'], (at) =>
    play.call({ parent: at, from: 'web', to: 'checkout', request: ['POST', '/orders'] }, (served) => {
      if (play.draw() < 0.55 * play.bad * play.bad) {
        play.nowMs += 2000
        const customer = `c${Math.floor(play.draw() * 9000)}`
        play.log(served, 'ERROR', { body: `order was not placed: ${poolTimeout.message}`, attributes: { customer }, failure: poolTimeout })
        return poolTimeout
      }
      play.query(served, 'checkout', 'reserve')
      const declined = play.call({ parent: served, from: 'checkout', to: 'payments', request: ['POST', '/charges'] }, (charged) =>
        charge(play, charged),
      )
      if (declined === null) play.query(served, 'checkout', 'insert')
      play.span(
        {
          parent: served,
          service: 'checkout',
          name: 'orders publish',
          kind: 'producer',
          attributes: { 'messaging.system': 'nats', 'messaging.destination.name': 'orders' },
        },
        () => {
          play.pass(1.2)
          return null
        },
      )
      return null
    }),
  )
}

function charge(play: Play, charged: number): DemoFailure | null {
  const attributes = {
    'http.request.method': 'POST',
    'server.address': 'api.bank.example',
    'url.full': 'https://api.bank.example/v2/charges',
    'http.response.status_code': 200,
  }
  play.span({ parent: charged, service: 'payments', name: 'POST', kind: 'client', attributes }, () => {
    play.pass(240)
    return null
  })
  if (play.draw() > 0.985) {
    play.log(charged, 'ERROR', { body: `charge failed: ${cardDeclined.message}`, attributes: {}, failure: cardDeclined })
    return cardDeclined
  }
  return null
}

function search(play: Play): void {
  page(play, ['GET', '/search'], (at) =>
    play.call({ parent: at, from: 'web', to: 'search', request: ['GET', '/search'] }, (served) => {
      play.span(
        {
          parent: served,
          service: 'search',
          name: 'search products',
          kind: 'client',
          attributes: { 'db.system.name': 'opensearch', 'db.operation.name': 'search', 'server.address': 'opensearch' },
        },
        () => {
          play.pass(38)
          return null
        },
      )
      play.log(
        served,
        'DEBUG',
        `search for "${['lamp', 'desk', 'chair', 'rug', 'clock'][Math.floor(play.draw() * 5)] ?? ''}" gave ${Math.floor(play.draw() * 240)} products`,
      )
      return null
    }),
  )
}
