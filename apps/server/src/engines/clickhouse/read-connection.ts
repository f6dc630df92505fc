/**
 * Statements with a result, sent over HTTP as they are. The official client lets a timer pass before every request and keeps its own books
 * of sockets: a statement took 1.7 ms and 1.5 ms of processor more through it, as much as a small answer takes in the engine. Idle
 * connections end before the engine would end them. Protocol: ClickHouse docs, "HTTP Interface".
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { ClickHouseSettings } from '@clickhouse/client'

/** Where the engine is and how to be let in. */
export interface Endpoint {
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Place {
  readonly endpoint: Endpoint
  readonly database: string
  /** Never goes back. */
  readonly nowMs: () => number
}

export interface Statement {
  readonly sql: string
  readonly id: string
  readonly settings: ClickHouseSettings
  readonly signal: AbortSignal
}

const connectionsMax = 24
/** Below the three seconds of old engines; what an engine itself says counts when it is less. */
const idleMs = 2500
/**
 * The other end may close what was idle just as it is used: then the loss is told within a round trip of the statement's going out. A loss
 * that comes later is of an engine that was at work and may have died of this very statement: that one is not sent again. How long the
 * connection was idle tells nothing: what stands before an engine has limits of its own.
 */
const lostAtOnceMs = 100
/** Of an error's text. */
const errorBytesMax = 64 * 1024

export class ReadConnection {
  readonly #url: URL
  readonly #path: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: HttpAgent
  readonly #nowMs: () => number

  private constructor(url: URL, place: Place) {
    const { endpoint, database, nowMs } = place
    const isSecure = url.protocol === 'https:'
    const pool = { keepAlive: true, maxSockets: connectionsMax, timeout: idleMs }
    const username = endpoint.username ?? (decodeURIComponent(url.username) || 'default')
    const password = endpoint.password ?? decodeURIComponent(url.password)
    this.#nowMs = nowMs
    this.#url = url
    this.#path = `/?database=${encodeURIComponent(database)}`
    this.#headers = {
      ...endpoint.headers,
      'user-agent': 'bellwether',
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    }
    this.#agent = isSecure ? new HttpsAgent(pool) : new HttpAgent(pool)
  }

  /** Null for an address that says more than a place and a user: what it means is the client's to know. */
  static to(place: Place): ReadConnection | null {
    const url = new URL(place.endpoint.url)
    const isPlain = (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/' && url.search === ''
    return isPlain ? new ReadConnection(url, place) : null
  }

  /** The answer's bytes as they come. Throws a plain `Error` with the engine's message when it refuses. */
  async send(statement: Statement): Promise<IncomingMessage> {
    const answer = await this.#sendOnce(statement)
    const isRefused = answer.statusCode !== 200 || answer.headers['x-clickhouse-exception-code'] !== undefined
    if (isRefused) throw new Error(await textOf(answer))
    return answer
  }

  close(): void {
    this.#agent.destroy()
  }

  async #sendOnce(statement: Statement): Promise<IncomingMessage> {
    try {
      return await this.#request(statement)
    } catch (error) {
      if (!(error instanceof LostConnection)) throw error
      return await this.#request(statement)
    }
  }

  #request({ sql, id, settings, signal }: Statement): Promise<IncomingMessage> {
    const named = Object.entries(settings).map(([name, value]) => `&${name}=${encodeURIComponent(String(value))}`)
    const { protocol, hostname, port } = this.#url
    const options = {
      method: 'POST',
      // An address of IPv6 stands in brackets there.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: `${this.#path}&query_id=${id}${named.join('')}`,
      headers: { ...this.#headers, 'content-length': Buffer.byteLength(sql) },
      agent: this.#agent,
    }
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const sent = protocol === 'https:' ? requestHttps(options) : requestHttp(options)
      let answer: IncomingMessage | null = null
      // Not left to Node: a request that still waits for one of the connections would only tell of its end once it gets one.
      const stop = (): void => {
        reject(signal.reason)
        const under = answer ?? sent
        under.destroy(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
      sent.once('close', () => signal.removeEventListener('abort', stop))
      let givenMs = 0
      sent.once('socket', () => (givenMs = this.#nowMs()))
      sent.once('response', (response) => resolve((answer = response)))
      sent.on('error', (error) => {
        const isClosed = sent.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        const isLost = isClosed && this.#nowMs() - givenMs <= lostAtOnceMs
        reject(isLost ? new LostConnection(error.message, { cause: error }) : error)
      })
      // As a string it goes out with the headers in one piece.
      sent.end(sql)
    })
  }
}

/** A connection that had been idle was closed as it was used, so that nothing of the statement was read. */
class LostConnection extends Error {}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of answer) {
    if (!Buffer.isBuffer(chunk)) continue
    if (sizeBytes < errorBytesMax) chunks.push(chunk)
    sizeBytes += chunk.length
  }
  return Buffer.concat(chunks).toString('utf8') || `the engine answered ${answer.statusCode}`
}
