/** The aggregates of all projects, and their flushes: at every whole interval of the wall clock, so that minutes are not cut in two. */
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { aggregatesPerProjectMax, aggregatesTotalMax, sketchBucketsTotalMax } from '../limits.ts'
import type { MetricsIngest, RefHolder } from '../ports.ts'
import type { Aggregates, ProjectAggregates } from './ports.ts'
import { Project, type AggregateTotals } from './project-aggregates.ts'

export interface AggregatesDeps {
  readonly ingest: MetricsIngest
  readonly clock: Clock
  readonly logger: Logger
  /** Between two flushes, ms; divides an hour. */
  readonly flushIntervalMs: number
  /** As of `ProjectDeps`. */
  readonly labelCountOf?: (ref: number) => number
  readonly limits?: { readonly perProjectMax: number; readonly totalMax: number; readonly bucketsMax: number; readonly membersMax: number }
}

class AllAggregates implements Aggregates, RefHolder {
  readonly #deps: AggregatesDeps
  readonly #totals: AggregateTotals
  readonly #projects = new Map<string, Project>()
  #timer: Disposable | null = null

  constructor(deps: AggregatesDeps) {
    this.#deps = deps
    this.#totals = {
      aggregates: 0,
      buckets: 0,
      aggregatesMax: deps.limits?.totalMax ?? aggregatesTotalMax,
      perProjectMax: deps.limits?.perProjectMax ?? aggregatesPerProjectMax,
      bucketsMax: deps.limits?.bucketsMax ?? sketchBucketsTotalMax,
    }
    this.#schedule()
  }

  get size(): number {
    return this.#totals.aggregates
  }

  of(tenant: Tenant): ProjectAggregates {
    const key = `${tenant.organizationId}/${tenant.projectId}`
    let project = this.#projects.get(key)
    if (project === undefined) {
      const { ingest, clock, limits, labelCountOf } = this.#deps
      const members = limits === undefined ? {} : { membersMax: limits.membersMax }
      project = new Project({ ...tenant }, { ingest, clock, totals: this.#totals, labelCountOf, ...members })
      this.#projects.set(key, project)
    }
    return project
  }

  async flush(): Promise<void> {
    const results = await Promise.allSettled([...this.#projects.values()].map((project) => project.flush()))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) this.#deps.logger.warn('aggregates wait for the next flush', { error: String(failed.reason) })
  }

  unlearn(isGone: (ref: number) => boolean): void {
    for (const project of this.#projects.values()) project.unlearn(isGone)
  }

  clear(refs: Uint32Array): void {
    for (const project of this.#projects.values()) project.clear(refs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.flush()
  }

  #schedule(): void {
    const { clock, flushIntervalMs } = this.#deps
    const delayMs = flushIntervalMs - (clock.nowMs() % flushIntervalMs)
    this.#timer = clock.after(delayMs, () => {
      this.#schedule()
      void this.flush()
    })
  }
}

/** One per process. Disposing flushes once more. */
export function createAggregates(deps: AggregatesDeps): Aggregates & RefHolder {
  return new AllAggregates(deps)
}
