/** The collector's backend in the server: the aggregates of one project, which turn observations into samples of the ordinary path. */
import { unitOfSender } from '../../naming/index.ts'
import type { AggregateType, FoundAggregate, ProjectAggregates } from '../aggregates/ports.ts'
import type { MetricType } from '../model.ts'
import { normalizeLabels } from '../series/labels.ts'
import { hashMember } from '../sets/member-hash.ts'
import type { StoredDescription } from './descriptions.ts'
import type { CollectedRange, CollectedSeries, KnownMetric, MetricsStorageBackend, Recorded, StoredObservation } from './ports.ts'

/** Handles remembered by type, name and tags; all are forgotten when there are more, and found again. */
const handlesMax = 50_000

export interface AggregatesBackendDeps {
  readonly aggregates: ProjectAggregates
  /** The stored description of a metric, whichever protocol brought it; null when there is none. */
  readonly descriptionOf: (storedName: string) => StoredDescription | null
  readonly read: (storedName: string, range: CollectedRange, tags: Readonly<Record<string, string>>) => Promise<CollectedSeries[]>
}

const typesOfDescriptions: Readonly<Partial<Record<MetricType | 'set', AggregateType>>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'distribution',
  set: 'set',
}

class AggregatesBackend implements MetricsStorageBackend {
  readonly #deps: AggregatesBackendDeps
  readonly #handles = new Map<string, number>()
  /** What was written; the description follows only when it is durable. */
  readonly #written = new Map<string, KnownMetric>()
  /** What was asked for since the last commit. */
  readonly #asked = new Map<string, KnownMetric>()
  readonly #hash = { low: 0, high: 0 }
  /** Values of one series come one after another: its handle serves while they do. */
  #last: StoredObservation | null = null
  #lastHandle = 0

  constructor(deps: AggregatesBackendDeps) {
    this.#deps = deps
  }

  known(storedName: string): KnownMetric | null {
    const asked = this.#asked.get(storedName)
    if (asked !== undefined) return asked
    const known = this.#described(storedName) ?? this.#written.get(storedName) ?? null
    if (this.#asked.size >= handlesMax) this.#asked.clear()
    if (known !== null) this.#asked.set(storedName, known)
    return known
  }

  #described(storedName: string): KnownMetric | null {
    const described = this.#deps.descriptionOf(storedName)
    const type = described === null ? undefined : typesOfDescriptions[described.type]
    return described === null || type === undefined ? null : { type, unit: described.unit === '' ? '' : unitOfSender(described.unit) }
  }

  write(observation: StoredObservation): Recorded {
    const last = this.#last
    const isLike =
      last !== null && last.tags === observation.tags && last.storedName === observation.storedName && last.type === observation.type
    if (isLike && this.#put(this.#lastHandle, observation)) return { type: 'ok' }
    const key = keyOf(observation)
    const known = this.#handles.get(key)
    if (known !== undefined && this.#put(known, observation)) return this.#remember(observation, known)
    const found = this.#find(observation)
    if (found.type === 'reject') return found
    if (this.#handles.size >= handlesMax) this.#handles.clear()
    if (this.#written.size >= handlesMax) this.#written.clear()
    this.#written.set(observation.storedName, { type: observation.type, unit: observation.unit })
    this.#handles.set(key, found.handle)
    if (this.#put(found.handle, observation)) return this.#remember(observation, found.handle)
    return { type: 'reject', reason: 'aggregate_limit', detail: `${observation.storedName}: its aggregate is gone at once` }
  }

  #remember(observation: StoredObservation, handle: number): Recorded {
    this.#last = observation
    this.#lastHandle = handle
    return { type: 'ok' }
  }

  refuse(reason: string, values: number): void {
    this.#deps.aggregates.refuse(reason, values)
  }

  commit(): Promise<void> {
    this.#asked.clear()
    return this.#deps.aggregates.commit()
  }

  read(storedName: string, range: CollectedRange, tags: Readonly<Record<string, string>>): Promise<CollectedSeries[]> {
    return this.#deps.read(storedName, range, tags)
  }

  #find({ type, storedName, tags, unit }: StoredObservation): FoundAggregate | Extract<Recorded, { type: 'reject' }> {
    const normal = normalizeLabels([['__name__', storedName], ...tags])
    return normal.type === 'ok' ? this.#deps.aggregates.find(type, normal.labels, unit) : normal
  }

  #put(handle: number, { type, value, timeMs }: StoredObservation): boolean {
    const { aggregates } = this.#deps
    if (type === 'set') {
      hashMember(String(value), this.#hash)
      return aggregates.addMember(handle, this.#hash.low, this.#hash.high)
    }
    const number = Number(value)
    switch (type) {
      case 'counter':
        return aggregates.increment(handle, number)
      case 'gauge':
        return timeMs === null ? aggregates.setGauge(handle, number) : aggregates.putGauge(handle, number, timeMs)
      case 'distribution':
        return aggregates.observe(handle, number, 1)
    }
  }
}

function keyOf({ type, storedName, tags }: StoredObservation): string {
  let key = `${type}\u0000${storedName}`
  for (const [name, value] of tags) key += `\u0000${name}\u0000${value}`
  return key
}

export function createAggregatesBackend(deps: AggregatesBackendDeps): MetricsStorageBackend {
  return new AggregatesBackend(deps)
}
