/**
 * Native histograms in answers: count, sum and the buckets that are not empty, from the lowest to the highest, each as
 * [boundary rule, left, right, count] (0 left open, 1 right open, 2 both open, 3 both closed), as Prometheus' query API describes them.
 */
import type { NativeHistogram } from '../../metrics/index.ts'
import { bucketsOf, type Bucket } from '../../promql/index.ts'
import { formatSampleValue } from './numbers.ts'

function boundaryRule({ lowerClosed, upperClosed }: Bucket): number {
  if (lowerClosed) return upperClosed ? 3 : 1
  return upperClosed ? 0 : 2
}

function quoted(value: number): string {
  return `"${formatSampleValue(value)}"`
}

/** The histogram as a JSON object. */
export function histogramJson(histogram: NativeHistogram): string {
  const buckets = bucketsOf(histogram)
    .filter((bucket) => bucket.count !== 0)
    .map((bucket) => `[${boundaryRule(bucket)},${quoted(bucket.lower)},${quoted(bucket.upper)},${quoted(bucket.count)}]`)
  const listed = buckets.length === 0 ? '' : `,"buckets":[${buckets.join(',')}]`
  return `{"count":${quoted(histogram.count)},"sum":${quoted(histogram.sum)}${listed}}`
}
