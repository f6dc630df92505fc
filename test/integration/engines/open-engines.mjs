// A program that opens both engines from the build, prints their process ids as one JSON line, and waits to be killed.
const [, , engines, dataDir] = process.argv
const { openClickHouse, openDataDirectory, openPostgres } = await import(engines)
const logger = { error() {}, warn() {}, info() {}, debug() {}, child: () => logger }
const clock = {
  nowMs: Date.now,
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => disposable(setTimeout(run, delayMs), clearTimeout),
  every: (periodMs, run) => disposable(setInterval(run, periodMs), clearInterval),
  sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
}
function disposable(timer, stop) {
  return { [Symbol.dispose]: () => stop(timer) }
}
const started = performance.now()
const directory = await openDataDirectory(dataDir)
const [clickhouse, postgres] = await Promise.all([
  openClickHouse({ url: null, cluster: null, dataDir: directory.path, database: 'bellwether', memoryMaxBytes: 1024 ** 3, logger, clock }),
  openPostgres({ url: null, dataDir: directory.path, logger, clock }),
])
process.stdout.write(
  `${JSON.stringify({ clickhouse: clickhouse.pid, postgres: postgres.pid, readyMs: Math.round(performance.now() - started) })}\n`,
)
setInterval(() => {}, 1000)
