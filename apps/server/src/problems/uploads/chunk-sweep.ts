/** Deletes pieces of uploads that nobody put together, also when nobody sends any more. */
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { ChunkStore } from './chunk-store.ts'

const periodMs = 10 * 60_000

export interface ChunkSweepDeps {
  readonly chunks: Pick<ChunkStore, 'sweep'>
  readonly clock: Pick<Clock, 'every'>
  readonly logger: Logger
}

export class ChunkSweep implements Disposable {
  readonly #deps: ChunkSweepDeps
  readonly #timer: Disposable

  constructor(deps: ChunkSweepDeps) {
    this.#deps = deps
    this.#timer = deps.clock.every(periodMs, () => void this.#sweep())
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  /** Never rejects: the next round tries again. */
  async #sweep(): Promise<void> {
    try {
      await this.#deps.chunks.sweep()
    } catch (error) {
      this.#deps.logger.warn('abandoned pieces of uploads could not be deleted', { err: error })
    }
  }
}
