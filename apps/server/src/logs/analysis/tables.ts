/** The engine's table of patterns: few rows a project, made one by the engine. Their counts are asked of `logs`. */

export const patternsTable = 'log_patterns'

const patterns = `CREATE TABLE IF NOT EXISTS ${patternsTable} (
  org UInt32,
  project UInt32,
  pattern UInt64,
  first_sec SimpleAggregateFunction(min, UInt32),
  last_sec SimpleAggregateFunction(max, UInt32),
  template SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
  example SimpleAggregateFunction(anyLast, String) CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree
ORDER BY (org, project, pattern)`

/** Steps are created, never changed; each can be run again. */
export const logAnalysisMigrations: readonly { readonly id: string; readonly up: readonly string[] }[] = [
  { id: 'log-analysis-0001-patterns', up: [patterns] },
]
