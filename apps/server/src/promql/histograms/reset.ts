/** Whether a counter histogram started again between two samples. */
import type { NativeHistogram } from '../../metrics/index.ts'
import {
  sharedBounds,
  toSparse,
  usesCustomBuckets,
  withCustomBounds,
  withSchema,
  withZeroThreshold,
  zeroBucketFor,
  type Buckets,
} from './sparse.ts'

/** True when any bucket of `older` is fuller than in `newer`. */
function anyFell(older: Buckets, newer: Buckets): boolean {
  let j = 0
  for (let i = 0; i < older.indexes.length; i++) {
    const index = older.indexes[i]!
    while (j < newer.indexes.length && newer.indexes[j]! < index) j++
    const now = j < newer.indexes.length && newer.indexes[j] === index ? newer.counts[j]! : 0
    if (now < older.counts[i]!) return true
  }
  return false
}

export function isCounterReset(older: NativeHistogram, newer: NativeHistogram): boolean {
  if (newer.resetHint === 'yes') return true
  if (newer.resetHint === 'no') return false
  if (newer.count < older.count) return true
  const custom = usesCustomBuckets(newer)
  if (custom !== usesCustomBuckets(older)) return true
  const before = toSparse(older)
  const after = toSparse(newer)
  if (custom) {
    const bounds = sharedBounds(older.customValues, newer.customValues)
    return anyFell(withCustomBounds(before, bounds).positive, withCustomBounds(after, bounds).positive)
  }
  // Resolution and zero threshold can only shrink or grow in one direction without a restart.
  if (newer.schema > older.schema || newer.zeroThreshold < older.zeroThreshold) return true
  const zero = zeroBucketFor(before, newer.zeroThreshold)
  if (zero.threshold !== newer.zeroThreshold || newer.zeroCount < zero.count) return true
  const comparable = withSchema(withZeroThreshold(before, newer.zeroThreshold), newer.schema)
  return anyFell(comparable.positive, after.positive) || anyFell(comparable.negative, after.negative)
}
