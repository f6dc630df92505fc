/** What a request says about its sender: credentials, peer, origin. */
import type { FastifyRequest } from 'fastify'
import type { Credentials, Peer } from '../../accounts/index.ts'
import { crossOrigin } from '../../accounts/index.ts'
import { isForwarded, isLoopback } from '../../ingest/index.ts'
import { AppError } from '../../kernel/errors.ts'

const userAgentLengthMax = 300

export function credentialsOf(request: FastifyRequest): Credentials {
  return { authorization: request.headers.authorization ?? null, cookie: request.headers.cookie ?? null }
}

export function peerOf(request: FastifyRequest): Peer {
  return { address: request.socket.remoteAddress ?? '', userAgent: (request.headers['user-agent'] ?? '').slice(0, userAgentLengthMax) }
}

/** From this machine and not through a proxy on it. */
export function isDirectlyLocal(request: FastifyRequest): boolean {
  const isProxied = isForwarded((name) => request.headers[name]?.toString())
  return !isProxied && isLoopback(request.socket.remoteAddress ?? '')
}

/**
 * Refuses a change that a page of another site makes with the visitor's cookie. A request with a token is not the browser's doing.
 * Browsers send `Origin` with every such request; a client that sends none is not a browser.
 */
export function refuseForeignOrigin(request: FastifyRequest, publicOrigin: string): void {
  if (request.headers.authorization !== undefined) return
  const origin = request.headers.origin
  if (origin === undefined) {
    const site = request.headers['sec-fetch-site']
    if (site === undefined || site === 'same-origin' || site === 'none') return
    throw new AppError(crossOrigin)
  }
  const own = [publicOrigin, `http://${request.headers.host ?? ''}`, `https://${request.headers.host ?? ''}`]
  if (!own.includes(origin)) throw new AppError(crossOrigin, { detail: `origin ${origin}` })
}

/** Aborts when the client goes away before its answer is complete. */
export function closeSignal(
  request: FastifyRequest,
  response: { on(event: 'close', run: () => void): unknown; readonly writableFinished: boolean },
): AbortSignal {
  const controller = new AbortController()
  if (request.raw.destroyed) controller.abort()
  response.on('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return controller.signal
}
