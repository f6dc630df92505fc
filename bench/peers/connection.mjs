/** One HTTP connection that stays open, and one request on it at a time. */
import { Agent, request as httpRequest } from 'node:http'

export class Connection {
  #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #base

  /** `baseUrl` may have a path. */
  constructor(baseUrl) {
    this.#base = baseUrl.replace(/\/$/, '')
  }

  /** `{ status, headers, body, tookMs }`; rejects when the connection breaks. `path` includes the query string. */
  send(path, { method = 'GET', headers = {}, body } = {}) {
    const startedMs = performance.now()
    const length = body === undefined ? {} : { 'content-length': body.length }
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(this.#base + path, { method, agent: this.#agent, headers: { ...headers, ...length } }, (incoming) => {
        const chunks = []
        incoming.on('data', (chunk) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const answer = { status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(chunks) }
          resolve({ ...answer, tookMs: performance.now() - startedMs })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  close() {
    this.#agent.destroy()
  }
}
