/**
 * What the simulated programs measure: metric families and the points (one series, or one histogram) in them, each belonging to a
 * source (a process that reports). Counters hold fractions inside and are floored when read, so that no step is lost to rounding.
 */

/** Every service of the shop runs there (`deployment.environment.name`). */
export const environmentName = 'production'

/** One reporting process. Prometheus sees `job` and `instance`; OpenTelemetry sees resource attributes. */
export interface Source {
  readonly serviceName: string
  /** '' for exporters, which have none. */
  readonly namespace: string
  readonly instance: string
  /** Process start: counters begin at 0 here. */
  startedMs: number
}

export type FamilyKind = 'counter' | 'gauge' | 'histogram'

export interface Family {
  /** The name that Prometheus sees. */
  readonly name: string
  /** The name and unit that OpenTelemetry sees; translated by its compatibility rules they give `name`. */
  readonly otlpName: string
  readonly otlpUnit: string
  readonly kind: FamilyKind
  readonly help: string
  /** Counters of things are whole numbers; counters of seconds and gauges are not. */
  readonly whole: boolean
  /** Upper bounds of a histogram's buckets, ascending, without the infinite one. */
  readonly bounds: readonly number[]
  /** Natural logarithms of `bounds`. */
  readonly logBounds: readonly number[]
}

/** Attributes as OpenTelemetry names them (`http.route`); Prometheus has underscores for dots. */
export type Attributes = Readonly<Record<string, string>>

export class NumberPoint {
  readonly family: Family
  readonly source: Source
  readonly attributes: Attributes
  value = 0
  /** A point that is not present is not reported (an old version's build information). */
  present = true

  constructor(family: Family, source: Source, attributes: Attributes) {
    this.family = family
    this.source = source
    this.attributes = attributes
  }

  read(): number {
    return this.family.whole ? Math.floor(this.value) : Math.round(this.value * 1e6) / 1e6
  }
}

export class HistogramPoint {
  readonly family: Family
  readonly source: Source
  readonly attributes: Attributes
  /** Cumulative: how many at or below `bounds[i]`; the last is all of them. */
  readonly cumulative: Float64Array
  sum = 0

  constructor(family: Family, source: Source, attributes: Attributes) {
    this.family = family
    this.source = source
    this.attributes = attributes
    this.cumulative = new Float64Array(family.bounds.length + 1)
  }

  /** Adds `count` observations whose share at or below `bounds[i]` is `shares[i]`, with their mean. */
  add(count: number, shares: Float64Array, mean: number): void {
    const last = this.cumulative.length - 1
    for (let i = 0; i < last; i++) this.cumulative[i] = (this.cumulative[i] ?? 0) + count * (shares[i] ?? 0)
    this.cumulative[last] = (this.cumulative[last] ?? 0) + count
    this.sum += count * mean
  }

  read(bucket: number): number {
    return Math.floor(this.cumulative[bucket] ?? 0)
  }

  readSum(): number {
    return Math.round(this.sum * 1e6) / 1e6
  }
}

interface OtlpSide {
  readonly name?: string
  readonly unit?: string
  readonly bounds?: readonly number[]
}

function family(kind: FamilyKind, [name, help]: readonly [string, string], otlp: OtlpSide = {}): Family {
  return {
    name,
    otlpName: otlp.name ?? name,
    otlpUnit: otlp.unit ?? '',
    kind,
    help,
    whole: kind === 'counter' && !/seconds/.test(name),
    bounds: otlp.bounds ?? [],
    logBounds: (otlp.bounds ?? []).map(Math.log),
  }
}

export function counter(name: string, help: string): Family {
  return family('counter', [name, help])
}

export function gauge(name: string, help: string, otlp: { name?: string; unit?: string } = {}): Family {
  return family('gauge', [name, help], otlp)
}

export function histogram(name: string, help: string, otlp: { name: string; unit: string; bounds: readonly number[] }): Family {
  return family('histogram', [name, help], otlp)
}

/** All points of the shop, in the order in which they were made. */
export class PointSet {
  readonly numbers: NumberPoint[] = []
  readonly histograms: HistogramPoint[] = []

  number(of: Family, source: Source, attributes: Attributes = {}): NumberPoint {
    const point = new NumberPoint(of, source, attributes)
    this.numbers.push(point)
    return point
  }

  histogram(of: Family, source: Source, attributes: Attributes = {}): HistogramPoint {
    const point = new HistogramPoint(of, source, attributes)
    this.histograms.push(point)
    return point
  }

  /** The process restarted: its counters and histograms begin again. */
  restart(source: Source, timeMs: number): void {
    source.startedMs = timeMs
    for (const point of this.numbers) if (point.source === source && point.family.kind === 'counter') point.value = 0
    for (const point of this.histograms) {
      if (point.source !== source) continue
      point.cumulative.fill(0)
      point.sum = 0
    }
  }
}
