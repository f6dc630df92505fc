/** One target, scraped again and again: never twice at a time, each scrape one batch with what is said about it. */
import type { Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { ExpositionSource, MetricsDoor, ScrapeAttempt } from '../protocols/index.ts'
import { acceptHeader, formatOf } from './accept.ts'
import type { ScrapeJob } from './config.ts'
import { deadline } from './deadline.ts'
import { FetchFailed, type HttpClient } from './http-client.ts'
import type { TargetView } from './ports.ts'
import { ScrapeTimes } from './scrape-times.ts'
import type { Target } from './target.ts'

export type ScrapeDoor = Pick<MetricsDoor, 'record' | 'exposition' | 'intake' | 'limits'>

export interface LoopDeps {
  readonly door: ScrapeDoor
  readonly clock: Clock
  readonly logger: Logger
  /** Called after each scrape. */
  readonly scraped: (outcome: 'ok' | 'failed' | 'not_stored') => void
}

/** What the loops of one job share. */
export interface LoopJob {
  readonly job: ScrapeJob
  readonly tenant: Tenant
  readonly client: HttpClient
  /** Why all its scrapes fail without being tried; null: they are tried. */
  readonly forcedFailure: () => string | null
}

type Fetched = Pick<ScrapeAttempt, 'body' | 'failure'>

const protocolName = 'scrape'
const noBytes = new Uint8Array(0)

export class TargetLoop {
  readonly target: Target
  readonly of: LoopJob
  readonly #deps: LoopDeps
  readonly #times: ScrapeTimes
  readonly #stop = new AbortController()
  #source: ExpositionSource | null = null
  #timer: Disposable | null = null
  #busy: Promise<void> = Promise.resolve()
  #dueMs = 0
  #lastMs = 0
  #state: Pick<TargetView, 'health' | 'lastError' | 'lastScrapeMs' | 'lastDurationMs' | 'samplesScraped' | 'samplesKept' | 'seriesAdded'> =
    {
      health: 'unknown',
      lastError: null,
      lastScrapeMs: null,
      lastDurationMs: 0,
      samplesScraped: 0,
      samplesKept: 0,
      seriesAdded: 0,
    }

  constructor(deps: LoopDeps, of: LoopJob, target: Target) {
    this.#deps = deps
    this.of = of
    this.target = target
    this.#times = new ScrapeTimes(`${of.job.name} ${target.key}`, target.intervalMs)
  }

  /** `before`: the loop of the same series, which has stopped. */
  start(before?: TargetLoop): void {
    if (this.#stop.signal.aborted) return
    const { door } = this.#deps
    const { job, tenant } = this.of
    const { samplesMax, labelsMax, labelNameBytesMax, labelValueBytesMax } = job.limits
    this.#source = door.exposition.sources.open(
      {
        tenant,
        labels: this.target.labels,
        honorLabels: job.honorLabels,
        honorTimestamps: job.honorTimestamps,
        tracksTimestamps: job.tracksTimestamps,
        relabel: job.metricRelabel,
        limits: { samplesMax, labelsMax, labelNameBytesMax, labelValueBytesMax },
        nativeHistograms: job.nativeHistograms,
        classicHistograms: job.classicHistograms,
      },
      before?.takeSource() ?? undefined,
    )
    this.#lastMs = before?.lastMs ?? 0
    this.#schedule(this.#deps.clock.nowMs())
  }

  get lastMs(): number {
    return this.#lastMs
  }

  /** Hands the source on; this loop does nothing with it any more. */
  takeSource(): ExpositionSource | null {
    const source = this.#source
    this.#source = null
    return source
  }

  get view(): TargetView {
    const { url, labels, discovered, intervalMs, timeoutMs } = this.target
    return {
      job: this.of.job.name,
      url,
      labels,
      discovered,
      intervalMs,
      timeoutMs,
      ...this.#state,
      nextScrapeMs: this.#dueMs === 0 ? null : this.#dueMs,
    }
  }

  /** Resolves when nothing of it is under way any more. Its series do not end: see `end`. */
  async stop(): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
    this.#stop.abort(new FetchFailed('the target is scraped no more'))
    await this.#busy
  }

  /** Stops, and ends all its series: the target is gone. */
  async end(): Promise<void> {
    await this.stop()
    const { door, clock, logger } = this.#deps
    const { tenant } = this.of
    const source = this.takeSource()
    if (source === null) return
    try {
      using lease = door.intake.open(tenant, { sizeBytes: 0, isDecompressedElsewhere: false })
      const timeMs = Math.max(clock.nowMs(), this.#lastMs + 1)
      await door.record({ tenant, protocolName, bytes: noBytes, lease }, (session) => door.exposition.end(session, source, timeMs))
    } catch (error) {
      logger.warn('the series of a target that is gone could not be ended', { url: this.target.url, error: String(error) })
    } finally {
      door.exposition.sources.close(source)
    }
  }

  /** The next time on the grid. A clock that was set back must not make the target wait. */
  #schedule(nowMs: number): void {
    const after = this.#dueMs - nowMs > this.target.intervalMs ? nowMs : Math.max(nowMs, this.#dueMs)
    this.#dueMs = this.#times.next(after)
    this.#timer = this.#deps.clock.after(this.#dueMs - nowMs, () => {
      this.#busy = this.#run()
    })
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#deps
    try {
      await this.#scrape(this.#times.steady(this.#dueMs, clock.nowMs()))
    } catch (error) {
      if (!isAppError(error)) throw error
      // The log is full, or too much comes in: nothing is stored, not even that it failed.
      this.#state = { ...this.#state, health: 'down', lastError: error.publicText }
      this.#deps.scraped('not_stored')
      logger.warn('a scrape could not be stored', { url: this.target.url, code: error.code })
    }
    if (!this.#stop.signal.aborted) this.#schedule(clock.nowMs())
  }

  /** Errors: those of `MetricsDoor.record`. */
  async #scrape(timeMs: number): Promise<void> {
    const { door, clock } = this.#deps
    const { tenant } = this.of
    const source = this.#source
    if (source === null) return
    const startedMs = clock.monotonicMs()
    using lease = door.intake.open(tenant, { sizeBytes: 0, isDecompressedElsewhere: false })
    const fetched = await this.#fetch((sizeBytes) => lease.take(sizeBytes))
    if (this.#stop.signal.aborted) return
    const durationMs = clock.monotonicMs() - startedMs
    const bytes = fetched.body?.bytes ?? noBytes
    const outcome = await door.record({ tenant, protocolName, bytes, lease }, (session) =>
      door.exposition.scrape(session, source, { timeMs, durationMs, ...fetched }),
    )
    this.#lastMs = timeMs
    this.#state = {
      health: outcome.failure === null ? 'up' : 'down',
      lastError: outcome.failure,
      lastScrapeMs: timeMs,
      lastDurationMs: durationMs,
      samplesScraped: outcome.scraped,
      samplesKept: outcome.kept,
      seriesAdded: outcome.added,
    }
    this.#deps.scraped(outcome.failure === null ? 'ok' : 'failed')
  }

  async #fetch(hasRoom: (sizeBytes: number) => boolean): Promise<Fetched> {
    const { job, client, forcedFailure } = this.of
    const forced = forcedFailure()
    if (forced !== null) return { body: null, failure: forced }
    const { timeoutMs } = this.target
    using limit = deadline(this.#deps.clock, timeoutMs, this.#stop.signal)
    const ownMax = job.limits.bodyBytesMax
    const programMax = this.#deps.door.limits.decompressedBytesMax
    const isOwn = ownMax > 0 && ownMax <= programMax
    try {
      const { contentType, bytes } = await client.fetch({
        url: this.target.url,
        headers: this.#headers(),
        bodyBytesMax: isOwn ? ownMax : programMax,
        bodyBoundName: isOwn ? 'body_size_limit' : 'a scrape may be',
        signal: limit.signal,
        hasRoom,
      })
      const format = formatOf(contentType, job.fallbackProtocol)
      if (format === null) return { body: null, failure: `its content type '${contentType}' is none that is known` }
      return { body: { format, bytes }, failure: null }
    } catch (error) {
      if (!(error instanceof FetchFailed)) throw error
      return { body: null, failure: error.message }
    }
  }

  #headers(): Record<string, string> {
    const { job } = this.of
    return {
      accept: acceptHeader(job.protocols),
      'accept-encoding': job.asksForGzip ? 'gzip' : 'identity',
      'user-agent': 'Bellwether',
      'x-prometheus-scrape-timeout-seconds': String(this.target.timeoutMs / 1000),
    }
  }
}
