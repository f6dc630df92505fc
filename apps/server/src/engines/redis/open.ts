/**
 * Redis where one is configured: counters and sets that several programs share. It is never the only home of anything, so every
 * command fails fast while it is away and the callers go on with what they have in process.
 */
import { createHash } from 'node:crypto'
import { type Clock, settlesWithin } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { engineUnavailable } from '../errors.ts'

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database number where needed. */
  readonly url: string
  readonly logger: Logger
  readonly clock: Clock
}

export type RedisArgument = string | number | Buffer

/** A Lua script; sent once, then called by its hash. */
export interface RedisScript {
  readonly source: string
  readonly sha1: string
}

/** Integers are numbers, strings strings, arrays arrays, nothing null. */
export type RedisReply = string | number | null | readonly RedisReply[]

export interface RedisEngine extends AsyncDisposable {
  state(): 'ready' | 'unavailable'
  /** Why it is unavailable, in words, or null. */
  failure(): string | null
  onState(listener: (state: 'ready' | 'unavailable') => void): Disposable
  /** Without credentials, for people. */
  readonly address: string
  /**
   * One command, e.g. `['GET', key]`. Errors: `engine.unavailable`, also after `commandTimeoutMs` without an answer; what the server
   * refuses (READONLY after a failover, OOM, NOPERM) is a plain Error while `state` is `ready`.
   */
  command(words: readonly RedisArgument[]): Promise<RedisReply>
  /** Many in one round trip; one that fails rejects all. Errors as of `command`. */
  pipeline(commands: readonly (readonly RedisArgument[])[]): Promise<RedisReply[]>
  /** Atomic, one round trip. Errors as of `command`. */
  script(script: RedisScript, keys: readonly string[], words: readonly RedisArgument[]): Promise<RedisReply>
}

/** Longest wait for an answer, ms: hot paths ask, and go on without it. */
const commandTimeoutMs = 500
const connectTimeoutMs = 3000
const reconnectMsMax = 2000

export function redisScript(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

/** Resolves once the server answers, or after a while without it: everything goes on with what is in process until it does. */
export async function openRedis({ url, logger, clock }: RedisOptions): Promise<RedisEngine> {
  // Its 477 modules are a fifth of all that a start loads, and most installations have no Redis.
  const { createClient } = await import('@redis/client')
  const client = createClient({
    url,
    disableOfflineQueue: true,
    RESP: 2,
    commandOptions: { timeout: commandTimeoutMs },
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, reconnectMsMax) },
  })
  const address = addressOf(url)
  const listeners = new Set<(state: 'ready' | 'unavailable') => void>()
  let state: 'ready' | 'unavailable' = 'unavailable'
  let failure: string | null = null
  function enter(next: 'ready' | 'unavailable', why: string | null): void {
    failure = why
    if (state === next) return
    state = next
    logger.warn(next === 'ready' ? 'redis answers' : 'redis does not answer', { address, why })
    for (const listener of listeners) listener(next)
  }
  client.on('ready', () => enter('ready', null))
  client.on('error', (error: unknown) => enter('unavailable', wordsOf(error)))
  client.on('end', () => enter('unavailable', 'the connection was closed'))
  await firstConnection(client, clock)
  if (!client.isReady) logger.warn('redis does not answer yet', { address, why: failure })

  async function guarded<T>(ask: () => Promise<T>): Promise<T> {
    if (!client.isReady) throw new AppError(engineUnavailable, { detail: `redis: ${failure ?? 'not connected'}` })
    try {
      return await ask()
    } catch (error) {
      if (error instanceof Error && /^(NOSCRIPT|ERR|WRONGTYPE|NOPERM|OOM|READONLY|CROSSSLOT)/.test(error.message)) throw error
      throw new AppError(engineUnavailable, { detail: `redis: ${wordsOf(error)}`, cause: error })
    }
  }
  const send = (words: readonly RedisArgument[]): Promise<RedisReply> => client.sendCommand<RedisReply>(words.map(toArgument))
  return {
    address,
    state: () => (client.isReady ? 'ready' : 'unavailable'),
    failure: () => (client.isReady ? null : failure),
    onState(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
    command: (words) => guarded(() => send(words)),
    // Commands written in one turn leave in one packet, and answers come in order.
    pipeline: (commands) => guarded(() => Promise.all(commands.map(send))),
    script: ({ source, sha1 }, keys, words) =>
      guarded(async () => {
        try {
          return await send(['EVALSHA', sha1, keys.length, ...keys, ...words])
        } catch (error) {
          if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
          return await send(['EVAL', source, keys.length, ...keys, ...words])
        }
      }),
    [Symbol.asyncDispose]: () => {
      client.removeAllListeners('end')
      client.destroy()
      return Promise.resolve()
    },
  }
}

/** Waits for the first answer, not for ever; the driver goes on trying. */
async function firstConnection(client: { connect(): Promise<unknown> }, clock: Clock): Promise<void> {
  const connecting = client.connect().catch(() => {})
  await settlesWithin(clock, connecting, connectTimeoutMs)
}

function toArgument(word: RedisArgument): string | Buffer {
  return typeof word === 'number' ? String(word) : word
}

function addressOf(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url)
  return `${protocol}//${hostname}:${port === '' ? '6379' : port}${pathname === '/' ? '' : pathname}`
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}
