/**
 * Sliding windows that several programs share in Redis: a batch is one script, so looking and using are one step for all of them. While
 * Redis is away this process goes on alone, knowing what it used itself; what it grants meanwhile is told to Redis when it is back.
 * Programs count by their own clocks: how far those differ is how far their granules do.
 */
import { redisScript, type RedisEngine, type RedisReply } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import { MayBeAway } from '../kernel/may-be-away.ts'
import type { AcquiredQuotas, GrantedQuota, LocalSlidingWindowLimiter, RequestedQuota } from './ports.ts'
import { LocalSlidingWindows } from './sliding-windows-local.ts'
import { checkRequests, counterName, granuleCount, granuleKey, newestGranule, usesOf } from './sliding-windows.ts'

export interface RedisLimiterOptions {
  readonly redis: Pick<RedisEngine, 'script'>
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'sleep'>
  readonly logger: Logger
}

/** After a failure Redis is not asked for so long, so that a hanging one does not cost every batch its time-out. */
const pauseMs = 1000
/** Granules to be told to Redis; when there are more, the oldest are not told. */
const owedMax = 100_000

/**
 * KEYS: the granules of every counter, newest first. ARGV: number of counters, of each its number of granules and its window in seconds;
 * number of requests, of each what is requested, its number of quotas, and of each the counter's place and the limit. Answers of each
 * request what is granted and for each quota whether it lowered that.
 */
const acquireScript = redisScript(`
local at = 1
local function take() at = at + 1; return tonumber(ARGV[at - 1]) end
local newest, window, used = {}, {}, {}
local key = 1
for c = 1, take() do
  local granules = take()
  window[c] = take()
  newest[c] = KEYS[key]
  local sum = 0
  for first = key, key + granules - 1, 1000 do
    for _, count in ipairs(redis.call('MGET', unpack(KEYS, first, math.min(first + 999, key + granules - 1)))) do
      if count then sum = sum + tonumber(count) end
    end
  end
  used[c] = sum
  key = key + granules
end
local answer, grown = {}, {}
for r = 1, take() do
  local granted = take()
  local place = #answer + 1
  answer[place] = 0
  local touched = {}
  for q = 1, take() do
    local c, limit = take(), take()
    local left = math.max(limit - used[c], 0)
    local lowered = left < granted
    if lowered then granted = left end
    answer[#answer + 1] = lowered and 1 or 0
    touched[c] = true
  end
  answer[place] = granted
  if granted > 0 then
    for c in pairs(touched) do
      used[c] = used[c] + granted
      grown[c] = (grown[c] or 0) + granted
    end
  end
end
for c, count in pairs(grown) do
  redis.call('INCRBY', newest[c], string.format('%.0f', count))
  redis.call('EXPIRE', newest[c], window[c])
end
return answer
`)

/** KEYS: granules. ARGV: of each how much more (or less) was used, and its window in seconds. What has expired stays forgotten on less. */
const changeScript = redisScript(`
for i, key in ipairs(KEYS) do
  local count = tonumber(ARGV[i * 2 - 1])
  if count > 0 then
    redis.call('INCRBY', key, ARGV[i * 2 - 1])
    redis.call('EXPIRE', key, ARGV[i * 2])
  else
    local used = tonumber(redis.call('GET', key) or '0')
    if used > 0 then redis.call('INCRBY', key, string.format('%.0f', math.max(count, -used))) end
  end
end
return 0
`)

interface Change {
  count: number
  readonly windowSeconds: number
}

export class RedisSlidingWindows implements LocalSlidingWindowLimiter {
  readonly #deps: RedisLimiterOptions
  /** What this process used, wherever it was granted. */
  readonly #own: LocalSlidingWindows
  /** Granted here and not told to Redis yet, by granule. */
  readonly #owed = new Map<string, Change>()
  readonly #redis: MayBeAway

  constructor(deps: RedisLimiterOptions) {
    this.#deps = deps
    this.#own = new LocalSlidingWindows({ clock: deps.clock })
    this.#redis = new MayBeAway({
      clock: deps.clock,
      pauseMs,
      timeoutMs: null,
      onAway: (error) =>
        deps.logger.warn('redis cannot be asked; limits hold for this process alone until it can', { error: String(error) }),
      onBack: () => deps.logger.warn('limits are shared through redis again'),
    })
  }

  /** False while Redis is away and this process counts alone. */
  get isShared(): boolean {
    return !this.#redis.isAway
  }

  async acquire(requests: readonly RequestedQuota[]): Promise<AcquiredQuotas> {
    checkRequests(requests)
    if (requests.length === 0) return { timestampSeconds: this.#nowSeconds(), grants: [] }
    const shared = await this.#redis.ask(async () => {
      await this.#tellOwed()
      return this.#acquireShared(requests)
    })
    if (shared !== null) {
      this.#own.charge(shared)
      return shared
    }
    return this.acquireNow(requests)
  }

  /** By what this process used itself; Redis is told with the next question that can wait. */
  acquireNow(requests: readonly RequestedQuota[]): AcquiredQuotas {
    const own = this.#own.acquireNow(requests)
    this.#owe(own)
    return own
  }

  releaseNow(acquired: AcquiredQuotas, unused?: readonly number[]): void {
    void this.release(acquired, unused)
  }

  async release(acquired: AcquiredQuotas, unused?: readonly number[]): Promise<void> {
    this.#own.releaseNow(acquired, unused)
    const changes = new Map<string, Change>()
    for (const { counter, quota, count } of usesOf(acquired, unused)) {
      const key = granuleKey(counter, newestGranule(quota, acquired.timestampSeconds))
      const owed = this.#owed.get(key)
      const untold = Math.min(owed?.count ?? 0, count)
      if (owed !== undefined) owed.count -= untold
      if (count > untold) note(changes, key, { count: untold - count, windowSeconds: quota.windowSeconds })
    }
    if (changes.size > 0) await this.#redis.ask(() => this.#change(changes))
  }

  async #acquireShared(requests: readonly RequestedQuota[]): Promise<AcquiredQuotas> {
    const timestampSeconds = this.#nowSeconds()
    const { keys, words } = scriptInput(requests, timestampSeconds)
    const reply = await this.#deps.redis.script(acquireScript, keys, words)
    return { timestampSeconds, grants: grantsOf(requests, reply) }
  }

  async #change(changes: ReadonlyMap<string, Change>): Promise<void> {
    const words = [...changes.values()].flatMap(({ count, windowSeconds }) => [count, windowSeconds])
    await this.#deps.redis.script(changeScript, [...changes.keys()], words)
  }

  /** A time-out leaves open whether Redis did it; then it may count some twice, never less than was used. */
  async #tellOwed(): Promise<void> {
    while (this.#owed.size > 0) {
      const some = new Map([...this.#owed].slice(0, 1000))
      for (const key of some.keys()) this.#owed.delete(key)
      try {
        await this.#change(new Map([...some].filter(([, { count }]) => count > 0)))
      } catch (error) {
        for (const [key, { count, windowSeconds }] of some) note(this.#owed, key, { count, windowSeconds })
        throw error
      }
    }
  }

  #owe(acquired: AcquiredQuotas): void {
    for (const { counter, quota, count } of usesOf(acquired)) {
      note(this.#owed, granuleKey(counter, newestGranule(quota, acquired.timestampSeconds)), { count, windowSeconds: quota.windowSeconds })
    }
    for (const key of this.#owed.keys()) {
      if (this.#owed.size <= owedMax) break
      this.#owed.delete(key)
    }
  }

  #nowSeconds(): number {
    return Math.floor(this.#deps.clock.nowMs() / 1000)
  }
}

function note(changes: Map<string, Change>, key: string, { count, windowSeconds }: Readonly<Change>): void {
  const known = changes.get(key)
  if (known === undefined) changes.set(key, { count, windowSeconds })
  else known.count += count
}

function scriptInput(requests: readonly RequestedQuota[], timestampSeconds: number): { keys: string[]; words: number[] } {
  const places = new Map<string, number>()
  const keys: string[] = []
  const counters: number[] = []
  const asked: number[] = []
  for (const { prefix, requested, quotas } of requests) {
    asked.push(requested, quotas.length)
    for (const quota of quotas) {
      const counter = counterName(quota, prefix)
      let place = places.get(counter)
      if (place === undefined) {
        places.set(counter, (place = places.size + 1))
        const granules = granuleCount(quota)
        counters.push(granules, quota.windowSeconds)
        const newest = newestGranule(quota, timestampSeconds)
        for (let i = 0; i < granules; i++) keys.push(granuleKey(counter, newest - i))
      }
      asked.push(place, quota.limit)
    }
  }
  return { keys, words: [places.size, ...counters, requests.length, ...asked] }
}

function grantsOf(requests: readonly RequestedQuota[], reply: RedisReply): GrantedQuota[] {
  if (!Array.isArray(reply)) throw new Error('redis answered the script of quotas with something else')
  const numbers = reply.map(Number)
  let at = 0
  return requests.map(({ prefix, quotas }) => {
    const granted = numbers[at++] ?? 0
    const reachedQuotas = quotas.filter(() => numbers[at++] === 1)
    return { prefix, granted, reachedQuotas, quotas }
  })
}
