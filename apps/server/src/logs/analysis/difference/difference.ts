/**
 * Which fields and attributes tell the rows of one search from those of another: the values whose shares differ more than chance explains,
 * corrected for the number of values looked at. Large sets are sampled by the rows' ids; weights of sampled rows count in every share.
 */
import type { DifferenceBody, SearchSignal } from '@bellwether/protocol'
import type { ClickHouse } from '../../../engines/index.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { AppError } from '../../../kernel/errors.ts'
import type { Scope } from '../../../kernel/scope.ts'
import { compileSearch, sqlString, type SearchFields } from '../../../search/index.ts'
import { numbersIn, resourcesTable, textsIn } from '../../../signals/index.ts'
import { badRange } from '../../errors.ts'
import type { LogSelection } from '../../ports.ts'
import { tenantSql } from '../../where.ts'
import type { DifferenceRequest, SearchedRows } from '../ports.ts'
import { differentFields, type CountedValue, type SetSize } from './rank.ts'

export interface DifferenceDeps {
  readonly engine: ClickHouse
  readonly rows: Readonly<Record<SearchSignal, SearchedRows>>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Rows of each set that are looked at when it has more. */
const sampleRowsMax = 50_000
/** Values that come back; those that differ most, so many of a field. */
const valuesPerFieldMax = 10
const valuesMax = 5_000
/** Characters of a value that are compared. */
const valueLengthMax = 200

interface SampledSet {
  /** Condition of the rows that are looked at. */
  readonly where: string
  readonly total: number
  readonly size: SetSize
  readonly names: readonly string[]
}

export class DifferenceFinder {
  readonly #deps: DifferenceDeps

  constructor(deps: DifferenceDeps) {
    this.#deps = deps
  }

  /** Errors: `search.invalid`, `logs.bad_range`, the engine's. */
  async find(scope: Scope, request: DifferenceRequest, signal: AbortSignal): Promise<DifferenceBody> {
    const source = this.#deps.rows[request.signal]
    const fields = source.fields(scope)
    const sample = (set: LogSelection): Promise<SampledSet> => this.#sample(source, { scope, set, fields }, signal)
    const [selected, baseline] = await Promise.all([sample(request.selected), sample(request.baseline)])
    const sizes = {
      selectedRows: selected.size.rows,
      baselineRows: baseline.size.rows,
      selectedTotal: selected.total,
      baselineTotal: baseline.total,
    }
    if (selected.size.rows === 0 || baseline.size.rows === 0) {
      const empty = selected.size.rows === 0 ? 'The selected set' : 'The set it is compared with'
      return { items: [], ...sizes, note: `${empty} has no rows.` }
    }
    const values = await this.#values(source, { scope, fields, selected, baseline }, signal)
    // What the searches themselves ask about differs because it was asked.
    const asked = new Set([...selected.names, ...baseline.names])
    const items = differentFields(values, { fields, asked, selected: selected.size, baseline: baseline.size }).slice(0, request.limit)
    return { items, ...sizes, note: noteOf(items.length, selected.size, baseline.size) }
  }

  async #sample(
    source: SearchedRows,
    { scope, set, fields }: { scope: Scope; set: LogSelection; fields: SearchFields },
    signal: AbortSignal,
  ): Promise<SampledSet> {
    if (!(set.toMs > set.fromMs)) throw new AppError(badRange)
    const search = compileSearch(set.query, fields, { nowMs: this.#deps.clock.nowMs() })
    const rows = source.rowsOf(scope, set)
    const all = search.isEmpty ? rows : `${rows} AND ${search.sql()}`
    const whole = await this.#size(source, all, signal)
    const every = Math.ceil(whole.rows / sampleRowsMax)
    if (every <= 1) return { where: all, total: whole.rows, size: whole, names: search.names }
    const where = `${all} AND cityHash64(batch, row) % ${every} = 0`
    return { where, total: whole.rows, size: await this.#size(source, where, signal), names: search.names }
  }

  async #size(source: SearchedRows, where: string, signal: AbortSignal): Promise<SetSize> {
    const sql = `SELECT toFloat64(count()) AS found, sum(toFloat64(weight)) AS stands FROM ${source.table} WHERE ${where}`
    let size: SetSize = { rows: 0, weight: 0 }
    // Read to its end: an answer that is left early costs its connection.
    for await (const block of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      if (block.rows > 0) size = { rows: numbersIn(block, 'found')[0] ?? 0, weight: numbersIn(block, 'stands')[0] ?? 0 }
    }
    return size
  }

  async #values(
    source: SearchedRows,
    sets: { scope: Scope; fields: SearchFields; selected: SampledSet; baseline: SampledSet },
    signal: AbortSignal,
  ): Promise<CountedValue[]> {
    const out: CountedValue[] = []
    for await (const block of this.#deps.engine.queryNative({ sql: valuesSql(source, sets), class: 'interactive', signal })) {
      const [keys, values] = [textsIn(block, 'key'), textsIn(block, 'value')]
      const [origin, rowsA, weightA, rowsB, weightB] = ['origin', 'rows_a', 'weight_a', 'rows_b', 'weight_b'].map((name) =>
        numbersIn(block, name),
      )
      const [haveRowsA, haveA, haveRowsB, haveB] = ['have_rows_a', 'have_a', 'have_rows_b', 'have_b'].map((name) => numbersIn(block, name))
      const [gap, compared] = [numbersIn(block, 'gap'), numbersIn(block, 'compared')]
      for (let row = 0; row < block.rows; row++) {
        out.push({
          origin: origins[origin?.[row] ?? 0] ?? 'field',
          key: keys[row] ?? '',
          value: values[row] ?? '',
          selected: { rows: rowsA?.[row] ?? 0, weight: weightA?.[row] ?? 0 },
          baseline: { rows: rowsB?.[row] ?? 0, weight: weightB?.[row] ?? 0 },
          selectedHave: { rows: haveRowsA?.[row] ?? 0, weight: haveA?.[row] ?? 0 },
          baselineHave: { rows: haveRowsB?.[row] ?? 0, weight: haveB?.[row] ?? 0 },
          gap: gap[row] ?? 0,
          compared: compared[row] ?? 1,
        })
      }
    }
    return out
  }
}

/** Where a value is from, by the number that the statement gives. */
const origins = ['field', 'attribute', 'resource', 'range'] as const

/** The power of two below a positive number, as a range of the search language: `took_ms:64..128`. */
function rangeOf(value: string): string {
  const below = `pow(2, floor(log2(assumeNotNull(toFloat64OrNull(${value})))))`
  return `concat(toString(${below}), '..', toString(2 * ${below}))`
}

/**
 * One row a value: where it is from, what it is, how often in each set and in all its field. Attributes that are positive numbers come a second
 * time in ranges: single durations differ by chance, their orders of magnitude do not.
 */
function valuesSql(
  source: SearchedRows,
  { scope, fields, selected, baseline }: { scope: Scope; fields: SearchFields; selected: SampledSet; baseline: SampledSet },
): string {
  const columns = source.comparedColumns
    .map(({ field, sql }) => `(toUInt8(0), ${sqlString(field)}, substringUTF8(toString(${sql}), 1, ${valueLengthMax}))`)
    .join(', ')
  const attributes = (origin: number, map: string): string =>
    `arrayMap((k, v) -> (toUInt8(${origin}), toString(k), substringUTF8(v, 1, ${valueLengthMax})), mapKeys(${map}), mapValues(${map}))`
  const numbers = `mapFilter((k, v) -> ifNull(toFloat64OrNull(v) > 0 AND toFloat64OrNull(v) < 1e300, 0), ${fields.attributes})`
  const ranges = `arrayMap((k, v) -> (toUInt8(3), toString(k), ${rangeOf('v')}), mapKeys(${numbers}), mapValues(${numbers}))`
  const rowsOfSet = (set: number, where: string): string =>
    `SELECT toUInt8(${set}) AS in_set, toFloat64(weight) AS stands, resource AS from_resource,
      arrayConcat([${columns}], ${attributes(1, fields.attributes)}, ${ranges}) AS own FROM ${source.table} WHERE ${where}`
  const resources = `SELECT fingerprint, any(attributes) AS described FROM ${resourcesTable} WHERE ${tenantSql(scope)} GROUP BY fingerprint`
  const pairs = `SELECT in_set, stands, arrayJoin(arrayConcat(own, ${attributes(2, 'described')})) AS pair
    FROM (${rowsOfSet(1, selected.where)} UNION ALL ${rowsOfSet(2, baseline.where)}) AS found
    LEFT ANY JOIN (${resources}) AS known ON from_resource = fingerprint`
  const counted = `SELECT pair.1 AS origin, pair.2 AS key, pair.3 AS value,
      toFloat64(countIf(in_set = 1)) AS rows_a, sumIf(stands, in_set = 1) AS weight_a,
      toFloat64(countIf(in_set = 2)) AS rows_b, sumIf(stands, in_set = 2) AS weight_b
    FROM (${pairs}) WHERE pair.3 != '' GROUP BY origin, key, value`
  const difference = `abs(weight_a / ${selected.size.weight} - weight_b / ${baseline.size.weight})`
  return `SELECT *, sum(rows_a) OVER field AS have_rows_a, sum(weight_a) OVER field AS have_a, sum(rows_b) OVER field AS have_rows_b,
      sum(weight_b) OVER field AS have_b, sum(${difference}) OVER field AS gap, toFloat64(count() OVER ()) AS compared
    FROM (${counted}) WINDOW field AS (PARTITION BY origin, key)
    ORDER BY ${difference} DESC, key, value LIMIT ${valuesPerFieldMax} BY origin, key LIMIT ${valuesMax}`
}

/** Too few rows for anything to be certain. */
const fewRows = 10

function noteOf(found: number, selected: SetSize, baseline: SetSize): string | null {
  const least = Math.min(selected.rows, baseline.rows)
  if (least < fewRows) return `One of the sets has only ${least} row${least === 1 ? '' : 's'}: little can be said with certainty.`
  return found === 0 ? 'No field or attribute differs more than chance explains.' : null
}
