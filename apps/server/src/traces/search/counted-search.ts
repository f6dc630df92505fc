/** A search as a condition on the counts of operations, where they can answer it: those ask for names, kind and failure only. */
import type { Scope } from '../../kernel/scope.ts'
import { compileSearch, type SearchFields } from '../../search/index.ts'
import { otherName } from '../limits.ts'
import type { TimeRange, TraceReads } from '../ports.ts'
import { spanFields } from '../span-fields.ts'

/** Stands in SQL for what the counts cannot answer. */
const notCounted = '__not_counted__'
const statusColumn = '__status__'
const failedSql = `${statusColumn} = 2`

const countedNames = ['service', 'name', 'kind', 'environment', 'release']

/** `status`: what stands for that column. */
function countedFields(status: string): SearchFields {
  return {
    fields: spanFields.map((field) => {
      if (field.name === 'status') return { ...field, column: status }
      return countedNames.includes(field.name) ? field : { ...field, column: notCounted }
    }),
    freeText: [{ column: notCounted, isIndexed: false }],
    attributes: notCounted,
    resources: { column: notCounted, attributes: notCounted, sqlOf: () => notCounted },
  }
}

const onCounts = countedFields(statusColumn)
const onSpanRows = countedFields('status')

export interface CountedSpans {
  /** The search on `spans`: all its columns are small ones. */
  readonly onSpans: string
  /** `FROM … WHERE …`: a row of counts, twice where the search asks for failure: with `is_failed` 1 for its failed spans, 0 for the others. */
  readonly rows: string
  /** Of spans of the row that the search may mean: how many, how many failed, and by bucket of duration. Expressions to be aggregated. */
  readonly count: string
  readonly errors: string
  readonly durations: string
  /** The slowest of them, see example-trace.ts; '' where it is not known which that is. */
  readonly slowest: string
  /** 1 where the row counts operations without their names, so that it is not known whether the search means them. */
  readonly isUnsure: string
  /** Failed calls of the row that are in no bucket, because the row is of before failed ones had any: as good as the search needs them. */
  readonly missing: string
  readonly unitSec: number
}

/** Whole minutes; whole hours where `isByHour`. Null: only the spans themselves can answer. Errors: as `compileSearch`. */
export function countedSearch(
  reads: TraceReads,
  { scope, query, range, nowMs }: { readonly scope: Scope; readonly query: string; readonly range: TimeRange; readonly nowMs: number },
  isByHour: boolean,
): CountedSpans | null {
  const search = compileSearch(query, onCounts, { nowMs })
  const onSpans = compileSearch(query, onSpanRows, { nowMs }).sql()
  // What stands for the status occurs here only where the search itself has that text: it must stay as it is.
  if (onSpans.includes(notCounted) || onSpans.includes(statusColumn)) return null
  const asked = search.sql()
  const condition = asked.replaceAll(failedSql, 'is_failed')
  if (condition.includes(statusColumn)) return null
  const asksForFailure = condition !== asked
  const asksForNames = search.names.some((name) => countedNames.includes(name) && name !== 'kind')
  const isOther = `name = '${otherName}'`
  const [unitSec, table] = isByHour ? [3600, 'operations_1h'] : [60, 'operations']
  const from = asksForFailure ? `${table} ARRAY JOIN [0, 1] AS is_failed` : table
  const wanted = asksForNames ? `(${condition} OR ${isOther})` : condition
  const others = 'mapFilter((bucket, calls) -> calls > 0, mapSubtract(durations, failed_durations))'
  return {
    onSpans,
    rows: `FROM ${from} WHERE ${reads.counts(scope, range, unitSec)} AND ${wanted}`,
    count: asksForFailure ? 'if(is_failed, errors, count - errors)' : 'count',
    errors: asksForFailure ? 'if(is_failed, errors, 0)' : 'errors',
    durations: asksForFailure ? `if(is_failed, failed_durations, ${others})` : 'durations',
    slowest: asksForFailure ? "if(is_failed, failed, '')" : 'slowest',
    isUnsure: asksForNames ? `toUInt8(CAST(name AS String) = '${otherName}')` : 'toUInt8(0)',
    missing: asksForFailure ? 'errors - arraySum(mapValues(failed_durations))' : '0',
    unitSec,
  }
}
