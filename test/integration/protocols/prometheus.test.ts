/** A real Prometheus that scrapes a small target and writes what it sees through remote write. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { testKey } from '../../../apps/server/src/protocols/testing/door.ts'
import { listen } from '../../../apps/server/src/protocols/testing/listen.ts'
import { freePort } from '../../support/ports.ts'
import { mayBeMissing, prometheusPath, promtoolPath } from '../../support/services.ts'
import { until } from '../../support/wait.ts'

const messages = [
  ['1.0', 'prometheus.WriteRequest'],
  ['2.0', 'io.prometheus.write.v2.Request'],
] as const

/** Answers scrapes in OpenMetrics with `text()`. */
async function target(text: () => string): Promise<{ address: string; server: Server }> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' }).end(`${text()}# EOF\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { address: `127.0.0.1:${address.port}`, server }
}

/** `message` null leaves the setting out, for versions that have only the first. */
function configuration(scraped: string, receiver: string, message: string | null): string {
  return `global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['${scraped}'], labels: { city: 'Zürich' } }]
remote_write:
  - url: ${receiver}/api/v1/write
    ${message === null ? '' : `protobuf_message: ${message}`}
    send_exemplars: true
    basic_auth: { username: ${testKey}, password: x }
    queue_config: { batch_send_deadline: 200ms }
    metadata_config: { send: true, send_interval: 500ms }
`
}

/** True when this Prometheus knows the setting. */
function supports(message: string): boolean {
  if (promtoolPath === null) return false
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-promtool-'))
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, configuration('127.0.0.1:1', 'http://127.0.0.1:1', message))
  const { status } = spawnSync(promtoolPath, ['check', 'config', '--syntax-only', file])
  rmSync(folder, { recursive: true })
  return status === 0
}

async function runPrometheus(config: string, whileRunning: () => Promise<void>): Promise<void> {
  if (prometheusPath === null) throw new Error('no prometheus')
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-prometheus-'))
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, config)
  const port = await freePort()
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]
  const child = spawn(prometheusPath, [...args, '--enable-feature=exemplar-storage', '--log.level=warn'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    await whileRunning()
  } catch (error) {
    throw new Error(`Prometheus said: ${said}`, { cause: error })
  } finally {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.skipIf(mayBeMissing('prometheus', prometheusPath)).each(messages)('remote write %s', (version, message) => {
  const supported = supports(message)

  test.skipIf(version === '2.0' && !supported)('samples, the end of a series, metadata and exemplars arrive', async () => {
    await using receiver = await listen()
    let gone = false
    const { address, server } = await target(() => {
      const counter =
        '# TYPE orders counter\n# HELP orders Orders placed\norders_total{shop="a"} 7.5 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 1\n'
      const gauge = '# TYPE fill gauge\nfill{room="x"} NaN\nfill{room="y"} +Inf\n'
      return gone ? counter : counter + gauge
    })
    const labels = `city="Zürich",instance="${address}",job="shop"`
    const { metrics, conservation } = receiver.it
    const has = (start: string): boolean => metrics.rows.some((row) => row.startsWith(start))
    try {
      await runPrometheus(configuration(address, receiver.httpUrl, supported ? message : null), async () => {
        await until('the first samples', () => has(`orders_total{${labels},shop="a"} 7.5 @`) && has(`fill{${labels},room="x"} NaN`))
        expect(has(`fill{${labels},room="y"} Infinity`)).toBe(true)
        expect(has(`up{${labels}} 1`)).toBe(true)
        await until('metadata', () => metrics.metadata.some(({ type, help }) => type === 'counter' && help === 'Orders placed'))
        await until('exemplars', () => metrics.exemplars.some((text) => text.includes('trace=0af7651916cd43dd8448eb211c80319c')))
        gone = true
        await until('the stale marker', () => has(`fill{${labels},room="x"} STALE`) && has(`fill{${labels},room="y"} STALE`))
      })
    } finally {
      server.close()
    }
    expect(Object.fromEntries(conservation.counts)).toEqual({})
    expect(receiver.it.admissions.every(({ key }) => key === testKey)).toBe(true)
    expect(receiver.it.refusedSamples).toEqual([])
    // From the second request on, series are found by their bytes.
    expect(metrics.hits).toBeGreaterThan(metrics.resolved)
  })
})
