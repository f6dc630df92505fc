/**
 * The two widths of rollups and what follows from them. Bucket `k` of width `w` is `(k * w, (k + 1) * w]`: open on the left and closed on
 * the right, as the windows of PromQL are, so that a window made of whole buckets holds exactly their samples.
 */

export interface RollupWidth {
  readonly table: 'samples_5m' | 'samples_1h'
  readonly bucketMs: number
  /** Buckets of one series that lie together on the disk. */
  readonly slotBuckets: number
  /** Buckets of one partition. */
  readonly partitionBuckets: number
}

export const fiveMinutes: RollupWidth = { table: 'samples_5m', bucketMs: 300_000, slotBuckets: 72, partitionBuckets: 2016 }
export const oneHour: RollupWidth = { table: 'samples_1h', bucketMs: 3_600_000, slotBuckets: 168, partitionBuckets: 672 }

/** Small buckets of an hour; also the bits of a mask of them. */
export const bucketsPerHour = 12
export const wholeHourMask = (1 << bucketsPerHour) - 1

/** The bucket that a time lies in. Times are whole milliseconds after 1970. */
export function bucketOf(timeMs: number, bucketMs: number): number {
  return Math.ceil(timeMs / bucketMs) - 1
}
