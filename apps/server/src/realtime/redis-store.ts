/**
 * The store that several programs share. Keys, all below `bellwether:lpq:`
 *
 *     budget:<bucket size>:<project>:<first second>   counter, whole ms; expires after the window and one bucket
 *     active:<bucket size>                            sorted set: project by the first second of its newest bucket
 *     members                                         set of projects in the low-priority queue
 *     backoff:<project>                               when its back-off ends, ms since 1970 by the writer's clock; expires then
 *
 * `active` is there so that finding who was active costs what there is of them, and not a walk over all keys of a shared server.
 */
import type { RedisEngine, RedisReply, RedisScript } from '../engines/index.ts'
import { redisScript } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { validateBudgetOptions, windowAt } from './options.ts'
import type { BudgetOptions, RealtimeMetricsStore } from './ports.ts'

const prefix = 'bellwether:lpq:'
const membersKey = `${prefix}members`

/** Projects looked up by one command. */
const activePageSize = 1000

/** KEYS: backoff, members. ARGV: project, now, timer in ms. */
const addScript: RedisScript = redisScript(`
local ends = redis.call('GET', KEYS[1])
if ends and tonumber(ends) > tonumber(ARGV[2]) then return 0 end
local added = redis.call('SADD', KEYS[2], ARGV[1])
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]), 'PX', ARGV[3]) end
return added`)

/** KEYS: members, then a backoff a project. ARGV: now, timer in ms, then the projects. */
const removeScript: RedisScript = redisScript(`
local removed = 0
for i = 2, #KEYS do
  local ends = redis.call('GET', KEYS[i])
  if not ends or tonumber(ends) <= tonumber(ARGV[1]) then
    removed = removed + redis.call('SREM', KEYS[1], ARGV[i + 1])
    if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[i], string.format('%.0f', ARGV[1] + ARGV[2]), 'PX', ARGV[2]) end
  end
end
return removed`)

export class RedisStore implements RealtimeMetricsStore {
  readonly #options: BudgetOptions
  readonly #redis: Pick<RedisEngine, 'command' | 'pipeline' | 'script'>
  readonly #clock: Pick<Clock, 'nowMs'>

  constructor(options: BudgetOptions, redis: Pick<RedisEngine, 'command' | 'pipeline' | 'script'>, clock: Pick<Clock, 'nowMs'>) {
    this.#options = options
    this.#redis = redis
    this.#clock = clock
    this.validate()
  }

  validate(): void {
    validateBudgetOptions(this.#options)
  }

  async recordProjectDuration(project: number, seconds: number): Promise<void> {
    const { budgetTimeWindow, budgetBucketSize } = this.#options
    const { currentSec } = windowAt(this.#clock.nowMs(), this.#options)
    const key = this.#budgetKey(project, currentSec)
    const expiresSec = budgetTimeWindow + budgetBucketSize
    await this.#redis.pipeline([
      ['INCRBY', key, Math.trunc(seconds * 1000)],
      ['EXPIRE', key, expiresSec],
      ['ZADD', this.#activeKey(), currentSec, String(project)],
      ['EXPIRE', this.#activeKey(), expiresSec],
    ])
  }

  async *projects(): AsyncGenerator<number> {
    const { firstSec } = windowAt(this.#clock.nowMs(), this.#options)
    const key = this.#activeKey()
    await this.#redis.command(['ZREMRANGEBYSCORE', key, '-inf', `(${firstSec}`])
    const seen = new Set<number>()
    for (let offset = 0; ; offset += activePageSize) {
      const page = listOf(await this.#redis.command(['ZRANGEBYSCORE', key, firstSec, '+inf', 'LIMIT', offset, activePageSize]))
      for (const member of page) {
        const project = Number(member)
        // One that moved to a later place between two pages comes again.
        if (!seen.has(project)) yield project
        seen.add(project)
      }
      if (page.length < activePageSize) return
    }
  }

  async getUsedBudgetForProject(project: number): Promise<number> {
    const { firstSec, currentSec, spanSec } = windowAt(this.#clock.nowMs(), this.#options)
    const keys: string[] = []
    for (let sec = firstSec; sec <= currentSec; sec += this.#options.budgetBucketSize) keys.push(this.#budgetKey(project, sec))
    let ms = 0
    for (const value of listOf(await this.#redis.command(['MGET', ...keys]))) ms += Number(value ?? 0)
    return ms / spanSec / 1000
  }

  async getLpqProjects(): Promise<ReadonlySet<number>> {
    return new Set(listOf(await this.#redis.command(['SMEMBERS', membersKey])).map(Number))
  }

  async isLpqProject(project: number): Promise<boolean> {
    return (await this.#redis.command(['SISMEMBER', membersKey, String(project)])) === 1
  }

  async addProjectToLpq(project: number): Promise<boolean> {
    const words = [String(project), this.#clock.nowMs(), this.#options.backoffTimer * 1000]
    return (await this.#redis.script(addScript, [backoffKey(project), membersKey], words)) === 1
  }

  async removeProjectsFromLpq(projects: ReadonlySet<number>): Promise<number> {
    if (projects.size === 0) return 0
    const all = [...projects]
    const words = [this.#clock.nowMs(), this.#options.backoffTimer * 1000, ...all.map(String)]
    return Number(await this.#redis.script(removeScript, [membersKey, ...all.map(backoffKey)], words))
  }

  #budgetKey(project: number, startSec: number): string {
    return `${prefix}budget:${this.#options.budgetBucketSize}:${project}:${startSec}`
  }

  #activeKey(): string {
    return `${prefix}active:${this.#options.budgetBucketSize}`
  }
}

function backoffKey(project: number): string {
  return `${prefix}backoff:${project}`
}

function listOf(reply: RedisReply): readonly RedisReply[] {
  if (typeof reply === 'object' && reply !== null) return reply
  throw new Error('redis answered no list')
}
