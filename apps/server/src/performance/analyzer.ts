/**
 * `PerformanceAnalyzer`: the background run. Every project with spans is looked at in turn: versions, regressions around deploys and sampled
 * traces every minute, fast changes every quarter of an hour, slow ones every hour; and what is over is resolved. One project at a time,
 * one run at a time in all programs that share the database.
 */
import type { Pool } from 'pg'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import { TraceJudge } from './detectors/judge-traces.ts'
import type { DeployStore } from './deploy-store.ts'
import type { FindingStore, OpenFinding } from './finding-store.ts'
import { operationsFastMax, operationsWatchedMax, sampledSpansMax, sampledTracesMax } from './limits.ts'
import { isOver } from './over.ts'
import type { Deploy, OperationSource, TraceSource } from './ports.ts'
import { watchRegressions } from './regression-watch.ts'
import type { Pace } from './changes/regressions.ts'

export interface PerformanceAnalyzerDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly operations: OperationSource
  readonly traces: TraceSource
  readonly findings: FindingStore
  readonly deploys: DeployStore
  /** Projects with spans since `fromMs`. */
  readonly activeTenants: (fromMs: number, signal: AbortSignal) => Promise<Tenant[]>
  /** Made by `accounts`, for what the program does by itself. */
  readonly scopeOf: (tenant: Tenant) => Scope
  readonly clock: Clock
  readonly logger: Logger
}

export type Look = 'versions' | 'traces' | Pace

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const everyMs: Readonly<Record<Look, number>> = {
  versions: minuteMs,
  deploy: minuteMs,
  traces: minuteMs,
  fast: 15 * minuteMs,
  slow: hourMs,
}
const order: readonly Look[] = ['versions', 'deploy', 'traces', 'fast', 'slow']
/** How long after the start of the program, and between rounds. */
const roundMs = 20_000
/** What the versions of spans are looked for in; after a pause of the program they are found later than they came. */
const versionsBackMs = 3 * hourMs
/** Deploys are watched so long. */
const deployWatchMs = 100 * minuteMs
const sampleMs = 15 * minuteMs
/** An expensive look is over after so long, or given up. */
const lookTimeoutMs = 120_000
/** Findings on traces that nobody has seen for so long are over. */
const unseenMs = 7 * dayMs
/** Held by the program that runs: any number that nobody else uses. */
const lockKey = 7_212_604

export class PerformanceAnalyzer implements AsyncDisposable {
  readonly #deps: PerformanceAnalyzerDeps
  readonly #stop = new AbortController()
  /** When each look of each project was last taken; projects that are active. */
  readonly #taken = new Map<string, Map<Look, number>>()
  #loop: Promise<void> = Promise.resolve()

  constructor(deps: PerformanceAnalyzerDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#loop = this.#rounds()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  /** What is due for the active projects, now. Errors: those of the engines. */
  async round(): Promise<void> {
    const { activeTenants, clock } = this.#deps
    const active = await activeTenants(clock.nowMs() - 2 * hourMs, this.#stop.signal)
    const keys = new Set(active.map(keyOf))
    for (const key of this.#taken.keys()) if (!keys.has(key)) this.#taken.delete(key)
    for (const tenant of active) {
      const taken = this.#taken.get(keyOf(tenant)) ?? new Map<Look, number>()
      this.#taken.set(keyOf(tenant), taken)
      for (const look of order) {
        const nowMs = clock.nowMs()
        if (this.#stop.signal.aborted) return
        if (nowMs - (taken.get(look) ?? Number.NEGATIVE_INFINITY) < everyMs[look]) continue
        taken.set(look, nowMs)
        await this.#guarded(tenant, look)
      }
    }
  }

  /** Takes one look at one project. Errors: those of the engines. */
  async look(tenant: Tenant, look: Look, signal: AbortSignal): Promise<void> {
    const { clock, findings, deploys, operations, traces, scopeOf } = this.#deps
    const nowMs = clock.nowMs()
    const scope = scopeOf(tenant)
    switch (look) {
      case 'versions': {
        await deploys.see(tenant, await operations.versions(scope, { fromMs: nowMs - versionsBackMs, toMs: nowMs + minuteMs }, signal))
        return
      }
      case 'traces': {
        const asked = { fromMs: nowMs - sampleMs, toMs: nowMs, tracesMax: sampledTracesMax, spansPerTraceMax: sampledSpansMax }
        const judge = new TraceJudge()
        for (const trace of await traces.sample(scope, asked, signal)) {
          judge.add(trace)
          await clock.sleep(0)
        }
        await findings.see(tenant, judge.sightings(), nowMs)
        await this.#resolve(tenant, (finding) => finding.levels === null && nowMs - finding.lastSeenMs > unseenMs)
        return
      }
      case 'deploy':
      case 'fast':
      case 'slow': {
        await this.#regressions(tenant, look, signal)
        return
      }
    }
  }

  async #regressions(tenant: Tenant, pace: Pace, signal: AbortSignal): Promise<void> {
    const { clock, findings, deploys, operations, scopeOf } = this.#deps
    const nowMs = clock.nowMs()
    const backMs = pace === 'deploy' ? deployWatchMs : pace === 'fast' ? 2 * dayMs : 22 * dayMs
    const recent: Deploy[] = await deploys.list(tenant, { fromMs: nowMs - backMs, toMs: nowMs + minuteMs }, null)
    if (pace === 'deploy' && recent.length === 0) return
    const operationsMax = pace === 'slow' ? operationsWatchedMax : operationsFastMax
    const sightings = await watchRegressions(operations, scopeOf(tenant), {
      pace,
      nowMs,
      operationsMax,
      deploys: recent,
      signal,
      pause: () => clock.sleep(0),
    })
    await findings.see(tenant, sightings, nowMs)
    if (pace === 'deploy') return
    const seen = new Set(sightings.map(({ finding, service, operation }) => `${finding}\0${service}\0${operation}`))
    const open = (await findings.open(tenant)).filter(
      ({ finding, service, operation, levels }) => levels !== null && !seen.has(`${finding}\0${service}\0${operation}`),
    )
    const over: string[] = []
    for (const finding of open) if (await isOver(operations, scopeOf(tenant), { finding, nowMs, signal })) over.push(finding.id)
    await findings.resolve(tenant, over, nowMs)
  }

  async #resolve(tenant: Tenant, isGone: (finding: OpenFinding) => boolean): Promise<void> {
    const { clock, findings } = this.#deps
    const gone = (await findings.open(tenant)).filter(isGone)
    await findings.resolve(
      tenant,
      gone.map(({ id }) => id),
      clock.nowMs(),
    )
  }

  async #guarded(tenant: Tenant, look: Look): Promise<void> {
    const { logger } = this.#deps
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(lookTimeoutMs)])
    try {
      await this.look(tenant, look, signal)
    } catch (error) {
      // The next one comes soon; one project's trouble is not the others'.
      if (!this.#stop.signal.aborted)
        logger.warn('performance could not be looked at', { look, project: tenant.projectId, error: String(error) })
    }
  }

  async #rounds(): Promise<void> {
    const { clock, logger } = this.#deps
    const { signal } = this.#stop
    while (!signal.aborted) {
      await clock.sleep(roundMs, signal)
      if (signal.aborted) return
      try {
        await this.#alone(() => this.round())
      } catch (error) {
        if (!signal.aborted) logger.debug('performance could not be looked at', { error: String(error) })
      }
    }
  }

  /** Runs it unless another program does. */
  async #alone(run: () => Promise<void>): Promise<void> {
    const client = await this.#deps.pool.connect()
    try {
      const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [lockKey])
      if (rows[0]?.taken !== true) return
      try {
        await run()
      } finally {
        await client.query('select pg_advisory_unlock($1)', [lockKey])
      }
    } finally {
      client.release()
    }
  }
}

function keyOf({ organizationId, projectId }: Tenant): string {
  return `${organizationId}/${projectId}`
}
