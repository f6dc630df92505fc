/** Starts the service of orders.cjs under OpenTelemetry's own instrumentation, which sends all it sees to Bellwether. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import type { RunningBellwether } from '../../support/bellwether.ts'

const instrumentation = createRequire(import.meta.url).resolve('@opentelemetry/auto-instrumentations-node/register')

export interface WatchedService extends AsyncDisposable {
  /** The status of the answer. */
  get(path: string): Promise<number>
}

export async function startWatchedService(running: RunningBellwether, database: string): Promise<WatchedService> {
  const script = fileURLToPath(new URL('orders.cjs', import.meta.url))
  const child = spawn(process.execPath, ['--require', instrumentation, script], {
    env: {
      ...process.env,
      ORDERS_DATABASE: database,
      OTEL_SERVICE_NAME: 'orders',
      OTEL_RESOURCE_ATTRIBUTES: 'service.version=1.4.2,deployment.environment.name=test',
      OTEL_EXPORTER_OTLP_ENDPOINT: running.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: `x-bellwether-key=${running.ingestKey}`,
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_BLRP_SCHEDULE_DELAY: '200',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_METRIC_EXPORT_TIMEOUT: '1000',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,pg,pino,winston',
      OTEL_NODE_RESOURCE_DETECTORS: 'env',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (bytes: Buffer) => (complaints += bytes.toString()))
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the watched service ended: ${complaints}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on (\d+)/.exec(line)
      if (found !== null) resolve(Number(found[1]))
    })
  })
  return {
    async get(path) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      await response.arrayBuffer()
      return response.status
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}
