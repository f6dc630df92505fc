/**
 * Reads samples for queries: matchers → series in the index → head as far back as it covers, engine before that → one block.
 * The head is read first and at once; what it gives up while the engine answers was taken already. A range that the head covers needs no engine.
 */
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { tooManySamples, tooManySeries } from './errors.ts'
import {
  STALE,
  type GridHint,
  type Labels,
  type NativeHistogram,
  type SelectBudget,
  type GridRequest,
  type ReadBounds,
  type SelectRequest,
  type SeriesBlock,
  type SeriesGrid,
} from './model.ts'
import type { MetricsStore } from './ports.ts'
import { stepsOf, type GridStore } from './samples/grid-store.ts'
import type { Head } from './samples/head.ts'
import type { HistogramHead, TimedHistogram } from './samples/histogram-head.ts'
import { SampleColumns } from './samples/sample-columns.ts'
import type { SampleStore } from './samples/sample-store.ts'
import { mergeSamples, type SeriesSamples } from './samples/series-samples.ts'
import type { SeriesRegistry } from './series/registry.ts'

export interface MetricsStoreDeps {
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  readonly samples: SampleStore
  /** Without it every range function is computed from samples. */
  readonly grids?: GridStore
}

/** One query's series, and what it may still read from the engine. */
interface Selection {
  readonly refs: Uint32Array
  readonly request: SelectRequest
  readonly samplesMax: number
  readonly signal: AbortSignal
}

/** What was read of each of `refs`, by position. */
interface ReadSamples {
  readonly refs: Uint32Array
  readonly samples: SeriesSamples
  readonly histograms: ReadonlyMap<number, readonly TimedHistogram[]>
}

const noSamples = new Float64Array(0)

class StitchedStore implements MetricsStore {
  readonly #deps: MetricsStoreDeps

  constructor(deps: MetricsStoreDeps) {
    this.#deps = deps
  }

  async select(scope: Scope, request: SelectRequest, bounds: ReadBounds): Promise<SeriesBlock> {
    const refs = this.#refs(scope, request, bounds)
    const recent = this.#readHead(refs, request)
    const recentHistograms = this.#readHeadHistograms(refs, request)
    const count = recent.timesMs.length + recentHistograms.size
    if (count > bounds.samplesMax) throw new AppError(tooManySamples, { detail: `${count} in memory` })
    const selection: Selection = { refs, request, samplesMax: bounds.samplesMax - count, signal: bounds.signal }
    const samples = await this.#addOlder(selection, recent)
    const histograms = await this.#addOlderHistograms(selection, recentHistograms)
    return toBlock(this.#deps.registry, { refs, samples, histograms })
  }

  /**
   * Only for ranges wholly before what the head covers, when nothing in them waits to be inserted, of metrics without native
   * histograms. Anything else is computed from samples.
   */
  async grid(scope: Scope, request: GridRequest, bounds: ReadBounds): Promise<SeriesGrid | null> {
    const { hint, matchers } = request
    const { registry, head, histograms, grids } = this.#deps
    if (grids === undefined || hint.endMs >= head.coversFromMs || !isWholeMs(hint)) return null
    const fromMs = hint.startMs - hint.windowMs
    const refs = this.#refs(scope, { matchers, fromMs, toMs: hint.endMs }, bounds)
    const steps = stepsOf(hint)
    if (head.hasPending(refs, fromMs, hint.endMs) || refs.some((ref) => histograms.hasMetric(registry.metricHash(ref)))) return null
    if (refs.length * steps > bounds.samplesMax) throw new AppError(tooManySamples, { detail: `${refs.length} series at ${steps} steps` })
    if (refs.length === 0) return { labels: [], steps, values: noSamples }
    const values = await grids.read(refs, hint, bounds.signal)
    return values === null ? null : toGrid(registry, refs, { steps, values })
  }

  /** Series that match and may have samples in the range. */
  #refs(scope: Scope, { matchers, fromMs, toMs }: SelectRequest, { seriesMax }: SelectBudget): Uint32Array {
    const { registry } = this.#deps
    const parts: Uint32Array[] = []
    let total = 0
    for (const tenant of registry.tenantsOf(scope)) {
      const active = registry.select(tenant, matchers).filter((ref) => registry.isActive(ref, fromMs, toMs))
      parts.push(active)
      total += active.length
    }
    if (total > seriesMax) {
      throw new AppError(tooManySeries, { publicText: `The query touches ${total} series; ${seriesMax} are allowed.` })
    }
    if (parts.length === 1 && parts[0] !== undefined) return parts[0]
    const refs = new Uint32Array(total)
    let at = 0
    for (const part of parts) {
      refs.set(part, at)
      at += part.length
    }
    return refs
  }

  #readHead(refs: Uint32Array, { fromMs, toMs }: SelectRequest): SeriesSamples {
    const columns = new SampleColumns()
    const offsets = new Uint32Array(refs.length + 1)
    refs.forEach((ref, i) => {
      this.#deps.head.read(ref, fromMs, toMs, columns)
      offsets[i + 1] = columns.count
    })
    return { offsets, timesMs: columns.timesMs.subarray(0, columns.count), values: columns.values.subarray(0, columns.count) }
  }

  async #addOlder({ refs, request, samplesMax, signal }: Selection, recent: SeriesSamples): Promise<SeriesSamples> {
    const { registry, head, samples } = this.#deps
    const toMs = Math.min(request.toMs, head.coversFromMs - 1)
    if (toMs < request.fromMs) return recent
    const positions: number[] = []
    refs.forEach((ref, i) => {
      if (registry.isActive(ref, request.fromMs, toMs)) positions.push(i)
    })
    if (positions.length === 0) return recent
    const wanted = Uint32Array.from(positions, (i) => refs[i] ?? 0)
    const older = await samples.read(wanted, { fromMs: request.fromMs, toMs }, samplesMax, signal)
    return mergeSamples(recent, spread(older, positions, refs.length))
  }

  /** By position; positions without histograms are absent. */
  #readHeadHistograms(refs: Uint32Array, { fromMs, toMs }: SelectRequest): Map<number, readonly TimedHistogram[]> {
    const out = new Map<number, readonly TimedHistogram[]>()
    if (this.#deps.histograms.count === 0) return out
    refs.forEach((ref, i) => {
      const found = this.#deps.histograms.read(ref, fromMs, toMs)
      if (found.length > 0) out.set(i, found)
    })
    return out
  }

  async #addOlderHistograms(
    { refs, request, samplesMax, signal }: Selection,
    recent: Map<number, readonly TimedHistogram[]>,
  ): Promise<Map<number, readonly TimedHistogram[]>> {
    const { registry, histograms, samples } = this.#deps
    const toMs = Math.min(request.toMs, histograms.coversFromMs - 1)
    if (toMs < request.fromMs) return recent
    const positions: number[] = []
    refs.forEach((ref, i) => {
      if (histograms.hasMetric(registry.metricHash(ref)) && registry.isActive(ref, request.fromMs, toMs)) positions.push(i)
    })
    if (positions.length === 0) return recent
    const wanted = Uint32Array.from(positions, (i) => refs[i] ?? 0)
    const older = await samples.readHistograms(wanted, { fromMs: request.fromMs, toMs }, samplesMax, signal)
    older.forEach((list, i) => {
      const position = positions[i] ?? 0
      if (list.length > 0) recent.set(position, mergeHistograms(recent.get(position) ?? [], list))
    })
    return recent
  }
}

/** The engine's grid counts in whole milliseconds. */
function isWholeMs(hint: GridHint): boolean {
  return [hint.startMs, hint.endMs, hint.stepMs, hint.windowMs].every((ms) => Number.isSafeInteger(ms) && ms >= 0) && hint.windowMs > 0
}

/** Leaves out series without a value at any step; moves the others together in place. */
function toGrid(registry: SeriesRegistry, refs: Uint32Array, { steps, values }: { steps: number; values: Float64Array }): SeriesGrid {
  const labels: Labels[] = []
  refs.forEach((ref, i) => {
    const row = values.subarray(i * steps, (i + 1) * steps)
    if (row.every((value) => value === STALE)) return
    values.copyWithin(labels.length * steps, i * steps, (i + 1) * steps)
    labels.push(registry.labels(ref))
  })
  return { labels, steps, values: values.subarray(0, labels.length * steps) }
}

/** The same samples with an empty row for every series that was not read. */
function spread(samples: SeriesSamples, positions: readonly number[], seriesCount: number): SeriesSamples {
  if (positions.length === seriesCount) return samples
  const offsets = new Uint32Array(seriesCount + 1)
  positions.forEach((position, i) => {
    offsets[position + 1] = (samples.offsets[i + 1] ?? 0) - (samples.offsets[i] ?? 0)
  })
  for (let i = 0; i < seriesCount; i++) offsets[i + 1] = (offsets[i + 1] ?? 0) + (offsets[i] ?? 0)
  return { offsets, timesMs: samples.timesMs, values: samples.values }
}

/** Ascending, one a time; `first` wins. */
function mergeHistograms(first: readonly TimedHistogram[], second: readonly TimedHistogram[]): TimedHistogram[] {
  const byTime = new Map<number, TimedHistogram>()
  for (const one of second.toReversed()) byTime.set(one.timeMs, one)
  for (const one of first) byTime.set(one.timeMs, one)
  return [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs)
}

/** Leaves out series without samples. */
function toBlock(registry: SeriesRegistry, read: ReadSamples): SeriesBlock {
  if (read.histograms.size > 0) return toMixedBlock(registry, read)
  const { refs, samples } = read
  const kept: number[] = []
  const offsets = [0]
  refs.forEach((ref, i) => {
    if ((samples.offsets[i + 1] ?? 0) === (samples.offsets[i] ?? 0)) return
    kept.push(ref)
    offsets.push(samples.offsets[i + 1] ?? 0)
  })
  const labels = kept.map((ref) => registry.labels(ref))
  return { labels, offsets: Uint32Array.from(offsets), timesMs: samples.timesMs, values: samples.values, histograms: null }
}

/** Floats and histograms of each series merged by time; at one time the float sample is kept. */
function toMixedBlock(registry: SeriesRegistry, { refs, samples, histograms }: ReadSamples): SeriesBlock {
  const columns = new SampleColumns()
  const objects: (NativeHistogram | null)[] = []
  const offsets = [0]
  const kept: number[] = []
  refs.forEach((ref, i) => {
    const before = columns.count
    const list = histograms.get(i) ?? []
    let next = 0
    const push = (timeMs: number, value: number, histogram: NativeHistogram | null): void => {
      columns.push(timeMs, value)
      objects.push(histogram)
    }
    const pushUntil = (timeMs: number): void => {
      for (let one = list[next]; one !== undefined && one.timeMs < timeMs; one = list[++next]) push(one.timeMs, NaN, one.histogram)
      if (list[next]?.timeMs === timeMs) next++
    }
    for (let at = samples.offsets[i] ?? 0; at < (samples.offsets[i + 1] ?? 0); at++) {
      const timeMs = samples.timesMs[at] ?? 0
      pushUntil(timeMs)
      push(timeMs, samples.values[at] ?? 0, null)
    }
    pushUntil(Infinity)
    if (columns.count === before) return
    kept.push(ref)
    offsets.push(columns.count)
  })
  return {
    labels: kept.map((ref) => registry.labels(ref)),
    offsets: Uint32Array.from(offsets),
    timesMs: columns.count === 0 ? noSamples : columns.timesMs.subarray(0, columns.count),
    values: columns.values.subarray(0, columns.count),
    histograms: objects,
  }
}

/** Errors of `select` by code: `query.too_many_series`, `query.too_many_samples`, `metrics.bad_regexp`, and the engine's when it is needed. */
export function createMetricsStore(deps: MetricsStoreDeps): MetricsStore {
  return new StitchedStore(deps)
}
