/** What an operator sees of the lanes, and the switches that an operator sets. */
import type { BudgetScan } from './budget-scan.ts'
import type { LaneBook, ProjectLane } from './lane-book.ts'
import type { LaneMove, LaneRecords, LaneSwitch } from './ports.ts'

/** A project that was active lately, is in the low lane, or has a switch. */
export interface LaneProject {
  readonly projectId: number
  readonly lane: ProjectLane
  /** Seconds a second, at the last scan. */
  readonly usedBudget: number
  readonly set: LaneSwitch | null
  /** The switch stands in the settings, so it cannot be changed here. */
  readonly isSetInSettings: boolean
  readonly queuedBodies: number
  readonly queuedBytes: number
  /** Used budget, oldest first, a point every `historyStepMs`. */
  readonly history: readonly number[]
}

export interface LanesView {
  readonly isAutomatic: boolean
  readonly projectBudget: number
  readonly projects: readonly LaneProject[]
  /** Newest first. */
  readonly moves: readonly LaneMove[]
}

export interface LanesDeskDeps {
  readonly scan: BudgetScan
  readonly book: LaneBook
  readonly records: LaneRecords
  readonly projectBudget: number
  readonly isAutomatic: boolean
  readonly switches: ReadonlyMap<number, LaneSwitch>
}

export const movesShownMax = 100
const projectsShownMax = 200

export class LanesDesk {
  readonly #deps: LanesDeskDeps

  constructor(deps: LanesDeskDeps) {
    this.#deps = deps
  }

  /** Errors: those of `records`. */
  async view(): Promise<LanesView> {
    const { scan, book, records, projectBudget, isAutomatic } = this.#deps
    const { latest } = scan.history
    const moves = await records.moves(movesShownMax)
    const known = new Set([...latest.keys(), ...book.switches.keys(), ...book.queuedProjects()])
    for (const { projectId } of moves) if (book.laneOf(projectId) === 'low') known.add(projectId)
    const projects = [...known].map((projectId) => this.#project(projectId, latest.get(projectId) ?? 0))
    projects.sort((a, b) => b.usedBudget - a.usedBudget || a.projectId - b.projectId)
    return { isAutomatic, projectBudget, projects: projects.slice(0, projectsShownMax), moves }
  }

  /** Null: back to what the budget says. In force for this program at once, for others within seconds. Errors: those of `records`. */
  async setSwitch(projectId: number, to: LaneSwitch | null, actor: string): Promise<void> {
    const { scan, book, records } = this.#deps
    await records.setSwitch(projectId, to, actor)
    await scan.refreshSwitches()
    const usedBudget = scan.history.latest.get(projectId) ?? 0
    const change = book.isLow(projectId) ? 'added' : 'removed'
    await scan.report({ projectId, change, reason: to === null ? 'switch removed' : `switch ${to}`, usedBudget, actor })
  }

  #project(projectId: number, usedBudget: number): LaneProject {
    const { scan, book, switches } = this.#deps
    const { bodies, sizeBytes } = book.queueOf(projectId)
    return {
      projectId,
      lane: book.laneOf(projectId),
      usedBudget,
      set: book.switches.get(projectId) ?? null,
      isSetInSettings: switches.has(projectId),
      queuedBodies: bodies,
      queuedBytes: sizeBytes,
      history: scan.history.of(projectId),
    }
  }
}
