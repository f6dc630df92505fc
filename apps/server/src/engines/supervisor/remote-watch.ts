/** An engine that someone else runs: asked every few seconds, so that readiness follows as it does for a child of ours. */
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { EngineState } from './supervised-process.ts'

export interface RemoteWatchOptions {
  readonly name: string
  /** Null when it answers, else why not. */
  probe(): Promise<string | null>
  readonly clock: Clock
  readonly logger: Logger
}

const probeEveryMs = 2000

export class RemoteWatch implements AsyncDisposable {
  readonly #options: RemoteWatchOptions
  readonly #listeners = new Set<(state: EngineState) => void>()
  readonly #timer: Disposable
  #state: EngineState = 'ready'
  #failure: string | null = null
  #probing: Promise<void> | null = null

  /** To be made when the engine has answered once. */
  constructor(options: RemoteWatchOptions) {
    this.#options = options
    this.#timer = options.clock.every(probeEveryMs, () => {
      this.#probing ??= this.#probe().finally(() => (this.#probing = null))
    })
  }

  readonly pid: null = null

  get failure(): string | null {
    return this.#failure
  }

  state(): EngineState {
    return this.#state
  }

  onState(listener: (state: EngineState) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    await this.#probing
    this.#setState('stopped')
  }

  async #probe(): Promise<void> {
    const why = await this.#options.probe()
    const before = this.#state
    this.#failure = why
    this.#setState(why === null ? 'ready' : 'restarting')
    if (this.#state === before) return
    if (why === null) this.#options.logger.info('an engine answers again', { engine: this.#options.name })
    else this.#options.logger.warn('an engine does not answer', { engine: this.#options.name, reason: why })
  }

  #setState(state: EngineState): void {
    if (state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}
