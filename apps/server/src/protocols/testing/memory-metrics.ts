/** `MetricsIngest` in memory for tests: keeps every accepted row as text, verifies keys by their bytes, can be told to fail. */
import type { Tenant } from '../../kernel/scope.ts'
import {
  type Labels,
  type MetricMetadata,
  type MetricsBatch,
  type MetricsIngest,
  type NativeHistogram,
  STALE,
  type SeriesResolver,
  notPlainAscii,
} from '../../metrics/index.ts'

export interface StoredHistogram {
  readonly series: string
  readonly timeMs: number
  readonly histogram: NativeHistogram
}

export class MemoryMetrics implements MetricsIngest, SeriesResolver {
  readonly series: SeriesResolver = this
  /** `name{a="b"} value @ms`, in the order of arrival. */
  readonly rows: string[] = []
  readonly histograms: StoredHistogram[] = []
  readonly exemplars: string[] = []
  readonly metadata: MetricMetadata[] = []
  /** Labels by ref. */
  readonly labels: Labels[] = []
  /** Batches accepted. */
  batches = 0
  lookups = 0
  hits = 0
  resolved = 0
  /** Series after which `resolve` gives -1. */
  seriesMax = Infinity
  /** Series of an earlier life. */
  readonly durable = new Set<number>()
  /** Thrown by the next `accept`s while set. */
  failure: Error | null = null
  readonly #refs = new Map<string, number>()
  readonly #keys = new Map<string, number>()

  lookup(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number): number {
    this.lookups++
    const ref = this.#keys.get(keyOf(tenant, context, bytes, start, end)) ?? -1
    if (ref >= 0) this.hits++
    return ref
  }

  remember(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number, ref: number): void {
    this.#keys.set(keyOf(tenant, context, bytes, start, end), ref)
  }

  tenantIndex({ organizationId, projectId }: Tenant): number {
    return organizationId * 1000 + projectId
  }

  lookupHash(words: Uint32Array, at: number): number {
    this.lookups++
    const ref = this.#keys.get(words.slice(at, at + 4).join()) ?? -1
    if (ref >= 0) this.hits++
    return ref
  }

  rememberHash(words: Uint32Array, at: number, ref: number): void {
    this.#keys.set(words.slice(at, at + 4).join(), ref)
  }

  /** Series never go. */
  holdsRefs(): void {}

  resolve(tenant: Tenant, labels: Labels): number {
    this.resolved++
    assertNormalized(labels)
    const key = `${tenant.organizationId}/${tenant.projectId}/${JSON.stringify(labels)}`
    const known = this.#refs.get(key)
    if (known !== undefined) return known
    if (this.labels.length >= this.seriesMax) return -1
    this.#refs.set(key, this.labels.length)
    return this.labels.push(labels) - 1
  }

  /** Tests see strings, so every series takes the slow path. */
  resolveBytes(): number {
    return notPlainAscii
  }

  isDurable(ref: number): boolean {
    return this.durable.has(ref)
  }

  accept(batch: MetricsBatch, _wireBytes: number): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure)
    this.batches++
    for (let row = 0; row < batch.sampleCount; row++) {
      this.rows.push(`${this.name(batch.seriesRefs[row] ?? -1)} ${valueText(batch.values[row] ?? NaN)} @${batch.timesMs[row]}`)
    }
    batch.histograms.forEach((histogram, index) => {
      this.histograms.push({ series: this.name(batch.histogramRefs[index] ?? -1), timeMs: batch.histogramTimesMs[index] ?? NaN, histogram })
    })
    for (const one of batch.exemplars) {
      const labels = one.labels.map(([name, value]) => `${name}=${value}`).join(',')
      this.exemplars.push(
        `${this.name(one.seriesRef)} ${one.value} @${one.timeMs} trace=${one.traceId} span=${one.spanId} ${labels}`.trim(),
      )
    }
    this.metadata.push(...batch.metadata)
    return Promise.resolve()
  }

  /** `name{a="b",c="d"}` */
  name(ref: number): string {
    const labels = this.labels[ref]
    if (labels === undefined) throw new Error(`there is no series ${ref}`)
    const metric = labels.find(([name]) => name === '__name__')?.[1] ?? ''
    const others = labels.filter(([name]) => name !== '__name__').map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    return others.length === 0 ? metric : `${metric}{${others.join(',')}}`
  }

  /** What arrived since the last call, sorted. */
  take(): string[] {
    return this.rows.splice(0).sort()
  }
}

function valueText(value: number): string {
  return value === STALE ? 'STALE' : String(value)
}

function keyOf(tenant: Tenant, context: number, bytes: Uint8Array, start: number, end: number): string {
  return `${tenant.organizationId}/${tenant.projectId}/${context}/${Buffer.from(bytes.subarray(start, end)).toString('latin1')}`
}

function assertNormalized(labels: Labels): void {
  for (let index = 0; index < labels.length; index++) {
    const [name, value] = labels[index] ?? ['', '']
    if (name === '' || value === '') throw new Error(`a label is empty: ${JSON.stringify(labels)}`)
    if (index > 0 && !(name > (labels[index - 1]?.[0] ?? ''))) throw new Error(`labels are not sorted: ${JSON.stringify(labels)}`)
  }
  if (!labels.some(([name]) => name === '__name__')) throw new Error('a series has no name')
}
