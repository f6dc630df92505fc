/**
 * Counts and measures over time. Counts that ask for nothing but service, environment and severity come from the counts by minute; everything
 * else from the rows.
 */
import type { ClickHouse, QueryNative } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { compileSearch, sqlString } from '../search/index.ts'
import { badMeasure } from './errors.ts'
import { countedFields, fieldNamed, notCounted, severityNames } from './fields.ts'
import { intervalsMax, valuesAtOnceMax } from './limits.ts'
import { numbersIn, textsIn, unlessTooMuch } from '../signals/index.ts'
import type { Histogram, HistogramRequest, HistogramSeries, LogMeasure, Reading, Shown } from './ports.ts'
import { countsTable, logsTable } from './tables.ts'
import { both, rowsOf, searchFor, tenantSql } from './where.ts'

export interface HistogramDeps {
  readonly engine: ClickHouse
  readonly shown: Shown
  readonly clock: Clock
}

/** Steps that people read well, in seconds. */
const niceSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800]

export function stepFor(request: Pick<HistogramRequest, 'fromMs' | 'toMs' | 'stepSec' | 'intervals'>): number {
  const rangeSec = (request.toMs - request.fromMs) / 1000
  const least = rangeSec / intervalsMax
  if (request.stepSec !== null && request.stepSec >= least) return request.stepSec
  const wanted = Math.max(least, request.stepSec ?? rangeSec / request.intervals)
  return niceSteps.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400
}

/** One value of one interval as the engine answers it; of those that are not shown, all together. */
interface Cell {
  readonly step: number
  readonly isShown: boolean
  readonly value: string
  readonly measure: number
  /** Of its rows. */
  readonly weight: number
}

/** Far above intervals times series: a statement that answers more is wrong. */
const cellsMax = 100_000

interface Asked {
  /** Cells of all values, in one look at the rows; null: they are not enough to choose by. Fails where values are very many. */
  readonly allSql: string | null
  /** Cells of the values that are shown, chosen in the engine by a look of its own. */
  readonly sql: string
  readonly isByMinute: boolean
}

/** Errors: `logs.bad_measure`, those of searches and the engine's. */
export async function readHistogram(
  { engine, shown, clock }: HistogramDeps,
  { scope, signal }: Reading,
  request: HistogramRequest,
): Promise<Histogram> {
  const stepSec = stepFor(request)
  const { allSql, sql, isByMinute } = statement(scope, { ...request, stepSec }, { shown, nowMs: clock.nowMs() })
  const ask = (of: string): Promise<Cell[]> => readCells(engine, { sql: of, class: 'interactive', rowsMax: cellsMax, signal })
  const all = allSql === null ? null : await unlessTooMuch(ask(allSql))
  const cells = all === null ? await ask(sql) : chosen(all, request)
  const first = Math.floor(request.fromMs / 1000 / stepSec)
  const intervals = Math.max(1, Math.ceil(request.toMs / 1000 / stepSec) - first)
  const series = seriesOf(cells, { ...request, first, intervals })
  const total = request.measure === 'count' ? series.reduce((sum, one) => sum + (one.total ?? 0), 0) : 0
  return { startMs: first * stepSec * 1000, stepSec, intervals, series, total, isByMinute }
}

function statement(
  scope: Scope,
  request: HistogramRequest & { readonly stepSec: number },
  { shown, nowMs }: { readonly shown: Shown; readonly nowMs: number },
): Asked {
  const { by, measure, field, stepSec } = request
  // Looked at first, because it says what is wrong with it by the whole catalogue.
  const search = searchFor(scope, request.query, nowMs)
  if (measure !== 'count' && field === null) throw new AppError(badMeasure)
  const counted = measure === 'count' && stepSec % 60 === 0 ? countedSql(request, nowMs) : null
  const group = by === null ? `''` : by === 'severity' ? severitySql : null
  const intervals = Math.ceil((request.toMs - request.fromMs) / 1000 / stepSec) + 1
  const asked = { by, measure, limit: request.limit, groupsMax: Math.min(cellsMax, intervals * valuesAtOnceMax) }
  if (counted !== null) {
    const [first, last] = [Math.floor(request.fromMs / 60_000), Math.ceil(request.toMs / 60_000) - 1]
    const hidden = shown.shownSql(scope, request, 'counts')
    const where = `${tenantSql(scope)} AND minute BETWEEN ${first} AND ${last}${hidden === null ? '' : ` AND ${hidden}`}${counted}`
    const rows = { table: countsTable, where, step: `intDiv(minute, ${stepSec / 60})`, value: group ?? String(by), number: 'sum(weight)' }
    return { ...cellsSql(rows, asked), isByMinute: true }
  }
  const where = both(rowsOf(scope, request, shown), search)
  const number = measureSql(measure, field ?? '')
  const rows = { table: logsTable, where, step: `intDiv(ts, ${stepSec}000000000)`, value: group ?? valueSql(by ?? ''), number }
  return { ...cellsSql(rows, asked), isByMinute: false }
}

const severitySql = 'toString(intDiv(severity + 3, 4))'

/** What is counted, as SQL. */
interface Counted {
  readonly table: string
  readonly where: string
  readonly step: string
  readonly value: string
  readonly number: string
}

/**
 * Intervals of the values that are shown. Of few values all are answered by one look at the rows and chosen from here; an attribute may have
 * a value of its own in every row, so of many the engine chooses first. Counts of all others come together; other measures of theirs cannot
 * be put together, and stay there.
 */
function cellsSql(
  { table, where, step, value, number }: Counted,
  { by, measure, limit, groupsMax }: Pick<HistogramRequest, 'by' | 'measure' | 'limit'> & { readonly groupsMax: number },
): Pick<Asked, 'sql' | 'allSql'> {
  const text = `toString(${value})`
  const cells = (isShown: string, shownText: string, condition: string): string =>
    `SELECT toFloat64(${step}) AS step, toUInt8(${isShown}) AS shown, ${shownText} AS value, toFloat64(${number}) AS measure, toFloat64(sum(weight)) AS weighed FROM ${table} WHERE ${condition} GROUP BY step, shown, value`
  if (by === null || by === 'severity') return { allSql: null, sql: cells('1', text, where) }
  const most = measure === 'sum' || measure === 'unique' ? `toFloat64(${number})` : 'sum(weight)'
  const having = measure === 'count' ? '' : ` HAVING NOT isNaN(toFloat64(${number}))`
  const isShown = `${text} IN (SELECT ${text} AS one FROM ${table} WHERE ${where} GROUP BY one${having} ORDER BY ${most} DESC, one LIMIT ${limit})`
  const all = `${cells('1', text, where)} SETTINGS max_rows_to_group_by = ${groupsMax}, group_by_overflow_mode = 'throw'`
  return {
    // What is distinct in all intervals is not the sum of what is in each.
    allSql: measure === 'unique' ? null : all,
    sql: measure === 'count' ? cells(isShown, `if(shown, ${text}, '')`, where) : cells('1', text, `${where} AND ${isShown}`),
  }
}

/** Of the cells of all values those of the values that are shown: with most rows, or the largest sums. All of counts, which are put together. */
function chosen(cells: Cell[], { measure, limit }: Pick<HistogramRequest, 'measure' | 'limit'>): Cell[] {
  if (measure === 'count') return cells
  const sizes = new Map<string, { size: number; isThere: boolean }>()
  for (const { value, measure: number, weight } of cells) {
    const known = sizes.get(value) ?? { size: 0, isThere: false }
    const isThere = !Number.isNaN(number)
    const more = measure === 'sum' ? (isThere ? number : 0) : weight
    sizes.set(value, { size: known.size + more, isThere: known.isThere || isThere })
  }
  const most = [...sizes]
    .filter(([, { isThere }]) => isThere)
    .sort(([one, a], [other, b]) => b.size - a.size || (one < other ? -1 : 1))
    .slice(0, limit)
  const shown = new Set(most.map(([value]) => value))
  return cells.filter(({ value }) => shown.has(value))
}

/** The search as a condition on the counts by minute, with its AND; null when they cannot answer it. */
function countedSql({ by, query }: HistogramRequest, nowMs: number): string | null {
  if (by !== null && by !== 'severity' && by !== 'service' && by !== 'environment') return null
  const search = compileSearch(query, countedFields, { nowMs })
  if (search.isEmpty) return ''
  const sql = search.sql()
  return sql.includes(notCounted) ? null : ` AND ${sql}`
}

/** A field or an attribute of the row as SQL text. */
export function valueSql(name: string): string {
  const plain = /^(?:@|attr\.|attributes\.)(.+)$/.exec(name)?.[1]
  const field = plain === undefined ? fieldNamed(name) : undefined
  if (field === undefined) return `attributes[${sqlString(plain ?? name)}]`
  if (field.type === 'id') return `if(${field.column} = unhex('${'00'.repeat(field.sizeBytes ?? 0)}'), '', lower(hex(${field.column})))`
  if (field.type === 'hash') return `if(${field.column} = 0, '', leftPad(lower(hex(${field.column})), 16, '0'))`
  if (field.column === 'severity') return severitySql
  return field.column
}

const levels: Partial<Record<LogMeasure, number>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 }

function measureSql(measure: LogMeasure, field: string): string {
  if (measure === 'count') return 'sum(weight)'
  const value = valueSql(field)
  if (measure === 'unique') return `uniqIf(${value}, toString(${value}) != '')`
  const number = `toFloat64OrNull(toString(${value}))`
  const level = levels[measure]
  // Within about a percent; NULL where no row has a number, which reads as NaN. Weights are whole numbers there: hundredths of a row.
  if (level !== undefined) return `ifNull(quantileTDigestWeighted(${level})(${number}, toUInt64(greatest(1, round(weight * 100)))), nan)`
  if (measure === 'avg') return `ifNull(avgWeighted(${number}, weight), nan)`
  if (measure === 'sum') return `ifNull(sum(${number} * weight), nan)`
  return `ifNull(${measure}(${number}), nan)`
}

async function readCells(engine: ClickHouse, query: QueryNative): Promise<Cell[]> {
  const cells: Cell[] = []
  for await (const block of engine.queryNative(query)) {
    const [steps, shown, values] = [numbersIn(block, 'step'), numbersIn(block, 'shown'), textsIn(block, 'value')]
    const [measures, weights] = [numbersIn(block, 'measure'), numbersIn(block, 'weighed')]
    for (let i = 0; i < block.rows; i++) {
      const [step, value, measure, weight] = [steps[i] ?? 0, values[i] ?? '', measures[i] ?? Number.NaN, weights[i] ?? 0]
      cells.push({ step, isShown: shown[i] === 1, value, measure, weight })
    }
  }
  return cells
}

interface Grid extends HistogramRequest {
  readonly first: number
  readonly intervals: number
}

function seriesOf(cells: readonly Cell[], { first, intervals, by, measure, limit }: Grid): HistogramSeries[] {
  const isCount = measure === 'count'
  const byValue = new Map<string, Map<number, number>>()
  const rest = new Map<number, number>()
  for (const { step, isShown, value, measure: number } of cells) {
    if (Number.isNaN(number) || step < first || step >= first + intervals) continue
    let steps = isShown ? byValue.get(value) : rest
    if (steps === undefined) byValue.set(value, (steps = new Map<number, number>()))
    steps.set(step - first, (steps.get(step - first) ?? 0) + number)
  }
  const sizeOf = (steps: ReadonlyMap<number, number>): number => [...steps.values()].reduce((sum, one) => sum + one, 0)
  const sorted = [...byValue]
    .map(([value, steps]) => ({ value, steps, size: sizeOf(steps) }))
    .sort((a, b) => (by === 'severity' ? Number(b.value) - Number(a.value) : b.size - a.size || (a.value < b.value ? -1 : 1)))
  // Severities are few, and the engine leaves none of them out.
  for (const { steps } of isCount ? sorted.slice(limit) : []) for (const [i, number] of steps) rest.set(i, (rest.get(i) ?? 0) + number)
  const shown = sorted.slice(0, limit).map(({ value, steps, size }): HistogramSeries => ({
    value: by === 'severity' ? (severityNames[Number(value)] ?? 'unknown') : value,
    isRest: false,
    total: isCount ? size : null,
    values: Array.from({ length: intervals }, (_, i) => steps.get(i) ?? (isCount ? 0 : null)),
  }))
  if (rest.size === 0) return shown
  return [...shown, { value: '', isRest: true, total: sizeOf(rest), values: Array.from({ length: intervals }, (_, i) => rest.get(i) ?? 0) }]
}
