/**
 * CardinalityLimiter that several programs share: the count lies in Redis, a mirror of what this program saw lies in process. While Redis is
 * away the mirror decides; when it is back it is told everything the mirror holds, and until then the mirror goes on deciding.
 *
 * Layout, all keys in one slot of a cluster and expiring a window after their granule; `{cardinality}` stands before each:
 * - `:sets:<organization>:<granule>` set of 8-byte hashes whose series were last seen in this granule; a series is in one of them
 * - `:counts:<granule>` hash of scope (`g`, `o:…`, `u:…`, `m:…`) to how many series of the scope were last seen in this granule
 */
import { redisScript, type RedisEngine } from '../engines/index.ts'
import { granulesOf, InProcessCardinality, type InProcessCardinalityOptions } from './cardinality-in-process.ts'
import type {
  CardinalityLimiter,
  CardinalityQuotas,
  CardinalityRequest,
  CardinalityScope,
  CardinalityVerdict,
} from './cardinality-ports.ts'
import { limitOf, scopeKeys, scopeNames } from './cardinality-scopes.ts'

/** Series asked about in one call, so that Redis is never held up for more than some milliseconds; more take more round trips. */
const seriesPerCallMax = 4_000
/** After a failure without a lost connection Redis is asked again so much later. */
const retryMs = 1_000

/**
 * KEYS: counts of each granule, newest first; then for each organization its sets, newest first.
 * ARGV: granules, milliseconds to live; then for each request: position of its organization, names of its three scopes, `1` to admit whatever
 * the limits say, hashes of 8 bytes, its four limits. Answers a text for each request, a letter a series: `k` known or let in, or the
 * scope that was full (`1` to `4`).
 */
const judgeScript = redisScript(`
local n, ttl = tonumber(ARGV[1]), ARGV[2]
local out, at = {}, 3
while at <= #ARGV do
  local base = n + tonumber(ARGV[at]) * n
  local scopes = {'g', ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]}
  local forced, hashes = ARGV[at + 4] == '1', ARGV[at + 5]
  local limits = {tonumber(ARGV[at + 6]), tonumber(ARGV[at + 7]), tonumber(ARGV[at + 8]), tonumber(ARGV[at + 9])}
  at = at + 10
  local used, moved, letters, fresh = {0, 0, 0, 0}, {}, {}, 0
  for k = 1, n do
    moved[k] = 0
    local counts = redis.call('HMGET', KEYS[k], unpack(scopes))
    for s = 1, 4 do used[s] = used[s] + (tonumber(counts[s] or 0) or 0) end
  end
  for i = 1, #hashes, 8 do
    local hash, found = string.sub(hashes, i, i + 7), 0
    for k = 1, n do
      if redis.call('SISMEMBER', KEYS[base + k], hash) == 1 then found = k; break end
    end
    local letter = 'k'
    if found == 0 and not forced then
      for s = 1, 4 do
        if used[s] >= limits[s] then letter = tostring(s); break end
      end
    end
    if letter == 'k' and found ~= 1 then
      if found == 0 then
        fresh = fresh + 1
        for s = 1, 4 do used[s] = used[s] + 1 end
      else
        redis.call('SREM', KEYS[base + found], hash)
        moved[found] = moved[found] + 1
        fresh = fresh + 1
      end
      redis.call('SADD', KEYS[base + 1], hash)
    end
    letters[#letters + 1] = letter
  end
  for s = 1, 4 do
    if fresh > 0 then redis.call('HINCRBY', KEYS[1], scopes[s], fresh) end
    for k = 2, n do
      if moved[k] > 0 then redis.call('HINCRBY', KEYS[k], scopes[s], -moved[k]) end
    end
  end
  if fresh > 0 then
    redis.call('PEXPIRE', KEYS[1], ttl)
    redis.call('PEXPIRE', KEYS[base + 1], ttl)
  end
  out[#out + 1] = table.concat(letters)
end
return out
`)

export interface RedisCardinalityOptions extends InProcessCardinalityOptions {
  readonly redis: RedisEngine
}

export class RedisCardinality implements CardinalityLimiter, Disposable {
  readonly quotas: CardinalityQuotas
  readonly #mirror: InProcessCardinality
  readonly #options: RedisCardinalityOptions
  readonly #listening: Disposable
  /** Redis answers and knows what the mirror knows. */
  #isShared = true
  /** Counts the losses of Redis, so that a catching up that was overtaken by one does not end in `#isShared`. */
  #losses = 0
  #isCatchingUp = false
  #retryAtMs = 0

  constructor(quotas: CardinalityQuotas, options: RedisCardinalityOptions) {
    this.quotas = quotas
    this.#options = options
    this.#mirror = new InProcessCardinality(quotas, options)
    this.#isShared = options.redis.state() === 'ready'
    this.#listening = options.redis.onState((state) => {
      if (state === 'unavailable') this.#lose()
      else void this.#catchUp()
    })
  }

  /** Is the count of Redis used now, or that of this program alone? */
  get isShared(): boolean {
    return this.#isShared
  }

  get count(): number {
    return this.#mirror.count
  }

  metricCount(metric: Omit<CardinalityRequest, 'hashes'>): number {
    return this.#mirror.metricCount(metric)
  }

  judge(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[] | Promise<readonly CardinalityVerdict[]> {
    if (!this.#isShared) return this.#judgeAlone(requests)
    // What this program saw in this granule needs no question.
    if (requests.every((request) => this.#mirror.unseenNow(request).length === 0)) return this.#mirror.judge(requests)
    return this.#judgeShared(requests)
  }

  judgeNow(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[] {
    const verdicts = this.#mirror.judgeNow(requests)
    void this.#tell(admitted(requests, verdicts))
    return verdicts
  }

  /** Only what was not seen in this granule goes to Redis. */
  async note(requests: readonly CardinalityRequest[]): Promise<void> {
    const news = requests.map((request) => subset(request, this.#mirror.unseenNow(request))).filter(({ hashes }) => hashes.length > 0)
    this.#mirror.note(requests)
    await this.#tell(news)
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
    this.#lose()
  }

  async #judgeShared(requests: readonly CardinalityRequest[]): Promise<readonly CardinalityVerdict[]> {
    let verdicts: readonly CardinalityVerdict[]
    try {
      verdicts = await this.#ask(requests, false)
    } catch {
      // Said by the engine's own log and status. A command may time out without the connection being lost.
      this.#lose()
      return this.#judgeAlone(requests)
    }
    this.#mirror.note(admitted(requests, verdicts))
    return verdicts
  }

  async #tell(requests: readonly CardinalityRequest[]): Promise<void> {
    if (!this.#isShared || requests.length === 0) return
    try {
      await this.#ask(requests, true)
    } catch {
      this.#lose()
    }
  }

  #judgeAlone(requests: readonly CardinalityRequest[]): readonly CardinalityVerdict[] {
    const verdicts = this.#mirror.judge(requests)
    // The mirror is read out once; what joins meanwhile is told beside it.
    if (this.#isCatchingUp) void this.#ask(admitted(requests, verdicts), true).catch(() => undefined)
    else if (this.#options.clock.nowMs() >= this.#retryAtMs) void this.#catchUp()
    return verdicts
  }

  #lose(): void {
    this.#isShared = false
    this.#losses++
    this.#retryAtMs = this.#options.clock.nowMs() + retryMs
  }

  /** Tells Redis all that the mirror holds; it may have come back empty. */
  async #catchUp(): Promise<void> {
    if (this.#isCatchingUp || this.#options.redis.state() !== 'ready') return
    this.#isCatchingUp = true
    const losses = this.#losses
    try {
      for (const requests of this.#mirror.counted()) await this.#ask(requests, true)
      this.#isShared = losses === this.#losses
    } catch {
      this.#lose()
    } finally {
      this.#isCatchingUp = false
    }
  }

  async #ask(requests: readonly CardinalityRequest[], isForced: boolean): Promise<readonly CardinalityVerdict[]> {
    const texts: string[] = requests.map(() => '')
    let call: { index: number; request: CardinalityRequest }[] = []
    let series = 0
    const flush = async (): Promise<void> => {
      const sent = call
      call = []
      series = 0
      if (sent.length === 0) return
      const reply = await this.#send(
        sent.map(({ request }) => request),
        isForced,
      )
      sent.forEach(({ index }, i) => (texts[index] += reply[i] ?? ''))
    }
    for (const [index, request] of requests.entries()) {
      for (let from = 0; from < request.hashes.length; from += seriesPerCallMax * 2) {
        const hashes = request.hashes.subarray(from, from + seriesPerCallMax * 2)
        if (series + hashes.length / 2 > seriesPerCallMax) await flush()
        call.push({ index, request: { ...request, hashes } })
        series += hashes.length / 2
      }
    }
    await flush()
    return texts.map(verdictOf)
  }

  async #send(requests: readonly CardinalityRequest[], isForced: boolean): Promise<string[]> {
    const { windowSec, granularitySec } = this.quotas
    const granules = granulesOf(this.quotas)
    const newest = Math.floor(this.#options.clock.nowMs() / (granularitySec * 1000))
    const keysOf = (what: string): string[] => Array.from({ length: granules }, (_, k) => `{cardinality}:${what}:${newest - k}`)
    const organizations = [...new Set(requests.map(({ organizationId }) => organizationId))]
    const keys = [...keysOf('counts'), ...organizations.flatMap((id) => keysOf(`sets:${id}`))]
    const words: (string | number | Buffer)[] = [granules, (windowSec + granularitySec) * 1000]
    for (const request of requests) {
      const { hashes } = request
      words.push(organizations.indexOf(request.organizationId), ...scopeKeys(request), isForced ? 1 : 0)
      words.push(Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength))
      words.push(...scopeNames.map((name) => limitOf(this.quotas, name, request.useCase)))
    }
    const reply = await this.#options.redis.script(judgeScript, keys, words)
    return Array.isArray(reply) ? reply.map(String) : []
  }
}

function verdictOf(text: string): CardinalityVerdict {
  const refused: number[] = []
  let reached: CardinalityScope | null = null
  for (let i = 0; i < text.length; i++) {
    if (text[i] === 'k') continue
    refused.push(i)
    reached ??= scopeNames[Number(text[i]) - 1] ?? null
  }
  return { refused, reached }
}

function subset(request: CardinalityRequest, positions: readonly number[]): CardinalityRequest {
  const hashes = new Uint32Array(positions.length * 2)
  positions.forEach((position, i) => {
    hashes[i * 2] = request.hashes[position * 2]!
    hashes[i * 2 + 1] = request.hashes[position * 2 + 1]!
  })
  return { ...request, hashes }
}

/** The requests without what was refused. */
function admitted(requests: readonly CardinalityRequest[], verdicts: readonly CardinalityVerdict[]): CardinalityRequest[] {
  return requests.map((request, index) => {
    const refused = new Set(verdicts[index]?.refused)
    if (refused.size === 0) return request
    const all = Array.from({ length: request.hashes.length / 2 }, (_, i) => i)
    return subset(
      request,
      all.filter((i) => !refused.has(i)),
    )
  })
}
