/**
 * A listening HTTP server that exists before the application behind it: a taken port is found at once, and until the
 * application is attached (and again after it is detached) every request is answered 503, so that readiness tells the truth.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'

import { settlesWithin, systemClock } from '../kernel/clock.ts'
import { AppError, type ErrorSpec } from '../kernel/errors.ts'
import { onceOver } from '../kernel/request-over.ts'
import { StalledSenders } from './stalled-senders.ts'

const portInUse: ErrorSpec = { code: 'server.port_in_use', kind: 'unavailable', publicText: 'The port is in use.' }
const cannotListen: ErrorSpec = { code: 'server.cannot_listen', kind: 'unavailable', publicText: 'Cannot listen.' }

/** How long senders are waited for, ms: what is begun and does not go on must not hold connections and memory. */
export interface DoorPatience {
  /** From the connection (or the request before) to the end of the headers. */
  readonly headersMs: number
  /** Without a byte in the middle of a body. */
  readonly bodyPauseMs: number
  /** How often it is looked after; both bounds are kept within this. */
  readonly lookEveryMs: number
}

const defaultPatience: DoorPatience = { headersMs: 10_000, bodyPauseMs: 15_000, lookEveryMs: 2_000 }
/** Longest a client may take to send a whole request, ms: slow senders do not hold connections for ever. */
const requestTimeoutMs = 120_000
/** Idle keep-alive, ms; longer than the usual load balancer's 60 s. */
const keepAliveTimeoutMs = 65_000

/** How long requests under way may go on once the program stops, ms. */
const drainMsMax = 3_000

export interface HttpDoor extends AsyncDisposable {
  readonly server: Server
  readonly port: number
  /** Requests that `listener` has got and not answered, and whose sender is still there. */
  readonly underWay: number
  /** From now on `listener` answers. */
  attach(listener: RequestListener): void
  /** From now on 503 again, for the time of shutting down. Resolves when the requests under way are answered, or after a while. */
  detach(): Promise<void>
}

export interface HttpDoorOptions {
  readonly host: string
  readonly port: number
  /** Names what to change when the port is taken. */
  readonly setting: string
  readonly patience?: DoorPatience
}

/** Listens. Errors: `server.port_in_use`, `server.cannot_listen`. */
export async function openHttpDoor(options: HttpDoorOptions): Promise<HttpDoor> {
  let listener: RequestListener | null = null
  let state: 'starting' | 'stopping' = 'starting'
  const patience = options.patience ?? defaultPatience
  const server = createServer({
    headersTimeout: patience.headersMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: patience.lookEveryMs,
    keepAliveTimeout: keepAliveTimeoutMs,
  })
  let underWay = 0
  let quiet: (() => void) | null = null
  const stalled = new StalledSenders({ pauseMsMax: patience.bodyPauseMs, lookEveryMs: patience.lookEveryMs }, systemClock)
  server.on('request', (request, response) => {
    stalled.follow(request)
    if (listener === null) return answerUnavailable(request, response, state)
    underWay++
    onceOver(request, response, () => {
      underWay--
      if (underWay === 0) quiet?.()
    })
    listener(request, response)
  })
  try {
    await listen(server, options)
  } catch (error) {
    stalled[Symbol.dispose]()
    throw error
  }
  const address = server.address()
  async function detach(): Promise<void> {
    listener = null
    state = 'stopping'
    if (underWay === 0) return
    const answered = new Promise<void>((resolve) => (quiet = resolve))
    await settlesWithin(systemClock, answered, drainMsMax)
  }
  return {
    server,
    port: address !== null && typeof address === 'object' ? address.port : options.port,
    get underWay() {
      return underWay
    },
    attach(next) {
      listener = next
    },
    detach,
    async [Symbol.asyncDispose]() {
      await detach()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
      stalled[Symbol.dispose]()
    },
  }
}

function listen(server: Server, options: HttpDoorOptions): Promise<void> {
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
