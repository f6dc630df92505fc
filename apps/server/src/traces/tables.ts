/**
 * The engine's tables of traces. `spans` holds the spans, those of a trace side by side; `traces` says where in time a trace lies, so that
 * one is found by its id alone; `operations` and `operations_1h` count by operation and minute or hour, `edges` and `edges_1h` who calls whom.
 * All but `spans` are additive: rows of one key become one. Partitions end with their days, so what is too old goes as whole parts.
 */
import type { AdditiveTable } from '../signals/index.ts'

export const spansTable = 'spans'
export const tracesTable = 'traces'

const dedup = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

const spans = `CREATE TABLE IF NOT EXISTS ${spansTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  bucket UInt32 CODEC(ZSTD(1)),
  keep UInt16 CODEC(ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  ts Int64 CODEC(Delta(8), ZSTD(1)),
  duration UInt64 CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(NONE),
  parent_id FixedString(8) CODEC(ZSTD(1)),
  resource UInt64 CODEC(ZSTD(1)),
  service LowCardinality(String) CODEC(ZSTD(1)),
  host LowCardinality(String) CODEC(ZSTD(1)),
  environment LowCardinality(String) CODEC(ZSTD(1)),
  release LowCardinality(String) CODEC(ZSTD(1)),
  scope LowCardinality(String) CODEC(ZSTD(1)),
  name LowCardinality(String) CODEC(ZSTD(1)),
  kind UInt8 CODEC(ZSTD(1)),
  status UInt8 CODEC(ZSTD(1)),
  status_message String CODEC(ZSTD(1)),
  http_method LowCardinality(String) CODEC(ZSTD(1)),
  http_route LowCardinality(String) CODEC(ZSTD(1)),
  http_status UInt16 CODEC(ZSTD(1)),
  db_system LowCardinality(String) CODEC(ZSTD(1)),
  db_operation LowCardinality(String) CODEC(ZSTD(1)),
  peer LowCardinality(String) CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  events String CODEC(ZSTD(1)),
  links String CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  scrubbed UInt8 CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  batch UInt32 CODEC(ZSTD(1)),
  row UInt32 CODEC(Delta(4), ZSTD(1))
) ENGINE = MergeTree
PARTITION BY (keep, intDiv(bucket, 144))
ORDER BY (org, project, bucket, trace_id, ts)
TTL toDateTime(bucket * 600) + toIntervalDay(keep)
SETTINGS ${dedup}, ttl_only_drop_parts = 1, index_granularity = 2048`

/**
 * The id is two numbers, its bytes 0 to 7 and 8 to 15 in little-endian order. `week` is that of the earliest span of an insert, so a trace may
 * have rows in two.
 */
const traces = `CREATE TABLE IF NOT EXISTS ${tracesTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  trace_a UInt64 CODEC(ZSTD(1)),
  trace_b UInt64 CODEC(NONE),
  week UInt32 CODEC(ZSTD(1)),
  keep UInt16 CODEC(ZSTD(1)),
  marker LowCardinality(String) CODEC(ZSTD(1)),
  first_bucket SimpleAggregateFunction(min, UInt32) CODEC(ZSTD(1)),
  last_bucket SimpleAggregateFunction(max, UInt32) CODEC(ZSTD(1)),
  spans SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY week
ORDER BY (org, project, trace_a, trace_b, week, keep, marker)
TTL toDateTime((week + 1) * 604800) + toIntervalDay(keep)
SETTINGS ${dedup}, ttl_only_drop_parts = 1, index_granularity = 1024`

export const tracesAdditive: AdditiveTable = {
  table: tracesTable,
  columns: [
    ['trace_a', 'UInt64'],
    ['trace_b', 'UInt64'],
    ['week', 'UInt32'],
    ['keep', 'UInt16'],
    ['marker', 'String'],
    ['first_bucket', 'UInt32'],
    ['last_bucket', 'UInt32'],
    ['spans', 'UInt64'],
  ],
  partition: { column: 'week', size: 1 },
  markerColumn: 'marker',
}

/** Columns that count calls and say which trace shows them. `slowest` and `failed`: see example-trace.ts; '' when there is none. */
const figures = `
  count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  errors SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  total_ms SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  durations SimpleAggregateFunction(sumMap, Map(UInt32, Float64)) CODEC(ZSTD(1)),
  slowest SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
  failed SimpleAggregateFunction(max, String) CODEC(ZSTD(1))`

/** Durations of failed calls, as `durations`; rows of before it have none, though they may have errors. */
const failedDurations = 'failed_durations SimpleAggregateFunction(sumMap, Map(UInt32, Float64)) CODEC(ZSTD(1))'

interface CountedTable {
  readonly table: string
  /** What follows the tenant in the key. */
  readonly key: readonly string[]
  /** Seconds of a step. */
  readonly stepSec: number
}

function countedMigration({ table, key, stepSec }: CountedTable): string {
  const words = key.map((name) => `  ${name} ${name === 'kind' ? 'UInt8' : 'LowCardinality(String)'} CODEC(ZSTD(1)),`).join('\n')
  const perDay = 86_400 / stepSec
  return `CREATE TABLE IF NOT EXISTS ${table} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
${words}
  step UInt32 CODEC(DoubleDelta, ZSTD(1)),
  keep UInt16 CODEC(ZSTD(1)),${figures}
) ENGINE = AggregatingMergeTree
PARTITION BY intDiv(step, ${7 * perDay})
ORDER BY (org, project, intDiv(step, ${stepSec === 60 ? 60 : 24}), ${key.join(', ')}, step, keep)
TTL toDateTime(step * ${stepSec}) + toIntervalDay(keep)
SETTINGS ${dedup}, ttl_only_drop_parts = 1`
}

export const operationKey = ['service', 'name', 'kind', 'environment', 'release'] as const
export const edgeKey = ['client', 'kind', 'peer', 'system', 'server', 'environment'] as const

const counted = [
  { table: 'operations', key: operationKey, stepSec: 60 },
  { table: 'operations_1h', key: operationKey, stepSec: 3600 },
  { table: 'edges', key: edgeKey, stepSec: 60 },
  { table: 'edges_1h', key: edgeKey, stepSec: 3600 },
] as const satisfies readonly CountedTable[]

/** As inserts see them; the partition is a week. */
function additive({ table, key, stepSec }: CountedTable): AdditiveTable {
  return {
    table,
    columns: [
      ...key.map((name) => [name, name === 'kind' ? 'UInt8' : 'String'] as const),
      ['step', 'UInt32'],
      ['keep', 'UInt16'],
      ['count', 'Float64'],
      ['errors', 'Float64'],
      ['total_ms', 'Float64'],
      ['durations', 'Map(UInt32, Float64)'],
      ['slowest', 'String'],
      ['failed', 'String'],
      ['failed_durations', 'Map(UInt32, Float64)'],
    ],
    partition: { column: 'step', size: (7 * 86_400) / stepSec },
    markerColumn: key[0] ?? '',
  }
}

export const operationTables: readonly { readonly stepSec: number; readonly table: AdditiveTable }[] = counted
  .filter(({ key }) => key[0] === 'service')
  .map((one) => ({ stepSec: one.stepSec, table: additive(one) }))

export const edgeTables: readonly { readonly stepSec: number; readonly table: AdditiveTable }[] = counted
  .filter(({ key }) => key[0] === 'client')
  .map((one) => ({ stepSec: one.stepSec, table: additive(one) }))

/**
 * What searches need; parts written before are read as they are. Measured on 20 million spans: a value that no span has cost 5.4 s of
 * processor and costs 0.1 s; the index takes 1.5 bytes a span and 0.25 s of processor a million of them for insert and merge (a text index finds
 * as much for four times the bytes). Durations as bits are read three times as fast as ZSTD's, and are smaller.
 */
const forSearches = `ALTER TABLE ${spansTable}
  ADD INDEX IF NOT EXISTS attribute_values mapValues(attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
  MODIFY COLUMN duration UInt64 CODEC(T64, LZ4)`

export const tracesMigrations: readonly { readonly id: string; readonly up: readonly string[] }[] = [
  { id: 'traces-0001-tables', up: [spans, traces, ...counted.map(countedMigration)] },
  {
    id: 'traces-0002-searches',
    up: [forSearches, ...counted.map(({ table }) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${failedDurations}`)],
  },
]
