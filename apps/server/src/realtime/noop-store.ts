/** A store that keeps nothing and moves nobody: the low-priority queue is off. */
import type { RealtimeMetricsStore } from './ports.ts'

export class NoopStore implements RealtimeMetricsStore {
  validate(): void {}

  recordProjectDuration(_project: number, _seconds: number): Promise<void> {
    return Promise.resolve()
  }

  async *projects(): AsyncGenerator<number> {}

  getUsedBudgetForProject(_project: number): Promise<number> {
    return Promise.resolve(0)
  }

  getLpqProjects(): Promise<ReadonlySet<number>> {
    return Promise.resolve(new Set())
  }

  isLpqProject(_project: number): Promise<boolean> {
    return Promise.resolve(false)
  }

  addProjectToLpq(_project: number): Promise<boolean> {
    return Promise.resolve(false)
  }

  removeProjectsFromLpq(_projects: ReadonlySet<number>): Promise<number> {
    return Promise.resolve(0)
  }
}
