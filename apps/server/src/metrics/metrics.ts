/** Bellwether's own metrics about metrics. */
import { Counter, Gauge, type Registry } from '../kernel/instruments.ts'
import type { Head } from './samples/head.ts'
import type { HistogramHead } from './samples/histogram-head.ts'
import type { SeriesRegistry } from './series/registry.ts'

export interface MetricsInstruments {
  readonly appendedSamples: Counter
  readonly seriesRows: Counter
  readonly unknownSeries: Counter
}

export function createMetricsInstruments(
  registry: Registry,
  parts: { series: SeriesRegistry; head: Head; histograms: HistogramHead },
): MetricsInstruments {
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('bellwether_series', 'Series in the index.', () => parts.series.seriesCount)
  gauge('bellwether_series_bytes', 'Memory in use by series, without the cache of label bytes.', () => parts.series.usedBytes)
  gauge(
    'bellwether_series_resting',
    'Series that left the index and whose numbers are not given out again yet.',
    () => parts.series.life.restingCount,
  )
  const expired: Counter = new Counter({
    name: 'bellwether_series_expired_total',
    help: 'Series that left the index because they were not seen for long; queries of their time bring them back.',
    registers: [registry],
    collect() {
      expired.reset()
      expired.inc(parts.series.life.retirements)
    },
  })
  gauge('bellwether_series_symbols', 'Distinct label names and values in the index.', () => parts.series.symbols.size)
  gauge('bellwether_series_wire_cache_bytes', 'Memory of the cache of label bytes.', () => parts.series.wireCacheSizeBytes)
  gauge('bellwether_head_samples', 'Samples kept in memory.', () => parts.head.sampleCount)
  gauge('bellwether_head_bytes', 'Memory of the samples kept in memory.', () => parts.head.sizeBytes)
  gauge('bellwether_head_histograms', 'Native histograms kept in memory.', () => parts.histograms.count)
  gauge('bellwether_head_covers_from_timestamp_seconds', 'Queries from this time on are answered from memory; 0 when everything is.', () =>
    Number.isFinite(parts.head.coversFromMs) ? parts.head.coversFromMs / 1000 : 0,
  )
  const hidden = 'given up for want of memory and not in the engine yet; no query sees them'
  gauge('bellwether_head_hidden_samples', `Samples ${hidden} until they are.`, () => parts.head.hiddenSamples)
  gauge('bellwether_head_hidden_histograms', `Native histograms ${hidden} until they are.`, () => parts.histograms.hiddenHistograms)
  const givenUp: Counter = new Counter({
    name: 'bellwether_head_given_up_total',
    help: 'Samples and native histograms taken from memory before they were in the engine, because memory was used up.',
    registers: [registry],
    collect() {
      givenUp.reset()
      givenUp.inc(parts.head.hiddenSamplesTotal + parts.histograms.hiddenHistogramsTotal)
    },
  })
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers: [registry] })
  return {
    appendedSamples: counter('bellwether_metrics_samples_appended_total', 'Samples and histograms made durable.'),
    seriesRows: counter('bellwether_metrics_series_rows_total', 'Rows of series written to the log.'),
    unknownSeries: counter('bellwether_metrics_unknown_series_total', 'Recovered samples whose series is not in the index.'),
  }
}
