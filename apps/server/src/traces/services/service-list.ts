/** Services and their operations with rate, errors and durations, from the tables of counts. */
import type { ClickHouse, NativeColumn } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { sqlString } from '../../search/index.ts'
import { numbersIn, textsIn } from '../../signals/index.ts'
import { operationsMax, servicesMax } from '../limits.ts'
import type { ExampleTrace, TimeRange, TraceReads } from '../ports.ts'
import { kindNames } from '../span-fields.ts'
import { CallFigures, type CountedReader, type CountedRow, type CountedSteps, type RedFigures, stepsOf } from './counted-calls.ts'
import { bucketUpperMs, quantileMs } from '../duration-buckets.ts'

export interface ServicesRequest {
  readonly range: TimeRange
  /** '' for all. */
  readonly environment: string
}

export interface RedTrend {
  readonly perSec: number[]
  readonly errorRate: (number | null)[]
  readonly p95Ms: (number | null)[]
}

interface Examples {
  readonly slowest: ExampleTrace | null
  readonly failed: ExampleTrace | null
}

export interface ServiceSummary extends RedFigures, Examples {
  readonly service: string
  readonly isEntry: boolean
  readonly operations: number
  readonly environments: string[]
  readonly releases: string[]
  readonly trend: RedTrend
}

export interface ServiceOperation extends RedFigures, Examples {
  readonly operation: string
  readonly kind: (typeof kindNames)[number]
  readonly totalMs: number
  readonly trend: RedTrend
}

export interface RedSeriesRequest extends ServicesRequest {
  readonly service: string
  readonly operation: string | null
  readonly kind: (typeof kindNames)[number] | null
  readonly points: number
}

export interface RedSeries {
  readonly steps: CountedSteps
  readonly count: number[]
  readonly errors: number[]
  readonly perSec: number[]
  readonly errorRate: (number | null)[]
  readonly p50Ms: (number | null)[]
  readonly p90Ms: (number | null)[]
  readonly p95Ms: (number | null)[]
  readonly p99Ms: (number | null)[]
  readonly uppersMs: number[]
  readonly durations: number[][]
  readonly exemplars: { trace: ExampleTrace; isError: boolean }[]
  readonly figures: RedFigures
}

const trendPoints = 30
/** Server and consumer: what a service answers. */
const isEntrySql = 'toString(kind IN (2, 5))'

function inEnvironment(environment: string): string | null {
  return environment === '' ? null : `environment = ${sqlString(environment)}`
}

function and(...parts: readonly (string | null)[]): string | null {
  const all = parts.filter((part) => part !== null)
  return all.length === 0 ? null : all.join(' AND ')
}

export class ServiceList {
  readonly #engine: ClickHouse
  readonly #reads: TraceReads
  readonly #counted: CountedReader

  constructor({ engine, reads, counted }: { engine: ClickHouse; reads: TraceReads; counted: CountedReader }) {
    this.#engine = engine
    this.#reads = reads
    this.#counted = counted
  }

  /** Most calls first. Errors: the engine's. */
  async services(
    scope: Scope,
    { range, environment }: ServicesRequest,
    signal: AbortSignal,
  ): Promise<{ items: ServiceSummary[]; steps: CountedSteps; environments: string[]; isPartial: boolean }> {
    const [{ rows, steps }, facts] = await Promise.all([
      this.#counted.read(
        scope,
        { tables: 'operations', by: ['toString(service)', isEntrySql], where: inEnvironment(environment), range, points: trendPoints },
        signal,
      ),
      this.#facts(scope, { range, environment }, signal),
    ])
    const byService = new Map<string, { entry: CountedRow[]; other: CountedRow[] }>()
    for (const row of rows) {
      const [service = '', isEntry] = row.keys
      const known = byService.get(service) ?? { entry: [], other: [] }
      byService.set(service, known)
      known[isEntry === '1' ? 'entry' : 'other'].push(row)
    }
    const items = [...byService].map(([service, { entry, other }]): ServiceSummary => {
      const fact = facts.get(service)
      const own = { operations: fact?.operations ?? 0, environments: fact?.environments ?? [], releases: fact?.releases ?? [] }
      return { service, isEntry: entry.length > 0, ...own, ...summaryOf(entry.length > 0 ? entry : other, steps, range) }
    })
    items.sort((a, b) => b.count - a.count || (a.service < b.service ? -1 : 1))
    return { items: items.slice(0, servicesMax), steps, environments: environmentsOf(facts), isPartial: items.length > servicesMax }
  }

  /** Most time spent first. Errors: the engine's. */
  async operations(
    scope: Scope,
    { service, range, environment }: ServicesRequest & { readonly service: string },
    signal: AbortSignal,
  ): Promise<{ items: ServiceOperation[]; steps: CountedSteps; isPartial: boolean }> {
    const where = and(`service = ${sqlString(service)}`, inEnvironment(environment))
    const { rows, steps } = await this.#counted.read(
      scope,
      { tables: 'operations', by: ['toString(name)', 'toString(kind)'], where, range, points: trendPoints },
      signal,
    )
    const byOperation = new Map<string, CountedRow[]>()
    for (const row of rows) {
      const key = JSON.stringify(row.keys)
      const known = byOperation.get(key)
      if (known === undefined) byOperation.set(key, [row])
      else known.push(row)
    }
    const items = [...byOperation.values()].map((own): ServiceOperation => {
      const [operation = '', kind = '0'] = own[0]?.keys ?? []
      const totalMs = own.reduce((sum, { calls }) => sum + calls.totalMs, 0)
      return { operation, kind: kindNames[Number(kind)] ?? 'unspecified', totalMs, ...summaryOf(own, steps, range) }
    })
    items.sort((a, b) => b.totalMs - a.totalMs)
    return { items: items.slice(0, operationsMax), steps, isPartial: items.length > operationsMax }
  }

  /** Rate, errors and durations by time with example traces. Errors: the engine's. */
  async series(scope: Scope, request: RedSeriesRequest, signal: AbortSignal): Promise<RedSeries> {
    const { service, operation, kind, environment, range, points } = request
    const ofKind = kind !== null ? `kind = ${kindNames.indexOf(kind)}` : operation !== null ? null : 'kind IN (2, 5)'
    const named = operation === null ? null : `name = ${sqlString(operation)}`
    const where = and(`service = ${sqlString(service)}`, named, ofKind, inEnvironment(environment))
    const { rows, steps } = await this.#counted.read(
      scope,
      { tables: 'operations', by: [], where, range, points: Math.max(2, points) },
      signal,
    )
    return seriesOf(rows, steps, range)
  }

  /** Environments that any service has in the range, sorted. Errors: the engine's. */
  async environments(scope: Scope, range: TimeRange, signal: AbortSignal): Promise<string[]> {
    return environmentsOf(await this.#facts(scope, { range, environment: '' }, signal))
  }

  async #facts(
    scope: Scope,
    { range }: ServicesRequest,
    signal: AbortSignal,
  ): Promise<Map<string, { operations: number; environments: string[]; releases: string[] }>> {
    const { stepSec } = stepsOf(range, trendPoints)
    const unit = stepSec % 3600 === 0 ? 3600 : 60
    const sql = `SELECT toString(service) AS service, toUInt32(uniq(name, kind)) AS operations,
        arraySort(groupUniqArray(50)(toString(environment))) AS environments, arraySort(groupUniqArray(20)(toString(release))) AS releases
      FROM operations${unit === 60 ? '' : '_1h'} WHERE ${this.#reads.counts(scope, range, unit)} GROUP BY service`
    const out = new Map<string, { operations: number; environments: string[]; releases: string[] }>()
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const [services, operations] = [textsIn(block, 'service'), numbersIn(block, 'operations')]
      const [environments, releases] = ['environments', 'releases'].map((name) => block.columns[block.names.indexOf(name)])
      for (let row = 0; row < block.rows; row++)
        out.set(services[row] ?? '', {
          operations: operations[row] ?? 0,
          environments: listAt(environments, row),
          releases: listAt(releases, row).filter((each) => each !== ''),
        })
    }
    return out
  }
}

function environmentsOf(facts: ReadonlyMap<string, { readonly environments: readonly string[] }>): string[] {
  return [...new Set([...facts.values()].flatMap((fact) => fact.environments))].filter((each) => each !== '').sort()
}

function listAt(column: NativeColumn | undefined, row: number): string[] {
  if (column?.kind !== 'array' || column.inner.kind !== 'string') throw new Error('no list of texts')
  return column.inner.data.slice(row === 0 ? 0 : column.offsets[row - 1], column.offsets[row])
}

function rangeLengthSec({ fromMs, toMs }: TimeRange): number {
  return Math.max(1, (toMs - fromMs) / 1000)
}

/** By step; steps without calls stay empty. */
function byStep(rows: readonly CountedRow[], length: number): CallFigures[] {
  const steps = Array.from({ length }, () => new CallFigures())
  for (const { step, calls } of rows) steps[step]?.add(calls)
  return steps
}

function summaryOf(
  rows: readonly CountedRow[],
  { stepSec, length }: CountedSteps,
  range: TimeRange,
): RedFigures & Examples & { trend: RedTrend } {
  const total = new CallFigures()
  for (const { calls } of rows) total.add(calls)
  const steps = byStep(rows, length)
  const trend = {
    perSec: steps.map(({ count }) => count / stepSec),
    errorRate: steps.map(({ count, errors }) => (count === 0 ? null : Math.min(1, errors / count))),
    p95Ms: steps.map(({ durations }) => quantileMs(durations, 0.95)),
  }
  return { ...total.red(rangeLengthSec(range)), trend, slowest: total.slowest, failed: total.failed }
}

const perClass = 8

function seriesOf(rows: readonly CountedRow[], steps: CountedSteps, range: TimeRange): RedSeries {
  const figures = byStep(rows, steps.length)
  const total = new CallFigures()
  for (const each of figures) total.add(each)
  const used = [...total.durations.keys()].map((bucket) => Math.ceil(bucket / perClass))
  const [low, high] = [Math.min(...used), Math.max(...used)]
  const classes = used.length === 0 ? [] : Array.from({ length: high - low + 1 }, (_, i) => low + i)
  const durations = classes.map((number) =>
    figures.map((each) => {
      let count = 0
      for (const [bucket, calls] of each.durations) if (Math.ceil(bucket / perClass) === number) count += calls
      return count
    }),
  )
  const quantiles = (q: number): (number | null)[] => figures.map((each) => quantileMs(each.durations, q))
  return {
    steps,
    count: figures.map(({ count }) => count),
    errors: figures.map(({ errors }) => errors),
    perSec: figures.map(({ count }) => count / steps.stepSec),
    errorRate: figures.map(({ count, errors }) => (count === 0 ? null : Math.min(1, errors / count))),
    p50Ms: quantiles(0.5),
    p90Ms: quantiles(0.9),
    p95Ms: quantiles(0.95),
    p99Ms: quantiles(0.99),
    uppersMs: classes.map((number) => bucketUpperMs(number * perClass)),
    durations,
    exemplars: figures.flatMap(({ slowest, failed }) => [
      ...(slowest === null ? [] : [{ trace: slowest, isError: slowest.spanId === failed?.spanId }]),
      ...(failed === null || failed.spanId === slowest?.spanId ? [] : [{ trace: failed, isError: true }]),
    ]),
    figures: total.red(rangeLengthSec(range)),
  }
}
