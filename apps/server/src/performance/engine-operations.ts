/** Rows of operations, versions and example traces, read from what traces count by minute and by hour. */
import type { ClickHouse, NativeBlock } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Scope } from '../kernel/scope.ts'
import { numbersIn, textsIn } from '../signals/index.ts'
import { versionsPerRunMax } from './limits.ts'
import type {
  ExampleAsked,
  FoundExample,
  OperationKey,
  OperationsFilter,
  OperationSource,
  OperationsRange,
  OperationStep,
  SeenVersion,
  SpanKind,
} from './ports.ts'

/** Conditions that add the tenant and what retention hides; see `traces`. */
export interface CountConditions {
  counts(scope: Scope, range: Pick<OperationsRange, 'fromMs' | 'toMs'>, stepSec: number): string
}

export interface EngineOperationsDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly reads: CountConditions
  readonly clock: Pick<Clock, 'sleep'>
  /** `interactive` where a person waits. */
  readonly class: 'interactive' | 'background'
}

interface Condition {
  readonly where: string
  readonly params: Record<string, unknown>
}

const hourMs = 3_600_000
const timeoutMs = 20_000
/** Rows read before others get their turn. */
const rowsPerTurn = 2_000
/** Durations in buckets: `i` ends at 2^(i/8) microseconds (see traces). */
const perOctave = 8

function upperMs(bucket: number): number {
  return 2 ** (bucket / perOctave) / 1000
}

interface Table {
  readonly name: string
  readonly stepSec: number
}

const byMinute: Table = { name: 'operations', stepSec: 60 }
const byHour: Table = { name: 'operations_1h', stepSec: 3600 }

interface TablePart extends Pick<OperationsRange, 'fromMs' | 'toMs'> {
  readonly table: Table
}

/** The coarsest rows that the steps can be made of, none of which reaches out of the range: whole hours, and minutes around them. */
function partsOf({ fromMs, toMs, stepMs }: OperationsRange): TablePart[] {
  const [firstMs, lastMs] = [Math.ceil(fromMs / hourMs) * hourMs, Math.floor(toMs / hourMs) * hourMs]
  if (stepMs % hourMs !== 0 || firstMs >= lastMs) return [{ table: byMinute, fromMs, toMs }]
  return [
    { table: byMinute, fromMs, toMs: firstMs },
    { table: byHour, fromMs: firstMs, toMs: lastMs },
    { table: byMinute, fromMs: lastMs, toMs },
  ].filter((part) => part.fromMs < part.toMs)
}

export class EngineOperations implements OperationSource {
  readonly #deps: EngineOperationsDeps

  constructor(deps: EngineOperationsDeps) {
    this.#deps = deps
  }

  async steps(scope: Scope, asked: OperationsRange & OperationsFilter, signal: AbortSignal): Promise<OperationStep[]> {
    const parts = partsOf(asked).map(({ table, ...range }) => ({ table, ...this.#where(scope, { ...asked, ...range }, table) }))
    const params = parts[0]?.params ?? {}
    const per = asked.stepMs / 60_000
    const keys = 'service, name, kind'
    const rows = parts
      .map(
        ({
          table,
          where,
        }) => `SELECT service, name, kind, toUInt32(step * ${table.stepSec / 60}) AS minute, count, errors, total_ms, durations
  FROM ${table.name} WHERE ${where}`,
      )
      .join('\nUNION ALL ')
    const sql = `WITH counted AS (${rows})
SELECT toString(service) AS service, toString(name) AS name, kind, toFloat64(intDiv(minute, ${per}) * ${per}) AS at,
  sum(count) AS calls, sum(errors) AS failed, sum(total_ms) AS total, sumMap(durations) AS durations
FROM counted
WHERE (${keys}) IN (SELECT ${keys} FROM counted GROUP BY ${keys} ORDER BY sum(total_ms) DESC LIMIT ${asked.operationsMax})
GROUP BY ${keys}, at`
    const out: OperationStep[] = []
    for await (const block of this.#ask(sql, params, signal)) {
      for (let from = 0; from < block.rows; from += rowsPerTurn) {
        readSteps(block, { from, to: Math.min(block.rows, from + rowsPerTurn) }, out)
        await this.#deps.clock.sleep(0)
      }
    }
    return out
  }

  async count(scope: Scope, range: Pick<OperationsRange, 'fromMs' | 'toMs'>, signal: AbortSignal): Promise<number> {
    const table = range.toMs - range.fromMs > 6 * hourMs ? byHour : byMinute
    const where = this.#deps.reads.counts(scope, range, table.stepSec)
    const sql = `SELECT toFloat64(uniqExact(service, name, kind)) AS operations FROM ${table.name} WHERE ${where}`
    for await (const block of this.#ask(sql, {}, signal)) if (block.rows > 0) return numbersIn(block, 'operations')[0] ?? 0
    return 0
  }

  async versions(scope: Scope, range: Pick<OperationsRange, 'fromMs' | 'toMs'>, signal: AbortSignal): Promise<SeenVersion[]> {
    const table = byMinute
    const where = this.#deps.reads.counts(scope, range, table.stepSec)
    const sql = `SELECT toString(service) AS service, toString(release) AS version, toString(environment) AS environment, toFloat64(min(step)) AS at
FROM ${table.name} WHERE ${where} AND release != '' GROUP BY service, version, environment ORDER BY at LIMIT ${versionsPerRunMax}`
    const out: SeenVersion[] = []
    for await (const block of this.#ask(sql, {}, signal)) {
      const [service, version, environment] = [textsIn(block, 'service'), textsIn(block, 'version'), textsIn(block, 'environment')]
      const at = numbersIn(block, 'at')
      for (let row = 0; row < block.rows; row++)
        out.push({
          service: service[row] ?? '',
          version: version[row] ?? '',
          environment: environment[row] ?? '',
          firstMs: (at[row] ?? 0) * 60_000,
        })
    }
    return out
  }

  async example(scope: Scope, asked: ExampleAsked, signal: AbortSignal): Promise<FoundExample | null> {
    const table = byMinute
    const { where, params } = this.#where(scope, asked, table)
    const sql = `SELECT max(${asked.isError ? 'failed' : 'slowest'}) AS example FROM ${table.name} WHERE ${where}`
    for await (const block of this.#ask(sql, params, signal)) {
      const found = block.rows > 0 ? exampleOf(textsIn(block, 'example')[0] ?? '') : null
      if (found !== null) return found
    }
    return null
  }

  #where(scope: Scope, asked: Pick<OperationsRange, 'fromMs' | 'toMs'> & Partial<OperationKey>, { stepSec }: Table): Condition {
    const { service, operation, kind } = asked
    const parts = [this.#deps.reads.counts(scope, asked, stepSec)]
    const params: Record<string, unknown> = {}
    if (service !== undefined) {
      parts.push('service = {service:String}')
      params['service'] = service
    }
    if (operation !== undefined) {
      parts.push('name = {operation:String}')
      params['operation'] = operation
    }
    if (kind !== undefined) parts.push(`kind = ${kind}`)
    return { where: parts.join(' AND '), params }
  }

  #ask(sql: string, params: Record<string, unknown>, signal: AbortSignal): AsyncIterable<NativeBlock> {
    return this.#deps.engine.queryNative({ sql, params, class: this.#deps.class, timeoutMs, signal })
  }
}

interface Rows {
  readonly from: number
  readonly to: number
}

function readSteps(block: NativeBlock, rows: Rows, out: OperationStep[]): void {
  const [service, name, kind] = [textsIn(block, 'service'), textsIn(block, 'name'), numbersIn(block, 'kind')]
  const [at, calls, failed] = [numbersIn(block, 'at'), numbersIn(block, 'calls'), numbersIn(block, 'failed')]
  const total = numbersIn(block, 'total')
  const durations = block.columns[block.names.indexOf('durations')]
  if (durations?.kind !== 'map' || durations.keys.kind !== 'u32' || durations.values.kind !== 'f64')
    throw new Error('unexpected columns of operations')
  const [buckets, counts] = [durations.keys.data, durations.values.data]
  for (let row = rows.from; row < rows.to; row++) {
    const from = row === 0 ? 0 : (durations.offsets[row - 1] ?? 0)
    const to = durations.offsets[row] ?? 0
    const own = Array.from(buckets.subarray(from, to))
    out.push({
      service: service[row] ?? '',
      operation: name[row] ?? '',
      kind: kindOf(kind[row] ?? 0),
      timeMs: (at[row] ?? 0) * 60_000,
      count: calls[row] ?? 0,
      errors: failed[row] ?? 0,
      totalMs: total[row] ?? 0,
      lowersMs: own.map((bucket) => (bucket === 0 ? 0 : upperMs(bucket - 1))),
      uppersMs: own.map(upperMs),
      counts: Array.from(counts.subarray(from, to)),
    })
  }
}

/** What is no kind is 0. */
export function kindOf(value: number): SpanKind {
  return value === 1 || value === 2 || value === 3 || value === 4 || value === 5 ? value : 0
}

/** Example traces are texts: digits of duration (16) and start (16) in ns, trace (32), span (16); see traces. */
export function exampleOf(text: string): FoundExample | null {
  if (!/^[0-9a-f]{80}$/.test(text)) return null
  const high = Number.parseInt(text.slice(16, 24), 16)
  const low = Number.parseInt(text.slice(24, 32), 16)
  return { traceId: text.slice(32, 64), spanId: text.slice(64), atMs: (high * 2 ** 32 + low) / 1e6 }
}
