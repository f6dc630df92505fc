/**
 * Finds the series of OTLP points. Known: metric context and raw attribute bytes give the ref. Unknown: attributes become labels,
 * joined with those of resource and scope.
 */
import type { Labels, SeriesResolver } from '../../metrics/index.ts'
import { type Refusal, checkLabels, normalizedLabels, shown } from '../decode/label-text.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { AttributeRun } from './attribute-run.ts'
import { type Attribute, AttributeReader } from './attributes.ts'
import { type MetricContext, type OtlpContexts, attributeLabels } from './contexts.ts'

const noRefusal: Refusal = { reason: '', example: '' }

export class SeriesFinder {
  /** Why the last `find`, `resolve` or `labelsOf` gave nothing. */
  refusal: Refusal = noRefusal
  readonly #series: SeriesResolver
  readonly #contexts: OtlpContexts
  readonly #limits: ProtocolLimits
  readonly #reader: AttributeReader

  constructor(series: SeriesResolver, contexts: OtlpContexts, limits: ProtocolLimits) {
    this.#series = series
    this.#contexts = contexts
    this.#limits = limits
    this.#reader = new AttributeReader(limits)
  }

  /** As `SeriesResolver.isDurable`. */
  isDurable(ref: number): boolean {
    return this.#series.isDurable(ref)
  }

  /** The ref remembered for these attribute bytes under this metric, or -1. */
  known(session: DecodeSession, metric: MetricContext, run: AttributeRun): number {
    if (!this.#contexts.usable) return -1
    return this.#series.lookup(session.batch.tenant, metric.id, run.bytes, run.start, run.end)
  }

  remember(session: DecodeSession, metric: MetricContext, run: AttributeRun, ref: number): void {
    if (this.#contexts.usable) this.#series.remember(session.batch.tenant, metric.id, run.bytes, run.start, run.end, ref)
  }

  /** The ref of the point's one series, or -1 with `refusal` set. */
  find(session: DecodeSession, metric: MetricContext, run: AttributeRun, attributeTag: number): number {
    const known = this.known(session, metric, run)
    if (known >= 0) return known
    const labels = this.labelsOf(metric, run, attributeTag)
    if (labels === null) return -1
    const ref = this.resolve(session, metric.name, labels)
    if (ref >= 0) this.remember(session, metric, run, ref)
    return ref
  }

  /** Labels of the point but for the metric's name; null with `refusal` set. */
  labelsOf(metric: MetricContext, run: AttributeRun, attributeTag: number): Map<string, string> | null {
    const attributes = this.#reader.read(run.bytes, run.start, run.end, attributeTag)
    if ('reason' in attributes) {
      this.refusal = { reason: attributes.reason, example: `${metric.name}: ${attributes.example}` }
      return null
    }
    const labels = attributeLabels(attributes)
    const { resource } = metric.scope
    for (const [name, value] of resource.promoted) if (!labels.has(name)) labels.set(name, value)
    for (const [name, value] of metric.scope.labels) labels.set(name, value)
    for (const [name, value] of resource.identity) labels.set(name, value)
    return labels
  }

  /** The ref of `labels` as series `name`, with one more label or two; -1 with `refusal` set. */
  resolve(session: DecodeSession, name: string, labels: Map<string, string>, extra?: Attribute): number {
    const pairs: [string, string][] = []
    for (const [label, value] of labels) if (label !== extra?.[0]) pairs.push([label, value])
    if (extra !== undefined) pairs.push([extra[0], extra[1]])
    pairs.push(['__name__', name])
    return this.resolveLabels(session, name, normalizedLabels(pairs))
  }

  resolveLabels(session: DecodeSession, name: string, labels: Labels): number {
    const refusal = checkLabels(labels, name, this.#limits)
    if (refusal !== null) {
      this.refusal = refusal
      return -1
    }
    const ref = this.#series.resolve(session.batch.tenant, labels)
    if (ref < 0) this.refusal = { reason: 'series_limit', example: `${shown(name)}: the project has reached its limit of series` }
    return ref
  }

  /** Attributes as they are, for exemplars; null when they cannot be read. */
  plainAttributes(bytes: Uint8Array, start: number, end: number, attributeTag: number): Labels | null {
    const attributes = this.#reader.read(bytes, start, end, attributeTag)
    return 'reason' in attributes ? null : normalizedLabels([...attributeLabels(attributes)])
  }
}
