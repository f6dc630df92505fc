/** SQL that names tenants, metrics, hours and series by number only, so there is nothing to escape. */
import type { SeriesRegistry } from '../series/registry.ts'
import { seriesListMax } from '../limits.ts'

/** Which rows of a time-keyed table to read. Times in ms, both inclusive. */
export interface RowRange {
  readonly fromMs: number
  readonly toMs: number
}

/** One statement's part of the selected series. */
export interface StatementPart {
  readonly condition: string
  /** Rows of other series come along and must be left out by the reader. */
  readonly readsOthers: boolean
}

/** Above this share of a metric's series, reading all of them is cheaper than naming some. */
const wholeMetricShare = 0.25

function hex(registry: SeriesRegistry, ref: number): string {
  return `0x${registry.idHigh(ref).toString(16)}${registry.idLow(ref).toString(16).padStart(8, '0')}`
}

function timeCondition({ fromMs, toMs }: RowRange): string {
  const from = Math.max(Math.ceil(fromMs), 0)
  const to = Math.floor(toMs)
  return `hour BETWEEN ${Math.floor(from / 3_600_000)} AND ${Math.floor(to / 3_600_000)} AND ts BETWEEN ${from} AND ${to}`
}

/** An equality where it can be one: then the engine knows the order of the rest without sorting. */
function oneOf(column: string, values: ReadonlySet<number>): string {
  return values.size === 1 ? `${column} = ${[...values].join('')}` : `${column} IN (${[...values].join(',')})`
}

interface TenantPart {
  readonly organizationId: number
  readonly projects: Set<number>
  readonly metrics: Set<number>
}

function prefixCondition(registry: SeriesRegistry, refs: readonly number[]): string {
  const part: TenantPart = {
    organizationId: registry.tenantOf(refs[0] ?? 0).tenant.organizationId,
    projects: new Set(),
    metrics: new Set(),
  }
  for (const ref of refs) {
    part.projects.add(registry.tenantOf(ref).tenant.projectId)
    part.metrics.add(registry.metricHash(ref))
  }
  return `org = ${part.organizationId} AND ${oneOf('project', part.projects)} AND ${oneOf('metric', part.metrics)}`
}

/**
 * Conditions that together cover the refs (all of one organization), each series in exactly one of them. Metrics of which many
 * series are wanted are read whole; of the others the series are named, `seriesListMax` a statement. `range` may be a condition.
 */
export function statementParts(registry: SeriesRegistry, refs: Uint32Array, range: RowRange | string): StatementPart[] {
  const byMetric = new Map<string, number[]>()
  for (const ref of refs) {
    const key = `${registry.tenantOf(ref).index}/${registry.metricHash(ref)}`
    const list = byMetric.get(key)
    if (list === undefined) byMetric.set(key, [ref])
    else list.push(ref)
  }
  const whole: number[][] = []
  const named: number[] = []
  for (const list of byMetric.values()) {
    const isMost = list.length >= registry.metricSeriesCount(list[0] ?? 0) * wholeMetricShare
    if (isMost && list.length > 1) whole.push(list)
    else for (const ref of list) named.push(ref)
  }
  const time = typeof range === 'string' ? range : timeCondition(range)
  const parts: StatementPart[] = []
  for (let at = 0; at < whole.length; at += seriesListMax) {
    const some = whole.slice(at, at + seriesListMax).map((list) => list[0] ?? 0)
    parts.push({ condition: `${prefixCondition(registry, some)} AND ${time}`, readsOthers: true })
  }
  for (let at = 0; at < named.length; at += seriesListMax) {
    const some = named.slice(at, at + seriesListMax)
    const list = some.map((ref) => hex(registry, ref)).join(',')
    parts.push({ condition: `${prefixCondition(registry, some)} AND ${time} AND series IN (${list})`, readsOthers: false })
  }
  return parts
}
