/**
 * Batches by the id their sender gave them: one that comes again, because its answer was lost or late, is not counted again. Kept for some
 * minutes after it came last, and until it was made durable; in this process alone.
 */
import type { Tenant } from '../../kernel/scope.ts'

/** How long after a batch came its id is known; senders give up before (`giveUpMs` of packages/client). */
export const batchIdKeptMs = 600_000
/** Ids kept of one project; the oldest go first. */
const projectBatchIdsMax = 20_000
/** Ids kept of all projects; the oldest of the project with most of them go first. */
const batchIdsMax = 200_000

interface Remembered<T> {
  readonly answer: T
  readonly atMs: number
}

/** Each in the order they came last. */
interface ProjectBatches<T> {
  /** Recorded, and not durable yet: these do not grow old, because their sender was told to come again. */
  readonly open: Map<string, Remembered<T>>
  readonly committed: Map<string, Remembered<T>>
}

interface BatchMemoryLimits {
  readonly projectMax: number
  readonly max: number
}

export class BatchMemory<T> {
  readonly #clock: { monotonicMs(): number }
  readonly #limits: BatchMemoryLimits
  readonly #projects = new Map<number, ProjectBatches<T>>()
  #size = 0

  constructor(clock: { monotonicMs(): number }, limits: BatchMemoryLimits = { projectMax: projectBatchIdsMax, max: batchIdsMax }) {
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  /** What was answered when the batch came first, null when it did not; it is known for some minutes from now. */
  recall({ projectId }: Tenant, id: string): T | null {
    const project = this.#projects.get(projectId)
    if (project === undefined) return null
    this.#forgetOld(projectId, project)
    for (const batches of [project.open, project.committed]) {
      const found = batches.get(id)
      if (found === undefined) continue
      batches.delete(id)
      batches.set(id, { answer: found.answer, atMs: this.#clock.monotonicMs() })
      return found.answer
    }
    return null
  }

  /** For a batch that is not known. */
  remember({ projectId }: Tenant, id: string, answer: T): void {
    const project = this.#projects.get(projectId) ?? { open: new Map(), committed: new Map() }
    this.#forgetOld(projectId, project)
    if (sizeOf(project) >= this.#limits.projectMax) this.#forgetOldest(project)
    else if (this.#size >= this.#limits.max) this.#forgetOldest(this.#largest(project))
    project.open.set(id, { answer, atMs: this.#clock.monotonicMs() })
    this.#projects.set(projectId, project)
    this.#size++
  }

  /** The batch is durable; from now on its id may grow old. */
  committed({ projectId }: Tenant, id: string): void {
    const project = this.#projects.get(projectId)
    const found = project?.open.get(id)
    if (project === undefined || found === undefined) return
    project.open.delete(id)
    project.committed.set(id, { answer: found.answer, atMs: this.#clock.monotonicMs() })
  }

  #forgetOld(projectId: number, project: ProjectBatches<T>): void {
    const { open, committed } = project
    const nowMs = this.#clock.monotonicMs()
    for (const [id, { atMs }] of committed) {
      if (nowMs - atMs <= batchIdKeptMs) break
      committed.delete(id)
      this.#size--
    }
    if (committed.size + open.size === 0) this.#projects.delete(projectId)
  }

  /** What is durable goes first. */
  #forgetOldest({ open, committed }: ProjectBatches<T>): void {
    const batches = committed.size > 0 ? committed : open
    for (const id of batches.keys()) {
      batches.delete(id)
      this.#size--
      return
    }
  }

  #largest(given: ProjectBatches<T>): ProjectBatches<T> {
    let largest = given
    for (const project of this.#projects.values()) if (sizeOf(project) > sizeOf(largest)) largest = project
    return largest
  }
}

function sizeOf<T>({ open, committed }: ProjectBatches<T>): number {
  return open.size + committed.size
}
