/** Tables of rollups and their marks; see spans.ts for what lies together. Codecs: differences of whole numbers take a byte or less. */
import { roundsPerPartition } from './mark-store.ts'
import { fiveMinutes, oneHour, type RollupWidth } from './spans.ts'

function rollup({ table, partitionBuckets }: RollupWidth): string {
  const zstd = (type: string, names: readonly string[]): string => names.map((name) => `${name} ${type} CODEC(ZSTD(1))`).join(',\n  ')
  const float = (names: readonly string[]): string => names.map((name) => `${name} Float64 CODEC(Delta(8), ZSTD(1))`).join(',\n  ')
  const small = (names: readonly string[]): string => names.map((name) => `${name} Int64 CODEC(T64, ZSTD(1))`).join(',\n  ')
  return `CREATE TABLE IF NOT EXISTS ${table} (
  ${zstd('UInt32', ['org', 'project', 'metric', 'slot'])},
  series UInt64 CODEC(ZSTD(1)),
  bucket UInt32 CODEC(Delta(4), ZSTD(1)),
  ${zstd('UInt32', ['seq', 'count', 'first_at', 'last_at'])},
  flags UInt8 CODEC(ZSTD(1)),
  ${zstd('UInt32', ['resets', 'changes'])},
  last_i Int64 CODEC(Delta(8), ZSTD(1)),
  ${small(['first_d', 'low_d', 'high_d', 'mid_d', 'fix_i'])},
  ${float(['last_f', 'first_f', 'min_f', 'max_f', 'sum_f', 'fix_f'])}
) ENGINE = ReplacingMergeTree(seq)
PARTITION BY intDiv(bucket, ${partitionBuckets})
ORDER BY (org, project, metric, slot, series, bucket)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`
}

const marks = `CREATE TABLE IF NOT EXISTS rollup_marks (
  seq UInt32,
  kind UInt8,
  org UInt32,
  project UInt32,
  hour UInt32,
  mask UInt32,
  closed_ms Int64
) ENGINE = MergeTree
PARTITION BY intDiv(seq, ${roundsPerPartition})
ORDER BY (seq, kind, org, project, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`

/** The tables of an earlier version were never written. A step cut off and repeated finds no row in them either: rounds begin after it. */
export const rollupTables: readonly string[] = [
  ...[fiveMinutes, oneHour].flatMap((width) => [`DROP TABLE IF EXISTS ${width.table} SYNC`, rollup(width)]),
  marks,
]
