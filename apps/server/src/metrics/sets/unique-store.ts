/**
 * Counts distinct members: series by the index, states united in the engine by group and step, what is acknowledged and not inserted yet sent
 * along with the question. Nothing of a state is understood here.
 */
import type { ClickHouse } from '../../engines/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Scope, Tenant } from '../../kernel/scope.ts'
import { tooManySamples, tooManySeries } from '../errors.ts'
import { freshSetMembersPerCountMax, setCountsMax } from '../limits.ts'
import type { Labels, ReadBounds } from '../model.ts'
import { grownU32 } from '../series/growable.ts'
import { metricHashOf } from '../series/series-id.ts'
import type { PastSeries } from '../series/past-series.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { setBucketMs, type CountUniqueRequest, type UniqueCounts, type UniqueStore } from './ports.ts'
import type { SetsHead } from './sets-head.ts'
import { setsTable, uniqueMerge, uniqueState } from './table.ts'

export interface UniqueStoreDeps {
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly registry: SeriesRegistry
  readonly sets: SetsHead
  /** Brings back series that left the index; without it they are not counted. */
  readonly past?: PastSeries
  /** What retention and deletion hide; without it nothing. */
  readonly hidden?: HiddenMembers
}

/** Members of minutes that begin at or before `samplesMs` are hidden. */
interface HiddenMembers {
  concerns(tenant: Tenant): boolean
  cutOf(tenant: Tenant, labels: Labels): { readonly samplesMs: number }
}

const nothingHidden: HiddenMembers = { concerns: () => false, cutOf: () => ({ samplesMs: -Infinity }) }

/** The request in whole minutes. */
interface Steps {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  readonly count: number
}

function stepsOf({ fromMs, toMs, stepMs }: CountUniqueRequest): Steps {
  const from = Math.floor(Math.max(fromMs, 0) / setBucketMs) * setBucketMs
  const to = Math.max(Math.ceil(toMs / setBucketMs) * setBucketMs, from)
  const step = stepMs === null ? Math.max(to - from, setBucketMs) : Math.max(Math.ceil(stepMs / setBucketMs), 1) * setBucketMs
  return { fromMs: from, toMs: to, stepMs: step, count: Math.ceil((to - from) / step) }
}

/** Series of one organization and the group of each. */
class Grouping {
  readonly refs: number[] = []
  readonly groupOf = new Map<number, number>()
  /** Of series of which something in the range is hidden: up to when, whole ms. */
  readonly cutOf = new Map<number, number>()
  readonly groups: Labels[] = []
  readonly #byKey = new Map<string, number>()

  add(ref: number, labels: Labels, names: ReadonlySet<string>): void {
    const own = labels.filter(([name]) => names.has(name))
    const key = JSON.stringify(own)
    let group = this.#byKey.get(key)
    if (group === undefined) {
      group = this.groups.push(own) - 1
      this.#byKey.set(key, group)
    }
    this.refs.push(ref)
    this.groupOf.set(ref, group)
  }
}

/** Fresh members as columns of a question: group, step and both halves of each. */
class FreshColumns {
  groups = new Uint32Array(0)
  steps = new Uint32Array(0)
  lows = new Uint32Array(0)
  highs = new Uint32Array(0)
  count = 0

  add(group: number, step: number, members: Uint32Array): void {
    const rows = Math.min(members.length / 2, freshSetMembersPerCountMax - this.count)
    const end = this.count + rows
    this.groups = grownU32(this.groups, end).fill(group, this.count, end)
    this.steps = grownU32(this.steps, end).fill(step, this.count, end)
    this.lows = grownU32(this.lows, end)
    this.highs = grownU32(this.highs, end)
    for (let i = 0; i < rows; i++) {
      this.lows[this.count + i] = members[i * 2]!
      this.highs[this.count + i] = members[i * 2 + 1]!
    }
    this.count = end
  }

  /** Group, step, low and high half as lists in SQL. */
  lists(): string[] {
    return [this.groups, this.steps, this.lows, this.highs].map((column) => u32List(column.subarray(0, this.count)))
  }
}

/** An Array(UInt32) in SQL: one literal, however long. Numbers only, so there is nothing to escape. */
function u32List(values: Uint32Array): string {
  return `CAST([${values.join(',')}], 'Array(UInt32)')`
}

/** A 64-bit number of its halves. */
const wide = (low: string, high: string): string => `bitOr(bitShiftLeft(toUInt64(${high}), 32), toUInt64(${low}))`

class Store implements UniqueStore {
  readonly #deps: UniqueStoreDeps

  constructor(deps: UniqueStoreDeps) {
    this.#deps = deps
  }

  async countUnique(scope: Scope, request: CountUniqueRequest, bounds: ReadBounds): Promise<UniqueCounts> {
    const steps = stepsOf(request)
    const startsMs = Array.from({ length: steps.count }, (_, at) => steps.fromMs + at * steps.stepMs)
    const { fromMs, toMs } = steps
    const range = { matchers: request.matchers, fromMs, toMs }
    if (this.#deps.past?.covers(scope, fromMs) === false) await this.#deps.past.bring(scope, range, bounds)
    const grouping = this.#group(scope, request, steps, bounds)
    const cells = grouping.groups.length * steps.count
    const cellsMax = Math.min(bounds.samplesMax, setCountsMax)
    if (cells > cellsMax) throw new AppError(tooManySamples, { publicText: `The query asks for ${cells} counts; ${cellsMax} are allowed.` })
    const counts = new Float64Array(cells)
    if (cells > 0) await this.#count(grouping, steps, counts, bounds.signal)
    return withoutEmpty(grouping.groups, startsMs, counts)
  }

  isSet(scope: Scope, name: string): boolean {
    const hash = metricHashOf(name)
    return scope.projectIds.some((project) => this.#deps.sets.metrics.has(scope.organizationId, project, hash))
  }

  /** Series that match, may have members in the range, and are sets. Throws `query.too_many_series`, `metrics.bad_regexp`. */
  #group(scope: Scope, { matchers, groupBy }: CountUniqueRequest, { fromMs, toMs }: Steps, { seriesMax }: ReadBounds): Grouping {
    const { registry, sets, hidden = nothingHidden } = this.#deps
    const names = new Set(groupBy)
    const out = new Grouping()
    for (const owner of registry.tenantsOf(scope)) {
      const { organizationId, projectId } = owner.tenant
      for (const ref of registry.select(owner, matchers)) {
        if (!registry.isActive(ref, fromMs, toMs) || !sets.metrics.has(organizationId, projectId, registry.metricHash(ref))) continue
        if (out.refs.length >= seriesMax) {
          throw new AppError(tooManySeries, { publicText: `The query touches more than ${seriesMax} series.` })
        }
        const labels = registry.labels(ref)
        const cutMs = hidden.concerns(owner.tenant) ? hidden.cutOf(owner.tenant, labels).samplesMs : -Infinity
        if (cutMs >= toMs) continue
        if (cutMs >= fromMs) out.cutOf.set(ref, Math.floor(cutMs))
        out.add(ref, labels, names)
      }
    }
    return out
  }

  async #count(grouping: Grouping, steps: Steps, counts: Float64Array, signal: AbortSignal): Promise<void> {
    // What is fresh is read first: it may be inserted while the engine answers, and counts once all the same.
    const fresh = new FreshColumns()
    this.#deps.sets.fresh.each(steps.fromMs, steps.toMs, (ref, timeMs, members) => {
      const group = grouping.groupOf.get(ref)
      const isHidden = timeMs <= (grouping.cutOf.get(ref) ?? -Infinity)
      if (group !== undefined && !isHidden && fresh.count < freshSetMembersPerCountMax)
        fresh.add(group, Math.floor((timeMs - steps.fromMs) / steps.stepMs), members)
    })
    const sql = this.#statement(grouping, steps, fresh)
    for await (const { rows, columns } of this.#deps.engine.queryNative({ sql, class: 'interactive', signal })) {
      const [group, step, count] = columns
      if (group?.kind !== 'u32' || step?.kind !== 'u32' || count?.kind !== 'f64')
        throw new Error('unexpected columns of a count of members')
      for (let row = 0; row < rows; row++) counts[group.data[row]! * steps.count + step.data[row]!] = count.data[row]!
    }
  }

  #statement({ refs, groupOf, cutOf }: Grouping, { fromMs, toMs, stepMs }: Steps, fresh: FreshColumns): string {
    const { registry } = this.#deps
    const listOf = (pick: (ref: number) => number): string => u32List(Uint32Array.from(refs, pick))
    const projects = new Set(refs.map((ref) => registry.tenantOf(ref).tenant.projectId))
    const metrics = new Set(refs.map((ref) => registry.metricHash(ref)))
    const organization = registry.tenantOf(refs[0] ?? 0).tenant.organizationId
    const cuts = [...cutOf.values()].join(',')
    const hides = [...cutOf.keys()].map(
      (ref) => `0x${registry.idHigh(ref).toString(16)}${registry.idLow(ref).toString(16).padStart(8, '0')}`,
    )
    const shown =
      cutOf.size === 0
        ? ''
        : `AND ts > transform(series, CAST([${hides.join(',')}], 'Array(UInt64)'), CAST([${cuts}], 'Array(Int64)'), toInt64(-1))`
    const [freshGroups, freshSteps, freshLows, freshHighs] = fresh.lists()
    return `WITH
  arrayMap((l, h) -> ${wide('l', 'h')}, ${listOf((ref) => registry.idLow(ref))}, ${listOf((ref) => registry.idHigh(ref))}) AS ids,
  ${listOf((ref) => groupOf.get(ref) ?? 0)} AS groups
SELECT group, step, toFloat64(${uniqueMerge}(part)) FROM (
  SELECT transform(series, ids, groups, toUInt32(0xffffffff)) AS group, toUInt32(intDiv(ts - ${fromMs}, ${stepMs})) AS step, state AS part
  FROM ${setsTable}
  WHERE org = ${organization} AND project IN (${[...projects].join(',')}) AND metric IN (${[...metrics].join(',')})
    AND hour BETWEEN ${Math.floor(fromMs / 3_600_000)} AND ${Math.floor((toMs - 1) / 3_600_000)}
    AND ts >= ${fromMs} AND ts < ${toMs} AND group != 0xffffffff ${shown}
  UNION ALL
  SELECT group, step, ${uniqueState}(${wide('low', 'high')}) AS part
  FROM (SELECT 1) ARRAY JOIN ${freshGroups} AS group, ${freshSteps} AS step, ${freshLows} AS low, ${freshHighs} AS high
  GROUP BY group, step
) GROUP BY group, step`
  }
}

/** Only groups that have a member. */
function withoutEmpty(groups: readonly Labels[], startsMs: readonly number[], counts: Float64Array): UniqueCounts {
  const steps = startsMs.length
  const kept = groups
    .map((_, group) => group)
    .filter((group) => counts.subarray(group * steps, (group + 1) * steps).some((count) => count > 0))
  const out = new Float64Array(kept.length * steps)
  kept.forEach((group, at) => out.set(counts.subarray(group * steps, (group + 1) * steps), at * steps))
  return { groups: kept.map((group) => groups[group] ?? []), startsMs, counts: out }
}

/** One per process. */
export function createUniqueStore(deps: UniqueStoreDeps): UniqueStore {
  return new Store(deps)
}
