/** What each project used lately, a point every few seconds, for the screen. */
import type { Clock } from '../kernel/clock.ts'
import { historyPointsMax, historyProjectsMax, historyStepMs } from './limits.ts'

export class BudgetHistory {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #points = new Map<number, number[]>()
  #latest: ReadonlyMap<number, number> = new Map()
  #notedMs = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** What the projects used at the last scan, seconds a second. */
  get latest(): ReadonlyMap<number, number> {
    return this.#latest
  }

  /** Oldest first. */
  of(project: number): readonly number[] {
    return this.#points.get(project) ?? []
  }

  note(used: ReadonlyMap<number, number>): void {
    this.#latest = used
    if (this.#clock.monotonicMs() - this.#notedMs < historyStepMs) return
    this.#notedMs = this.#clock.monotonicMs()
    for (const [project, value] of used) {
      const points = this.#points.get(project)
      if (points === undefined) this.#points.set(project, [value])
      else points.push(value)
      if (points !== undefined && points.length > historyPointsMax) points.shift()
    }
    for (const [project, points] of this.#points) {
      if (used.has(project)) continue
      points.push(0)
      if (points.length > historyPointsMax) points.shift()
      if (points.every((value) => value === 0)) this.#points.delete(project)
    }
    this.#shrink()
  }

  #shrink(): void {
    if (this.#points.size <= historyProjectsMax) return
    const bySize = [...this.#points].sort(([, a], [, b]) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0))
    for (const [project] of bySize.slice(0, this.#points.size - historyProjectsMax)) this.#points.delete(project)
  }
}
