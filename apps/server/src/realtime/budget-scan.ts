/**
 * The task that decides: every few seconds it tells the store what was spent, looks at everyone who was active, and moves who is over
 * budget and who no longer is. A failure of the store is logged and the next round tries again.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import { BudgetHistory } from './budget-history.ts'
import type { CostMeter } from './cost-meter.ts'
import type { LaneBook } from './lane-book.ts'
import type { LaneMove, LaneRecords, LaneSwitch, MoveReason, RealtimeMetricsStore } from './ports.ts'

export interface BudgetScanDeps {
  readonly store: RealtimeMetricsStore
  readonly meter: CostMeter
  readonly book: LaneBook
  readonly records: LaneRecords
  /** Seconds a second; who uses more is moved. */
  readonly projectBudget: number
  /** Whether the budget moves anyone; the switches do in any case. */
  readonly isAutomatic: boolean
  /** Switches of the settings. */
  readonly switches: ReadonlyMap<number, LaneSwitch>
  readonly clock: Clock
  readonly logger: Logger
}

export const scanMs = 2_000
/** Switches set in another program are seen after so many scans at most. */
const scansPerRefresh = 8
/** Moves looked at to find who was in the queue when the program ended. */
const restoredMovesMax = 1_000

export class BudgetScan implements AsyncDisposable {
  readonly history: BudgetHistory
  readonly #deps: BudgetScanDeps
  #timer: Disposable | null = null
  #running: Promise<void> = Promise.resolve()
  #isRunning = false
  #scans = 0
  #failures = 0

  constructor(deps: BudgetScanDeps) {
    this.#deps = deps
    this.history = new BudgetHistory(deps.clock)
  }

  /** Puts back who was in the queue when the last life of the program ended, then scans again and again. Errors: those of `records`. */
  async start(): Promise<void> {
    const { records, store, book, isAutomatic, clock } = this.#deps
    await this.refreshSwitches()
    const seen = new Set<number>()
    for (const { projectId, change, reason } of isAutomatic ? await records.moves(restoredMovesMax) : []) {
      if (reason.startsWith('switch') || seen.has(projectId)) continue
      seen.add(projectId)
      if (change === 'added') await store.addProjectToLpq(projectId)
    }
    book.setMembers(isAutomatic ? await store.getLpqProjects() : new Set())
    this.#timer = clock.every(scanMs, () => {
      if (!this.#isRunning) this.#running = this.#guarded()
    })
  }

  /** One round. Errors: those of the store. */
  async scan(): Promise<void> {
    const { store, meter, book, isAutomatic } = this.#deps
    await meter.tell(store)
    const active: number[] = []
    for await (const project of store.projects()) active.push(project)
    const used = new Map<number, number>()
    await Promise.all(active.map(async (project) => used.set(project, await store.getUsedBudgetForProject(project))))
    this.history.note(used)
    if (!isAutomatic) return
    const members = await store.getLpqProjects()
    for (const [project, usedBudget] of used) await this.#update(project, usedBudget, members)
    for (const project of members) if (!used.has(project)) await this.#remove(project, 'no metrics', 0)
    book.setMembers(await store.getLpqProjects())
  }

  /** Reads the operators' switches again. Errors: those of `records`. */
  async refreshSwitches(): Promise<void> {
    const { records, switches, book } = this.#deps
    const merged = new Map(await records.switches())
    for (const [project, to] of switches) if (merged.get(project) !== 'never') merged.set(project, to)
    book.setSwitches(merged)
  }

  async report(move: Omit<LaneMove, 'atMs'>): Promise<void> {
    const { records, clock, logger } = this.#deps
    const { projectId, change, reason, usedBudget, actor } = move
    logger.warn('a project changed lanes', { projectId, change, reason, usedBudget, actor })
    try {
      await records.addMove({ ...move, atMs: clock.nowMs() })
    } catch (error) {
      logger.warn('a move between lanes could not be recorded', { projectId, error: String(error) })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.#running
  }

  async #update(project: number, usedBudget: number, members: ReadonlySet<number>): Promise<void> {
    const { store, projectBudget, book } = this.#deps
    if (usedBudget > projectBudget) {
      if (members.has(project) || book.switches.get(project) === 'never') return
      if (await store.addProjectToLpq(project))
        await this.report({ projectId: project, change: 'added', reason: 'budget', usedBudget, actor: 'system' })
    } else if (members.has(project)) await this.#remove(project, 'eligible', usedBudget)
  }

  async #remove(project: number, reason: MoveReason, usedBudget: number): Promise<void> {
    const { store, book } = this.#deps
    // What the lane holds back does not show in the cost: with a queue it is over budget, whatever it used.
    if (!book.mayReturn(project)) return
    if ((await store.removeProjectsFromLpq(new Set([project]))) > 0)
      await this.report({ projectId: project, change: 'removed', reason, usedBudget, actor: 'system' })
  }

  async #guarded(): Promise<void> {
    this.#isRunning = true
    try {
      await this.scan()
      if (this.#scans++ % scansPerRefresh === 0) await this.refreshSwitches()
      this.#failures = 0
    } catch (error) {
      // The first one and then every doubling.
      this.#failures++
      if ((this.#failures & (this.#failures - 1)) === 0) this.#deps.logger.warn('the scan of budgets failed', { error: String(error) })
    } finally {
      this.#isRunning = false
    }
  }
}
