/** The store of one program: counters in a map a project, gone with the process. */
import type { Clock } from '../kernel/clock.ts'
import { budgetProjectsMax } from './limits.ts'
import { validateBudgetOptions, windowAt } from './options.ts'
import type { BudgetOptions, RealtimeMetricsStore } from './ports.ts'

export class InProcessStore implements RealtimeMetricsStore {
  readonly #options: BudgetOptions
  readonly #clock: Pick<Clock, 'nowMs'>
  /** By project: whole ms by the first second of a bucket. The longest silent project comes first. */
  readonly #costs = new Map<number, Map<number, number>>()
  readonly #members = new Set<number>()
  /** By project: when its back-off ends, ms since 1970. */
  readonly #backoffs = new Map<number, number>()

  constructor(options: BudgetOptions, clock: Pick<Clock, 'nowMs'>) {
    this.#options = options
    this.#clock = clock
    this.validate()
  }

  validate(): void {
    validateBudgetOptions(this.#options)
  }

  recordProjectDuration(project: number, seconds: number): Promise<void> {
    const { currentSec, firstSec } = this.#window()
    const buckets = this.#costs.get(project) ?? new Map<number, number>()
    buckets.set(currentSec, (buckets.get(currentSec) ?? 0) + Math.trunc(seconds * 1000))
    for (const startSec of buckets.keys()) if (startSec < firstSec) buckets.delete(startSec)
    this.#costs.delete(project)
    this.#costs.set(project, buckets)
    if (this.#costs.size > budgetProjectsMax) this.#costs.delete(this.#costs.keys().next().value ?? project)
    return Promise.resolve()
  }

  async *projects(): AsyncGenerator<number> {
    const { firstSec } = this.#window()
    const known = [...this.#costs.keys()]
    for (const project of known) {
      const starts = [...(this.#costs.get(project)?.keys() ?? [])]
      if (starts.some((startSec) => startSec >= firstSec)) yield project
      else this.#costs.delete(project)
    }
  }

  getUsedBudgetForProject(project: number): Promise<number> {
    return Promise.resolve(this.spentMs(project) / this.#window().spanSec / 1000)
  }

  /** In the window, ms. */
  spentMs(project: number): number {
    const { firstSec, currentSec } = this.#window()
    let ms = 0
    for (const [startSec, spentMs] of this.#costs.get(project) ?? []) if (startSec >= firstSec && startSec <= currentSec) ms += spentMs
    return ms
  }

  getLpqProjects(): Promise<ReadonlySet<number>> {
    return Promise.resolve(new Set(this.#members))
  }

  isLpqProject(project: number): Promise<boolean> {
    return Promise.resolve(this.#members.has(project))
  }

  addProjectToLpq(project: number): Promise<boolean> {
    if (this.#isHeld(project)) return Promise.resolve(false)
    const isNew = !this.#members.has(project)
    this.#members.add(project)
    this.#hold(project)
    return Promise.resolve(isNew)
  }

  removeProjectsFromLpq(projects: ReadonlySet<number>): Promise<number> {
    let removed = 0
    for (const project of projects) {
      if (this.#isHeld(project)) continue
      if (this.#members.delete(project)) removed++
      this.#hold(project)
    }
    return Promise.resolve(removed)
  }

  /** Members as another store has them, beside every rule. */
  mirror(members: ReadonlySet<number>): void {
    this.#members.clear()
    for (const project of members) this.#members.add(project)
  }

  #window(): ReturnType<typeof windowAt> {
    return windowAt(this.#clock.nowMs(), this.#options)
  }

  #isHeld(project: number): boolean {
    const endsMs = this.#backoffs.get(project)
    if (endsMs === undefined) return false
    if (endsMs > this.#clock.nowMs()) return true
    this.#backoffs.delete(project)
    return false
  }

  #hold(project: number): void {
    const { backoffTimer } = this.#options
    if (backoffTimer === 0) return
    if (this.#backoffs.size >= budgetProjectsMax) this.#backoffs.delete(this.#backoffs.keys().next().value ?? project)
    this.#backoffs.set(project, this.#clock.nowMs() + backoffTimer * 1000)
  }
}
