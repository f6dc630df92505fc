/**
 * Bellwether's first user: every five seconds its own instruments, its processes and the machine go through the ordinary ingest path, so that
 * no first screen is empty and the path is always exercised. What it cannot store it forgets; it never gets in the way.
 */
import { hostname } from 'node:os'
import type { Clock } from '../../kernel/clock.ts'
import type { Registry } from '../../kernel/instruments.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { MetricsBatch } from '../batch/metrics-batch.ts'
import type { MetricType } from '../model.ts'
import type { MetricsIngest } from '../ports.ts'
import { nameLabel, normalizeLabels } from '../series/labels.ts'
import { registerCounter, registerGauge } from './absolute-counter.ts'
import { registerHostFacts } from './host-facts.ts'
import { readCpuSeconds, readProcesses, type WatchedProcess } from './process-facts.ts'
import { watchRuntime } from './runtime-facts.ts'

export interface SelfWatcherDeps {
  readonly ingest: MetricsIngest
  readonly instruments: Registry
  /** Where the samples belong; null while there is no project yet. */
  readonly tenant: () => Tenant | null
  /** Our processes, this one included. */
  readonly processes: () => readonly WatchedProcess[]
  readonly dataDir: string
  readonly clock: Clock
  readonly logger: Logger
  /** Label `instance`; the host's name by default. */
  readonly instance?: string
  readonly periodMs?: number
}

/** Disposing waits for the round under way, so that what it asks can close behind it. */
export interface SelfWatcher extends AsyncDisposable {
  start(): void
  /** One round now; resolves when it is stored or given up. */
  observe(): Promise<void>
}

/** Series remembered by name and labels; more are looked up anew each time. */
const rememberedMax = 20_000

interface OwnSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

class Watcher implements SelfWatcher {
  readonly #deps: SelfWatcherDeps
  readonly #instance: string
  readonly #batch = new MetricsBatch()
  readonly #refs = new Map<string, number>()
  readonly #runtime: Disposable
  #timer: Disposable | null = null
  #round: Promise<void> | null = null
  #isOver = false

  constructor(deps: SelfWatcherDeps) {
    this.#deps = deps
    this.#instance = deps.instance ?? hostname()
    registerHostFacts(deps.instruments, deps.dataDir)
    registerProcessFacts(deps.instruments, deps.processes)
    this.#runtime = watchRuntime(deps.instruments)
  }

  start(): void {
    this.#timer ??= this.#deps.clock.every(this.#deps.periodMs ?? 5_000, () => void this.observe())
    void this.observe()
  }

  async observe(): Promise<void> {
    const tenant = this.#deps.tenant()
    if (tenant === null || this.#round !== null || this.#isOver) return
    this.#round = this.#observe(tenant)
    await this.#round
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
    this.#runtime[Symbol.dispose]()
    await this.#round
  }

  async #observe(tenant: Tenant): Promise<void> {
    try {
      await this.#fill(tenant)
      if (!this.#isOver) await this.#deps.ingest.accept(this.#batch, 0)
    } catch (error) {
      this.#deps.logger.debug('own metrics were not stored', { error: String(error) })
    } finally {
      this.#round = null
    }
  }

  async #fill(tenant: Tenant): Promise<void> {
    const batch = this.#batch
    const metrics = await this.#deps.instruments.getMetricsAsJSON()
    const nowMs = this.#deps.clock.nowMs()
    batch.reset(tenant)
    for (const metric of metrics) {
      batch.metadata.push({ name: metric.name, type: toType(metric.type), unit: '', help: metric.help })
      for (const sample of metric.values) {
        const name = 'metricName' in sample && typeof sample.metricName === 'string' ? sample.metricName : metric.name
        this.#add(tenant, { name, labels: definedLabels(sample.labels), value: sample.value }, nowMs)
      }
    }
  }

  #add(tenant: Tenant, sample: OwnSample, nowMs: number): void {
    const key = `${tenant.organizationId}/${tenant.projectId} ${sample.name} ${JSON.stringify(sample.labels)}`
    let ref = this.#refs.get(key)
    if (ref === undefined) {
      ref = this.#resolve(tenant, sample)
      if (ref !== -1 && this.#refs.size < rememberedMax) this.#refs.set(key, ref)
    }
    this.#batch.pointsReceived++
    if (ref === -1) this.#batch.refuse('series_limit', 1, sample.name)
    else this.#batch.addSample(ref, nowMs, sample.value)
  }

  #resolve(tenant: Tenant, { name, labels }: OwnSample): number {
    const own = Object.entries(labels).map(([label, value]): [string, string] => [label, String(value)])
    const normalized = normalizeLabels([[nameLabel, name], ['job', 'bellwether'], ['instance', this.#instance], ...own])
    return normalized.type === 'ok' ? this.#deps.ingest.series.resolve(tenant, normalized.labels) : -1
  }
}

function definedLabels(labels: Readonly<Record<string, string | number | undefined>>): Record<string, string | number> {
  const out: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) out[name] = value
  return out
}

function toType(type: unknown): MetricType {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary' ? type : 'unknown'
}

function registerProcessFacts(registry: Registry, processes: () => readonly WatchedProcess[]): void {
  const labelNames = ['process']
  registerCounter(registry, {
    name: 'process_cpu_seconds_total',
    help: 'Processor time of our processes, with their children.',
    labelNames,
    read: () => readCpuSeconds(processes()),
  })
  registerGauge(registry, {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of our processes.',
    labelNames,
    read: () => readProcesses(processes(), (facts) => facts.residentBytes),
  })
  registerGauge(registry, {
    name: 'process_start_time_seconds',
    help: 'When our processes started, since 1970.',
    labelNames,
    read: () => readProcesses(processes(), (facts) => facts.startTimeSeconds),
  })
  registerGauge(registry, {
    name: 'process_threads',
    help: 'Threads of our processes.',
    labelNames,
    read: () => readProcesses(processes(), (facts) => facts.threads),
  })
}

/** Registers host and process metrics in `instruments` (so `GET /metrics` shows them too); `start` begins to store them. */
export function createSelfWatcher(deps: SelfWatcherDeps): SelfWatcher {
  return new Watcher(deps)
}
