/**
 * A listening HTTP server that exists before the application behind it: a taken port is found at once, and until the
 * application is attached (and again after it is detached) every request is answered 503, so that readiness tells the truth.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'

import { AppError, type ErrorSpec } from '../kernel/errors.ts'

const portInUse: ErrorSpec = { code: 'server.port_in_use', kind: 'unavailable', publicText: 'The port is in use.' }
const cannotListen: ErrorSpec = { code: 'server.cannot_listen', kind: 'unavailable', publicText: 'Cannot listen.' }

/** Longest a client may take to send its headers, ms. */
const headersTimeoutMs = 20_000
/** Longest a client may take to send a whole request, ms: slow senders do not hold connections for ever. */
const requestTimeoutMs = 120_000
/** Idle keep-alive, ms; longer than the usual load balancer's 60 s. */
const keepAliveTimeoutMs = 65_000

export interface HttpDoor extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  /** From now on `listener` answers. */
  attach(listener: RequestListener): void
  /** From now on 503 again, for the time of shutting down. */
  detach(): void
}

/** Listens. `setting` names what to change when the port is taken. Errors: `server.port_in_use`, `server.cannot_listen`. */
export async function openHttpDoor(options: { host: string; port: number; setting: string }): Promise<HttpDoor> {
  let listener: RequestListener | null = null
  let state: 'starting' | 'stopping' = 'starting'
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs })
  server.on('request', (request, response) => {
    if (listener === null) answerUnavailable(request, response, state)
    else listener(request, response)
  })
  await listen(server, options)
  const address = server.address()
  return {
    server,
    port: address !== null && typeof address === 'object' ? address.port : options.port,
    attach(next) {
      listener = next
    },
    detach() {
      listener = null
      state = 'stopping'
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await Promise.race([closed, new Promise<void>((resolve) => server.once('close', resolve)), drained(server)])
      server.closeAllConnections()
    },
  }
}

/** How long open requests may go on once the door closes, ms. */
const drainMsMax = 5_000

function drained(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = globalThis.setTimeout(resolve, drainMsMax)
    timer.unref()
    server.once('close', () => globalThis.clearTimeout(timer))
  })
}

function listen(server: Server, options: { host: string; port: number; setting: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${options.host}:${options.port}`
      const hint = `Set ${options.setting} to another one, or stop the program that has it.`
      if (error.code === 'EADDRINUSE')
        reject(new AppError(portInUse, { publicText: `${where} is in use by another program.`, hint, cause: error }))
      else
        reject(
          new AppError(cannotListen, {
            publicText: `Cannot listen on ${where}: ${error.message}.`,
            hint: `See ${options.setting}.`,
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
