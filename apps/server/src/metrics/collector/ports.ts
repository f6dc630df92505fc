/** The metrics collector: record a value under a name, ask for what was recorded; whatever stores it. */
import type { AggregateType } from '../aggregates/ports.ts'

/** One value. A member of a set is a string or a number; everything else is a finite number. */
export interface Observation {
  /** A name, or an MRI, which says type and unit too. */
  readonly name: string
  readonly value: number | string
  readonly tags?: Readonly<Record<string, string | number | boolean>>
  /** Absent: the MRI's, the well-known metric's, what the metric is already, or else a distribution, which keeps most. */
  readonly type?: AggregateType
  /** Absent: the MRI's, what the metric has already, or the well-known metric's. Values in another unit of its family are converted. */
  readonly unit?: string
  /** ms since 1970. A gauge is stored at this time; everything else counts when it comes. */
  readonly timeMs?: number
}

/** Why an observation was not recorded; counted under these names. */
export type ObservationRefusal = { readonly type: 'reject'; readonly reason: string; readonly detail: string }
export type Recorded = { readonly type: 'ok' } | ObservationRefusal

/** What a metric is already. */
export interface KnownMetric {
  readonly type: AggregateType
  /** A unit of `naming`; '' for none. */
  readonly unit: string
}

/** An observation that passed the rules; its value is in its unit. */
export interface StoredObservation {
  /** `__name__` of its series. */
  readonly storedName: string
  readonly type: AggregateType
  /** '' for none. */
  readonly unit: string
  readonly value: number | string
  readonly tags: readonly (readonly [name: string, value: string])[]
  readonly timeMs: number | null
}

/** `[fromMs, toMs)`, ms since 1970. */
export interface CollectedRange {
  readonly fromMs: number
  readonly toMs: number
}

/** What was recorded under one set of tags: sums of counters, averages of distributions, last values of gauges, distinct members of sets. */
export interface CollectedSeries {
  readonly tags: Readonly<Record<string, string>>
  readonly points: readonly { readonly timeMs: number; readonly value: number }[]
}

/** Where a collector's metrics are. */
export interface MetricsStorageBackend {
  /** What the metric is already, null when it is not there. */
  known(storedName: string): KnownMetric | null
  write(observation: StoredObservation): Recorded
  /** Counts what was not recorded. */
  refuse(reason: string, values: number): void
  /** Resolves once everything written before is durable. Errors: the backend's; nothing is lost then. */
  commit(): Promise<void>
  /** Series that have all these tags. */
  read(storedName: string, range: CollectedRange, tags: Readonly<Record<string, string>>): Promise<CollectedSeries[]>
}

export interface MetricsCollector {
  /** Never throws; what could not be recorded is counted and said. */
  recordMetric(name: string, value: number | string, tags?: Observation['tags']): Recorded
  /** The same with type, unit and time. */
  record(observation: Observation): Recorded
  /** Errors: the backend's. */
  getMetrics(name: string, timeRange: CollectedRange, tags?: Readonly<Record<string, string>>): Promise<CollectedSeries[]>
  /** Resolves once everything recorded before is durable. Errors: the backend's. */
  commit(): Promise<void>
}
