/**
 * The columnar engine over HTTP, through its official client, most reads directly. Bodies of inserts are streamed as they are; results are
 * decoded as they arrive. A read that is abandoned for whatever reason is killed in the engine: closing the connection does not stop it.
 */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { engineCanceled, engineRejected, engineTimeout, engineUnavailable } from '../errors.ts'
import { toEngineError } from './engine-error.ts'
import type { NativeBlock } from './native/block.ts'
import { NativeBlockReader, StreamedExceptionError } from './native/reader.ts'
import type { ClickHouse, InsertNative, QueryNative } from './ports.ts'
import { queryBounds } from './query-class.ts'
import { type Endpoint, ReadConnection, type Statement } from './read-connection.ts'

export interface DriverOptions {
  readonly database: string
  /** The engine's memory cap, bytes; a read gets a share of it. */
  readonly memoryMaxBytes: number
  readonly logger: Logger
  readonly clock: Clock
}

const insertTimeoutMs = 120_000
/** Statements without a result: definitions and mutations. */
const commandTimeoutMs = 300_000
const pingTimeoutMs = 1000
/** How much later than the engine this side gives up, so that the engine's own message is heard. */
const graceMs = 2000

const killAgainMs = 500

interface Clients {
  /** Of most reads; null: the address asks for more than it knows. */
  readonly direct: ReadConnection | null
  /** Reads with parameters, and definitions. */
  readonly reads: ClickHouseClient
  readonly writes: ClickHouseClient
  /** For kill and ping: never behind a queue of sockets. In the engine's default database, which always exists. */
  readonly control: ClickHouseClient
}

export class ClickHouseDriver implements ClickHouse, AsyncDisposable {
  readonly #options: DriverOptions
  #clients: Clients | null = null

  constructor(options: DriverOptions) {
    this.#options = options
  }

  /** Points at an endpoint; calls under way keep theirs until they end. Null while there is none. */
  connect(endpoint: Endpoint | null): void {
    const old = this.#clients
    this.#clients = endpoint === null ? null : openClients(endpoint, this.#options)
    if (old !== null) void closeClients(old)
  }

  async insertNative(insert: InsertNative): Promise<void> {
    const columns = insert.columns.map(quoteIdentifier).join(', ')
    const call = this.#call(insertTimeoutMs, insert.signal)
    try {
      const result = await this.#must().writes.exec({
        query: `INSERT INTO ${quoteIdentifier(insert.table)} (${columns}) FORMAT Native`,
        values: byteStream(insert.body),
        query_id: call.id,
        abort_signal: call.signal,
        clickhouse_settings: {
          insert_deduplication_token: insert.token,
          deduplicate_blocks_in_dependent_materialized_views: 1,
          async_insert: 0,
          // Blocks are cut the same way every time, so that a repeated body has the same tokens.
          max_insert_threads: '1',
          max_execution_time: insertTimeoutMs / 1000,
          wait_end_of_query: 1,
        },
      })
      await result.stream.resume().toArray()
    } catch (error) {
      throw call.outcome(error)
    } finally {
      call.end()
    }
  }

  async *queryNative(query: QueryNative): AsyncGenerator<NativeBlock, void, undefined> {
    const { timeoutMs, settings } = queryBounds(query, this.#options.memoryMaxBytes)
    const call = this.#call(timeoutMs, query.signal)
    const reader = new NativeBlockReader()
    let stream: Readable | null = null
    /** Whether the engine may still be at it when we leave. */
    let abandoned = true
    try {
      stream = await openRead(
        this.#must(),
        { sql: `${query.sql}\nFORMAT Native`, id: call.id, settings, signal: call.signal },
        query.params,
      )
      call.onEnd(stream)
      for await (const chunk of stream) yield* decode(reader, chunk)
      decodeEnd(reader)
      abandoned = false
    } catch (error) {
      // A connection cut by the engine may have carried its reason first.
      const fault = call.outcome(streamedError(reader) ?? error)
      abandoned = call.signal.aborted || fault.code === engineUnavailable.code
      throw fault
    } finally {
      call.end()
      stream?.destroy()
      if (abandoned) this.#kill(call.id)
    }
  }

  async command(sql: string): Promise<void> {
    const call = this.#call(commandTimeoutMs, undefined)
    try {
      await this.#must().reads.command({
        query: sql,
        query_id: call.id,
        abort_signal: call.signal,
        clickhouse_settings: { max_execution_time: commandTimeoutMs / 1000, wait_end_of_query: 1 },
      })
    } catch (error) {
      throw call.outcome(error)
    } finally {
      call.end()
    }
  }

  /** True when the engine answers a statement of ours: address, secret and password are right. */
  async ping(): Promise<boolean> {
    return (await this.whyNot()) === null
  }

  /** Why a ping fails, or null when it does not. */
  async whyNot(): Promise<string | null> {
    try {
      await this.scalar('SELECT 1')
      return null
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  /** True when the engine takes a statement and gives neither answer nor error in time: it hangs. */
  async isSilent(): Promise<boolean> {
    try {
      await this.scalar('SELECT 1')
      return false
    } catch (error) {
      return isAppError(error, engineTimeout.code)
    }
  }

  /** The first value of a small statement, in the default database. */
  async scalar(sql: string): Promise<unknown> {
    const call = this.#call(pingTimeoutMs, undefined)
    try {
      const result = await this.#must().control.query({ query: sql, format: 'JSONCompact', query_id: call.id, abort_signal: call.signal })
      const { data } = await result.json<readonly unknown[]>()
      return data[0]?.[0]
    } catch (error) {
      throw call.outcome(error)
    } finally {
      call.end()
    }
  }

  /** Runs a statement in the default database, e.g. to create ours. */
  async controlCommand(sql: string): Promise<void> {
    try {
      await this.#must().control.command({ query: sql })
    } catch (error) {
      throw toEngineError(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const clients = this.#clients
    this.#clients = null
    if (clients !== null) await closeClients(clients)
  }

  #must(): Clients {
    if (this.#clients === null) throw new AppError(engineUnavailable, { detail: 'no connection' })
    return this.#clients
  }

  #call(timeoutMs: number, signal: AbortSignal | undefined): EngineCall {
    return new EngineCall(this.#options.clock, timeoutMs + graceMs, signal)
  }

  /** Not waited for: the caller has gone. Harmless when the query has ended; twice, as it may not have begun at the first. */
  #kill(queryId: string): void {
    const kill = (): void => {
      this.#clients?.control.command({ query: `KILL QUERY WHERE query_id = '${queryId}' ASYNC` }).catch((error: unknown) => {
        this.#options.logger.debug('a query could not be killed', { queryId, error: String(error) })
      })
    }
    kill()
    this.#options.clock.after(killAgainMs, kill)
  }
}

/** One call: its id, its deadline, and whether the caller or the deadline ended it. */
class EngineCall {
  readonly id = randomUUID()
  readonly #abort = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #deadline: Disposable
  #timedOut = false
  #stream: Readable | null = null

  constructor(clock: Clock, timeoutMs: number, caller: AbortSignal | undefined) {
    if (caller?.aborted === true) throw new AppError(engineCanceled)
    this.#caller = caller
    caller?.addEventListener('abort', this.#stop)
    this.#deadline = clock.after(timeoutMs, () => {
      this.#timedOut = true
      this.#stop()
    })
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The stream to break when the call is over; the client itself stops listening once a response has begun. */
  onEnd(stream: Readable): void {
    this.#stream = stream
    if (this.#abort.signal.aborted) this.#stop()
  }

  /** What to throw for a failure of this call. */
  outcome(error: unknown): AppError {
    if (this.#caller?.aborted === true) return new AppError(engineCanceled, { cause: error })
    if (this.#timedOut) return new AppError(engineTimeout, { cause: error })
    return toEngineError(error)
  }

  end(): void {
    this.#deadline[Symbol.dispose]()
    this.#caller?.removeEventListener('abort', this.#stop)
  }

  readonly #stop = (): void => {
    this.#abort.abort()
    this.#stream?.destroy(new Error('the call is over'))
  }
}

async function openRead({ direct, reads }: Clients, statement: Statement, params: QueryNative['params']): Promise<Readable> {
  if (direct !== null && params === undefined) return await direct.send(statement)
  const result = await reads.exec({
    query: statement.sql,
    ...(params === undefined ? {} : { query_params: { ...params } }),
    query_id: statement.id,
    abort_signal: statement.signal,
    clickhouse_settings: statement.settings,
    use_multipart_params_auto: true,
  })
  return result.stream
}

function* decode(reader: NativeBlockReader, chunk: unknown): Generator<NativeBlock> {
  if (!(chunk instanceof Uint8Array)) throw new AppError(engineRejected, { detail: 'the response is not a stream of bytes' })
  let blocks: NativeBlock[]
  try {
    blocks = reader.push(chunk)
  } catch (error) {
    throw new AppError(engineRejected, { detail: `the result cannot be read: ${String(error)}`, cause: error })
  }
  yield* blocks
}

function decodeEnd(reader: NativeBlockReader): void {
  try {
    reader.finish()
  } catch (error) {
    if (error instanceof StreamedExceptionError) throw error
    throw new AppError(engineUnavailable, { detail: String(error), cause: error })
  }
}

function streamedError(reader: NativeBlockReader): StreamedExceptionError | null {
  try {
    reader.finish()
    return null
  } catch (error) {
    return error instanceof StreamedExceptionError ? error : null
  }
}

/** The buffers one after another, by reference. */
function byteStream(body: readonly Uint8Array[]): Readable {
  // An empty chunk would be taken for "nothing yet", and the stream would wait for ever.
  const chunks = body.filter((chunk) => chunk.length > 0)
  let next = 0
  return new Readable({
    objectMode: false,
    read() {
      this.push(chunks[next++] ?? null)
    },
  })
}

function openClients(endpoint: Endpoint, { database, clock }: DriverOptions): Clients {
  const base = {
    url: endpoint.url,
    ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
    ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
    http_headers: { ...endpoint.headers },
    application: 'bellwether',
    request_timeout: commandTimeoutMs + 2 * graceMs,
    compression: { request: false, response: false },
    // Every failure reaches our own caller; the client's printing would only repeat it.
    log: { level: ClickHouseLogLevel.OFF },
    keep_alive: { enabled: true, idle_socket_ttl: 2500, eagerly_destroy_stale_sockets: true },
  }
  return {
    direct: ReadConnection.to({ endpoint, database, nowMs: () => clock.monotonicMs() }),
    reads: createClient({ ...base, database, max_open_connections: 24 }),
    writes: createClient({ ...base, database, max_open_connections: 8 }),
    control: createClient({ ...base, database: 'default', max_open_connections: 4, request_timeout: 10_000 }),
  }
}

async function closeClients(clients: Clients): Promise<void> {
  clients.direct?.close()
  await Promise.all([clients.reads.close(), clients.writes.close(), clients.control.close()])
}

/** A name as the engine's SQL takes it. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}
