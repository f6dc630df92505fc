/**
 * Labels as exposed to labels as stored: those of the target added, clashes renamed, relabelled, checked against the limits of the scrape.
 * The slow path, for series not seen before. Semantics: Prometheus' documentation of `scrape_config`.
 */
import type { Labels, MetricType } from '../../metrics/index.ts'
import { normalizedLabels, shown } from '../decode/label-text.ts'
import type { ExpositionLimits, SourceRules } from './source.ts'

/** Numbers of so many digits before the point and more are written with an exponent. */
const plainExponentMax = 6

/** The scrape cannot be stored. `reason` in snake_case for counters. */
export class ScrapeRefused extends Error {
  readonly reason: string

  constructor(reason: string, what: string) {
    super(what)
    this.name = 'ScrapeRefused'
    this.reason = reason
  }
}

/** Null: relabelling leaves the series out. Errors: `ScrapeRefused`. */
export function storedLabels(exposed: readonly [string, string][], type: MetricType, rules: SourceRules): Labels | null {
  const labels = new Map<string, string>()
  for (const [name, value] of exposed) {
    if (labels.has(name))
      throw new ScrapeRefused('duplicate_label', `${shown(labels.get('__name__') ?? '')}: label ${shown(name)} is there twice`)
    labels.set(name, normalizedBound(type, name, value))
  }
  if (rules.honorLabels) addMissing(labels, rules.labels)
  else addOver(labels, rules.labels)
  if (rules.relabel?.(labels) === false) return null
  const metric = labels.get('__name__') ?? ''
  if (metric === '') throw new ScrapeRefused('metric_name_missing', 'a series is left without a name')
  const stored = normalizedLabels(Array.from(labels))
  checkLimits(stored, metric, rules.limits)
  return stored
}

/** With an empty value an exporter says that it wants none of ours. */
function addMissing(labels: Map<string, string>, own: Labels): void {
  for (const [name, value] of own) if (!labels.has(name)) labels.set(name, value)
}

function addOver(labels: Map<string, string>, own: Labels): void {
  const clashes = own.flatMap(([name]): [string, string][] => {
    const value = labels.get(name) ?? ''
    return value === '' ? [] : [[name, value]]
  })
  for (const [name, value] of own) labels.set(name, value)
  // The shortest first, so that `a` takes `exported_a` before an `exported_a` that clashes itself moves on.
  for (const [name, value] of clashes.toSorted(([a], [b]) => a.length - b.length)) {
    let renamed = `exported_${name}`
    while ((labels.get(renamed) ?? '') !== '') renamed = `exported_${renamed}`
    labels.set(renamed, value)
  }
}

function checkLimits(labels: Labels, metric: string, limits: ExpositionLimits): void {
  const { labelsMax, labelNameBytesMax, labelValueBytesMax } = limits
  if (labelsMax > 0 && labels.length > labelsMax)
    throw new ScrapeRefused('label_limit', `${shown(metric)} has ${labels.length} labels; label_limit is ${labelsMax}`)
  if (labelNameBytesMax === 0 && labelValueBytesMax === 0) return
  for (const [name, value] of labels) {
    if (labelNameBytesMax > 0 && Buffer.byteLength(name) > labelNameBytesMax)
      throw new ScrapeRefused(
        'label_name_length_limit',
        `${shown(metric)}: label name ${shown(name)} is longer than label_name_length_limit, ${labelNameBytesMax} bytes`,
      )
    if (labelValueBytesMax > 0 && Buffer.byteLength(value) > labelValueBytesMax)
      throw new ScrapeRefused(
        'label_value_length_limit',
        `${shown(metric)}: the value of ${shown(name)} is longer than label_value_length_limit, ${labelValueBytesMax} bytes`,
      )
  }
}

/** `le="1"` and `le="1.0"` are one bucket, whichever format says it: as in Prometheus 3 bounds are written as OpenMetrics does. */
function normalizedBound(type: MetricType, name: string, value: string): string {
  const isBound = ((type === 'histogram' || type === 'gaugehistogram') && name === 'le') || (type === 'summary' && name === 'quantile')
  if (!isBound || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) return value
  return openMetricsNumber(Number(value))
}

/** A float as OpenMetrics writes it in labels: Go's shortest `%g`, with `.0` where it looks like an integer. */
export function openMetricsNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Number.isNaN(value)) return 'NaN'
  if (value === 0) return '0.0'
  const [mantissa = '', exponentText = ''] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= plainExponentMax)
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}
