/**
 * What is scraped to a batch: the body of a scrape, the metrics about it, and end markers when there is none. One for the process.
 * Semantics of Prometheus: a body is taken whole or not at all, and a scrape that fails ends every series of its source.
 */
import { STALE, type Labels, type MetricMetadata, type SeriesResolver } from '../../metrics/index.ts'
import { isAppError } from '../../kernel/errors.ts'
import type { DecodeSession } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import { DecodeError } from '../protobuf/cursor.ts'
import { ScrapeRefused } from './exposed-labels.ts'
import { ExposedSamples, type ScrapeCounts } from './exposed-samples.ts'
import { ProtobufBodies } from './protobuf-bodies.ts'
import { ExpositionSources, type ExpositionSource, type SourceRules } from './source.ts'
import { TextBodies } from './text-bodies.ts'
import { ExpositionError, type ExpositionFormat } from './text.ts'

/** One attempt to scrape a source. */
export interface ScrapeAttempt {
  /** Of all samples without a time of their own, ms since 1970. */
  readonly timeMs: number
  readonly durationMs: number
  /** Null: there is none, for the reason in `failure`. */
  readonly body: { readonly format: ExpositionFormat | 'protobuf'; readonly bytes: Uint8Array } | null
  readonly failure: string | null
}

export interface ScrapeOutcome extends ScrapeCounts {
  /** Why it failed; null: it did not. */
  readonly failure: string | null
}

const nothing: ScrapeCounts = { scraped: 0, kept: 0, added: 0 }

const about: readonly MetricMetadata[] = [
  { name: 'up', type: 'gauge', unit: '', help: '1 if the target was scraped, 0 if the scrape failed.' },
  { name: 'scrape_duration_seconds', type: 'gauge', unit: 'seconds', help: 'How long the scrape took.' },
  { name: 'scrape_samples_scraped', type: 'gauge', unit: '', help: 'Samples that the target exposed.' },
  { name: 'scrape_samples_post_metric_relabeling', type: 'gauge', unit: '', help: 'Samples left after relabelling.' },
  { name: 'scrape_series_added', type: 'gauge', unit: '', help: 'Series that the scrape before did not have.' },
]

export class ExpositionDecoder {
  readonly sources: ExpositionSources
  readonly #samples: ExposedSamples
  readonly #text: TextBodies
  readonly #protobuf: ProtobufBodies

  constructor(series: SeriesResolver, limits: ProtocolLimits) {
    this.sources = new ExpositionSources(limits)
    series.holdsRefs(this.sources)
    this.#samples = new ExposedSamples(series, this.sources, limits)
    this.#text = new TextBodies(series, this.#samples)
    this.#protobuf = new ProtobufBodies(series, this.#samples, limits)
  }

  /** Fills the session's batch with all that the attempt says. A body that cannot be taken makes it one that failed. */
  scrape(session: DecodeSession, source: ExpositionSource, attempt: ScrapeAttempt): ScrapeOutcome {
    const samples = this.#samples
    try {
      const outcome = this.#body(session, source, attempt)
      this.#report(source, outcome, attempt.durationMs)
      return outcome
    } finally {
      samples.release()
    }
  }

  /** The source is scraped no more: all its series end, those about it too. */
  end(session: DecodeSession, source: ExpositionSource, timeMs: number): void {
    this.#samples.begin(session, source, timeMs)
    this.#samples.end()
    for (const { name } of about) this.#samples.own(ownLabels(source.rules, name), STALE)
    this.#samples.release()
  }

  #body(session: DecodeSession, source: ExpositionSource, { timeMs, body, failure }: ScrapeAttempt): ScrapeOutcome {
    const samples = this.#samples
    samples.begin(session, source, timeMs)
    if (body === null) {
      samples.end()
      return { ...nothing, failure: failure ?? 'there is no body' }
    }
    try {
      if (body.format === 'protobuf') this.#protobuf.decode(body.bytes)
      else this.#text.decode(body.bytes, body.format)
      return { ...samples.finish(), failure: null }
    } catch (error) {
      const why = reasonOf(error)
      const { counts } = samples
      session.undo()
      session.begin(source.rules.tenant, session.nowMs)
      samples.begin(session, source, timeMs)
      samples.end()
      return { ...counts, failure: why }
    }
  }

  #report({ rules }: ExpositionSource, { failure, scraped, kept, added }: ScrapeOutcome, durationMs: number): void {
    const values = [failure === null ? 1 : 0, durationMs / 1000, scraped, kept, added]
    about.forEach((metadata, index) => {
      this.#samples.own(ownLabels(rules, metadata.name), values[index] ?? 0)
      this.#samples.describe(metadata)
    })
  }
}

/** Labels of the source win. */
function ownLabels({ labels }: SourceRules, name: string): Labels {
  return [['__name__', name] as const, ...labels.filter(([label]) => label !== '__name__')].sort(([a], [b]) => (a < b ? -1 : 1))
}

function reasonOf(error: unknown): string {
  if (error instanceof ExpositionError || error instanceof DecodeError || error instanceof ScrapeRefused) return error.message
  if (isAppError(error)) return error.publicText
  throw error
}
