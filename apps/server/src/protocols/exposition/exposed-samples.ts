/**
 * One scrape on its way into a batch, whatever its format: series found or made, samples at their times, zeros where something began,
 * end markers for what is not shown any more. Decoders of formats feed it; it is synchronous and used for one scrape at a time.
 */
import {
  droppedByRule,
  STALE,
  type Labels,
  type MetricMetadata,
  type MetricType,
  type NativeHistogram,
  type SeriesResolver,
} from '../../metrics/index.ts'
import { exemplarOf, type ExemplarPoint } from '../decode/exemplar.ts'
import { checkLabels, shown } from '../decode/label-text.ts'
import { measuredValue } from '../decode/sample-value.ts'
import { type DecodeSession, timeExample } from '../decode/session.ts'
import type { ProtocolLimits } from '../limits.ts'
import { ScrapeRefused, storedLabels } from './exposed-labels.ts'
import type { LineReader } from './line-memory.ts'
import { ShownSeries } from './shown-series.ts'
import type { ExpositionSource, ExpositionSources } from './source.ts'

/** Instead of a ref: relabelling leaves the series out. */
export const leftOut = -4
/** Instead of a ref: the series cannot be stored; it is counted already. */
export const refused = -1

/** As the metrics about scrapes say it. */
export interface ScrapeCounts {
  /** Samples exposed. */
  readonly scraped: number
  /** Those left after relabelling. */
  readonly kept: number
  /** Series not shown in the scrape before. */
  readonly added: number
}

/** Descriptions are said again in each so many good scrapes, lest one that changed is never noticed. */
const describeEvery = 240

/** An end marker in the form of a histogram. */
export const staleHistogram: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: STALE,
  positiveSpans: [],
  positiveCounts: [],
  negativeSpans: [],
  negativeCounts: [],
  customValues: [],
  resetHint: 'unknown',
}

export class ExposedSamples {
  readonly #series: SeriesResolver
  readonly #sources: ExpositionSources
  readonly #limits: ProtocolLimits
  readonly #floats = new ShownSeries()
  readonly #histograms = new ShownSeries()
  #session: DecodeSession | null = null
  #source: ExpositionSource | null = null
  #timeMs = 0
  #scraped = 0
  #kept = 0
  #newUntracked = 0

  constructor(series: SeriesResolver, sources: ExpositionSources, limits: ProtocolLimits) {
    this.#series = series
    this.#sources = sources
    this.#limits = limits
  }

  begin(session: DecodeSession, source: ExpositionSource, timeMs: number): void {
    this.#session = session
    this.#source = source
    this.#timeMs = timeMs
    this.#scraped = 0
    this.#kept = 0
    this.#newUntracked = 0
    this.#floats.begin(source.floats)
    this.#histograms.begin(source.histograms)
    session.state.metadata.repeat(session.batch)
  }

  get counts(): ScrapeCounts {
    return { scraped: this.#scraped, kept: this.#kept, added: this.#floats.newCount + this.#histograms.newCount + this.#newUntracked }
  }

  /** Whether this scrape describes its metrics, whatever was said of them before. */
  get describesAll(): boolean {
    return this.source.scrapes % describeEvery === 0
  }

  get source(): ExpositionSource {
    if (this.#source === null) throw new Error('no scrape is being decoded')
    return this.#source
  }

  get session(): DecodeSession {
    if (this.#session === null) throw new Error('no scrape is being decoded')
    return this.#session
  }

  /** The ref of labels as exposed, `leftOut` or `refused`. Errors: `ScrapeRefused`. */
  resolve(exposed: readonly [string, string][], type: MetricType): number {
    const labels = storedLabels(exposed, type, this.source.rules)
    if (labels === null) return leftOut
    return this.#refOf(labels)
  }

  describe(metadata: MetricMetadata): void {
    const { session } = this
    const { help, unit } = metadata
    session.state.metadata.describe(session.batch, {
      ...metadata,
      unit: unit.slice(0, 64),
      help: help.slice(0, this.#limits.helpCharsMax),
    })
  }

  /** Counts what the body exposes; to be called for each sample and native histogram, also those that are not stored. */
  exposed(): void {
    this.#scraped++
  }

  /** `timeMs` NaN: that of the scrape. `isNew`: its series was resolved for it. */
  sample(ref: number, value: number, timeMs: number, isNew: boolean): void {
    const at = this.#admit(ref, timeMs)
    if (Number.isNaN(at)) return
    this.session.addSample(ref, at, measuredValue(value))
    this.#track(this.#floats, ref, timeMs, isNew)
  }

  /** As `sample`. */
  histogram(ref: number, histogram: NativeHistogram, timeMs: number, isNew: boolean): void {
    const at = this.#admit(ref, timeMs)
    if (Number.isNaN(at)) return
    this.session.addHistogram(ref, at, histogram)
    this.#track(this.#histograms, ref, timeMs, isNew)
  }

  /** A histogram that is not what it should be. */
  refuseHistogram(example: string): void {
    this.#kept++
    this.session.batch.pointsReceived++
    this.session.refuse('invalid_histogram', 1, () => example)
  }

  /** The series began with 0 at `createdMs`; to be called in every scrape that says so. */
  beganAt(ref: number, createdMs: number, timeMs: number): void {
    if (this.#isZeroDue(ref, createdMs, timeMs)) this.session.addOwnSample(ref, createdMs, 0)
  }

  histogramBeganAt(ref: number, createdMs: number, timeMs: number, like: NativeHistogram): void {
    if (this.#isZeroDue(ref, createdMs, timeMs)) this.session.addZeroHistogram(ref, createdMs, like)
  }

  /** Stored once, though exporters show it until there is another. `signature`: of all it says. */
  exemplar(point: ExemplarPoint, labels: () => Labels | null, signature: number): void {
    const { exemplars } = this.#sources
    const before = exemplars.get(point.seriesRef)
    if (before === signature) return
    const exemplar = exemplarOf(this.session, { ...point, timeMs: this.timeOf(point.timeMs) }, labels())
    if (exemplar === null) return
    exemplars.set(point.seriesRef, signature)
    this.session.onUndo(() => exemplars.set(point.seriesRef, before))
    this.session.batch.exemplars.push(exemplar)
  }

  /** The time to store for one that a body gives, NaN where it gives none. */
  timeOf(timeMs: number): number {
    return this.#hasOwnTime(timeMs) ? timeMs : this.#timeMs
  }

  /** The body is read: end markers for what it does not show, and its series are the ones to look for next time. Errors: `ScrapeRefused`. */
  finish(): ScrapeCounts {
    const { source, session } = this
    const { samplesMax } = source.rules.limits
    if (samplesMax > 0 && this.#kept > samplesMax)
      throw new ScrapeRefused('sample_limit', `${this.#kept} samples are left after relabelling; sample_limit is ${samplesMax}`)
    if (!source.isEnded) this.#mark(this.#floats.gone(), this.#histograms.gone())
    const { floats, histograms, isEnded } = source
    const { epoch } = this.#sources
    session.onUndo(() => {
      // What left the index meanwhile is not known here: then nothing is remembered.
      if (epoch === this.#sources.epoch) Object.assign(source, { floats, histograms, isEnded })
      source.scrapes--
    })
    source.floats = this.#floats.shown()
    source.histograms = this.#histograms.shown()
    source.isEnded = false
    source.scrapes++
    return this.counts
  }

  /** Keeps the series of a body that was read to its end, to expect them next time. */
  remember(lines: LineReader, bytes: Uint8Array): void {
    const { source } = this
    const left = this.#sources.lineBytesLeft + (source.lines?.sizeBytes ?? 0)
    this.#sources.expect(source, lines.finish(bytes, left))
  }

  /** Nothing could be scraped: all series that the source showed end. */
  end(): void {
    const { source, session } = this
    if (source.isEnded) return
    this.#mark(source.floats, source.histograms)
    source.isEnded = true
    session.onUndo(() => (source.isEnded = false))
  }

  /** A sample about the source itself; `STALE` ends it. */
  own(labels: Labels, value: number): void {
    const { session } = this
    const ref = this.#refOf(labels)
    if (ref < 0) return
    session.batch.pointsReceived++
    session.addSample(ref, this.#timeMs, value)
  }

  release(): void {
    this.#session = null
    this.#source = null
  }

  #refOf(labels: Labels): number {
    const { session } = this
    const metric = labels.find(([name]) => name === '__name__')?.[1] ?? ''
    const refusal = checkLabels(labels, metric, this.#limits)
    if (refusal !== null) return this.#refuse(refusal.reason, refusal.example)
    const ref = this.#series.resolve(session.batch.tenant, labels)
    if (ref >= 0) return ref
    if (ref !== droppedByRule) return this.#refuse('series_limit', `${shown(metric)}: the project has reached its limit of series`)
    session.drop('rule_drop_metric', 1, () => `${shown(metric)}: a rule of the project drops the metric`)
    return refused
  }

  #refuse(reason: string, example: string): number {
    this.session.batch.pointsReceived++
    this.session.refuse(reason, 1, () => example)
    return refused
  }

  /** Counts a sample that is to be stored; gives its time, NaN when it cannot be. */
  #admit(ref: number, timeMs: number): number {
    const { source, session } = this
    const { samplesMax } = source.rules.limits
    this.#kept++
    // What comes now is only counted: the scrape fails as a whole.
    if (samplesMax > 0 && this.#kept > samplesMax) return Number.NaN
    session.batch.pointsReceived++
    const at = this.timeOf(timeMs)
    if (session.isTimeAccepted(at)) return at
    session.refuse('timestamp_out_of_range', 1, () => timeExample(`series ${ref} of ${sourceName(source)}`, at))
    return Number.NaN
  }

  #hasOwnTime(timeMs: number): boolean {
    return !Number.isNaN(timeMs) && this.source.rules.honorTimestamps
  }

  /** A series with times of its own ends when it likes: it may only be late. */
  #track(among: ShownSeries, ref: number, timeMs: number, isNew: boolean): void {
    if (!this.#hasOwnTime(timeMs) || this.source.rules.tracksTimestamps) among.show(ref)
    else if (isNew) this.#newUntracked++
  }

  #isZeroDue(ref: number, createdMs: number, timeMs: number): boolean {
    return createdMs > 0 && this.session.beginsAnew(ref, createdMs, this.timeOf(timeMs), this.#series.isDurable(ref))
  }

  #mark(floats: Uint32Array, histograms: Uint32Array): void {
    const { session } = this
    session.batch.pointsReceived += floats.length + histograms.length
    for (const ref of floats) session.addSample(ref, this.#timeMs, STALE)
    for (const ref of histograms) session.addHistogram(ref, this.#timeMs, staleHistogram)
  }
}

function sourceName({ rules }: ExpositionSource): string {
  const label = (wanted: string): string => rules.labels.find(([name]) => name === wanted)?.[1] ?? ''
  return shown(`${label('job')} ${label('instance')}`)
}

/** One number for all that an exemplar says; `labels` as they stand in the body. FNV-1a. */
export function exemplarSignature(labels: Uint8Array, { value, timeMs }: Pick<ExemplarPoint, 'value' | 'timeMs'>): number {
  let hash = 0x811c9dc5
  for (const byte of labels) hash = Math.imul(hash ^ byte, 0x01000193)
  for (const byte of Buffer.from(`${value} ${timeMs}`, 'latin1')) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0) + 1
}
