/**
 * What the processing of each project's data costs, in a sliding window, and who is over budget: the vocabulary of the domain.
 * A project's number is unique in the whole installation. Times of options are seconds, as their names have always been.
 */

/** How costs are added up. All are seconds. */
export interface BudgetOptions {
  /** Length of one counter: more than 0, at most 60. */
  readonly budgetBucketSize: number
  /** What the average is taken over: at least 60. */
  readonly budgetTimeWindow: number
  /** How long a project that was moved stays where it is; 0: it may be moved again at once. */
  readonly backoffTimer: number
}

/**
 * Costs and members. Back ends: in process, Redis, no-op; all pass `realtimeMetricsContract`. Calls made in one turn of the event loop
 * share a round trip. Errors of the Redis back end: those of `RedisEngine`.
 */
export interface RealtimeMetricsStore {
  /** Throws `InvalidConfiguration`, which names the key. */
  validate(): void
  /** Adds to the project's present bucket; whole milliseconds count, a fraction is cut off. */
  recordProjectDuration(project: number, seconds: number): Promise<void>
  /** Projects with recorded activity in the window, each once, in no order. */
  projects(): AsyncIterable<number>
  /**
   * Average cost, seconds a second, over the buckets from the one that holds the beginning of the window through the present one;
   * divided by the time since that first bucket began.
   */
  getUsedBudgetForProject(project: number): Promise<number>
  /** Members of the low-priority queue. */
  getLpqProjects(): Promise<ReadonlySet<number>>
  isLpqProject(project: number): Promise<boolean>
  /** True when it was none before; false also while it is held by its back-off. */
  addProjectToLpq(project: number): Promise<boolean>
  /** How many were members. Those held by their back-off stay; the others' back-off begins, members or not. */
  removeProjectsFromLpq(projects: ReadonlySet<number>): Promise<number>
}

/** What an operator says of a project: `never` beats `always`, whoever said either. */
export type LaneSwitch = 'always' | 'never'

/** - `budget`: over it. `eligible`: under it again. `no metrics`: nothing was recorded in the window. Others: an operator's switch. */
export type MoveReason = 'budget' | 'eligible' | 'no metrics' | 'switch always' | 'switch never' | 'switch removed'

/** A project that changed lanes, or whose switch was set. */
export interface LaneMove {
  readonly projectId: number
  readonly change: 'added' | 'removed'
  readonly reason: MoveReason
  /** Seconds a second. */
  readonly usedBudget: number
  /** `system`, or who set the switch. */
  readonly actor: string
  /** ms since 1970. */
  readonly atMs: number
}

/** Where moves and switches are kept, in PostgreSQL. Errors: the driver's. */
export interface LaneRecords {
  addMove(move: LaneMove): Promise<void>
  /** Newest first. */
  moves(limit: number): Promise<readonly LaneMove[]>
  switches(): Promise<ReadonlyMap<number, LaneSwitch>>
  /** Null: back to what the budget says. */
  setSwitch(projectId: number, to: LaneSwitch | null, actor: string): Promise<void>
}
