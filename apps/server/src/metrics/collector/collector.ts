/** Records observations of one project by the rules, into whatever backend. */
import { looksLikeMri, parseMri, publicNameOf, type MetricsIngestConfigurations } from '../../naming/index.ts'
import type {
  CollectedRange,
  CollectedSeries,
  KnownMetric,
  MetricsCollector,
  MetricsStorageBackend,
  Observation,
  Recorded,
} from './ports.ts'
import { judged, judgedAgain, NameMemory, type Accepted } from './rules.ts'

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
  readonly #knownOf: (storedName: string) => KnownMetric | null
  /** The last observation that was recorded, since the last commit: another of its series need not be judged again. */
  #last: Observation | null = null
  #lastAccepted: Accepted | null = null

  constructor(deps: MetricsCollectorDeps) {
    this.#deps = deps
    this.#knownOf = (name) => deps.backend.known(name)
  }

  recordMetric(name: string, value: number | string, tags: Observation['tags'] = {}): Recorded {
    return this.record({ name, value, tags })
  }

  record(observation: Observation): Recorded {
    const { backend, configurations, clock, onRefused } = this.#deps
    const like = this.#isLikeLast(observation) ? this.#lastAccepted : null
    const found =
      like === null
        ? judged(observation, { configurations, knownOf: this.#knownOf, names: this.#names, nowMs: clock.nowMs() })
        : judgedAgain(observation, like, clock.nowMs())
    const recorded = found.type === 'ok' ? backend.write(found.observation) : found
    if (found.type === 'ok' && recorded.type === 'ok') {
      this.#last = observation
      this.#lastAccepted = found
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
