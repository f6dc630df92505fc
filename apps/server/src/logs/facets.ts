/**
 * Which values fields have among the rows of a search. Without a search the answer for a long range comes from what was noted as rows
 * came in; otherwise from all rows that match, or the newest of them when there are many.
 */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { sqlString, writtenName } from '../search/index.ts'
import { numbersIn, textsIn, wholeSteps } from '../signals/index.ts'
import { fieldNamed, severityNames } from './fields.ts'
import { allPairsSql, notesSql, usualFields } from './facet-notes.ts'
import { facetFieldsMax, facetSampleRows, facetScannedRows, notedRangeMsMin } from './limits.ts'
import { valueSql } from './histogram.ts'
import type { Facet, Facets, FacetsRequest, Reading, Shown, TimeRange } from './ports.ts'
import { countsTable, logsTable } from './tables.ts'
import { both, rowsOf, searchFor, tenantSql } from './where.ts'
import { windowsOf, type Densities } from './windows.ts'

export interface FacetsDeps {
  readonly engine: ClickHouse
  readonly densities: Densities
  readonly shown: Shown
  readonly clock: Clock
}

const minuteMs = 60_000

interface Counted {
  readonly field: string
  readonly value: string
  readonly count: number
}

/** Errors: those of searches and the engine's. */
export async function readFacets(deps: FacetsDeps, reading: Reading, request: FacetsRequest): Promise<Facets> {
  const { scope, signal } = reading
  const search = searchFor(scope, request.query, deps.clock.nowMs())
  const isLongRange = request.toMs - request.fromMs >= notedRangeMsMin
  if (search.isEmpty && request.fields === null && isLongRange) return await fromNotes(deps, reading, request)
  const density = await deps.densities.of(reading, request.toMs, 'newest')
  const [newest = request] = windowsOf(density, request, { order: 'newest', firstRows: facetScannedRows })
  const isWhole = newest.fromMs === request.fromMs
  const rows = both(rowsOf(scope, newest, deps.shown), search)
  const countIn = async (range: TimeRange): Promise<RowsCounted> =>
    search.isEmpty
      ? await rowsOfMinutes(deps, reading, range)
      : await countOf(deps.engine, countSql(both(rowsOf(scope, range, deps.shown), search)), signal)
  const { total, matched } = await countIn(newest)
  const isLong = matched > facetSampleRows
  const isSample = isLong || !isWhole
  const sampled = isLong ? facetSampleRows : matched
  const source = isLong ? newestSql(rows) : logsTable
  const pairs =
    request.fields === null
      ? allPairsSql(valueSql('severity'))
      : `[${request.fields.map((name) => `(${sqlString(name)}, toString(${valueSql(name)}))`).join(', ')}]`
  const sql = `SELECT pair.1 AS field, pair.2 AS value, toFloat64(sum(weight)) AS count FROM (SELECT arrayJoin(${pairs}) AS pair, weight FROM ${source}${isLong ? '' : ` WHERE ${rows}`}) WHERE value != '' GROUP BY field, value`
  const counted = await readCounted(deps.engine, `SELECT field, value, count FROM (${ranked(sql, request.limit)})`, signal)
  return {
    items: facetsOf(counted, request),
    rows: isWhole ? total : (await countIn(request)).total,
    basis: isSample ? 'sample' : 'rows',
    sampled,
  }
}

/**
 * The newest rows of a sample. When the last of them was is asked for first, so that nothing else of the others is read; in the key's order,
 * so that the engine stops when it has enough.
 */
function newestSql(rows: string): string {
  const newest = `ORDER BY bucket DESC, ts DESC LIMIT ${facetSampleRows}`
  const last = `(SELECT min(ts) FROM (SELECT ts FROM ${logsTable} WHERE ${rows} ${newest}))`
  return `(SELECT * FROM ${logsTable} WHERE ${rows} AND ts >= ${last} ${newest})`
}

/** Values of each field that are asked for: one more than are shown, so that it is known whether there are more; severities are always all shown. */
function answered(limit: number): number {
  return Math.max(limit, severityNames.length) + 1
}

/** The most frequent values of each field, and with the value '' all of its rows. */
function ranked(counted: string, limit: number): string {
  return `SELECT field, tupleElement(top, 2) AS value, tupleElement(top, 1) AS count FROM (SELECT field, arrayJoin(arrayConcat([(sum(count), '')], arraySlice(arraySort(pair -> (-pair.1, pair.2), groupArray((count, value))), 1, ${answered(limit)}))) AS top FROM (${counted}) GROUP BY field)`
}

function countSql(rows: string): string {
  return `SELECT toFloat64(sum(weight)) AS total, toFloat64(count()) AS matched FROM ${logsTable} WHERE ${rows}`
}

interface RowsCounted {
  /** By their weights. */
  readonly total: number
  readonly matched: number
}

async function countOf(engine: ClickHouse, sql: string, signal: AbortSignal): Promise<RowsCounted> {
  let counted = { total: 0, matched: 0 }
  // Read to its end: an answer that is left early costs its connection.
  for await (const block of engine.queryNative({ sql, class: 'interactive', signal }))
    if (block.rows > 0) counted = { total: numbersIn(block, 'total')[0] ?? 0, matched: numbersIn(block, 'matched')[0] ?? 0 }
  return counted
}

async function fromNotes(deps: FacetsDeps, reading: Reading, request: FacetsRequest): Promise<Facets> {
  const sql = `SELECT field, tupleElement(top, 2) AS value, tupleElement(top, 1) AS count FROM (SELECT field, arrayJoin(arraySlice(arraySort(pair -> (pair.2 != '', -pair.1, pair.2), groupArray((count, value))), 1, ${answered(request.limit) + 1})) AS top FROM (${notesSql(deps.shown, reading.scope, request)}) GROUP BY field)`
  const [counted, rows] = await Promise.all([readCounted(deps.engine, sql, reading.signal), rowsOfMinutes(deps, reading, request)])
  return { items: facetsOf(counted, request), rows: rows.total, basis: 'batches', sampled: 0 }
}

/** All rows of the range: those of whole minutes as they were counted when they came in, the rest one by one. */
async function rowsOfMinutes({ engine, shown }: FacetsDeps, { scope, signal }: Reading, range: TimeRange): Promise<RowsCounted> {
  const { whole, ends } = wholeSteps(range, minuteMs)
  const hidden = shown.shownSql(scope, range, 'counts')
  const counted =
    whole === null
      ? []
      : [
          `SELECT sum(weight) AS weight, toFloat64(sum(rows)) AS rows FROM ${countsTable} WHERE ${tenantSql(scope)} AND minute BETWEEN ${whole.fromMs / minuteMs} AND ${whole.toMs / minuteMs - 1}${hidden === null ? '' : ` AND ${hidden}`}`,
        ]
  const parts = [
    ...counted,
    ...ends.map(
      (end) => `SELECT toFloat64(sum(weight)) AS weight, toFloat64(count()) AS rows FROM ${logsTable} WHERE ${rowsOf(scope, end, shown)}`,
    ),
  ]
  return await countOf(engine, `SELECT sum(weight) AS total, sum(rows) AS matched FROM (${parts.join(' UNION ALL ')})`, signal)
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
    .map((facet) => ({ ...facet, field: writtenName(facet.field) }))
}

/** Notes carry the name of a severity, rows its group. */
function nameOf(field: string, value: string): string {
  const name = fieldNamed(field)?.name
  return name === 'severity' && /^\d$/.test(value) ? (severityNames[Number(value)] ?? value) : value
}

function severityOrder(name: string): number {
  return severityNames.findIndex((one) => one === name)
}
