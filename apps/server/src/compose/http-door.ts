/**
 * A listening HTTP server that exists before the application behind it: a taken port is found at once, and until the
 * application is attached (and again after it is detached) every request is answered 503, so that readiness tells the truth.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'

import { systemClock } from '../kernel/clock.ts'
import { AppError, type ErrorSpec } from '../kernel/errors.ts'

const portInUse: ErrorSpec = { code: 'server.port_in_use', kind: 'unavailable', publicText: 'The port is in use.' }
const cannotListen: ErrorSpec = { code: 'server.cannot_listen', kind: 'unavailable', publicText: 'Cannot listen.' }

/** Longest a client may take to send its headers, ms. */
const headersTimeoutMs = 20_000
/** Longest a client may take to send a whole request, ms: slow senders do not hold connections for ever. */
const requestTimeoutMs = 120_000
/** Idle keep-alive, ms; longer than the usual load balancer's 60 s. */
const keepAliveTimeoutMs = 65_000

/** How long requests under way may go on once the program stops, ms. */
const drainMsMax = 3_000

export interface HttpDoor extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  /** From now on `listener` answers. */
  attach(listener: RequestListener): void
  /** From now on 503 again, for the time of shutting down. Resolves when the requests under way are answered, or after a while. */
  detach(): Promise<void>
}

/** Listens. `setting` names what to change when the port is taken. Errors: `server.port_in_use`, `server.cannot_listen`. */
export async function openHttpDoor(options: { host: string; port: number; setting: string }): Promise<HttpDoor> {
  let listener: RequestListener | null = null
  let state: 'starting' | 'stopping' = 'starting'
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs })
  let underWay = 0
  let quiet: (() => void) | null = null
  server.on('request', (request, response) => {
    if (listener === null) return answerUnavailable(request, response, state)
    underWay++
    response.once('close', () => {
      underWay--
      if (underWay === 0) quiet?.()
    })
    listener(request, response)
  })
  await listen(server, options)
  const address = server.address()
  async function detach(): Promise<void> {
    listener = null
    state = 'stopping'
    if (underWay > 0) await Promise.race([new Promise<void>((resolve) => (quiet = resolve)), systemClock.sleep(drainMsMax)])
  }
  return {
    server,
    port: address !== null && typeof address === 'object' ? address.port : options.port,
    attach(next) {
      listener = next
    },
    detach,
    async [Symbol.asyncDispose]() {
      await detach()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, options: { host: string; port: number; setting: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`
      const hint = `Set ${options.setting} to another one, or stop the program that has it; 'bellwether doctor' tries all ports at once.`
      if (error.code === 'EADDRINUSE')
        reject(new AppError(portInUse, { publicText: `${where} is in use by another program.`, hint, cause: error }))
      else
        reject(
          new AppError(cannotListen, {
            publicText: `Cannot listen on ${where}: ${error.message}.`,
            hint: `See BELLWETHER_HOST and ${options.setting}.`,
            cause: error,
          }),
        )
    })
    server.listen(options.port, options.host, resolve)
  })
}

function answerUnavailable(request: IncomingMessage, response: ServerResponse, state: 'starting' | 'stopping'): void {
  request.resume()
  if (request.url === '/health/live') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"live"}')
    return
  }
  const body = {
    status: state,
    error: { code: `server.${state}`, message: `Bellwether is ${state}.`, hint: 'Try again in a moment.', requestId: '' },
  }
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(JSON.stringify(body))
}
