/**
 * The engine's tables of logs. `logs` holds the rows by time, the order in which they are looked at; `log_counts` counts them by minute,
 * service, environment and severity; `log_facets` notes which values attributes have, in steps of ten minutes. The latter two are additive:
 * rows of one key become one. A partition holds what is kept equally long, so what is too old goes as whole parts.
 */
import type { AdditiveTable } from '../signals/index.ts'

export const logsTable = 'logs'

const dedup = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

/**
 * Measured on a million lines of 334 bytes as JSON. By time within ten minutes, not by service: the newest hundred cost 15 ms in place of 45,
 * and columns of time and number take 0.6 bytes a row in place of 2.8, which pays for the service's 2.7 in place of 1.2. Ids do not compress
 * (NONE). The index of words is lossless for any number of words and takes 9.9 bytes with packed lists (13.7 without); an index of the
 * attributes' values would take as much again. Attributes lie in buckets by their names once parts are merged: one is read at 60 % of the
 * cost, and they take 7.2 bytes in place of 9.3. Marks every 2,048 rows: single rows found by the index cost half, for 1.2 bytes.
 */
const logs = `CREATE TABLE IF NOT EXISTS ${logsTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  bucket UInt32 CODEC(ZSTD(1)),
  keep UInt16 CODEC(ZSTD(1)),
  ts Int64 CODEC(Delta(8), ZSTD(1)),
  batch UInt32 CODEC(ZSTD(1)),
  row UInt32 CODEC(Delta(4), ZSTD(1)),
  resource UInt64 CODEC(ZSTD(1)),
  severity UInt8 CODEC(ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  host LowCardinality(String) CODEC(ZSTD(1)),
  environment LowCardinality(String) CODEC(ZSTD(1)),
  release LowCardinality(String) CODEC(ZSTD(1)),
  scope LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(NONE),
  span_id FixedString(8) CODEC(NONE),
  body String CODEC(ZSTD(3)),
  pattern UInt64 CODEC(ZSTD(1)),
  problem UInt64 CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  scrubbed UInt8 CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(3)),
  INDEX body_words lowerUTF8(body) TYPE text(tokenizer = 'splitByNonAlpha', posting_list_codec = 'bitpacking'),
  INDEX by_trace trace_id TYPE bloom_filter(0.05) GRANULARITY 4,
  INDEX by_service service TYPE set(64) GRANULARITY 4,
  INDEX by_pattern pattern TYPE set(256) GRANULARITY 4,
  INDEX by_problem problem TYPE set(64) GRANULARITY 4
) ENGINE = MergeTree
PARTITION BY (keep, intDiv(bucket, 144))
ORDER BY (org, project, bucket, ts)
TTL toDateTime(bucket * 600) + toIntervalDay(keep)
SETTINGS ${dedup}, ttl_only_drop_parts = 1, index_granularity = 2048, min_bytes_for_wide_part = 67108864,
  map_serialization_version = 'with_buckets', map_serialization_version_for_zero_level_parts = 'basic',
  map_buckets_strategy = 'linear', map_buckets_coefficient = 2, map_buckets_min_avg_size = 0, max_buckets_in_map = 32`

export const countsTable = 'log_counts'

const counts = `CREATE TABLE IF NOT EXISTS ${countsTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  minute UInt32 CODEC(DoubleDelta, ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  environment LowCardinality(String) CODEC(ZSTD(1)),
  severity UInt8 CODEC(ZSTD(1)),
  keep UInt16 CODEC(ZSTD(1)),
  rows SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
  weight SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY intDiv(minute, 10080)
ORDER BY (org, project, minute, service, environment, severity, keep)
TTL toDateTime(minute * 60) + toIntervalDay(keep)
SETTINGS ${dedup}, ttl_only_drop_parts = 1`

export const countsAdditive: AdditiveTable = {
  table: countsTable,
  columns: [
    ['minute', 'UInt32'],
    ['service', 'String'],
    ['environment', 'String'],
    ['severity', 'UInt8'],
    ['keep', 'UInt16'],
    ['rows', 'UInt64'],
    ['weight', 'Float64'],
  ],
  partition: { column: 'minute', size: 10_080 },
  markerColumn: 'service',
}

export const facetsTable = 'log_facets'

/** A row with the value '' says how many rows have the field at all. */
const facets = `CREATE TABLE IF NOT EXISTS ${facetsTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  bucket UInt32 CODEC(DoubleDelta, ZSTD(1)),
  field LowCardinality(String) CODEC(ZSTD(1)),
  value String CODEC(ZSTD(1)),
  keep UInt16 CODEC(ZSTD(1)),
  weight SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY intDiv(bucket, 1008)
ORDER BY (org, project, bucket, field, value, keep)
TTL toDateTime(bucket * 600) + toIntervalDay(keep)
SETTINGS ${dedup}, ttl_only_drop_parts = 1`

export const facetsAdditive: AdditiveTable = {
  table: facetsTable,
  columns: [
    ['bucket', 'UInt32'],
    ['field', 'String'],
    ['value', 'String'],
    ['keep', 'UInt16'],
    ['weight', 'Float64'],
  ],
  partition: { column: 'bucket', size: 1008 },
  markerColumn: 'field',
}

/**
 * What is compressed together: a row that is shown is unpacked with its neighbours in every column, and with blocks of 16 KiB in place of 64
 * the hundred rows of a rare word cost 109 ms of processor in place of 166, for 0.7 bytes a row. Parts written before stay as they are.
 */
const smallBlocks = `ALTER TABLE ${logsTable} MODIFY SETTING min_compress_block_size = 16384`

/** Steps are created, never changed; each can be run again. */
export const logsMigrations: readonly { readonly id: string; readonly up: readonly string[] }[] = [
  { id: 'logs-0001-tables', up: [logs, counts, facets] },
  { id: 'logs-0002-small-blocks', up: [smallBlocks] },
]
