/** The projects that senders of StatsD belong to, and what is told of each on the screens. */
import type { Tenant } from '../../kernel/scope.ts'
import type { Aggregates, CostSink, ProjectAggregates } from '../../metrics/index.ts'

export const protocolName = 'statsd'

/** Refusals put into words for one project in a second; there may be thousands. */
const wordsPerSecondMax = 5

export interface StatsdProjectsDeps {
  readonly aggregates: Pick<Aggregates, 'of'>
  /** The project of a key, or of a sender without one; null when there is none. */
  readonly tenantOf: (key: string | null, remoteAddress: string) => Tenant | null
  /** Who sends, for the screens. */
  readonly sources: { note(tenant: Tenant, protocol: string, points: number, atMs: number): void }
  /** Refusals in words, for the screens. */
  readonly refusedSamples: { note(tenant: Tenant, protocol: string, reason: string, text: string, atMs: number): void }
  readonly clock: { nowMs(): number; monotonicMs(): number }
  /** What decoding took of this thread, by project. */
  readonly cost?: Pick<CostSink, 'spent'>
}

export class StatsdProject {
  readonly tenant: Tenant
  readonly aggregates: ProjectAggregates
  /** Taken since they were last told. */
  points = 0
  readonly #deps: StatsdProjectsDeps
  #spentMs = 0
  #words = 0
  #wordsSec = 0

  constructor(tenant: Tenant, deps: StatsdProjectsDeps) {
    this.tenant = tenant
    this.aggregates = deps.aggregates.of(tenant)
    this.#deps = deps
  }

  /** Counts points that were refused, and says why for the first in each second. */
  refuse(reason: string, points: number, example: () => string): void {
    this.aggregates.refuse(reason, points)
    const nowMs = this.#deps.clock.nowMs()
    const nowSec = Math.floor(nowMs / 1000)
    if (nowSec !== this.#wordsSec) this.#words = 0
    this.#wordsSec = nowSec
    if (this.#words++ < wordsPerSecondMax) this.#deps.refusedSamples.note(this.tenant, protocolName, reason, example(), nowMs)
  }

  spent(ms: number): void {
    this.#spentMs += ms
  }

  /** Tells the screens what came, and the budget what it took. */
  tell(): void {
    if (this.#spentMs > 0) this.#deps.cost?.spent(this.tenant, this.#spentMs)
    this.#spentMs = 0
    if (this.points > 0) this.#deps.sources.note(this.tenant, protocolName, this.points, this.#deps.clock.nowMs())
    this.points = 0
  }
}

export class StatsdProjects {
  readonly deps: StatsdProjectsDeps
  readonly #projects = new Map<string, StatsdProject>()

  constructor(deps: StatsdProjectsDeps) {
    this.deps = deps
  }

  /** Of a key, or of a sender without one. Null: nobody's. */
  find(key: string | null, remoteAddress: string): StatsdProject | null {
    const tenant = this.deps.tenantOf(key, remoteAddress)
    if (tenant === null) return null
    const id = `${tenant.organizationId}/${tenant.projectId}`
    let found = this.#projects.get(id)
    if (found === undefined) this.#projects.set(id, (found = new StatsdProject(tenant, this.deps)))
    return found
  }

  tell(): void {
    for (const project of this.#projects.values()) project.tell()
  }
}
