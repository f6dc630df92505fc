/**
 * Spans as metrics, under the names that Grafana's Tempo made usual: `traces_spanmetrics_calls_total` counts calls by service, name, kind and
 * status, `traces_spanmetrics_latency` is a native histogram of seconds by service, name and kind, with exemplars that name a slow trace and a
 * failed one. Sampling weights count. What is in them was durable as spans before, or in the lane `low` as the body that it was read from; what
 * was not written yet is lost with the process, and such a body that is read again counts again: the exact counts are those of the tables.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { SignalBatch, SignalObserver } from '../signals/index.ts'
import { KeyTable } from './counted/key-table.ts'
import { otherName, spanMetricsMax, unknownService } from './limits.ts'
import { SpansBatch } from './schema.ts'

export type LabelPairs = readonly (readonly [name: string, value: string])[]

export interface SpanExemplar {
  readonly labels: LabelPairs
  readonly timeMs: number
  readonly seconds: number
  readonly traceId: string
  readonly spanId: string
}

/** The metrics of one project. Handles may end: then the methods give false, and the handle is to be found again. */
export interface SpanMetricSink {
  /** Null: there are as many as are allowed. */
  find(type: 'counter' | 'distribution', labels: LabelPairs, unit: string): number | null
  increment(handle: number, amount: number): boolean
  observe(handle: number, value: number, weight: number): boolean
  /** Never rejects: exemplars are extras. */
  addExemplars(exemplars: readonly SpanExemplar[]): Promise<void>
}

export interface SpanMetricsDeps {
  /** Null while metrics are not there yet. */
  readonly sinkOf: (tenant: Tenant) => SpanMetricSink | null
  readonly clock: Pick<Clock, 'every'>
}

export const callsMetric = 'traces_spanmetrics_calls_total'
export const latencyMetric = 'traces_spanmetrics_latency'

/** As often as observations become samples. */
const exemplarsMs = 10_000
const kindLabels = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map((kind) => `SPAN_KIND_${kind}`)
const statusLabels = ['UNSET', 'OK', 'ERROR'].map((status) => `STATUS_CODE_${status}`)
const errorStatus = 2

interface Shown {
  durationNs: number
  exemplar: SpanExemplar
}

/** One operation of a project. */
class MeasuredOperation {
  readonly labels: LabelPairs
  readonly #sink: SpanMetricSink
  #latency: number | null
  readonly #calls: (number | null | undefined)[] = []
  slowest: Shown | null = null
  failed: Shown | null = null

  constructor(sink: SpanMetricSink, labels: LabelPairs) {
    this.#sink = sink
    this.labels = labels
    this.#latency = this.#findLatency()
  }

  observe(durationNs: number, status: number, weight: number): void {
    const seconds = durationNs / 1e9
    if (this.#latency !== null && !this.#sink.observe(this.#latency, seconds, weight)) {
      this.#latency = this.#findLatency()
      if (this.#latency !== null) this.#sink.observe(this.#latency, seconds, weight)
    }
    let calls = this.#calls[status]
    if (calls === undefined) calls = this.#findCalls(status)
    if (calls === null || this.#sink.increment(calls, weight)) return
    calls = this.#findCalls(status)
    if (calls !== null) this.#sink.increment(calls, weight)
  }

  #findLatency(): number | null {
    return this.#sink.find('distribution', [['__name__', latencyMetric], ...this.labels], 'seconds')
  }

  #findCalls(status: number): number | null {
    const own = ['status_code', statusLabels[status] ?? ''] as const
    const found = this.#sink.find('counter', [['__name__', callsMetric], ...this.labels, own], '')
    this.#calls[status] = found
    return found
  }
}

interface MeasuredProject {
  readonly sink: SpanMetricSink
  readonly operations: Map<string, MeasuredOperation>
}

export class SpanMetrics implements SignalObserver, AsyncDisposable {
  readonly #deps: SpanMetricsDeps
  readonly #projects = new Map<string, MeasuredProject>()
  readonly #timer: Disposable
  #adding: Promise<void> = Promise.resolve()

  constructor(deps: SpanMetricsDeps) {
    this.#deps = deps
    this.#timer = deps.clock.every(exemplarsMs, () => void this.#addExemplars())
  }

  /** Writes the exemplars that are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    await this.#addExemplars()
  }

  accepted(batch: SignalBatch): void {
    if (!(batch instanceof SpansBatch)) return
    const project = this.#projectOf(batch.tenant)
    if (project === null) return
    const numbers = new KeyTable(4)
    const operations: MeasuredOperation[] = []
    const key = new Int32Array(4)
    for (let row = 0; row < batch.rows; row++) {
      key[0] = batch.service.word(row)
      key[1] = batch.name.word(row)
      key[2] = batch.kind.u8(row)
      key[3] = batch.environment.word(row)
      const number = numbers.add(key)
      const operation = (operations[number] ??= this.#operationOf(project, batch, row))
      const durationNs = batch.duration.u32(row) + batch.duration.u32(row, 1) * 0x1_0000_0000
      const status = batch.status.u8(row)
      operation.observe(durationNs, status, batch.weight.f32(row))
      if (operation.slowest === null || durationNs > operation.slowest.durationNs) operation.slowest = shownOf(operation, batch, row)
      if (status === errorStatus && (operation.failed === null || durationNs > operation.failed.durationNs))
        operation.failed = shownOf(operation, batch, row)
    }
  }

  #projectOf(tenant: Tenant): MeasuredProject | null {
    const key = `${tenant.organizationId}/${tenant.projectId}`
    const known = this.#projects.get(key)
    if (known !== undefined) return known
    const sink = this.#deps.sinkOf({ ...tenant })
    if (sink === null) return null
    const project = { sink, operations: new Map<string, MeasuredOperation>() }
    this.#projects.set(key, project)
    return project
  }

  #operationOf({ sink, operations }: MeasuredProject, batch: SpansBatch, row: number): MeasuredOperation {
    const service = batch.service.text(row)
    const named = {
      service: service === '' ? unknownService : service,
      span_name: batch.name.text(row),
      span_kind: kindLabels[batch.kind.u8(row)] ?? '',
      environment: batch.environment.text(row),
    }
    let key = JSON.stringify(named)
    let labels = Object.entries(named)
    if (!operations.has(key) && operations.size >= spanMetricsMax) {
      key = otherName
      labels = [
        ['service', otherName],
        ['span_name', otherName],
      ]
    }
    const known = operations.get(key)
    if (known !== undefined) return known
    const made = new MeasuredOperation(
      sink,
      labels.filter(([, value]) => value !== ''),
    )
    operations.set(key, made)
    return made
  }

  #addExemplars(): Promise<void> {
    const all = [...this.#projects.values()].map(({ sink, operations }) => {
      const exemplars: SpanExemplar[] = []
      for (const operation of operations.values()) {
        const { slowest, failed } = operation
        if (slowest !== null) exemplars.push(slowest.exemplar)
        if (failed !== null && failed.exemplar.spanId !== slowest?.exemplar.spanId) exemplars.push(failed.exemplar)
        operation.slowest = operation.failed = null
      }
      return exemplars.length === 0 ? Promise.resolve() : sink.addExemplars(exemplars)
    })
    this.#adding = Promise.all([this.#adding, ...all]).then(() => undefined)
    return this.#adding
  }
}

function shownOf({ labels }: MeasuredOperation, batch: SpansBatch, row: number): Shown {
  const durationNs = batch.duration.u32(row) + batch.duration.u32(row, 1) * 0x1_0000_0000
  const timeMs = Math.floor((batch.ts.u32(row, 1) * 0x1_0000_0000 + batch.ts.u32(row)) / 1e6)
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const ids = { traceId: hex(batch.traceId.raw(row)), spanId: hex(batch.spanId.raw(row)) }
  return { durationNs, exemplar: { labels, timeMs, seconds: durationNs / 1e9, ...ids } }
}
