/** Records observations of one project by the rules, into whatever backend. */
import { looksLikeMri, parseMri, publicNameOf, type MetricsIngestConfigurations } from '../../naming/index.ts'
import type { AggregateType } from '../aggregates/ports.ts'
import type {
  CollectedRange,
  CollectedSeries,
  MetricsCollector,
  MetricsStorageBackend,
  Observation,
  Recorded,
  StoredObservation,
} from './ports.ts'
import { judged, judgedAgain, NameMemory } from './rules.ts'

const nothing: StoredObservation = { storedName: '', type: 'counter', unit: '', value: 0, tags: [], timeMs: null }

export interface MetricsCollectorDeps {
  readonly backend: MetricsStorageBackend
  readonly configurations: MetricsIngestConfigurations
  readonly clock: { nowMs(): number }
  /** Told of every observation that was not recorded. */
  readonly onRefused?: (reason: string, detail: string) => void
}

class Collector implements MetricsCollector {
  readonly #deps: MetricsCollectorDeps
  readonly #names = new NameMemory()
  readonly #typeOf: (storedName: string) => AggregateType | null
  /** The last observation that was recorded, since the last commit: another of its series need not be judged again. */
  #last: Observation | null = null
  #lastStored: StoredObservation = nothing

  constructor(deps: MetricsCollectorDeps) {
    this.#deps = deps
    this.#typeOf = (name) => deps.backend.typeOf(name)
  }

  recordMetric(name: string, value: number | string, tags: Observation['tags'] = {}): Recorded {
    return this.record({ name, value, tags })
  }

  record(observation: Observation): Recorded {
    const { backend, configurations, clock, onRefused } = this.#deps
    const found = this.#isLikeLast(observation)
      ? judgedAgain(observation, this.#lastStored, clock.nowMs())
      : judged(observation, { configurations, typeOf: this.#typeOf, names: this.#names, nowMs: clock.nowMs() })
    const recorded = found.type === 'ok' ? backend.write(found.observation) : found
    if (found.type === 'ok' && recorded.type === 'ok') {
      this.#last = observation
      this.#lastStored = found.observation
    }
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

  /** The same tags by identity, that nobody can have changed since: those of one item of a batch. */
  #isLikeLast({ name, tags, type, unit }: Observation): boolean {
    const last = this.#last
    if (last === null || tags === undefined || last.tags !== tags || !Object.isFrozen(tags)) return false
    return last.name === name && last.type === type && last.unit === unit
  }

  commit(): Promise<void> {
    this.#last = null
    return this.#deps.backend.commit()
  }
}

export function createMetricsCollector(deps: MetricsCollectorDeps): MetricsCollector {
  return new Collector(deps)
}
