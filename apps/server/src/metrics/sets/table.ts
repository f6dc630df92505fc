/**
 * The engine's table of sets: a HyperLogLog state per series and minute. `members` exists only while rows are inserted: the engine makes the
 * state of them, so that a repeated insert of the same body under the same token changes nothing.
 */

export const setsTable = 'sets'

/** 2^14 registers: a standard error of 0.8 %; up to some hundred members a state is an exact list of hashes. */
export const uniqueFunction = 'uniqCombined64'
export const uniqueState = `${uniqueFunction}State(14)`
export const uniqueMerge = `${uniqueFunction}Merge(14)`

/**
 * `pieces` says which inserts a row is made of, each by a hash of its content: rows of one minute become one, and only by it can be asked
 * whether an insert is there.
 */
export const setsMigration: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${setsTable} (
  org UInt32 CODEC(ZSTD(1)),
  project UInt32 CODEC(ZSTD(1)),
  metric UInt32 CODEC(ZSTD(1)),
  hour UInt32 CODEC(ZSTD(1)),
  series UInt64 CODEC(ZSTD(1)),
  ts Int64 CODEC(DoubleDelta, ZSTD(1)),
  members Array(UInt64) EPHEMERAL,
  state AggregateFunction(${uniqueFunction}(14), UInt64) DEFAULT arrayReduce('${uniqueState}', members) CODEC(ZSTD(1)),
  pieces SimpleAggregateFunction(groupUniqArrayArray, Array(UInt64)) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
PARTITION BY intDiv(hour, 168)
ORDER BY (org, project, metric, hour, series, ts)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity_bytes = 1048576`,
]
