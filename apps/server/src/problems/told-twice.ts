/**
 * An exception that a program records on its span and logs as well comes twice, in two requests seconds apart, of which neither knows of the
 * other. What is counted of each says which span, type and message it was; an exception of a span counts only where no record of logs of the
 * same project says the same. Both are sets, so that the order in which they come and repeated inserts change nothing.
 */
import { exceptionMessageNames, exceptionTypeNames } from '@bellwether/protocol'
import type { Scope } from '../kernel/scope.ts'
import { errorAttributes } from './model.ts'
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
/** Keys of one row of counts that are sent to the engine, three an exception of logs; exceptions beyond them count as they come. */
export const keysPerRowMax = 150_000

const noId = /^0*$/

/** Exceptions of a span that are alike in all are one within so long, ms; also the length of a slot. */
export const apartMs = 50

/** Types are compared by their last part: some logs say `Refused` where the span says `shop.cart.Refused`. */
export function nameOfException({ type, message }: Pick<ToldException, 'type' | 'message'>): string {
  return `${type.slice(Math.max(type.lastIndexOf('.'), type.lastIndexOf('$')) + 1)}/${message.trim()}`
}

/** Null: it belongs to no span. */
export function keyOfException(told: ToldException): string | null {
  const { projectId, traceId, spanId } = told
  return noId.test(traceId) || noId.test(spanId) ? null : `${projectId}/${traceId}/${spanId}/${nameOfException(told)}`
}

/** The key of an exception of a span. One of several of the same key has the slot of its time as well: logs tell each of them or not. */
export function keyOnSpan(told: ToldException, atMs: number, isOneOfSeveral: boolean): string | null {
  const key = keyOfException(told)
  return key === null || !isOneOfSeveral ? key : inSlot(key, Math.floor(atMs / apartMs))
}

/** What a record of logs tells: whatever time the span says, and of several on the span the one of its time, give or take half a slot. */
export function keysInLogs(told: ToldException, atMs: number): readonly string[] {
  const key = keyOfException(told)
  if (key === null) return []
  return [key, ...[-1, 1].map((side) => inSlot(key, Math.floor((atMs + (side * apartMs) / 2) / apartMs)))]
}

function inSlot(key: string, slot: number): string {
  return `@${slot}/${key}`
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

/** Rows of logs of a problem, or several. */
export interface ProblemRows {
  /** Where they are: whose, and in which buckets. */
  readonly place: string
  /** The same, and an hour to each side. */
  readonly near: string
  readonly problem: string
}

/** What `String.trim` takes away, as the engine has it within quotes. */
const space = String.raw`[\\s\\v\\p{Zs}\\x{feff}\\x{2028}\\x{2029}]+`
const slotAt = (laterMs: number): string => `intDiv(intDiv(ts, 1000000) + ${laterMs}, ${apartMs})`

/** As `keyOnSpan` and `keysInLogs` make it, of a row of logs. */
function keySql(slot: string): string {
  return `(project, trace_id, span_id, extract(${firstSql(exceptionTypeNames)}, '[^.$]*$'),
  replaceRegexpAll(${firstSql(exceptionMessageNames)}, '^${space}|${space}$', ''), ${slot})`
}

/** As `firstValue`. */
function firstSql(names: readonly string[]): string {
  return `multiIf(${names.map((name) => `attributes['${name}'] != '', attributes['${name}']`).join(', ')}, '')`
}

/**
 * Which of these rows tell what no row of logs does, of whatever problem that is: as the counts have it. Of the logs around them, only rows are
 * read that have a problem and the trace of an exception of a span.
 */
export function toldOnceSql({ place, near, problem }: ProblemRows): string {
  const onSpan = keySql(`if(attributes['${errorAttributes.times}'] = '', toInt64(0), ${slotAt(0)})`)
  const inLogs = keySql(`arrayJoin([toInt64(0), ${slotAt(-apartMs / 2)}, ${slotAt(apartMs / 2)}])`)
  const traces = `SELECT trace_id FROM logs WHERE ${place} AND ${problem} AND source = '${spanEventSource}' AND trace_id != toFixedString('', 16)`
  return `NOT (source = '${spanEventSource}' AND ${onSpan} IN (SELECT ${inLogs} FROM logs
  WHERE ${near} AND problem != 0 AND source != '${spanEventSource}' AND span_id != toFixedString('', 8) AND trace_id IN (${traces})))`
}
