/**
 * Reads samples for queries: matchers → series in the index → head as far back as it covers, engine before that → one block.
 * The head is read first and at once; what it gives up while the engine answers was taken already. A range that the head covers needs no engine.
 */
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { tooManySamples, tooManySeries } from './errors.ts'
import type {
  GridHint,
  GridRequest,
  Labels,
  ReadBounds,
  SelectBudget,
  SelectRequest,
  SeriesBlock,
  SeriesGrid,
  SeriesScan,
} from './model.ts'
import type { MetricsStore } from './ports.ts'
import type { Hidden } from './life/hidden.ts'
import { commonCut, shownOf, trimBlock, type Shown } from './life/trimmed.ts'
import { readGrids, stepsOf, toGrid, type GridSource } from './samples/grid-source.ts'
import type { Head } from './samples/head.ts'
import { HeadScan } from './samples/head-scan.ts'
import type { HistogramHead, TimedHistogram } from './samples/histogram-head.ts'
import { SampleColumns } from './samples/sample-columns.ts'
import type { SampleStore } from './samples/sample-store.ts'
import { mergeHistograms, spread, toBlock } from './samples/series-block.ts'
import { mergeSamples, type SeriesSamples } from './samples/series-samples.ts'
import { LabelCache } from './series/label-cache.ts'
import type { PastSeries } from './series/past-series.ts'
import type { SeriesRegistry } from './series/registry.ts'

export interface MetricsStoreDeps {
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  readonly samples: SampleStore
  readonly past: PastSeries
  readonly hidden?: Hidden
  /** What computes range functions itself, in the order of preference. Without any, all is computed from samples. */
  readonly grids?: readonly GridSource[]
}

/** One query's series, and what it may still read from the engine. */
interface Selection {
  readonly refs: Uint32Array
  readonly request: SelectRequest
  readonly samplesMax: number
  readonly signal: AbortSignal
}

class StitchedStore implements MetricsStore {
  readonly #deps: MetricsStoreDeps
  readonly #labels: LabelCache

  constructor(deps: MetricsStoreDeps) {
    this.#deps = deps
    this.#labels = new LabelCache(deps.registry)
    deps.registry.holdsRefs(this.#labels)
  }

  async select(scope: Scope, request: SelectRequest, bounds: ReadBounds): Promise<SeriesBlock> {
    if (!this.#deps.past.covers(scope, request.fromMs)) await this.#deps.past.bring(scope, request, bounds)
    return await this.#selectShown(this.#shown(this.#refs(scope, request, bounds), request), request, bounds)
  }

  async #selectShown(shown: Shown, asked: SelectRequest, bounds: ReadBounds): Promise<SeriesBlock> {
    const { refs } = shown
    const request = { ...asked, fromMs: Math.max(asked.fromMs, shown.notBeforeMs + 1) }
    const recent = this.#readHead(refs, request)
    const recentHistograms = this.#readHeadHistograms(refs, request)
    const count = recent.timesMs.length + recentHistograms.size
    if (count > bounds.samplesMax) throw new AppError(tooManySamples, { detail: `${count} in memory` })
    const selection: Selection = { refs, request, samplesMax: bounds.samplesMax - count, signal: bounds.signal }
    const samples = await this.#addOlder(selection, recent)
    const histograms = await this.#addOlderHistograms(selection, recentHistograms)
    return trimBlock(toBlock(this.#labelsOf, { refs, samples, histograms }), shown)
  }

  scan(scope: Scope, request: SelectRequest, bounds: SelectBudget): SeriesScan | null {
    const { head } = this.#deps
    if (request.toMs < head.coversFromMs) return null
    const shown = this.#shown(this.#refs(scope, request, bounds), request)
    const { refs } = shown
    if (this.#hasHistograms(refs) || commonCut(shown) === null) return null
    const range = { fromMs: Math.max(request.fromMs, shown.notBeforeMs + 1), toMs: request.toMs }
    return new HeadScan(head, { refs, labels: Array.from(refs, this.#labelsOf), range, samplesMax: bounds.samplesMax })
  }

  /**
   * Only for steps before what the head covers, when nothing they look at waits to be inserted, of metrics without native histograms.
   * Anything else is computed from samples.
   */
  async grid(scope: Scope, request: GridRequest, bounds: ReadBounds): Promise<SeriesGrid | null> {
    const { head, grids = [] } = this.#deps
    if (grids.length === 0 || !isWholeMs(request.hint)) return null
    const asked = endingBefore(request.hint, head.coversFromMs)
    if (asked === null) return null
    const fromMs = asked.startMs - asked.windowMs + 1
    const range = { matchers: request.matchers, fromMs, toMs: asked.endMs }
    if (!this.#deps.past.covers(scope, fromMs)) await this.#deps.past.bring(scope, range, bounds)
    const shown = this.#shown(this.#refs(scope, range, bounds), range)
    const cut = commonCut(shown)
    // Series that are shown from different times on are cut sample by sample.
    if (cut === null) return null
    const { refs } = shown
    const hint = { ...asked, hiddenToMs: cut.samplesMs, rollupsHiddenToMs: cut.rollupsMs }
    if (!grids.some((grid) => grid.coveredSteps(refs, hint) > 0)) return null
    const steps = stepsOf(hint)
    if (head.hasPending(refs, fromMs, hint.endMs) || this.#hasHistograms(refs)) return null
    if (refs.length * steps > bounds.samplesMax) throw new AppError(tooManySamples, { detail: `${refs.length} series at ${steps} steps` })
    const prefix = await readGrids(grids, refs, hint, bounds.signal)
    return prefix === null ? null : toGrid(this.#labelsOf, refs, prefix)
  }

  /** What may be shown of the series. */
  #shown(refs: Uint32Array, range: Pick<SelectRequest, 'fromMs' | 'toMs'>): Shown {
    const { registry, hidden } = this.#deps
    if (hidden === undefined) return { refs, cuts: null, notBeforeMs: -Infinity }
    return shownOf({ registry, hidden, labelsOf: this.#labelsOf }, refs, range)
  }

  readonly #labelsOf = (ref: number): Labels => this.#labels.of(ref)

  #hasHistograms(refs: Uint32Array): boolean {
    const { registry, histograms } = this.#deps
    if (histograms.metricCount === 0) return false
    return refs.some((ref) => histograms.hasMetric(registry.metricHash(ref)))
  }

  /** Series that match and may have samples in the range, ascending. */
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
    return refs.sort()
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

/** The hint up to its last step before `timeMs`, or null when there is none. */
function endingBefore(hint: GridHint, timeMs: number): GridHint | null {
  if (hint.endMs < timeMs) return hint
  if (hint.startMs >= timeMs) return null
  const steps = Math.ceil((timeMs - hint.startMs) / hint.stepMs)
  return { ...hint, endMs: hint.startMs + (steps - 1) * hint.stepMs }
}

/** Errors of `select` by code: `query.too_many_series`, `query.too_many_samples`, `metrics.bad_regexp`, and the engine's when it is needed. */
export function createMetricsStore(deps: MetricsStoreDeps): MetricsStore {
  return new StitchedStore(deps)
}
