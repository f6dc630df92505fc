/**
 * A shared store that may go away at any time: what it is told is also kept in process, so that everything goes on with this program's
 * own costs and members while it is away. When it answers again, the members of this program are published to it.
 */
import type { Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { InProcessStore } from './in-process-store.ts'
import type { RealtimeMetricsStore } from './ports.ts'

export interface ResilientStoreDeps {
  readonly shared: RealtimeMetricsStore
  readonly local: InProcessStore
  /** Whether the shared store may answer now, and who wants to hear when that changes. */
  readonly engine: {
    state(): 'ready' | 'unavailable'
    onState(listener: (state: 'ready' | 'unavailable') => void): Disposable
  }
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly logger: Logger
}

/** While it is away, a call looks for it again after this time, ms: it may be there and only have been slow. */
const retryMs = 1_000

export class ResilientStore implements RealtimeMetricsStore, Disposable {
  readonly #deps: ResilientStoreDeps
  readonly #listening: Disposable
  #failure: string | null = null
  #triedMs = 0
  #recovering: Promise<void> | null = null
  /** Members that were let go while the shared store was away. */
  readonly #released = new Set<number>()

  constructor(deps: ResilientStoreDeps) {
    this.#deps = deps
    this.#listening = deps.engine.onState((state) => {
      if (state === 'ready' && this.#failure !== null) void this.#recover()
    })
  }

  /** Why the state of this program alone is used now, or null. */
  failure(): string | null {
    return this.#failure
  }

  validate(): void {
    this.#deps.shared.validate()
    this.#deps.local.validate()
  }

  async recordProjectDuration(project: number, seconds: number): Promise<void> {
    await this.#deps.local.recordProjectDuration(project, seconds)
    await this.#either(
      (store) => store.recordProjectDuration(project, seconds),
      () => Promise.resolve(),
    )
  }

  async *projects(): AsyncGenerator<number> {
    const list = async (store: RealtimeMetricsStore): Promise<number[]> => {
      const all: number[] = []
      for await (const project of store.projects()) all.push(project)
      return all
    }
    yield* await this.#either(list, list)
  }

  getUsedBudgetForProject(project: number): Promise<number> {
    const ask = (store: RealtimeMetricsStore): Promise<number> => store.getUsedBudgetForProject(project)
    return this.#either(ask, ask)
  }

  async getLpqProjects(): Promise<ReadonlySet<number>> {
    return await this.#either(
      async (store) => {
        const members = await store.getLpqProjects()
        this.#deps.local.mirror(members)
        return members
      },
      (local) => local.getLpqProjects(),
    )
  }

  isLpqProject(project: number): Promise<boolean> {
    const ask = (store: RealtimeMetricsStore): Promise<boolean> => store.isLpqProject(project)
    return this.#either(ask, ask)
  }

  async addProjectToLpq(project: number): Promise<boolean> {
    const isNew = await this.#either(
      (store) => store.addProjectToLpq(project),
      (local) => local.addProjectToLpq(project),
    )
    if (this.#failure === null) await this.#deps.local.addProjectToLpq(project)
    else if (isNew) this.#released.delete(project)
    return isNew
  }

  async removeProjectsFromLpq(projects: ReadonlySet<number>): Promise<number> {
    const removed = await this.#either(
      (store) => store.removeProjectsFromLpq(projects),
      (local) => local.removeProjectsFromLpq(projects),
    )
    if (this.#failure === null) await this.#deps.local.removeProjectsFromLpq(projects)
    else for (const project of projects) if (!(await this.#deps.local.isLpqProject(project))) this.#released.add(project)
    return removed
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }

  async #either<T>(shared: (store: RealtimeMetricsStore) => Promise<T>, local: (store: InProcessStore) => Promise<T>): Promise<T> {
    if (this.#failure !== null && this.#mayTry()) await this.#recover()
    if (this.#failure !== null) return await local(this.#deps.local)
    try {
      return await shared(this.#deps.shared)
    } catch (error) {
      if (!isAppError(error, 'engine.unavailable')) throw error
      this.#leave(error.message)
      return await local(this.#deps.local)
    }
  }

  #mayTry(): boolean {
    const { engine, clock } = this.#deps
    return engine.state() === 'ready' && clock.monotonicMs() - this.#triedMs >= retryMs
  }

  #leave(why: string): void {
    this.#triedMs = this.#deps.clock.monotonicMs()
    if (this.#failure === null) this.#deps.logger.warn('redis does not answer: lanes go on with the state of this program', { why })
    this.#failure = why
  }

  #recover(): Promise<void> {
    this.#recovering ??= this.#publish().finally(() => {
      this.#recovering = null
    })
    return this.#recovering
  }

  /** Its members to the shared store, those it let go from it. A back-off there decides against either; the next scan settles it. */
  async #publish(): Promise<void> {
    const { shared, local, logger } = this.#deps
    this.#triedMs = this.#deps.clock.monotonicMs()
    try {
      const members = await local.getLpqProjects()
      await Promise.all([...members].map((project) => shared.addProjectToLpq(project)))
      await shared.removeProjectsFromLpq(this.#released)
      this.#released.clear()
      this.#failure = null
      logger.warn('redis answers again: lanes are shared', { members: members.size })
    } catch (error) {
      if (!isAppError(error, 'engine.unavailable')) throw error
    }
  }
}
