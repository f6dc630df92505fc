/** Opens the columnar engine: ours as a child process, or yours at an address. From here on nobody can tell which. */
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { engineConnectFailed, engineStartFailed } from '../errors.ts'
import type { EngineState, SupervisedProcess } from '../supervisor/supervised-process.ts'
import { RemoteWatch } from '../supervisor/remote-watch.ts'
import { ClickHouseDriver, quoteIdentifier } from './driver.ts'
import { startEmbedded } from './embedded/embedded.ts'
import type { ClickHouse } from './ports.ts'

export interface ClickHouseOptions {
  /** Null: start the embedded engine. May carry user and password. */
  readonly url: string | null
  /** Name of the cluster whose nodes share the tables, or null. Only with `url`. */
  readonly cluster: string | null
  readonly dataDir: string
  readonly database: string
  /** What the embedded engine may use in all, and what reads get shares of, bytes. */
  readonly memoryMaxBytes: number
  readonly logger: Logger
  readonly clock: Clock
}

export interface ClickHouseEngine extends ClickHouse, AsyncDisposable {
  state(): EngineState
  /** Why it is not ready, in words, or null. */
  failure(): string | null
  onState(listener: (state: EngineState) => void): Disposable
  readonly cluster: string | null
  /** As the engine says it, e.g. `26.7.2.1`. */
  readonly version: string
  /** For people: without credentials; `embedded` when it is ours. */
  readonly address: string
  /** Null when it is yours or just restarting. */
  readonly pid: number | null
}

/**
 * Resolves once the engine answers and the database exists. Errors: `engine.library_missing`, `engine.start_failed`
 * (embedded), `engine.connect_failed` (an address).
 */
export async function openClickHouse(options: ClickHouseOptions): Promise<ClickHouseEngine> {
  const logger = options.logger.child('clickhouse')
  const driver = new ClickHouseDriver({
    database: options.database,
    memoryMaxBytes: options.memoryMaxBytes,
    logger,
    clock: options.clock,
  })
  let engine: SupervisedProcess | RemoteWatch | null = null
  try {
    engine = options.url === null ? await startEmbedded({ ...options, logger }, driver) : await connectRemote(options, options.url, driver)
    await driver.controlCommand(`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(options.database)} ENGINE = Atomic`)
    const version = String(await driver.scalar('SELECT version()'))
    logger.info('the columnar engine is ready', { version, embedded: options.url === null })
    return new OpenEngine({ driver, engine, version }, options)
  } catch (error) {
    await engine?.[Symbol.asyncDispose]()
    await driver[Symbol.asyncDispose]()
    if (isAppError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError(engineStartFailed, { publicText: `ClickHouse did not start: ${reason}`, cause: error })
  }
}

async function connectRemote(options: ClickHouseOptions, url: string, driver: ClickHouseDriver): Promise<RemoteWatch> {
  try {
    driver.connect({ url })
  } catch (error) {
    throw new AppError(engineConnectFailed, {
      publicText: 'BELLWETHER_CLICKHOUSE_URL is not an address of a ClickHouse server.',
      cause: error,
    })
  }
  const why = await driver.whyNot()
  if (why !== null) {
    throw new AppError(engineConnectFailed, {
      publicText: `ClickHouse at ${addressOf(url)} cannot be used: ${why.slice(0, 300)}`,
      hint: 'Check BELLWETHER_CLICKHOUSE_URL, its user and password, and that the server runs.',
    })
  }
  return new RemoteWatch({ name: 'ClickHouse', probe: () => driver.whyNot(), clock: options.clock, logger: options.logger })
}

/** Host and port only. */
function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '(not an address)'
}

interface OpenParts {
  readonly driver: ClickHouseDriver
  readonly engine: SupervisedProcess | RemoteWatch
  readonly version: string
}

class OpenEngine implements ClickHouseEngine {
  readonly version: string
  readonly address: string
  readonly cluster: string | null
  readonly insertNative: ClickHouse['insertNative']
  readonly queryNative: ClickHouse['queryNative']
  readonly command: ClickHouse['command']
  readonly ping: ClickHouse['ping']
  readonly #driver: ClickHouseDriver
  readonly #engine: SupervisedProcess | RemoteWatch

  constructor({ driver, engine, version }: OpenParts, options: ClickHouseOptions) {
    this.#driver = driver
    this.#engine = engine
    this.version = version
    this.address = options.url === null ? 'embedded' : addressOf(options.url)
    this.cluster = options.cluster
    this.insertNative = driver.insertNative.bind(driver)
    this.queryNative = driver.queryNative.bind(driver)
    this.command = driver.command.bind(driver)
    this.ping = driver.ping.bind(driver)
  }

  get pid(): number | null {
    return this.#engine.pid
  }

  state(): EngineState {
    return this.#engine.state()
  }

  failure(): string | null {
    return this.state() === 'ready' ? null : this.#engine.failure
  }

  onState(listener: (state: EngineState) => void): Disposable {
    return this.#engine.onState(listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]()
    await this.#driver[Symbol.asyncDispose]()
  }
}
