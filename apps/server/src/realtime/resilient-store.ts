/**
 * A shared store that may go away at any time: what it is told is also kept in process, so that everything goes on with this program's
 * own costs and members while it is away. Away is also one that answers with an error (a replica after a failover, out of memory, no
 * permission): whatever it is, nothing can be done about it here. When it answers again, what it was not told is published to it.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { InProcessStore } from './in-process-store.ts'
import { budgetProjectsMax } from './limits.ts'
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
  /** By project: ms that the shared store was not told. */
  readonly #untoldMs = new Map<number, number>()
  /** What it failed to answer: it is back only when it answers that. */
  #unanswered: ((store: RealtimeMetricsStore) => Promise<unknown>) | null = null

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
      () => this.#owe(project, Math.trunc(seconds * 1000)),
    )
  }

  async *projects(): AsyncGenerator<number> {
    yield* await this.#ask(async (store) => {
      const all: number[] = []
      for await (const project of store.projects()) all.push(project)
      return all
    })
  }

  getUsedBudgetForProject(project: number): Promise<number> {
    return this.#ask((store) => store.getUsedBudgetForProject(project))
  }

  async getLpqProjects(): Promise<ReadonlySet<number>> {
    const members = await this.#ask((store) => store.getLpqProjects())
    if (this.#failure === null) this.#deps.local.mirror(members)
    return members
  }

  isLpqProject(project: number): Promise<boolean> {
    return this.#ask((store) => store.isLpqProject(project))
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

  /** A question, which may be asked again. */
  #ask<T>(question: (store: RealtimeMetricsStore) => Promise<T>): Promise<T> {
    const noted = async (store: RealtimeMetricsStore): Promise<T> => {
      try {
        return await question(store)
      } catch (error) {
        this.#unanswered = question
        throw error
      }
    }
    return this.#either(noted, question)
  }

  async #either<T>(shared: (store: RealtimeMetricsStore) => Promise<T>, local: (store: InProcessStore) => Promise<T>): Promise<T> {
    if (this.#failure !== null && this.#mayTry()) await this.#recover()
    if (this.#failure !== null) return await local(this.#deps.local)
    try {
      return await shared(this.#deps.shared)
    } catch (error) {
      this.#leave(error)
      return await local(this.#deps.local)
    }
  }

  #owe(project: number, ms: number): Promise<void> {
    if (!this.#untoldMs.has(project) && this.#untoldMs.size >= budgetProjectsMax)
      this.#untoldMs.delete(this.#untoldMs.keys().next().value ?? project)
    this.#untoldMs.set(project, (this.#untoldMs.get(project) ?? 0) + ms)
    return Promise.resolve()
  }

  #mayTry(): boolean {
    const { engine, clock } = this.#deps
    return engine.state() === 'ready' && clock.monotonicMs() - this.#triedMs >= retryMs
  }

  #leave(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.#triedMs = this.#deps.clock.monotonicMs()
    if (this.#failure === null) this.#deps.logger.warn('redis does not answer: lanes go on with the state of this program', { why })
    this.#failure = why
  }

  /** Never rejects: nobody waits for it when the engine says that it is back. */
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
      await this.#unanswered?.(shared)
      const members = await local.getLpqProjects()
      await Promise.all([...members].map((project) => shared.addProjectToLpq(project)))
      await shared.removeProjectsFromLpq(this.#released)
      this.#released.clear()
      await this.#tellCosts()
      this.#unanswered = null
      this.#failure = null
      logger.warn('redis answers again: lanes are shared', { members: members.size })
    } catch (error) {
      this.#leave(error)
    }
  }

  /** What this program spent meanwhile, as far as it still counts: what left the window must not come back as spent now. */
  async #tellCosts(): Promise<void> {
    const { shared, local } = this.#deps
    for (const [project, ms] of this.#untoldMs) {
      const toldMs = Math.min(ms, local.spentMs(project))
      this.#untoldMs.delete(project)
      try {
        if (toldMs > 0) await shared.recordProjectDuration(project, toldMs / 1000)
      } catch (error) {
        await this.#owe(project, ms)
        throw error
      }
    }
  }
}
