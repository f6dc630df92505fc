/**
 * A small service as people write them, which knows nothing of how it is watched: HTTP, PostgreSQL, pino and winston. The instrumentation
 * is loaded from outside. Prints its port.
 */
const { createServer } = require('node:http')
const pg = require('pg')
const pino = require('pino')
const winston = require('winston')

const pool = new pg.Pool({ connectionString: process.env.ORDERS_DATABASE, max: 4 })
const log = pino({ level: 'info' }, pino.destination({ dest: '/dev/null', sync: false }))
const audit = winston.createLogger({ transports: [new winston.transports.Console({ silent: true })] })

/** The report rests on a function that takes its time. */
async function report() {
  const { rows } = await pool.query('SELECT count(*) AS orders FROM open_orders(1000) AS o WHERE o > $1', [17])
  audit.warn('the report took its time', { orders: Number(rows[0].orders) })
  return rows[0]
}

async function order(id) {
  const { rows } = await pool.query('SELECT $1::int AS id, now() AS placed', [id])
  log.info({ order: id }, 'order %d was looked up', id)
  return rows[0]
}

async function answer(path) {
  if (path === '/report') return await report()
  if (path.startsWith('/orders/')) return await order(Number(path.slice('/orders/'.length)))
  if (path === '/broken') {
    const error = new Error('the drawer is stuck')
    log.error({ err: error }, 'no order: %s', error.message)
    throw error
  }
  return null
}

const server = createServer((request, response) => {
  answer(new URL(request.url, 'http://localhost').pathname).then(
    (body) => response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    (error) => response.writeHead(500).end(String(error.message)),
  )
})

async function prepare() {
  await pool.query(`CREATE OR REPLACE FUNCTION open_orders(most int) RETURNS SETOF int LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(0.6); RETURN QUERY SELECT generate_series(1, most); END $$`)
}

void prepare().then(() => server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`)))
process.on('SIGTERM', () => server.close(() => void pool.end()))
