/** What metrics read from the engine at start, before the log is recovered and anything is accepted. */
import type { ClickHouse } from '../engines/index.ts'
import type { MetadataStore } from './metadata-store.ts'
import type { Head } from './samples/head.ts'
import type { HistogramHead } from './samples/histogram-head.ts'
import { SampleStore } from './samples/sample-store.ts'
import type { SeriesRegistry } from './series/registry.ts'
import { loadSeries, type LoadBounds, type SeriesLoad } from './series/series-loader.ts'

export interface MetricsState {
  readonly registry: SeriesRegistry
  readonly head: Head
  readonly histograms: HistogramHead
  readonly metadata: MetadataStore
  readonly load: LoadBounds
}

/**
 * Fills index and metadata, and sets the head's watermarks behind the newest sample the engine has: what is newer and acknowledged
 * is in the log, and comes into the head when it is recovered. Errors: the engine's.
 */
export async function loadMetrics(engine: Pick<ClickHouse, 'queryNative'>, state: MetricsState, signal: AbortSignal): Promise<SeriesLoad> {
  const samples = new SampleStore(engine, state.registry)
  const loaded = await loadSeries(engine, state.registry, state.load, signal)
  await state.metadata.load(engine, signal)
  for (const metric of await samples.histogramMetrics(signal)) state.histograms.noteMetric(metric)
  state.head.coverFrom((await samples.newestMs('samples', signal)) + 1)
  state.histograms.coverFrom((await samples.newestMs('histograms', signal)) + 1)
  return loaded
}
