/**
 * Which values fields have among the rows of a search. Without a search the answer comes from what was noted as rows came in; with one, from
 * all rows that match, or the newest of them when there are many.
 */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { sqlString, type ValueCount, type ValueProvider } from '../search/index.ts'
import { bucketSec } from '../signals/index.ts'
import { fieldNamed, severityNames } from './fields.ts'
import { facetFieldsMax, facetSampleRows, facetScannedRows } from './limits.ts'
import { valueSql } from './histogram.ts'
import { numbersIn, textsIn } from './native-columns.ts'
import type { Facet, Facets, FacetsRequest, Reading, Shown, TimeRange } from './ports.ts'
import { facetsTable, logsTable } from './tables.ts'
import { both, rowsOf, searchFor, tenantSql } from './where.ts'
import { windowsOf, type Densities } from './windows.ts'

export interface FacetsDeps {
  readonly engine: ClickHouse
  readonly densities: Densities
  readonly shown: Shown
  readonly clock: Clock
}

/** Shown first, in this order. */
const usualFields = ['severity', 'service', 'host', 'environment', 'release', 'scope', 'source']

interface Counted {
  readonly field: string
  readonly value: string
  readonly count: number
}

/** Errors: those of searches and the engine's. */
export async function readFacets(deps: FacetsDeps, reading: Reading, request: FacetsRequest): Promise<Facets> {
  const { scope, signal } = reading
  const search = searchFor(scope, request.query, deps.clock.nowMs())
  if (search.isEmpty && request.fields === null) return await fromNotes(deps, reading, request)
  const density = await deps.densities.of(reading, request.toMs, 'newest')
  const [newest = request] = windowsOf(density, request, { order: 'newest', firstRows: facetScannedRows })
  const isWhole = newest.fromMs === request.fromMs
  const rows = both(rowsOf(scope, newest, deps.shown), search)
  const { total, matched } = await countOf(deps.engine, rows, signal)
  const isLong = matched > facetSampleRows
  const isSample = isLong || !isWhole
  const sampled = isLong ? facetSampleRows : matched
  const source = isLong ? `(SELECT * FROM ${logsTable} WHERE ${rows} ORDER BY ts DESC LIMIT ${facetSampleRows})` : logsTable
  const pairs =
    request.fields === null
      ? `arrayConcat([${usualFields.map((name) => `(${sqlString(name)}, toString(${valueSql(name)}))`).join(', ')}], arrayMap((k, v) -> (concat('@', toString(k)), v), mapKeys(attributes), mapValues(attributes)))`
      : `[${request.fields.map((name) => `(${sqlString(name)}, toString(${valueSql(name)}))`).join(', ')}]`
  const sql = `SELECT pair.1 AS field, pair.2 AS value, toFloat64(sum(weight)) AS count FROM (SELECT arrayJoin(${pairs}) AS pair, weight FROM ${source}${isLong ? '' : ` WHERE ${rows}`}) WHERE value != '' GROUP BY field, value`
  const counted = await readCounted(deps.engine, `SELECT field, value, count FROM (${ranked(sql, request.limit)})`, signal)
  return {
    items: facetsOf(counted, request),
    rows: isWhole ? total : (await countOf(deps.engine, both(rowsOf(scope, request, deps.shown), search), signal)).total,
    basis: isSample ? 'sample' : 'rows',
    sampled,
  }
}

/** Values of each field that are asked for: one more than are shown, so that it is known whether there are more; severities are always all shown. */
function answered(limit: number): number {
  return Math.max(limit, severityNames.length) + 1
}

/** The most frequent values of each field, and with the value '' all of its rows. */
function ranked(counted: string, limit: number): string {
  return `SELECT field, tupleElement(top, 2) AS value, tupleElement(top, 1) AS count FROM (SELECT field, arrayJoin(arrayConcat([(sum(count), '')], arraySlice(arraySort(pair -> (-pair.1, pair.2), groupArray((count, value))), 1, ${answered(limit)}))) AS top FROM (${counted}) GROUP BY field)`
}

async function countOf(engine: ClickHouse, rows: string, signal: AbortSignal): Promise<{ total: number; matched: number }> {
  const sql = `SELECT toFloat64(sum(weight)) AS total, toFloat64(count()) AS matched FROM ${logsTable} WHERE ${rows}`
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal }))
    if (block.rows > 0) return { total: numbersIn(block, 'total')[0] ?? 0, matched: numbersIn(block, 'matched')[0] ?? 0 }
  return { total: 0, matched: 0 }
}

async function fromNotes(deps: FacetsDeps, { scope, signal }: Reading, request: FacetsRequest): Promise<Facets> {
  const noted = notedSql(deps.shown, { scope, range: request }, '1')
  const sql = `SELECT field, tupleElement(top, 2) AS value, tupleElement(top, 1) AS count FROM (SELECT field, arrayJoin(arraySlice(arraySort(pair -> (pair.2 != '', -pair.1, pair.2), groupArray((count, value))), 1, ${answered(request.limit) + 1})) AS top FROM (${noted}) GROUP BY field)`
  const items = facetsOf(await readCounted(deps.engine, sql, signal), request)
  // Every row has a severity, if only `unknown`.
  const rows = items.find(({ field }) => field === 'severity')?.rows ?? 0
  return { items, rows, basis: 'batches', sampled: 0 }
}

function notedSql(shown: Shown, { scope, range }: { readonly scope: Scope; readonly range: TimeRange }, condition: string): string {
  const [first, last] = [range.fromMs, range.toMs - 1].map((ms) => Math.floor(ms / 1000 / bucketSec))
  const hidden = shown.shownSql(scope, range, 'facets')
  return `SELECT field, value, toFloat64(sum(weight)) AS count FROM ${facetsTable} WHERE ${tenantSql(scope)} AND bucket BETWEEN ${first} AND ${last} AND ${condition}${hidden === null ? '' : ` AND ${hidden}`} GROUP BY field, value`
}

async function readCounted(engine: ClickHouse, sql: string, signal: AbortSignal): Promise<Counted[]> {
  const counted: Counted[] = []
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal })) {
    const [fields, values, counts] = [textsIn(block, 'field'), textsIn(block, 'value'), numbersIn(block, 'count')]
    for (let i = 0; i < block.rows; i++) counted.push({ field: fields[i] ?? '', value: values[i] ?? '', count: counts[i] ?? 0 })
  }
  return counted
}

function facetsOf(counted: readonly Counted[], { fields, limit }: FacetsRequest): Facet[] {
  const byField = new Map<string, Counted[]>()
  for (const one of counted) {
    const list = byField.get(one.field)
    if (list === undefined) byField.set(one.field, [one])
    else list.push(one)
  }
  const facets = [...byField].map(([field, list]): Facet => {
    const values = list.filter(({ value }) => value !== '').sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    const most = field === 'severity' ? severityNames.length : limit
    const shown = values.slice(0, most).map(({ value, count }) => ({ value: nameOf(field, value), count }))
    return {
      field,
      kind: field.startsWith('@') || fieldNamed(field) === undefined ? 'attribute' : 'field',
      values: field === 'severity' ? shown.sort((a, b) => severityOrder(b.value) - severityOrder(a.value)) : shown,
      rows: list.find(({ value }) => value === '')?.count ?? values.reduce((sum, { count }) => sum + count, 0),
      isCut: values.length > most,
    }
  })
  const wanted = fields ?? usualFields
  const place = (field: string): number => (wanted.includes(field) ? wanted.indexOf(field) : wanted.length)
  return facets
    .filter(({ values }) => values.length > 0)
    .sort((a, b) => place(a.field) - place(b.field) || b.rows - a.rows || (a.field < b.field ? -1 : 1))
    .slice(0, fields === null ? facetFieldsMax : fields.length)
}

/** Notes carry the name of a severity, rows its group. */
function nameOf(field: string, value: string): string {
  const name = fieldNamed(field)?.name
  return name === 'severity' && /^\d$/.test(value) ? (severityNames[Number(value)] ?? value) : value
}

function severityOrder(name: string): number {
  return severityNames.findIndex((one) => one === name)
}

const completionRangeMs = 86_400_000

/** For completion: what was noted within a day. */
export class NotedValues implements ValueProvider {
  readonly #deps: FacetsDeps
  readonly #scope: Scope
  readonly #signal: AbortSignal

  constructor(deps: FacetsDeps, scope: Scope, signal: AbortSignal) {
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
    const sql = `SELECT * FROM (${notedSql(shown, { scope: this.#scope, range }, condition)}) ORDER BY count DESC, value LIMIT ${limit}`
    return (await readCounted(engine, sql, this.#signal)).map((one) => ({ value: one[of], count: one.count }))
  }
}
