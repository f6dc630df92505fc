/**
 * An exception that a program records on its span and logs as well comes twice, in two requests seconds apart, of which neither knows of the
 * other. What is counted of each says which span, type and message it was; an exception of a span counts only where no record of logs of the
 * same project says the same. Both are sets, so that the order in which they come and repeated inserts change nothing.
 */
import type { Scope } from '../kernel/scope.ts'
import { ofScope } from './read-rows.ts'

/** What tells an exception from all others; null: it belongs to no span. 32 bits of it are compared, so one in millions is taken for another. */
export interface ToldException {
  readonly projectId: number
  /** Hexadecimal. */
  readonly traceId: string
  readonly spanId: string
  readonly type: string
  readonly message: string
}

/** Where a lifted exception came from: the word `source` of its row. */
export const spanEventSource = 'span-event'
/** Keys of one row of counts that are sent to the engine; exceptions beyond them count as they come. */
export const keysPerRowMax = 50_000

const noId = /^0*$/

/** Null: it belongs to no span. Types are compared by their last part: some logs say `Refused` where the span says `shop.cart.Refused`. */
export function keyOfException({ projectId, traceId, spanId, type, message }: ToldException): string | null {
  if (noId.test(traceId) || noId.test(spanId)) return null
  return `${projectId}/${traceId}/${spanId}/${type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1)}/${message.trim()}`
}

/**
 * The keys of what logs say in these hours, and the hours beside them. `onlyOf`: near exceptions of spans of this problem, when no hours are
 * given.
 */
export function loggedKeysSql(scope: Scope, range: { readonly from: number; readonly to: number } | { readonly onlyOf: string }): string {
  const hours =
    'onlyOf' in range
      ? `hour IN (SELECT arrayJoin([hour - 1, hour, hour + 1]) FROM problem_hours WHERE ${ofScope(scope)} AND problem = ${range.onlyOf} AND span_count > 0)`
      : `hour BETWEEN ${Math.max(0, range.from - 1)} AND ${range.to + 1}`
  return `(SELECT groupBitmapMergeState(logged) FROM problem_hours WHERE ${ofScope(scope)} AND ${hours})`
}

/** Events of the rows of a group; `within`: of those of which this is true. */
export function eventsSql(loggedKeys: string, within: string | null = null): string {
  const [suffix, condition] = within === null ? ['', ''] : ['If', `, ${within}`]
  const of = (name: string, column: string): string => `${name}${suffix}(${column}${condition})`
  const onSpans = of('groupBitmapMerge', 'spanned')
  // The share of the exceptions of spans that logs have, of what they stand for.
  const twice = `${of('sum', 'span_count')} * bitmapAndCardinality(${of('groupBitmapMergeState', 'spanned')}, ${loggedKeys}) / greatest(1, ${onSpans})`
  return `greatest(0, ${of('sum', 'count')} - ${twice})`
}

/** Fewer events than this are none: what is left of a difference of weights. */
export const noEvents = 0.001

/** Of rows of logs with this problem: those that tell what no other row does. `place`: of the same rows, without the problem. */
export function toldOnceSql(place: string, problem: string): string {
  return `NOT (source = '${spanEventSource}' AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM logs WHERE ${place} AND ${problem} AND source != '${spanEventSource}'))`
}
