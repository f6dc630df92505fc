/** How long after its acknowledgement a sample is in an answer, once a second, beside whatever else comes in. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../peers/connection.mjs'
import { LatencyCounts } from './latency-counts.mjs'

const periodMs = 1000
const givesUpMs = 30_000

export class VisibilityProbe {
  #server
  #connection
  #ended
  #seen = new LatencyCounts()
  /** Probes whose sample was in no answer in time, or whose sending was refused. */
  failures = 0
  isClosed = false

  constructor(server) {
    this.#server = server
    this.#connection = new Connection(server.url)
    this.#ended = this.#run()
  }

  /** Times since the last call. */
  take() {
    const seen = this.#seen
    this.#seen = new LatencyCounts()
    return seen
  }

  async #run() {
    for (let value = 1; !this.isClosed; value++) {
      const startedMs = performance.now()
      await this.#probe(value).catch(() => this.failures++)
      await sleep(Math.max(0, periodMs - (performance.now() - startedMs)))
    }
  }

  async #probe(value) {
    const dataPoints = [{ timeUnixNano: `${Date.now()}000000`, asDouble: value }]
    const body = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'flow_probe', gauge: { dataPoints } }] }] }] }
    const headers = { 'content-type': 'application/json' }
    const { status } = await this.#connection.send('/v1/metrics', { method: 'POST', headers, body: Buffer.from(JSON.stringify(body)) })
    if (status !== 200) throw new Error(`the probe was answered ${status}`)
    const acknowledgedMs = performance.now()
    while ((await this.#newest()) < value) {
      if (performance.now() - acknowledgedMs > givesUpMs) throw new Error('the probe was not seen')
      await sleep(2)
    }
    this.#seen.add(performance.now() - acknowledgedMs)
  }

  async #newest() {
    const { body } = await this.#connection.send('/api/v1/query?query=flow_probe', { headers: this.#server.queryHeaders })
    return Number(JSON.parse(body.toString('utf8')).data?.result[0]?.value[1] ?? 0)
  }

  async close() {
    this.isClosed = true
    await this.#ended
    this.#connection.close()
  }
}
