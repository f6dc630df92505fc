/** Records observations of one project by the rules, into whatever backend. */
import { looksLikeMri, parseMri, publicNameOf, type MetricsIngestConfigurations } from '../../naming/index.ts'
import type { CollectedRange, CollectedSeries, MetricsCollector, MetricsStorageBackend, Observation, Recorded } from './ports.ts'
import { judged } from './rules.ts'

export interface MetricsCollectorDeps {
  readonly backend: MetricsStorageBackend
  readonly configurations: MetricsIngestConfigurations
  readonly clock: { nowMs(): number }
  /** Told of every observation that was not recorded. */
  readonly onRefused?: (reason: string, detail: string) => void
}

class Collector implements MetricsCollector {
  readonly #deps: MetricsCollectorDeps

  constructor(deps: MetricsCollectorDeps) {
    this.#deps = deps
  }

  recordMetric(name: string, value: number | string, tags: Observation['tags'] = {}): Recorded {
    return this.record({ name, value, tags })
  }

  record(observation: Observation): Recorded {
    const { backend, configurations, clock, onRefused } = this.#deps
    const found = judged(observation, { configurations, typeOf: (name) => backend.typeOf(name), nowMs: clock.nowMs() })
    const recorded = found.type === 'ok' ? backend.write(found.observation) : found
    if (recorded.type === 'reject') {
      backend.refuse(recorded.reason, 1)
      onRefused?.(recorded.reason, recorded.detail)
    }
    return recorded
  }

  getMetrics(name: string, timeRange: CollectedRange, tags: Readonly<Record<string, string>> = {}): Promise<CollectedSeries[]> {
    const storedName = looksLikeMri(name) ? publicNameOf(parseMri(name)) : name
    return this.#deps.backend.read(storedName, timeRange, tags)
  }

  commit(): Promise<void> {
    return this.#deps.backend.commit()
  }
}

export function createMetricsCollector(deps: MetricsCollectorDeps): MetricsCollector {
  return new Collector(deps)
}
