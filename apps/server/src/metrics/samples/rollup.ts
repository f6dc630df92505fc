/**
 * Rollups: one row a series and closed bucket of five minutes or one hour, made by one statement after the bucket has closed and made
 * again, with a higher version, when late data comes. Stale markers are left out. `increase` is a counter's: after a reset it goes on
 * from zero. The increase across a bucket's edge is not in it; `last` of one bucket and `first` of the next give it.
 */

export interface RollupTable {
  readonly table: 'samples_5m' | 'samples_1h'
  readonly bucketMs: number
}

export const rollupTables: readonly RollupTable[] = [
  { table: 'samples_5m', bucketMs: 300_000 },
  { table: 'samples_1h', bucketMs: 3_600_000 },
]

/** Which buckets to make: whole ones, `[fromMs, toMs)`. */
export interface RollupRange {
  readonly fromMs: number
  readonly toMs: number
  /** Of two rows of a bucket the one with the higher version counts; ms since 1970 of the making. */
  readonly version: number
}

/** Repeating a statement with the same range and version changes nothing. Throws when the range is not made of whole buckets. */
export function rollupStatement({ table, bucketMs }: RollupTable, { fromMs, toMs, version }: RollupRange): string {
  if (fromMs % bucketMs !== 0 || toMs % bucketMs !== 0 || toMs <= fromMs || fromMs < 0) {
    throw new Error(`a rollup into ${table} needs whole buckets, not ${fromMs}..${toMs}`)
  }
  const hour = (timeMs: number): number => Math.floor(timeMs / 3_600_000)
  return `INSERT INTO ${table}
SELECT org, project, metric, intDiv(hour, 24) AS day, series, bucket AS ts,
  length(samples) AS count, arraySum(values) AS sum, arrayMin(values) AS min, arrayMax(values) AS max,
  samples[1].1 AS first_ts, values[1] AS first, samples[-1].1 AS last_ts, values[-1] AS last,
  arraySum(arrayMap((before, after) -> if(after < before, after, after - before), arrayPopBack(values), arrayPopFront(values))) AS increase,
  toUInt64(${version}) AS version
FROM (
  SELECT org, project, metric, hour, series, intDiv(ts, ${bucketMs}) * ${bucketMs} AS bucket,
    arrayCompact(arraySort(groupArray((ts, if(f = 0, toFloat64(i), f))))) AS samples,
    arrayMap(sample -> sample.2, samples) AS values
  FROM samples
  WHERE hour BETWEEN ${hour(fromMs)} AND ${hour(toMs - 1)} AND ts >= ${fromMs} AND ts < ${toMs}
    AND NOT (f = 0 AND i = toInt64(-9223372036854775808))
  GROUP BY org, project, metric, hour, series, bucket
)
SETTINGS insert_deduplication_token = '${table}-${fromMs}-${toMs}-${version}', async_insert = 0`
}
