/**
 * All of scraping: the configuration file, read again when it changes, and the jobs that it names. A file that is wrong changes nothing
 * and says so; what is the same in a new one goes on undisturbed.
 */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Tenant } from '../kernel/scope.ts'
import type { ScrapeConfig } from './config.ts'
import { invalidConfig } from './errors.ts'
import { textOf } from './group-sources.ts'
import { JobRun } from './job-run.ts'
import { filePollMs, targetsMax, yamlCharsMax } from './limits.ts'
import type { ScrapeConfigView, ScrapeStatus, ScrapeView } from './ports.ts'
import { readScrapeConfig } from './read-config.ts'
import type { LoopDeps } from './target-loop.ts'
import { wordsOf } from './words.ts'

export interface ScraperDeps extends LoopDeps {
  /** Null: nothing is scraped. */
  readonly configPath: string | null
  /** Null: there is no such project. */
  readonly tenantOf: (projectId: number) => Promise<Tenant | null>
}

/** A file that could not be used is tried again after so many looks, though it did not change: a project may be there now. */
const looksUntilRetry = 15

export class Scraper implements ScrapeStatus, AsyncDisposable {
  readonly #deps: ScraperDeps
  #runs = new Map<string, JobRun>()
  #version = ''
  #looks = 0
  #error: string | null = null
  #notes: readonly string[] = []
  #loadedAtMs: number | null = null
  #timer: Disposable | null = null
  #looking: Promise<void> = Promise.resolve()
  /** Jobs that end. */
  readonly #ending = new Set<Promise<void>>()
  #isOver = false

  constructor(deps: ScraperDeps) {
    this.#deps = deps
  }

  /** Resolves when the configuration was looked at for the first time, whatever it says. */
  async start(): Promise<void> {
    if (this.#deps.configPath === null) return
    this.#looking = this.#look(this.#deps.configPath)
    await this.#looking
  }

  config(): ScrapeConfigView {
    return { path: this.#deps.configPath, loadedAtMs: this.#loadedAtMs, error: this.#error, notes: this.#notes }
  }

  view(projectIds: readonly number[]): ScrapeView {
    const runs = Array.from(this.#runs.values()).filter(({ tenant }) => projectIds.includes(tenant.projectId))
    return {
      jobs: runs.map((run) => run.view),
      targets: runs.flatMap((run) => run.targets()),
      dropped: runs.flatMap((run) => run.dropped()),
    }
  }

  get targetCount(): number {
    let count = 0
    for (const run of this.#runs.values()) count += run.targetCount
    return count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
    await this.#looking
    await Promise.all(Array.from(this.#runs.values(), (run) => run[Symbol.asyncDispose]()))
    await Promise.all(this.#ending)
  }

  async #look(path: string): Promise<void> {
    const { clock, logger } = this.#deps
    try {
      const { mtimeMs, size, ino } = await stat(path)
      const version = `${mtimeMs} ${size} ${ino}`
      const isRetry = this.#error !== null && ++this.#looks % looksUntilRetry === 0
      if (version !== this.#version || isRetry) {
        this.#version = version
        await this.#load(path)
        this.#error = null
      }
    } catch (error) {
      const text = wordsOf(error)
      if (text !== this.#error) logger.error('the scrape configuration is not used', { path, error: text })
      this.#error = text
    }
    if (!this.#isOver) this.#timer = clock.after(filePollMs, () => void (this.#looking = this.#look(path)))
  }

  async #load(path: string): Promise<void> {
    const text = await textOf(path)
    if (text.length > yamlCharsMax) throw invalidConfig(`The file must not be longer than ${yamlCharsMax} characters.`)
    const config = readScrapeConfig(text, dirname(path))
    const tenants = await this.#tenants(config)
    if (this.#isOver) return
    this.#apply(config, tenants)
    this.#notes = config.notes
    this.#loadedAtMs = this.#deps.clock.nowMs()
  }

  async #tenants({ jobs }: ScrapeConfig): Promise<Map<number, Tenant>> {
    const tenants = new Map<number, Tenant>()
    for (const { name, projectId } of jobs) {
      if (tenants.has(projectId)) continue
      const tenant = await this.#deps.tenantOf(projectId)
      if (tenant === null) throw invalidConfig(`Job ${name}: there is no project ${projectId}.`)
      tenants.set(projectId, tenant)
    }
    return tenants
  }

  #apply({ jobs }: ScrapeConfig, tenants: ReadonlyMap<number, Tenant>): void {
    const before = this.#runs
    const runs = new Map<string, JobRun>()
    const deps = { ...this.#deps, room: () => targetsMax - this.targetCount }
    this.#runs = runs
    const started: JobRun[] = []
    for (const job of jobs) {
      const known = before.get(job.name)
      if (known?.job.signature === job.signature) {
        runs.set(job.name, known)
        before.delete(job.name)
        continue
      }
      const tenant = tenants.get(job.projectId)
      if (tenant === undefined) continue
      const run = new JobRun(deps, { job, tenant }, known)
      runs.set(job.name, run)
      started.push(run)
    }
    for (const run of before.values()) this.#await(run.end())
    for (const run of started) run.start()
  }

  #await(ending: Promise<void>): void {
    this.#ending.add(ending)
    void ending.finally(() => this.#ending.delete(ending))
  }
}
