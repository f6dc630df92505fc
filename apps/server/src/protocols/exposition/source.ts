/**
 * What is scraped, as the decoder of its bodies sees it: what is done to its series, and which ones it showed last. The refs of those are
 * kept from scrape to scrape, so that a series that is not shown any more gets its end marker at once.
 */
import { firstExpositionContext } from '../decode/contexts.ts'
import type { ProtocolLimits } from '../limits.ts'
import type { LineMemory } from './line-memory.ts'
import { RefNumbers } from '../decode/ref-numbers.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { Labels, RefHolder } from '../../metrics/index.ts'

/** Over one of them a scrape fails as a whole; 0: no limit. */
export interface ExpositionLimits {
  /** Samples that are left after relabelling. */
  readonly samplesMax: number
  /** Of one series, after relabelling. */
  readonly labelsMax: number
  readonly labelNameBytesMax: number
  readonly labelValueBytesMax: number
}

/** How the series of a source are treated. */
export interface SourceRules {
  readonly tenant: Tenant
  /** Put on every series: `job`, `instance` ... */
  readonly labels: Labels
  /** A label that is exposed wins over one of ours; else it is renamed to `exported_…`. */
  readonly honorLabels: boolean
  /** Times in the body count; else all is of the time of the scrape. */
  readonly honorTimestamps: boolean
  /** Series with times of their own get end markers too. */
  readonly tracksTimestamps: boolean
  /** Changes the labels of a new series in place; false: its samples are left out. */
  readonly relabel: ((labels: Map<string, string>) => boolean) | null
  readonly limits: ExpositionLimits
  /** Native histograms are stored where there are some, the classic buckets beside them only if `classicHistograms`. */
  readonly nativeHistograms: boolean
  readonly classicHistograms: boolean
}

/** Series of a source that relabelling leaves out, known by their bytes; what is beyond is relabelled in every scrape. */
const leftOutMax = 50_000

const noRefs = new Uint32Array(0)

/** One source; made by `ExpositionSources`. */
export class ExpositionSource {
  readonly rules: SourceRules
  /** See decode/contexts.ts. The protobuf one is this plus 1. */
  readonly context: number
  /** Shown in the last scrape that was good. */
  floats: Uint32Array = noRefs
  histograms: Uint32Array = noRefs
  /** They have their end markers already: the last scrape failed. */
  isEnded = false
  /** Bytes of series that relabelling leaves out. */
  readonly leftOut = new Set<string>()
  /** Series of the last text body, in its order; null: nothing is expected. */
  lines: LineMemory | null = null
  /** Good scrapes so far. */
  scrapes = 0

  constructor(rules: SourceRules, context: number) {
    this.rules = rules
    this.context = context
  }

  leaveOut(key: string): void {
    if (this.leftOut.size < leftOutMax) this.leftOut.add(key)
  }
}

/** All sources of the process; takes out of them what leaves the index. */
export class ExpositionSources implements RefHolder {
  /** What each series' last exemplar was, as one number, so that it is stored once and not in every scrape. */
  readonly exemplars: RefNumbers
  readonly #lineBytesMax: number
  #lineBytes = 0
  readonly #open = new Set<ExpositionSource>()
  #nextContext = firstExpositionContext
  /** Moves on when refs may have been given away. */
  epoch = 0

  constructor({ rememberedSeriesMax, expositionLineBytesMax }: ProtocolLimits) {
    this.exemplars = new RefNumbers(rememberedSeriesMax)
    this.#lineBytesMax = expositionLineBytesMax
  }

  /** `heir`: has the same series, and now shows them. */
  open(rules: SourceRules, heir?: ExpositionSource): ExpositionSource {
    const source = new ExpositionSource(rules, this.#nextContext)
    this.#nextContext += 2
    if (heir !== undefined) {
      source.floats = heir.floats
      source.histograms = heir.histograms
      source.isEnded = heir.isEnded
      this.close(heir)
    }
    this.#open.add(source)
    return source
  }

  /** What may still be remembered of bodies, bytes. */
  get lineBytesLeft(): number {
    return this.#lineBytesMax - this.#lineBytes
  }

  /** What a source shows in its next body, as far as one knows. */
  expect(source: ExpositionSource, lines: LineMemory | null): void {
    this.#lineBytes += (lines?.sizeBytes ?? 0) - (source.lines?.sizeBytes ?? 0)
    source.lines = lines
  }

  close(source: ExpositionSource): void {
    this.#open.delete(source)
    this.expect(source, null)
    source.floats = noRefs
    source.histograms = noRefs
  }

  unlearn(isGone: (ref: number) => boolean): void {
    this.epoch++
    for (const source of this.#open) {
      source.lines?.forget(isGone)
      if (source.floats.some(isGone)) source.floats = source.floats.filter((ref) => !isGone(ref))
      if (source.histograms.some(isGone)) source.histograms = source.histograms.filter((ref) => !isGone(ref))
    }
  }

  clear(refs: Uint32Array): void {
    this.exemplars.clear(refs)
  }
}
