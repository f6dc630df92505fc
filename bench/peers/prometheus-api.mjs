/** Asks a server's Prometheus HTTP API. */
import { Connection } from './connection.mjs'

export class PrometheusApi {
  #connection
  #headers

  constructor({ url, queryHeaders }) {
    this.#connection = new Connection(url)
    this.#headers = queryHeaders
  }

  /** The raw answer, timed: `{ status, body, tookMs }`. */
  ask(path) {
    return this.#connection.send(path, { headers: this.#headers })
  }

  /** `data` of an instant query at `timeMs`. Throws what the server says when it refuses. */
  async instant(query, timeMs) {
    const { status, body } = await this.ask(instantPath(query, timeMs))
    if (status !== 200) throw new Error(`${query}: ${status} ${body.toString('utf8').slice(0, 200)}`)
    return JSON.parse(body.toString('utf8')).data
  }

  close() {
    this.#connection.close()
  }
}

/** `nocache=1` tells VictoriaMetrics to compute each answer; the others do not know it. */
export function instantPath(query, timeMs) {
  return `/api/v1/query?${new URLSearchParams({ query, time: String(timeMs / 1000), nocache: '1' })}`
}

/** `[fromSec, toSec]` both included, as the API has it. */
export function rangePath(query, { fromSec, toSec, stepSec }) {
  return `/api/v1/query_range?${new URLSearchParams({ query, start: String(fromSec), end: String(toSec), step: String(stepSec), nocache: '1' })}`
}
