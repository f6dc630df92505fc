/** A real Prometheus; by default one that scrapes itself every second and writes everything to a Bellwether. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { prometheusPath } from './services.ts'
import { until } from './wait.ts'

export interface RunningPrometheus extends AsyncDisposable {
  readonly url: string
}

export function startPrometheus(target: { url: string; ingestKey: string }): Promise<RunningPrometheus> {
  return startPrometheusWith((port) => configuration(port, target))
}

/** `configurationOf` is given the port that it listens on; `flags` come last. */
export async function startPrometheusWith(
  configurationOf: (port: number) => string,
  flags: readonly string[] = [],
): Promise<RunningPrometheus> {
  if (prometheusPath === null) throw new Error('no prometheus')
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-prometheus-'))
  const port = await freePort()
  const config = join(folder, 'prometheus.yml')
  writeFileSync(config, configurationOf(port))
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]
  const child = spawn(prometheusPath, [...args, '--log.level=warn', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  await until('Prometheus to be ready', async () => (await fetch(`${url}/-/ready`)).ok).catch(async (error: unknown) => {
    await close()
    throw new Error(`${String(error)}\n${said}`)
  })
  return { url, [Symbol.asyncDispose]: close }
}

function configuration(port: number, target: { url: string; ingestKey: string }): string {
  return `global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ['127.0.0.1:${port}']
        labels: { environment: test, "team": "Zürich \\"quoted\\"" }
remote_write:
  - url: ${target.url}/api/v1/write
    authorization:
      credentials: ${target.ingestKey}
    queue_config: { batch_send_deadline: 500ms, min_backoff: 100ms }
    metadata_config: { send: true, send_interval: 2s }
`
}
