/** A shop that reports to a DSN by Sentry's SDK for Node: an error with a cause, a message, spans, a log, sessions, feedback, a check-in. */
import * as Sentry from '@sentry/node'

const [, , dsn, release] = process.argv

Sentry.init({
  dsn,
  release,
  environment: 'test',
  serverName: 'web-1',
  tracesSampleRate: 1,
  enableLogs: true,
  attachStacktrace: true,
})
Sentry.setUser({ id: '42', email: 'ada@example.org' })
Sentry.setTag('plan', 'pro')
Sentry.addBreadcrumb({ category: 'cart', message: 'added 3 books', data: { sku: 7 } })

function priceOf(item) {
  return item.price.amount
}

function total(items) {
  return items.map((item) => priceOf(item)).reduce((sum, price) => sum + price, 0)
}

Sentry.startSession()
await Sentry.startSpan({ name: 'GET /cart', op: 'http.server', attributes: { 'http.route': '/cart' } }, async () => {
  await Sentry.startSpan({ name: 'SELECT * FROM carts', op: 'db', attributes: { 'db.system': 'postgresql' } }, async () => undefined)
  try {
    total([{ price: { amount: 3 } }, {}])
  } catch (cause) {
    const error = new Error('the cart has no total', { cause })
    error.name = 'CartError'
    Sentry.captureException(error)
  }
  Sentry.logger.warn('stock is low', { sku: 7 })
})
Sentry.captureMessage('order 4711 took long', 'warning')
Sentry.captureFeedback({ name: 'Ada', email: 'ada@example.org', message: 'the total is missing' })
Sentry.captureCheckIn({ monitorSlug: 'nightly', status: 'ok', duration: 2.5 })
Sentry.endSession()
const flushed = await Sentry.flush(10_000)
process.stdout.write(`flushed ${flushed}\n`)
