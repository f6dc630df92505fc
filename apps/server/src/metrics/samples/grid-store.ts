/**
 * Range functions computed by the engine, one value per series and step. Only functions whose answers were compared with ours
 * on random data; what they do with stale markers is decided before they see them. Absent cells are `STALE`.
 */
import type { ClickHouse, NativeBlock } from '../../engines/index.ts'
import { STALE, type GridHint } from '../model.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { SelectedIds } from '../series/selected-ids.ts'
import { stepsOf, type GridPrefix, type GridSource } from './grid-source.ts'
import { statementParts } from './statement.ts'

const functionNames: ReadonlyMap<string, string> = new Map([
  ['last', 'timeSeriesResampleToGridWithStaleness'],
  ['rate', 'timeSeriesRateToGrid'],
  ['increase', 'timeSeriesIncreaseToGrid'],
  ['delta', 'timeSeriesDeltaToGrid'],
  ['irate', 'timeSeriesInstantRateToGrid'],
  ['idelta', 'timeSeriesInstantDeltaToGrid'],
])

/** `STALE` as an expression that does not depend on how decimal texts are read. */
const staleSql = "reinterpretAsFloat64(unhex('FEFFFFFFFFFFEFFF'))"
const isStaleSql = '(f = 0 AND i = toInt64(-9223372036854775808))'
const valueSql = 'if(f = 0, toFloat64(i), f)'

function gridSql(functionName: string, hint: GridHint): { readonly value: string; readonly condition: string } {
  const steps = stepsOf(hint)
  const stepMs = steps > 1 ? hint.stepMs : 1
  const seconds = (ms: number): string => `toDecimal64('${(ms / 1000).toFixed(3)}', 3)`
  const time = (ms: number): string => `fromUnixTimestamp64Milli(toInt64(${ms}))`
  const parameters = [time(hint.startMs), time(hint.startMs + (steps - 1) * stepMs), seconds(stepMs), seconds(hint.windowMs)].join(', ')
  // An instant selector ends at a stale marker; a range function passes over it.
  const isLast = hint.func === 'last'
  const value = isLast ? `if(${isStaleSql}, ${staleSql}, ${valueSql})` : valueSql
  const call = `${functionName}(${parameters})(fromUnixTimestamp64Milli(ts), ${value})`
  return { value: `arrayMap(x -> ifNull(x, ${staleSql}), ${call})`, condition: isLast ? '1' : `NOT ${isStaleSql}` }
}

export class GridStore implements GridSource {
  readonly #engine: Pick<ClickHouse, 'queryNative'>
  readonly #registry: SeriesRegistry

  constructor(engine: Pick<ClickHouse, 'queryNative'>, registry: SeriesRegistry) {
    this.#engine = engine
    this.#registry = registry
  }

  /** Whatever is in the engine: the caller asks only for steps whose samples all are. */
  coveredSteps(_refs: Uint32Array, hint: GridHint): number {
    return functionNames.has(hint.func) ? stepsOf(hint) : 0
  }

  /** All steps, or null when a series holds values the engine computes differently. Errors: the engine's. */
  async read(refs: Uint32Array, hint: GridHint, signal: AbortSignal): Promise<GridPrefix | null> {
    const functionName = functionNames.get(hint.func)
    if (functionName === undefined) return null
    const steps = stepsOf(hint)
    const values = new Float64Array(refs.length * steps).fill(STALE)
    if (refs.length === 0) return { steps, values }
    const selected = new SelectedIds(this.#registry, refs)
    const { value, condition } = gridSql(functionName, hint)
    // The window is open on the left.
    const range = { fromMs: Math.max(hint.startMs - hint.windowMs, hint.hiddenToMs ?? -Infinity) + 1, toMs: hint.endMs }
    for (const part of statementParts(this.#registry, refs, range)) {
      const sql = `SELECT series, max(NOT isFinite(f)) AS odd, ${value} AS grid FROM samples WHERE ${part.condition} AND ${condition}
        GROUP BY series SETTINGS allow_experimental_time_series_aggregate_functions = 1`
      for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
        if (!take(block, selected, values, steps)) return null
      }
    }
    return { steps, values }
  }
}

function take(block: NativeBlock, selected: SelectedIds, values: Float64Array, steps: number): boolean {
  const [series, odd, grid] = block.columns
  if (series?.kind !== 'w64' || odd?.kind !== 'u8' || grid?.kind !== 'array' || grid.inner.kind !== 'f64')
    throw new Error('unexpected columns of a grid')
  for (let row = 0; row < block.rows; row++) {
    const position = selected.position(series.data[row * 2]!, series.data[row * 2 + 1]!)
    if (position === -1) continue
    const start = row === 0 ? 0 : grid.offsets[row - 1]!
    if (odd.data[row] !== 0 || grid.offsets[row]! - start !== steps) return false
    values.set(grid.inner.data.subarray(start, start + steps), position * steps)
  }
  return true
}
