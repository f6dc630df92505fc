/** Ids of strings in Redis, for several programs: asked in one round trip, and left alone for a while after it did not answer. */
import type { RedisEngine } from '../../engines/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import { MayBeAway } from '../../kernel/may-be-away.ts'

export interface SharedCacheDeps {
  readonly redis: Pick<RedisEngine, 'command' | 'pipeline'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
  readonly onFailure: () => void
}

/** Keys of one command. */
const keysAtOnce = 1000
/** After a failure; asking a server that hangs takes its time-out each time. */
const pauseMs = 1000

/** Nothing here fails: while Redis is away nothing is found and nothing kept. */
export class SharedCache {
  readonly #redis: SharedCacheDeps['redis']
  readonly #asking: MayBeAway

  constructor({ redis, clock, logger, onFailure }: SharedCacheDeps) {
    this.#redis = redis
    this.#asking = new MayBeAway({
      clock,
      pauseMs,
      timeoutMs: null,
      onAway: (error) =>
        logger.warn('the cache of strings in redis does not answer; the database is asked instead', { error: String(error) }),
      onBack: () => logger.warn('the cache of strings in redis answers again'),
      onFailure,
    })
  }

  /** A value for each key, null where there is none. */
  async getMany(keys: readonly string[]): Promise<(string | null)[]> {
    const replies = await this.#asking.ask(() => this.#redis.pipeline(chunksOf(keys).map((some) => ['MGET', ...some])))
    if (replies === null) return keys.map(() => null)
    return replies.flatMap((reply) => (Array.isArray(reply) ? reply.map((one) => (typeof one === 'string' ? one : null)) : []))
  }

  async setMany(values: ReadonlyMap<string, string>, ttlSeconds: number): Promise<void> {
    await this.#asking.ask(() => this.#redis.pipeline([...values].map(([key, value]) => ['SET', key, value, 'EX', ttlSeconds])))
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.#asking.ask(() => this.#redis.pipeline(chunksOf(keys).map((some) => ['DEL', ...some])))
  }
}

function chunksOf(keys: readonly string[]): string[][] {
  const chunks: string[][] = []
  for (let at = 0; at < keys.length; at += keysAtOnce) chunks.push(keys.slice(at, at + keysAtOnce))
  return chunks
}
