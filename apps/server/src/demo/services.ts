/** The shop's five services: what they serve, how fast, how often they fail, and what their processes use up. */
import { nightlyBatch, pageViewsPerSec, trouble, versionAt, type Story } from './calendar.ts'
import { shareBelow, wander } from './chance.ts'
import { counter, gauge, histogram, type Family, type HistogramPoint, type NumberPoint, type PointSet, type Source } from './points.ts'

const namespace = 'shop'

/** Bounds that OpenTelemetry's semantic conventions advise for HTTP and for database calls, seconds. */
const httpBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const databaseBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

const requestDuration = histogram('http_server_request_duration_seconds', 'Duration of HTTP server requests.', {
  name: 'http.server.request.duration',
  unit: 's',
  bounds: httpBounds,
})
const databaseDuration = histogram('db_client_operation_duration_seconds', 'Duration of database client operations.', {
  name: 'db.client.operation.duration',
  unit: 's',
  bounds: databaseBounds,
})
const poolConnections = gauge('db_client_connection_count', 'Connections of the pool, by state.', {
  name: 'db.client.connection.count',
  unit: '{connection}',
})
const processCpu = counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.')
const processMemory = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.')
const processFiles = gauge('process_open_fds', 'Number of open file descriptors.')
const loopLag = gauge('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.')
const buildInfo = gauge('shop_build_info', 'The version that runs, as a label; always 1.')
const orders = counter('shop_orders_total', 'Orders placed, by payment method.')
const revenue = counter('shop_revenue_cents_total', 'Value of the orders placed, in cents.')
const sessions = gauge('shop_active_sessions', 'Visitors with a session in the last five minutes.')

interface Route {
  readonly method: string
  readonly route: string
  /** Requests per page view of the shop. */
  readonly perPageView: number
  readonly medianSec: number
  readonly spread: number
  readonly errorShare: number
  /** How much trouble slows it (times) and makes it fail (added share). */
  readonly slowdown: number
  readonly failing: number
}

interface Service {
  readonly name: string
  readonly instances: readonly string[]
  readonly routes: readonly Route[]
  /** Database calls per page view, and how much trouble slows them; 0 for a service without the database. */
  readonly databaseCalls: number
  readonly databaseSlowdown: number
  readonly memoryMiB: number
}

function route(text: string, numbers: readonly [number, number, number, number, number]): Route {
  const [method = '', path = ''] = text.split(' ')
  const [perPageView, medianSec, errorShare, slowdown, failing] = numbers
  return { method, route: path, perPageView, medianSec, spread: 0.55, errorShare, slowdown, failing }
}

/** Numbers of a route: requests per page view, median seconds, error share, slowdown and added failures at the height of trouble. */
export const services: readonly Service[] = [
  {
    name: 'web',
    instances: ['web-1', 'web-2'],
    routes: [
      route('GET /', [0.3, 0.03, 0.0008, 0.4, 0.002]),
      route('GET /product/{id}', [0.45, 0.045, 0.001, 4, 0.02]),
      route('GET /cart', [0.2, 0.022, 0.0009, 0.5, 0.004]),
      route('POST /checkout', [0.05, 0.19, 0.003, 9, 0.12]),
    ],
    databaseCalls: 0,
    databaseSlowdown: 0,
    memoryMiB: 180,
  },
  {
    name: 'checkout',
    instances: ['checkout-1', 'checkout-2'],
    routes: [route('POST /orders', [0.05, 0.13, 0.004, 12, 0.14]), route('GET /orders/{id}', [0.08, 0.03, 0.0008, 6, 0.03])],
    databaseCalls: 0.4,
    databaseSlowdown: 14,
    memoryMiB: 220,
  },
  {
    name: 'catalog',
    instances: ['catalog-1', 'catalog-2'],
    routes: [route('GET /products', [0.3, 0.026, 0.0006, 3, 0.01]), route('GET /products/{id}', [0.45, 0.014, 0.0006, 8, 0.015])],
    databaseCalls: 0.9,
    databaseSlowdown: 20,
    memoryMiB: 260,
  },
  {
    name: 'payments',
    instances: ['payments-1'],
    routes: [route('POST /charges', [0.046, 0.36, 0.006, 0.3, 0.01])],
    databaseCalls: 0.1,
    databaseSlowdown: 10,
    memoryMiB: 140,
  },
  {
    name: 'search',
    instances: ['search-1'],
    routes: [route('GET /search', [0.15, 0.06, 0.001, 0.3, 0.002])],
    databaseCalls: 0,
    databaseSlowdown: 0,
    memoryMiB: 420,
  },
]

interface RoutePoints {
  readonly route: Route
  readonly good: HistogramPoint
  readonly failed: HistogramPoint
}

interface Instance {
  readonly service: Service
  readonly place: number
  readonly source: Source
  readonly routes: readonly RoutePoints[]
  readonly database: HistogramPoint | null
  readonly used: NumberPoint | null
  readonly idle: NumberPoint | null
  readonly cpu: NumberPoint
  readonly memory: NumberPoint
  readonly files: NumberPoint
  readonly lag: NumberPoint
  version: string
  build: NumberPoint | null
}

/** Adds the services' points to `points` and moves them through time. */
export class ShopServices {
  readonly #points: PointSet
  readonly #instances: Instance[] = []
  readonly #orders: NumberPoint[]
  readonly #revenue: NumberPoint
  readonly #sessions: NumberPoint
  readonly #story: Story

  constructor(points: PointSet, story: Story) {
    this.#story = story
    this.#points = points
    for (const [place, service] of services.entries()) {
      for (const name of service.instances) this.#instances.push(this.#instance(service, place, name))
    }
    const checkout = this.#sourceOf('checkout-1')
    this.#orders = ['card', 'invoice', 'wallet'].map((method) => points.number(orders, checkout, { 'payment.method': method }))
    this.#revenue = points.number(revenue, checkout)
    this.#sessions = points.number(sessions, this.#sourceOf('web-1'))
  }

  #sourceOf(name: string): Source {
    const found = this.#instances.find(({ source }) => source.instance === name)
    if (found === undefined) throw new Error(`no instance ${name}`)
    return found.source
  }

  #instance(service: Service, place: number, name: string): Instance {
    const points = this.#points
    const source: Source = { serviceName: service.name, namespace, instance: name, startedMs: 0 }
    const withDatabase = service.databaseCalls > 0
    return {
      service,
      place,
      source,
      routes: service.routes.map((each) => ({
        route: each,
        good: points.histogram(requestDuration, source, requestAttributes(each, each.method === 'POST' ? '201' : '200')),
        failed: points.histogram(requestDuration, source, requestAttributes(each, '500')),
      })),
      database: withDatabase ? points.histogram(databaseDuration, source, { 'db.system.name': 'postgresql' }) : null,
      used: withDatabase ? points.number(poolConnections, source, { 'db.client.connection.state': 'used' }) : null,
      idle: withDatabase ? points.number(poolConnections, source, { 'db.client.connection.state': 'idle' }) : null,
      cpu: points.number(processCpu, source),
      memory: points.number(processMemory, source),
      files: points.number(processFiles, source),
      lag: points.number(loopLag, source),
      version: '',
      build: null,
    }
  }

  /** Moves on by `stepSec` to `timeMs`. */
  step(timeMs: number, stepSec: number): void {
    const views = pageViewsPerSec(timeMs)
    const bad = trouble(timeMs, this.#story)
    for (const [index, instance] of this.#instances.entries()) {
      this.#followDeploys(instance, timeMs)
      const share = 1 / instance.service.instances.length
      const wobble = 1 + 0.05 * wander(index + 100, timeMs, 90_000)
      stepRequests(instance, views * share * wobble * stepSec, bad)
      stepProcess(instance, { timeMs, stepSec, load: (views * share * wobble) / 30, bad, index })
    }
    const placed = views * 0.05 * (1 - 0.4 * bad) * stepSec
    for (const [index, point] of this.#orders.entries()) point.value += placed * ([0.62, 0.11, 0.27][index] ?? 0)
    this.#revenue.value += placed * 4_380 * (1 + 0.1 * wander(99, timeMs, 3_600_000))
    this.#sessions.value = Math.round(views * 21 * (1 - 0.15 * bad))
  }

  #followDeploys(instance: Instance, timeMs: number): void {
    const version = versionAt({ service: instance.service.name, place: instance.place }, timeMs, this.#story)
    if (version === instance.version) return
    this.#points.restart(instance.source, timeMs)
    instance.version = version
    if (instance.build !== null) instance.build.present = false
    const known = this.#points.numbers.find(
      ({ family, source, attributes }) => family === buildInfo && source === instance.source && attributes['version'] === version,
    )
    instance.build = known ?? this.#points.number(buildInfo, instance.source, { version })
    instance.build.present = true
    instance.build.value = 1
  }
}

function requestAttributes(of: Route, status: string): Record<string, string> {
  return { 'http.request.method': of.method, 'http.route': of.route, 'http.response.status_code': status }
}

const shares = new Float64Array(httpBounds.length)

function addRequests(point: HistogramPoint, count: number, latency: { median: number; spread: number }): void {
  sharesBelow(point.family, latency.median, latency.spread)
  // The mean of a log-normal distribution is a little above its median.
  point.add(count, shares, latency.median * Math.exp((latency.spread * latency.spread) / 2))
}

function sharesBelow(of: Family, median: number, spread: number): void {
  const logMedian = Math.log(median)
  for (let i = 0; i < of.logBounds.length; i++) shares[i] = shareBelow((of.logBounds[i] ?? 0) - logMedian, spread)
}

/** Requests and database calls of one instance, for so many page views. */
function stepRequests(instance: Instance, views: number, bad: number): void {
  for (const { route: each, good, failed } of instance.routes) {
    const count = views * each.perPageView
    const errors = count * Math.min(0.5, each.errorShare + each.failing * bad * bad)
    const median = each.medianSec * (1 + each.slowdown * bad * bad)
    addRequests(good, count - errors, { median, spread: each.spread + 0.3 * bad })
    // What fails during trouble fails by waiting for a connection until a timeout of two seconds.
    addRequests(failed, errors, { median: bad > 0.2 ? 2 : median * 0.6, spread: 0.3 })
  }
  if (instance.database === null) return
  const calls = views * instance.service.databaseCalls
  addRequests(instance.database, calls, { median: 0.0022 * (1 + instance.service.databaseSlowdown * bad), spread: 0.7 })
}

interface Moment {
  readonly timeMs: number
  readonly stepSec: number
  /** Page views per second of this instance over what it was sized for. */
  readonly load: number
  readonly bad: number
  readonly index: number
}

/** What the process itself uses. Memory creeps up until the next restart, as real ones do. */
function stepProcess(instance: Instance, moment: Moment): void {
  const { timeMs, stepSec, load, bad, index } = moment
  instance.cpu.value += stepSec * (0.02 + 0.32 * load + 0.1 * bad)
  const hoursUp = (timeMs - instance.source.startedMs) / 3_600_000
  const creep = 1 + 0.0025 * hoursUp + 0.1 * load + 0.04 * wander(index + 200, timeMs, 240_000) + 0.5 * bad
  instance.memory.value = Math.round(instance.service.memoryMiB * creep * 1024 * 1024)
  instance.files.value = Math.round(28 + 60 * load + 90 * bad)
  instance.lag.value = 0.0012 + 0.004 * load * load + 0.03 * bad + 0.0005 * nightlyBatch(timeMs)
  if (instance.used === null || instance.idle === null) return
  const used = Math.min(20, Math.round(1 + 5 * load + 20 * bad))
  instance.used.value = used
  instance.idle.value = Math.max(0, Math.min(10, 20 - used))
}
