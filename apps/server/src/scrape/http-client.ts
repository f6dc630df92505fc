/**
 * Fetches one address of a target or of a discovery: time, size and redirects bounded, gzip unpacked as it comes. Addresses are those of
 * the operator's own configuration, so none is forbidden.
 */
import { readFile } from 'node:fs/promises'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { createGunzip } from 'node:zlib'
import { readFileSync } from 'node:fs'
import type { Authorization, HttpSettings, SecretSource, TlsSettings } from './config.ts'
import { redirectsMax } from './limits.ts'
import { wordsOf } from './words.ts'

/** Why nothing was fetched, in words for people. */
export class FetchFailed extends Error {
  constructor(what: string, cause?: unknown) {
    super(what, { cause })
    this.name = 'FetchFailed'
  }
}

export interface FetchRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytesMax: number
  /** How the bound is called in messages. */
  readonly bodyBoundName: string
  readonly signal: AbortSignal
  /** Asked before bytes are kept; false: there is no room for them. */
  readonly hasRoom: (sizeBytes: number) => boolean
}

export interface FetchedBody {
  readonly contentType: string
  readonly bytes: Buffer
  readonly headers: http.IncomingHttpHeaders
}

/** One for each job and discovery: its connections are kept for the next time. */
export class HttpClient implements Disposable {
  readonly #settings: HttpSettings
  readonly #http = new http.Agent({ keepAlive: true, maxFreeSockets: 1 })
  #https: https.Agent | null = null

  constructor(settings: HttpSettings) {
    this.#settings = settings
  }

  /** Errors: `FetchFailed`. */
  async fetch(request: FetchRequest): Promise<FetchedBody> {
    try {
      const authorization = await authorizationHeader(this.#settings.authorization)
      return await this.#follow(request, authorization)
    } catch (error) {
      if (error instanceof FetchFailed) throw error
      throw new FetchFailed(wordsOf(request.signal.aborted ? request.signal.reason : error), error)
    }
  }

  [Symbol.dispose](): void {
    this.#http.destroy()
    this.#https?.destroy()
  }

  async #follow(request: FetchRequest, authorization: string | null): Promise<FetchedBody> {
    const first = new URL(request.url)
    let url = first
    for (let hops = 0; ; hops++) {
      // Credentials are for the host that they were given for.
      const secret = authorization !== null && url.host === first.host ? { authorization } : {}
      const response = await this.#get(url, { ...request.headers, ...this.#settings.headers, ...secret }, request.signal)
      const { statusCode = 0, statusMessage = '' } = response
      const location = response.headers.location
      const isRedirect = [301, 302, 303, 307, 308].includes(statusCode) && location !== undefined && this.#settings.followsRedirects
      if (!isRedirect && statusCode === 200)
        return { contentType: response.headers['content-type'] ?? '', headers: response.headers, bytes: await bodyOf(response, request) }
      response.destroy()
      if (!isRedirect) throw new FetchFailed(`the server answered HTTP status ${statusCode} ${statusMessage}`.trim())
      if (hops === redirectsMax) throw new FetchFailed(`it was redirected more than ${redirectsMax} times`)
      if (!URL.canParse(location, url.href)) throw new FetchFailed('it was redirected to what is no address')
      url = new URL(location, url.href)
      if (url.protocol !== 'http:' && url.protocol !== 'https:')
        throw new FetchFailed('it was redirected to what is neither http nor https')
    }
  }

  #get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = { headers, signal, agent: url.protocol === 'https:' ? this.#tlsAgent() : this.#http }
      const request = (url.protocol === 'https:' ? https : http).get(url, options, resolve)
      request.on('error', reject)
    })
  }

  #tlsAgent(): https.Agent {
    this.#https ??= new https.Agent({ keepAlive: true, maxFreeSockets: 1, ...tlsOptions(this.#settings.tls) })
    return this.#https
  }
}

async function bodyOf(response: IncomingMessage, { bodyBytesMax, bodyBoundName, hasRoom, signal }: FetchRequest): Promise<Buffer> {
  const encoding = response.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'gzip' && encoding !== 'identity') throw new FetchFailed(`its content encoding '${encoding}' was not asked for`)
  const stream = encoding === 'gzip' ? response.pipe(createGunzip()) : response
  if (stream !== response) response.on('error', (error) => stream.destroy(error))
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > bodyBytesMax) throw new FetchFailed(`the body is larger than ${bodyBoundName}, ${bodyBytesMax} bytes`)
      if (!hasRoom(chunk.length)) throw new FetchFailed('too much is being taken in at the same time')
      chunks.push(chunk)
    }
  } finally {
    stream.destroy()
    if (!response.complete) response.destroy()
  }
  if (signal.aborted) throw new FetchFailed(wordsOf(signal.reason))
  if (!response.complete) throw new FetchFailed('the connection broke before the body had ended')
  return Buffer.concat(chunks)
}

async function authorizationHeader(authorization: Authorization | null): Promise<string | null> {
  if (authorization === null) return null
  if (authorization.kind === 'credentials') return `${authorization.scheme} ${await secretText(authorization.credentials)}`
  const [username, password] = await Promise.all([secretText(authorization.username), secretText(authorization.password)])
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function secretText(source: SecretSource): Promise<string> {
  return 'value' in source ? source.value : (await readFile(source.file, 'utf8')).trim()
}

function tlsOptions(tls: TlsSettings): https.AgentOptions {
  const text = (source: SecretSource): string => ('value' in source ? source.value : readFileSync(source.file, 'utf8'))
  return {
    rejectUnauthorized: !tls.isUnverified,
    ...(tls.ca === null ? {} : { ca: text(tls.ca) }),
    ...(tls.certificate === null ? {} : { cert: text(tls.certificate) }),
    ...(tls.key === null ? {} : { key: text(tls.key) }),
    ...(tls.serverName === null ? {} : { servername: tls.serverName }),
    ...(tls.minVersion === null ? {} : { minVersion: tls.minVersion }),
  }
}
