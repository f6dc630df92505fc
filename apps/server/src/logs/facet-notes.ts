/** What was noted of values as rows came in, in steps of ten minutes: as SQL for facets of long ranges, and for completion. */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { sqlString, type ValueCount, type ValueProvider } from '../search/index.ts'
import { bucketSec, numbersIn, textsIn, wholeSteps } from '../signals/index.ts'
import { fieldNamed, severityNames } from './fields.ts'
import { valueSql } from './histogram.ts'
import { facetSampleRows, notedValuesMax } from './limits.ts'
import type { Shown, TimeRange } from './ports.ts'
import { facetsTable, logsTable } from './tables.ts'
import { rowsOf, tenantSql } from './where.ts'

/** Shown first, in this order. */
export const usualFields: readonly string[] = ['severity', 'service', 'host', 'environment', 'release', 'scope', 'source']

/** All of a row as an array of pairs of name and value. */
export function allPairsSql(severity: string): string {
  const usual = usualFields.map((name) => `(${sqlString(name)}, toString(${name === 'severity' ? severity : valueSql(name)}))`)
  return `arrayConcat([${usual.join(', ')}], arrayMap((k, v) -> (concat('@', toString(k)), v), mapKeys(attributes), mapValues(attributes)))`
}

/** Values with their weights (`field`, `value`, `count`; the value '' stands for all rows of the field): noted ones, and at the ends counted ones. */
export function notesSql(shown: Shown, scope: Scope, range: TimeRange): string {
  const { whole, ends } = wholeSteps(range, bucketSec * 1000)
  const noted = whole === null ? [] : [notedSql(shown, { scope, range: whole }, '1')]
  const parts = [...noted, ...ends.map((end) => endSql(rowsOf(scope, end, shown)))]
  return `SELECT field, value, sum(count) AS count FROM (${parts.join(' UNION ALL ')}) GROUP BY field, value`
}

/** Of very many rows the newest stand for all. What nearly every row has a value of its own for is left out, as it is in notes. */
function endSql(rows: string): string {
  const standsFor = `greatest(1, assumeNotNull((SELECT count() FROM ${logsTable} WHERE ${rows})) / ${facetSampleRows})`
  const newest = `SELECT * FROM ${logsTable} WHERE ${rows} ORDER BY ts DESC LIMIT ${facetSampleRows}`
  const severity = `arrayElement([${severityNames.map(sqlString).join(', ')}], intDiv(severity + 3, 4) + 1)`
  const values = `SELECT pair.1 AS field, pair.2 AS value, toFloat64(sum(weight)) * ${standsFor} AS count, toFloat64(count()) AS seen
    FROM (SELECT arrayJoin(${allPairsSql(severity)}) AS pair, weight FROM (${newest})) WHERE value != '' GROUP BY field, value`
  const compared = `SELECT *, sum(count) OVER of_field AS rows, sum(seen) OVER of_field AS all_seen, count() OVER of_field AS distinct_values
    FROM (${values}) WINDOW of_field AS (PARTITION BY field)`
  const isChoice = `distinct_values <= ${notedValuesMax} OR distinct_values * 4 <= all_seen OR count >= rows / distinct_values * 8`
  return `SELECT field, tupleElement(one, 1) AS value, sum(tupleElement(one, 2)) AS count
    FROM (SELECT field, arrayJoin(if(${isChoice}, [('', count), (value, count)], [('', count)])) AS one FROM (${compared})) GROUP BY field, value`
}

function notedSql(shown: Shown, { scope, range }: { readonly scope: Scope; readonly range: TimeRange }, condition: string): string {
  const [first, last] = [range.fromMs, range.toMs - 1].map((ms) => Math.floor(ms / 1000 / bucketSec))
  const hidden = shown.shownSql(scope, range, 'facets')
  return `SELECT field, value, toFloat64(sum(weight)) AS count FROM ${facetsTable} WHERE ${tenantSql(scope)} AND bucket BETWEEN ${first} AND ${last} AND ${condition}${hidden === null ? '' : ` AND ${hidden}`} GROUP BY field, value`
}

export interface NotesDeps {
  readonly engine: ClickHouse
  readonly shown: Shown
  readonly clock: Clock
}

const completionRangeMs = 86_400_000

/** For completion: what was noted within a day. */
export class NotedValues implements ValueProvider {
  readonly #deps: NotesDeps
  readonly #scope: Scope
  readonly #signal: AbortSignal

  constructor(deps: NotesDeps, scope: Scope, signal: AbortSignal) {
    this.#deps = deps
    this.#scope = scope
    this.#signal = signal
  }

  async values(field: string, prefix: string, limit: number): Promise<readonly ValueCount[]> {
    const known = fieldNamed(field)
    const name = known?.name ?? `@${field.replace(/^(?:@|attr\.|attributes\.)/, '')}`
    const condition = `field = ${sqlString(name)} AND value != '' AND startsWith(lowerUTF8(value), lowerUTF8(${sqlString(prefix)}))`
    return await this.#most(condition, 'value', limit)
  }

  async attributes(prefix: string, limit: number): Promise<readonly ValueCount[]> {
    const condition = `startsWith(field, '@') AND value = '' AND startsWith(lowerUTF8(field), lowerUTF8(${sqlString(`@${prefix}`)}))`
    return (await this.#most(condition, 'field', limit)).map(({ value, count }) => ({ value: value.slice(1), count }))
  }

  async #most(condition: string, of: 'field' | 'value', limit: number): Promise<ValueCount[]> {
    const { engine, shown, clock } = this.#deps
    const toMs = clock.nowMs() + completionRangeMs
    const range = { fromMs: toMs - 2 * completionRangeMs, toMs }
    const sql = `SELECT ${of} AS found, count FROM (${notedSql(shown, { scope: this.#scope, range }, condition)}) ORDER BY count DESC, found LIMIT ${limit}`
    const most: ValueCount[] = []
    for await (const block of engine.queryNative({ sql, class: 'interactive', signal: this.#signal })) {
      const [values, counts] = [textsIn(block, 'found'), numbersIn(block, 'count')]
      for (let i = 0; i < block.rows; i++) most.push({ value: values[i] ?? '', count: counts[i] ?? 0 })
    }
    return most
  }
}
