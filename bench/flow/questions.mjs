/** Queries beside a load, at a steady pace whatever the answers take, and what was stored compared with what was acknowledged. */
import { Connection } from '../peers/connection.mjs'
import { LatencyCounts } from './latency-counts.mjs'
import { valueOf } from './live-bodies.mjs'

/** A screen with four panels: one value, a range of one series, a range over a twentieth of all hosts, the names to choose from. */
const panels = [
  () => `/api/v1/query?query=${encodeURIComponent('count(flow_cpu_usage_user{service="3"})')}`,
  (nowSec) => range(`avg_over_time(flow_cpu_usage_user{hostname="host-0-0"}[1m])`, nowSec),
  (nowSec) => range('sum by (region) (rate(flow_cpu_usage_system{service="7"}[1m]))', nowSec),
  () => '/api/v1/label/service/values',
]

function range(query, nowSec) {
  const facts = { query, start: nowSec - 300, end: nowSec, step: 15 }
  return `/api/v1/query_range?${new URLSearchParams(facts)}`
}

/** Asks something every `periodMs` on as many connections as it takes. */
export class Questions {
  #server
  #ask
  #paths
  #idle = []
  #timer = null
  #round = 0
  #underWay = 0
  answered = new LatencyCounts()
  failures = {}

  /** `paths` gives the path by the time in seconds; the panels by default. */
  constructor(server, { periodMs, paths = panels }) {
    this.#server = server
    this.#paths = paths
    this.#timer = setInterval(() => void this.#one(), periodMs)
    this.#ask = { headers: server.queryHeaders }
  }

  /** Counts since the last call. */
  take() {
    const taken = { answered: this.answered, failures: this.failures, underWay: this.#underWay }
    this.answered = new LatencyCounts()
    this.failures = {}
    return taken
  }

  async #one() {
    const path = this.#paths[this.#round++ % this.#paths.length]
    const connection = this.#idle.pop() ?? new Connection(this.#server.url)
    this.#underWay++
    try {
      const { status, tookMs } = await connection.send(path(Math.floor(Date.now() / 1000)), this.#ask)
      if (status === 200) this.answered.add(tookMs)
      else this.failures[status] = (this.failures[status] ?? 0) + 1
    } catch (error) {
      this.failures[String(error.code ?? error)] = (this.failures[String(error.code ?? error)] ?? 0) + 1
    }
    this.#underWay--
    this.#idle.push(connection)
  }

  close() {
    clearInterval(this.#timer)
    for (const connection of this.#idle) connection.close()
  }
}

/** `{ expected, lost, invented }` of one series a sender: what was acknowledged and is not there, what is there and was not sent. */
export async function checkLedger(server, ledger) {
  const result = { expected: 0, lost: 0, invented: 0 }
  const connection = new Connection(server.url)
  for (const { selector, acknowledged, unclear } of ledger) {
    if (acknowledged.length === 0) continue
    const found = await samplesOf({ server, connection, selector, fromMs: acknowledged[0][0] })
    const sent = new Map([...acknowledged, ...unclear].map(([timeMs, sequence]) => [timeMs, valueOf(0, sequence)]))
    result.expected += acknowledged.length
    for (const [timeMs, sequence] of acknowledged) if (found.get(timeMs) !== valueOf(0, sequence)) result.lost++
    for (const [timeMs, value] of found) if (sent.get(timeMs) !== value) result.invented++
  }
  connection.close()
  return result
}

async function samplesOf({ server, connection, selector, fromMs }) {
  const nowSec = Math.ceil(Date.now() / 1000) + 60
  const query = `${selector.metric}{pod="${selector.pod}"}[${Math.ceil(nowSec - fromMs / 1000) + 1}s]`
  const path = `/api/v1/query?${new URLSearchParams({ query, time: String(nowSec) })}`
  const { status, body } = await connection.send(path, { headers: server.queryHeaders })
  if (status !== 200) throw new Error(`${query} was answered ${status} ${body.toString('utf8').slice(0, 200)}`)
  const values = JSON.parse(body.toString('utf8')).data.result[0]?.values ?? []
  return new Map(values.map(([timeSec, value]) => [Math.round(timeSec * 1000), Number(value)]))
}
