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
import { intervalsMax } from './limits.ts'
import { numbersIn, textsIn } from '../signals/index.ts'
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

/** One value of one interval as the engine answers it. */
interface Cell {
  readonly step: number
  readonly value: string
  readonly measure: number
}

interface Asked {
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
  const { sql, isByMinute } = statement(scope, { ...request, stepSec }, { shown, nowMs: clock.nowMs() })
  const cells = await readCells(engine, { sql, class: 'interactive', signal })
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
  const group = by === null ? `''` : by === 'severity' ? 'toString(intDiv(severity + 3, 4))' : null
  if (counted !== null) {
    const value = group ?? String(by)
    const [first, last] = [Math.floor(request.fromMs / 60_000), Math.ceil(request.toMs / 60_000) - 1]
    const hidden = shown.shownSql(scope, request, 'counts')
    return {
      sql: `SELECT toFloat64(intDiv(minute, ${stepSec / 60})) AS step, toString(${value}) AS value, toFloat64(sum(weight)) AS measure FROM ${countsTable} WHERE ${tenantSql(scope)} AND minute BETWEEN ${first} AND ${last}${hidden === null ? '' : ` AND ${hidden}`}${counted} GROUP BY step, value`,
      isByMinute: true,
    }
  }
  const value = group ?? valueSql(by ?? '')
  const where = both(rowsOf(scope, request, shown), search)
  return {
    sql: `SELECT toFloat64(intDiv(ts, ${stepSec}000000000)) AS step, toString(${value}) AS value, toFloat64(${measureSql(measure, field ?? '')}) AS measure FROM ${logsTable} WHERE ${where} GROUP BY step, value`,
    isByMinute: false,
  }
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
  if (field.column === 'severity') return 'toString(intDiv(severity + 3, 4))'
  return field.column
}

const levels: Partial<Record<LogMeasure, number>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 }

function measureSql(measure: LogMeasure, field: string): string {
  if (measure === 'count') return 'sum(weight)'
  const value = valueSql(field)
  if (measure === 'unique') return `uniqIf(${value}, toString(${value}) != '')`
  const number = `toFloat64OrNull(toString(${value}))`
  const level = levels[measure]
  // Within about a percent; NULL where no row has a number, which reads as NaN.
  if (level !== undefined) return `ifNull(quantileTDigestWeighted(${level})(${number}, toUInt64(ceil(weight))), nan)`
  if (measure === 'avg') return `ifNull(avgWeighted(${number}, weight), nan)`
  if (measure === 'sum') return `ifNull(sum(${number} * weight), nan)`
  return `ifNull(${measure}(${number}), nan)`
}

async function readCells(engine: ClickHouse, query: QueryNative): Promise<Cell[]> {
  const cells: Cell[] = []
  for await (const block of engine.queryNative(query)) {
    const [steps, values, measures] = [numbersIn(block, 'step'), textsIn(block, 'value'), numbersIn(block, 'measure')]
    for (let i = 0; i < block.rows; i++) cells.push({ step: steps[i] ?? 0, value: values[i] ?? '', measure: measures[i] ?? Number.NaN })
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
  for (const { step, value, measure: number } of cells) {
    if (Number.isNaN(number) || step < first || step >= first + intervals) continue
    let steps = byValue.get(value)
    if (steps === undefined) byValue.set(value, (steps = new Map<number, number>()))
    steps.set(step - first, (steps.get(step - first) ?? 0) + number)
  }
  const sorted = [...byValue]
    .map(([value, steps]) => ({ value, steps, size: [...steps.values()].reduce((sum, one) => sum + one, 0) }))
    .sort((a, b) => (by === 'severity' ? Number(b.value) - Number(a.value) : b.size - a.size || (a.value < b.value ? -1 : 1)))
  const shown = sorted.slice(0, limit).map(({ value, steps, size }): HistogramSeries => ({
    value: by === 'severity' ? (severityNames[Number(value)] ?? 'unknown') : value,
    isRest: false,
    total: isCount ? size : null,
    values: Array.from({ length: intervals }, (_, i) => steps.get(i) ?? (isCount ? 0 : null)),
  }))
  const rest = sorted.slice(limit)
  // Only counts of several values can be put together.
  if (rest.length === 0 || !isCount) return shown
  const values = Array.from({ length: intervals }, (_, i) => rest.reduce((sum, { steps }) => sum + (steps.get(i) ?? 0), 0))
  return [...shown, { value: '', isRest: true, total: values.reduce((sum, one) => sum + one, 0), values }]
}
