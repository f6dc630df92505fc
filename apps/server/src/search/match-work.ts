/**
 * How much work matchers in memory may do: rows are looked at while their senders wait, and regular expressions are users'. Work is counted in
 * steps of about 100 ns, by project and over all, so that the same rows always come as far.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import { matchPeriodMs, matchStepsOfAll, matchStepsOfProject, matchStepsPerRow } from './limits.ts'

/** Nothing is known of the row: what was left did not reach for it, or it is too much for a regular expression. */
export class TooMuchWork extends Error {}

/** One for all: it may be thrown for every row. */
const tooMuchWork = new TooMuchWork('too much work for a row')

/** What one matcher may do with one batch. */
export class MatchWork {
  /** Steps; nothing more can be looked at when it is 0 or below. */
  left: number

  constructor(steps: number) {
    this.left = steps
  }

  /** Throws `TooMuchWork` before more is done than is left; nothing is left then. */
  spend(steps: number): void {
    this.left -= steps
    if (this.left < 0) throw tooMuchWork
  }
}

/** A text that is too much for a pattern. */
export function failForWork(): never {
  throw tooMuchWork
}

interface Steps {
  left: number
}

/** What matchers of a project share while a batch is looked at. */
export class MatchShare {
  readonly #project: Steps
  readonly #all: Steps

  constructor(project: Steps, all: Steps) {
    this.#project = project
    this.#all = all
  }

  /** One part of so many of what is left; what is not used of it goes back with `back`. */
  part(parts: number): MatchWork {
    const work = new MatchWork(Math.max(0, Math.floor(Math.min(this.#project.left, this.#all.left) / parts)))
    this.#project.left -= work.left
    this.#all.left -= work.left
    return work
  }

  /** Work that was begun beyond what was left is owed. */
  back(work: MatchWork): void {
    this.#project.left += work.left
    this.#all.left += work.left
    work.left = 0
  }
}

/** For the live tails and the rules of one program together. */
export class MatchBudget {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** Forgotten with each period, and so bounded by the batches of one. */
  readonly #projects = new Map<string, Steps>()
  #all: Steps = { left: matchStepsOfAll }
  #sinceMs = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** For a batch of so many rows; each brings a little with it, so that large batches of plain searches are not the worse for their size. */
  share({ organizationId, projectId }: Tenant, rows: number): MatchShare {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#sinceMs >= matchPeriodMs) {
      this.#sinceMs = nowMs
      this.#projects.clear()
      this.#all = { left: matchStepsOfAll }
    }
    const key = `${organizationId}/${projectId}`
    const project = this.#projects.get(key) ?? { left: matchStepsOfProject }
    this.#projects.set(key, project)
    project.left += rows * matchStepsPerRow
    this.#all.left += rows * matchStepsPerRow
    return new MatchShare(project, this.#all)
  }
}
