/** One job while it runs: targets come and go as its discoveries say, each with its loop. */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { ScrapeJob } from './config.ts'
import { FileGroups, HttpGroups, staticGroups, type GroupSource } from './group-sources.ts'
import { HttpClient } from './http-client.ts'
import { droppedKeptMax } from './limits.ts'
import type { DroppedView, JobView, TargetView } from './ports.ts'
import { TargetLoop, type LoopDeps, type LoopJob } from './target-loop.ts'
import { targetsOf, type DroppedTarget, type Target } from './target.ts'

export interface JobRunDeps extends LoopDeps {
  readonly clock: Clock
  /** Targets that may be added to all jobs together. */
  readonly room: () => number
}

export class JobRun implements AsyncDisposable {
  readonly job: ScrapeJob
  readonly tenant: Tenant
  readonly #deps: JobRunDeps
  readonly #client: HttpClient
  readonly #sources: readonly GroupSource[]
  readonly #loops = new Map<string, TargetLoop>()
  /** Loops of an earlier run of the job that nobody has followed yet. */
  #ancestors: TargetLoop[]
  #dropped: readonly DroppedTarget[] = []
  #droppedCount = 0
  #problem: string | null = null
  /** Ends and handovers under way. */
  readonly #under = new Set<Promise<void>>()
  #isOver = false

  /** `before`: the run of the same job under an earlier configuration, which hands its targets on. */
  constructor(deps: JobRunDeps, { job, tenant }: Pick<JobRun, 'job' | 'tenant'>, before?: JobRun) {
    this.#deps = deps
    this.job = job
    this.tenant = tenant
    this.#client = new HttpClient(job.http)
    this.#sources = [
      staticGroups(job.groups),
      ...job.files.map((files) => new FileGroups(files, deps.clock)),
      ...job.urls.map((url) => new HttpGroups(url, deps.clock)),
    ]
    this.#ancestors = before?.handOver() ?? []
  }

  start(): void {
    for (const source of this.#sources) source.start(() => this.#sync())
  }

  get targetCount(): number {
    return this.#loops.size
  }

  get view(): JobView {
    const problems = [...this.#sources.map(({ problem }) => problem), this.#problem].filter((problem) => problem !== null)
    return { name: this.job.name, targets: this.#loops.size, dropped: this.#droppedCount, problems }
  }

  targets(): TargetView[] {
    return Array.from(this.#loops.values(), (loop) => loop.view)
  }

  dropped(): DroppedView[] {
    return this.#dropped.map(({ discovered, reason }) => ({ job: this.job.name, discovered, reason }))
  }

  /** The job is gone: all its series end. */
  async end(): Promise<void> {
    // A loop that is just being followed has no series yet.
    await Promise.all(this.#under)
    const loops = this.handOver()
    await Promise.all(loops.map((loop) => loop.end()))
    await this[Symbol.asyncDispose]()
  }

  /** Gives its loops away and is over. */
  handOver(): TargetLoop[] {
    const loops = [...this.#loops.values(), ...this.#ancestors]
    this.#loops.clear()
    this.#ancestors = []
    this.#close()
    return loops
  }

  /** Stops without ending series: the program goes and comes again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
    await Promise.all([...this.#loops.values(), ...this.#ancestors].map((loop) => loop.stop()))
    await Promise.all(this.#under)
    this.#client[Symbol.dispose]()
  }

  #close(): void {
    this.#isOver = true
    for (const source of this.#sources) source[Symbol.dispose]()
  }

  #sync(): void {
    if (this.#isOver) return
    const { limits } = this.job
    const groups = this.#sources.flatMap((source) => source.groups)
    const droppedMax = limits.droppedKept === 0 ? droppedKeptMax : Math.min(limits.droppedKept, droppedKeptMax)
    const found = targetsOf(this.job, groups, droppedMax)
    const targets = found.targets.slice(0, this.#loops.size + this.#deps.room())
    this.#dropped = found.dropped
    this.#droppedCount = found.droppedCount + found.targets.length - targets.length
    const isOver = limits.targetsMax > 0 && targets.length > limits.targetsMax
    this.#problem = isOver
      ? `There are ${targets.length} targets; target_limit is ${limits.targetsMax}. None of them is scraped.`
      : targets.length < found.targets.length
        ? `${found.targets.length - targets.length} targets are left out: the program has as many as it may.`
        : null
    this.#follow(targets)
  }

  #follow(targets: readonly Target[]): void {
    const wanted = new Set(targets.map(({ key }) => key))
    const gone: TargetLoop[] = []
    for (const [key, loop] of this.#loops) {
      if (wanted.has(key)) continue
      this.#loops.delete(key)
      gone.push(loop)
    }
    const before = new Map<string, TargetLoop>()
    for (const loop of [...this.#ancestors, ...gone]) before.set(seriesKey(loop.of.tenant, loop.target), loop)
    const followed = new Set<TargetLoop>()
    for (const target of targets) {
      if (this.#loops.has(target.key)) continue
      const loop = new TargetLoop(this.#deps, this.#loopJob(), target)
      this.#loops.set(target.key, loop)
      const heirOf = before.get(seriesKey(this.tenant, target))
      if (heirOf === undefined) loop.start()
      else {
        before.delete(seriesKey(this.tenant, target))
        followed.add(heirOf)
        this.#await(heirOf.stop().then(() => loop.start(heirOf)))
      }
    }
    // While a discovery has said nothing yet, nobody knows whether a target of before is gone.
    const isKnown = this.#sources.every((source) => source.isKnown)
    const left = [...this.#ancestors, ...gone].filter((loop) => !followed.has(loop))
    this.#ancestors = isKnown ? [] : left
    if (isKnown) for (const loop of left) this.#await(loop.end())
  }

  #loopJob(): LoopJob {
    return { job: this.job, tenant: this.tenant, client: this.#client, forcedFailure: () => (this.#isOverLimit() ? this.#problem : null) }
  }

  #isOverLimit(): boolean {
    const { targetsMax } = this.job.limits
    return targetsMax > 0 && this.#loops.size > targetsMax
  }

  #await(step: Promise<void>): void {
    this.#under.add(step)
    void step.finally(() => this.#under.delete(step))
  }
}

/** The same for targets whose series are the same. */
function seriesKey({ projectId }: Tenant, { labels }: Target): string {
  return JSON.stringify([projectId, labels])
}
