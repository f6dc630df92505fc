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

export interface Statement {
  readonly sql: string
  readonly id: string
  readonly settings: ClickHouseSettings
  readonly signal: AbortSignal
}

const connectionsMax = 24
/** Below the three seconds of old engines; what an engine itself says counts when it is less. */
const idleMs = 2500
/** Of an error's text. */
const errorBytesMax = 64 * 1024

export class ReadConnection {
  readonly #url: URL
  readonly #path: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: HttpAgent

  private constructor(url: URL, endpoint: Endpoint, database: string) {
    const isSecure = url.protocol === 'https:'
    const pool = { keepAlive: true, maxSockets: connectionsMax, timeout: idleMs }
    const username = endpoint.username ?? (decodeURIComponent(url.username) || 'default')
    const password = endpoint.password ?? decodeURIComponent(url.password)
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
  static to(endpoint: Endpoint, database: string): ReadConnection | null {
    const url = new URL(endpoint.url)
    const isPlain = (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/' && url.search === ''
    return isPlain ? new ReadConnection(url, endpoint, database) : null
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
      // The other end may close what was idle just as it is used; nothing of the statement was read then.
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
      signal,
    }
    return new Promise((resolve, reject) => {
      const sent = protocol === 'https:' ? requestHttps(options, resolve) : requestHttp(options, resolve)
      sent.once('error', (error) => {
        const isLost = sent.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        reject(isLost && !signal.aborted ? new LostConnection(error.message, { cause: error }) : error)
      })
      // As a string it goes out with the headers in one piece.
      sent.end(sql)
    })
  }
}

/** A connection that had been idle was closed before it answered. */
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
