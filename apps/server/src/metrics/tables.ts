/**
 * The engine's tables for metrics. Sorted by (tenant, metric, hour, series, time), because that order is worth several times the CPU
 * of a query; a partition is a week of hours. Codecs as measured: time costs next to nothing, integers by difference.
 * Every table the writer fills remembers insert tokens, which makes a repeated insert harmless.
 */
import { rollupTables } from './rollup/tables.ts'
import { setsMigration } from './sets/table.ts'

/** Steps are created, never changed; each can be run again. */
export interface MetricsMigration {
  readonly id: string
  readonly up: readonly string[]
}

/** Tokens remembered: late data takes one a partition, and a back-off of the other worker must not outlast them. */
const dedup = 'non_replicated_deduplication_window = 10000'

const sampleKey = `
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  metric UInt32 CODEC(ZSTD(1)),
  hour UInt32 CODEC(ZSTD(1)),
  series UInt64 CODEC(ZSTD(1)),
  ts Int64 CODEC(DoubleDelta, ZSTD(1))`

const samples = `CREATE TABLE IF NOT EXISTS samples (${sampleKey},
  i Int64 CODEC(Delta(8), ZSTD(1)),
  f Float64 CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 168)
ORDER BY (org, project, metric, hour, series, ts)
SETTINGS ${dedup}`

const histograms = `CREATE TABLE IF NOT EXISTS histograms (${sampleKey},
  schema Int8,
  zero_threshold Float64,
  zero_count Float64,
  count Float64,
  sum Float64,
  positive_spans Array(Int32),
  positive_counts Array(Float64),
  negative_spans Array(Int32),
  negative_counts Array(Float64),
  custom_values Array(Float64),
  reset_hint UInt8
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 168)
ORDER BY (org, project, metric, hour, series, ts)
SETTINGS ${dedup}`

const exemplars = `CREATE TABLE IF NOT EXISTS exemplars (${sampleKey},
  value Float64,
  trace_id String,
  span_id String,
  labels Map(LowCardinality(String), String)
) ENGINE = MergeTree
PARTITION BY intDiv(hour, 168)
ORDER BY (org, project, metric, hour, series, ts)
SETTINGS ${dedup}`

const series = `CREATE TABLE IF NOT EXISTS series (
  org UInt32,
  project UInt32,
  name LowCardinality(String),
  series UInt64,
  labels Map(LowCardinality(String), String),
  first_seen DateTime('UTC'),
  last_seen DateTime('UTC')
) ENGINE = ReplacingMergeTree(last_seen)
ORDER BY (org, project, name, series)
SETTINGS ${dedup}`

/** The table that series are written to and read from. */
export const seriesTable = 'series_seen'

/**
 * Rows of one series become one: first and last sample of all of them, labels of any. `series` before it kept the newest row only, and with
 * it a first sample that was too late.
 */
const seriesSeen = `CREATE TABLE IF NOT EXISTS ${seriesTable} (
  org UInt32,
  project UInt32,
  name LowCardinality(String),
  series UInt64,
  labels SimpleAggregateFunction(any, Map(String, String)) CODEC(ZSTD(1)),
  first_seen SimpleAggregateFunction(min, DateTime('UTC')),
  last_seen SimpleAggregateFunction(max, DateTime('UTC'))
) ENGINE = AggregatingMergeTree
ORDER BY (org, project, name, series)
SETTINGS ${dedup}, index_granularity_bytes = 1048576`

/**
 * Rows that are there twice become one, so this can be run again. In small blocks, one after the other: of rows of a kilobyte, blocks as
 * large as usual take 270 MB of the engine's memory, these 170.
 */
const seriesSeenBefore = `INSERT INTO ${seriesTable} SELECT org, project, name, series, labels, first_seen, last_seen FROM series
SETTINGS max_threads = 1, max_block_size = 16384, min_insert_block_size_rows = 65536, min_insert_block_size_bytes = 33554432,
  optimize_on_insert = 0`

/** Merges of what is copied wait for the end: one takes 270 MB as well, and the smallest engine has 384 MiB for both. */
const mergesWait = `ALTER TABLE ${seriesTable} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1`
const mergesAgain = `ALTER TABLE ${seriesTable} RESET SETTING max_bytes_to_merge_at_max_space_in_pool`

/** The mirror of the indexer's strings: what the ids in rows of series mean. Ids are unique in an organization, shared ones mean the same in all. */
export const stringsTable = 'strings'

const strings = `CREATE TABLE IF NOT EXISTS ${stringsTable} (
  org UInt32 CODEC(ZSTD(1)),
  id UInt64 CODEC(Delta(8), ZSTD(1)),
  use_case LowCardinality(String) CODEC(ZSTD(1)),
  string String CODEC(ZSTD(1)),
  INDEX by_string string TYPE bloom_filter GRANULARITY 4
) ENGINE = ReplacingMergeTree
ORDER BY (org, id)
SETTINGS ${dedup}`

/**
 * Ids of a row's label names and values, in the order of the labels; empty where `labels` has them as text. Of two rows of one series the
 * longer lists stay, whichever comes first.
 */
const seriesTags = `ALTER TABLE ${seriesTable}
  ADD COLUMN IF NOT EXISTS tag_keys SimpleAggregateFunction(max, Array(UInt64)) CODEC(ZSTD(1)),
  ADD COLUMN IF NOT EXISTS tag_values SimpleAggregateFunction(max, Array(UInt64)) CODEC(ZSTD(1))`

const metadata = `CREATE TABLE IF NOT EXISTS metric_metadata (
  org UInt32,
  project UInt32,
  name String,
  type LowCardinality(String),
  unit LowCardinality(String),
  help String
) ENGINE = ReplacingMergeTree
ORDER BY (org, project, name)
SETTINGS ${dedup}`

/** `bucket` is its start in ms; a bucket made again carries a higher version. */
function rollup(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  metric UInt32 CODEC(ZSTD(1)),
  day UInt32 CODEC(ZSTD(1)),
  series UInt64 CODEC(ZSTD(1)),
  ts Int64 CODEC(DoubleDelta, ZSTD(1)),
  count UInt32 CODEC(ZSTD(1)),
  sum Float64 CODEC(ZSTD(1)),
  min Float64 CODEC(ZSTD(1)),
  max Float64 CODEC(ZSTD(1)),
  first_ts Int64 CODEC(DoubleDelta, ZSTD(1)),
  first Float64 CODEC(ZSTD(1)),
  last_ts Int64 CODEC(DoubleDelta, ZSTD(1)),
  last Float64 CODEC(ZSTD(1)),
  increase Float64 CODEC(ZSTD(1)),
  version UInt64 CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree(version)
PARTITION BY intDiv(day, 28)
ORDER BY (org, project, metric, day, series, ts)
SETTINGS ${dedup}`
}

/** An insert is on the disk before its segment of the ingest log is deleted; otherwise a power cut would take what both held. */
const durable = (table: string): string => `ALTER TABLE ${table} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1`

/**
 * Measured on a day of 19,000 series, whole and broken numbers mixed: 0.80 bytes a sample in place of 1.00, at the same CPU to write
 * and less to read. Differences of differences suit counters and slow gauges; floats that only grow (sums, seconds) halve by
 * difference, while a few repeated ones take a quarter more. Parts written before keep theirs until they are merged.
 */
const sampleCodecs = `ALTER TABLE samples
  MODIFY COLUMN series UInt64 CODEC(ZSTD(3)),
  MODIFY COLUMN i Int64 CODEC(DoubleDelta, ZSTD(3)),
  MODIFY COLUMN f Float64 CODEC(Delta(8), ZSTD(3))`

export const metricsMigrations: readonly MetricsMigration[] = [
  { id: 'metrics-0001-samples', up: [samples, histograms, exemplars] },
  { id: 'metrics-0002-series', up: [series, metadata] },
  { id: 'metrics-0003-rollups', up: [rollup('samples_5m'), rollup('samples_1h')] },
  { id: 'metrics-0004-durable', up: ['samples', 'histograms', 'exemplars', 'series', 'metric_metadata'].map(durable) },
  { id: 'metrics-0005-sample-codecs', up: [sampleCodecs] },
  { id: 'metrics-0006-exact-rollups', up: rollupTables },
  { id: 'metrics-0007-series-seen', up: [seriesSeen, durable(seriesTable), mergesWait, seriesSeenBefore, mergesAgain] },
  { id: 'metrics-0008-sets', up: setsMigration },
  { id: 'metrics-0009-strings', up: [strings, durable(stringsTable), seriesTags] },
]
