/** The real store as a storage for PromQL test files: engines in a folder of its own, samples through log, head and writer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { operatorScope } from '../accounts/index.ts'
import { openDataDirectory, planMemory } from '../engines/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { createInstruments } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import { ResourceScope } from '../kernel/resource-scope.ts'
import type { Tenant } from '../kernel/scope.ts'
import { MetricsBatch, type MetricsStore } from '../metrics/index.ts'
import type { SampleSource, TestSeries, TestStorage } from '../promql/index.ts'
import { composeEngines } from './engines.ts'
import { composeMetrics, type MetricsPath } from './metrics.ts'

/** Where selectors read: newest samples in memory, or everything from ClickHouse as after a restart. */
export type PromqlStorageMode = 'memory' | 'engine'

const everything = { samplesMax: 100_000_000, seriesMax: 1_000_000 }
const logSizeBytesMax = 1024 ** 3
const seriesMax = 1_000_000

/** Starts the engines (a few seconds). Each `clear` goes on in a project of its own. Disposing stops and deletes everything. */
export async function openPromqlStorage(mode: PromqlStorageMode, logger: Logger): Promise<TestStorage & AsyncDisposable> {
  const resources = new ResourceScope()
  try {
    const directory = await mkdtemp(join(tmpdir(), 'bellwether-promql-'))
    resources.defer('directory', () => rm(directory, { recursive: true, force: true }))
    const dataDir = resources.use(await openDataDirectory(join(directory, 'data'))).path
    const memory = planMemory()
    const clock = systemClock
    const engines = await composeEngines(
      { config: { clickhouseUrl: null, postgresUrl: null, redisUrl: null }, dataDir, memory, clock, logger },
      resources,
    )
    const path = await composeMetrics(
      {
        config: { logSizeBytesMax, seriesMax, seriesUnseenHours: 6, queryTimeoutSec: 60, aggregateIntervalSec: 10 },
        dataDir,
        memory,
        engines,
        instruments: createInstruments(),
        clock,
        logger,
        low: null,
        openCardinality: null,
        indexer: null,
        decodeRaw() {
          throw new Error('test files have no raw records')
        },
      },
      resources,
    )
    return new RealStorage(path, mode, resources)
  } catch (error) {
    await resources[Symbol.asyncDispose]()
    throw error
  }
}

class RealStorage implements TestStorage, AsyncDisposable {
  readonly source: SampleSource
  readonly #path: MetricsPath
  readonly #mode: PromqlStorageMode
  readonly #resources: ResourceScope
  readonly #batch = new MetricsBatch()
  #tenant: Tenant = { organizationId: 1, projectId: 1 }

  constructor(path: MetricsPath, mode: PromqlStorageMode, resources: ResourceScope) {
    this.#path = path
    this.#mode = mode
    this.#resources = resources
    const store: MetricsStore = mode === 'memory' ? path.store : path.engineStore
    this.source = {
      select: (request, signal) => store.select(operatorScope(this.#tenant), request, { ...everything, signal }),
      grid: async (request, hint, signal) =>
        (await store.grid?.(operatorScope(this.#tenant), { ...request, hint }, { ...everything, signal })) ?? null,
    }
  }

  async load(series: readonly TestSeries[]): Promise<void> {
    const batch = this.#batch
    batch.reset(this.#tenant)
    for (const { labels, timesMs, values, histograms } of series) {
      const ref = this.#path.ingest.series.resolve(this.#tenant, labels)
      if (ref < 0) throw new Error('too many series for one test')
      for (const [i, timeMs] of timesMs.entries()) {
        const histogram = histograms?.[i] ?? null
        if (histogram === null) batch.addSample(ref, timeMs, values[i] ?? Number.NaN)
        else batch.addHistogram(ref, timeMs, histogram)
        batch.pointsReceived++
      }
    }
    await this.#path.ingest.accept(batch, 0)
    if (this.#mode === 'engine') await this.#path.writer.drain(AbortSignal.timeout(drainTimeoutMs))
  }

  clear(): Promise<void> {
    this.#tenant = { organizationId: this.#tenant.organizationId, projectId: this.#tenant.projectId + 1 }
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]()
  }
}

const drainTimeoutMs = 60_000
