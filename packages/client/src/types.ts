/** What the collector takes and gives. */

/** Counters add up, gauges hold the last value, distributions keep how values are spread, sets count distinct members. */
export type MetricType = 'counter' | 'gauge' | 'distribution' | 'set'

export type Tags = Readonly<Record<string, string | number | boolean>>

/** One value. */
export interface Observation {
  /** A name, or an MRI (`d:custom/render@millisecond`), which says type and unit too. */
  readonly name: string
  /** A member, where it is a set. */
  readonly value: number | string
  readonly tags?: Tags
  /** Absent: what the metric is already, or else a distribution. */
  readonly type?: MetricType
  readonly unit?: string
  /** Of gauges alone; everything else counts when it comes. */
  readonly time?: Date
}

/** A value that was not recorded, as the server says it. */
export interface Refusal {
  readonly name: string
  readonly reason: string
  readonly message: string
}

/** What became of everything recorded so far. */
export interface CollectorStats {
  /** Values waiting to be sent, those under way included. */
  readonly buffered: number
  /** Values that the server has made durable. */
  readonly accepted: number
  /** Values that the server would not have. */
  readonly refused: number
  /** Values that never arrived: the buffer was full, or the server could not be reached for too long. */
  readonly dropped: number
}

export interface MetricsCollectorOptions {
  /** Where Bellwether is, `https://bellwether.example`. */
  readonly url: string
  /** The number of the project. */
  readonly project: string | number
  /** An ingest key; public, fit for a page. Records, and reads nothing. */
  readonly key?: string
  /** An API token, for programs: needed to read. */
  readonly token?: string
  /** Tags of every value; a value's own win. */
  readonly tags?: Tags
  /** Values that are sent at once rather than at the end of the interval. 1,000. */
  readonly batchSize?: number
  /** Between two sends, ms. 5,000. */
  readonly intervalMs?: number
  /** Values kept while they cannot be sent; more are dropped and counted. 50,000. */
  readonly bufferMax?: number
  /** One request, ms. 10,000. */
  readonly timeoutMs?: number
  /** The first pause before a repetition, ms; it doubles, and its length is left to chance. 500. */
  readonly retryFirstMs?: number
  /** The longest pause, ms. 30,000. */
  readonly retryMaxMs?: number
  /**
   * A batch that was not answered for so long is dropped, ms. 540,000 (nine minutes): the server knows a batch again for ten minutes, so with
   * more than that one whose answer was lost may count twice.
   */
  readonly giveUpMs?: number
  /** What an end waits for answers at most, ms: `close`, and the end of a program. What is not sent by then is dropped. 5,000. */
  readonly closeMs?: number
  /**
   * Sends what is left when the program or the page ends. In Node: at `beforeExit` and SIGTERM (which then ends the program); off unless
   * asked for. In a browser: when the page is hidden or left; on unless switched off.
   * What the browser has no room for when the page is hidden is kept, and sent if the page lives on.
   */
  readonly flushOnExit?: boolean
  /** Told of values that the server refused. */
  readonly onRefused?: (refusals: readonly Refusal[]) => void
  /** Told of failures; nothing is thrown at whoever records. */
  readonly onError?: (error: Error) => void
}

export interface TimeRange {
  /** A time, or a relative one as `now-1h`. */
  readonly from: Date | string
  readonly to?: Date | string
  /** `1m`, `1h`; absent: what gives a readable number of points. */
  readonly interval?: string
  /** Absent: sums of counters, averages of distributions, last values of gauges, distinct members of sets. */
  readonly operation?: string
}

export interface MetricSeries {
  readonly tags: Readonly<Record<string, string>>
  /** Start of each interval with a value. */
  readonly points: readonly { readonly time: Date; readonly value: number }[]
}

export interface MetricsCollector {
  /** Takes a value to be sent soon. False when it was dropped, because the buffer is full or the collector closed. Never throws. */
  recordMetric(name: string, value: number | string, tags?: Tags): boolean
  /** The same with type, unit and time. */
  record(observation: Observation): boolean
  /** What was recorded under the name with these tags, by the other tags. Needs a token. */
  getMetrics(name: string, timeRange: TimeRange, tags?: Readonly<Record<string, string>>): Promise<MetricSeries[]>
  /** Sends now; resolves once everything recorded before is durable, refused or given up. */
  flush(): Promise<void>
  stats(): CollectorStats
  /** Takes nothing more, flushes for `closeMs` at most, and drops what is left. */
  close(): Promise<void>
}
