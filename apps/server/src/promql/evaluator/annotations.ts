/** Warnings and infos of one query: each once, worded and positioned as Prometheus does. */
import { linePosition } from '../errors.ts'
import { formatNumber } from '../syntax/literals.ts'

/** More than this many different ones are not kept. */
const annotationsMax = 100

export class Annotations {
  readonly #text: string
  readonly #warnings = new Set<string>()
  readonly #infos = new Set<string>()

  constructor(text: string) {
    this.#text = text
  }

  get warnings(): readonly string[] {
    return [...this.#warnings]
  }

  get infos(): readonly string[] {
    return [...this.#infos]
  }

  warn(message: string, offset: number): void {
    if (this.#warnings.size < annotationsMax) this.#warnings.add(`PromQL warning: ${message} (${linePosition(this.#text, offset)})`)
  }

  info(message: string, offset: number): void {
    if (this.#infos.size < annotationsMax) this.#infos.add(`PromQL info: ${message} (${linePosition(this.#text, offset)})`)
  }
}

function of(name: string): string {
  return name === '' ? '' : ` for metric name ${JSON.stringify(name)}`
}

/** Texts used in more than one place. */
export const notes = {
  mixedRange: (name: string): string => `encountered a mix of histograms and floats${of(name)}`,
  ignoredInMixedRange: (name: string): string => `ignored histograms in a range containing both floats and histograms${of(name)}`,
  mixedAggregation: 'encountered a mix of histograms and floats for aggregation',
  ignoredInAggregation: (op: string): string => `ignored histogram in ${op} aggregation`,
  possibleNonCounter: (name: string): string =>
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
  notCounter: (name: string): string => `this native histogram metric is not a counter: ${JSON.stringify(name)}`,
  notGauge: (name: string): string => `this native histogram metric is not a gauge: ${JSON.stringify(name)}`,
  mixedSchemas: (name: string): string => `vector contains a mix of histograms with exponential and custom buckets schemas${of(name)}`,
  customBucketsReconciled: (operation: 'addition' | 'subtraction' | 'aggregation'): string =>
    `mismatched custom buckets were reconciled during ${operation}`,
  counterResetCollision: (operation: 'addition' | 'subtraction' | 'aggregation'): string =>
    `conflicting counter resets during histogram ${operation}`,
  forcedMonotonic: (name: string): string =>
    `input to histogram_quantile needed to be fixed for monotonicity (see ` +
    `https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${of(name)}`,
  quantileIsNan: (name: string): string => `input to histogram_quantile has NaN observations, result is NaN${of(name)}`,
  quantileIsSkewed: (name: string): string => `input to histogram_quantile has NaN observations, result is skewed higher${of(name)}`,
  fractionHasNan: (name: string): string =>
    `input to histogram_fraction has NaN observations, which are excluded from all fractions${of(name)}`,
  mixedClassicNative: (name: string): string => `vector contains a mix of classic and native histograms${of(name)}`,
  badBucketLabel: (label: string, name: string): string =>
    `bucket label "le" is missing or has a malformed value of ${JSON.stringify(label)}${of(name)}`,
  quantileOutOfRange: (q: number): string => `quantile value should be between 0 and 1, got ${formatNumber(q)}`,
  ratioOutOfRange: (ratio: number, cap: number): string =>
    `ratio value should be between -1 and 1, got ${formatNumber(ratio)}, capping to ${formatNumber(cap)}`,
  sortInRange: 'sort is ineffective for range queries since results are always ordered by labels',
  incompatibleTypes: (left: string, op: string, right: string): string =>
    `incompatible sample types encountered for binary operator ${JSON.stringify(op)}: ${left} ${op} ${right}`,
  incompatibleBuckets: (op: string): string => `incompatible bucket layout encountered for binary operator ${op}`,
} as const
