/** What costs most, counted in the index of series and by the engine; and what a rule would have done. Reads one scope and nothing else. */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import type { SeriesRegistry } from '../metrics/index.ts'
import type { CardinalityAccount } from './account.ts'
import { countedSeriesMax, exampleLengthMax, examplesMax, previewMetricsMax } from './limits.ts'
import type { CostOrder, LabelCost, MetricCost, MetricCostDetail, RuleDraft, RulePreview } from './ports.ts'
import { checkDraft, compileRule } from './rule-set.ts'

export type CountedSeries = Pick<SeriesRegistry, 'tenantsOf' | 'isActive' | 'isDurable' | 'eachPair' | 'metricHash' | 'symbols'>

export interface CostsDeps {
  readonly series: CountedSeries
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly account: CardinalityAccount
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** The engine has so long to count samples; without its answer the rest is shown. */
const countTimeoutMs = 5_000
/** Series looked at before others get their turn. */
const seriesPerTurn = 20_000

/** One metric of one project. */
interface MetricOfTenant {
  readonly tenant: Tenant
  readonly name: string
  readonly hash: number
  readonly refs: Uint32Array
  readonly postings: ReturnType<SeriesRegistry['tenantOf']>['postings']
}

export class Costs {
  readonly #deps: CostsDeps
  readonly #name: number

  constructor(deps: CostsDeps) {
    this.#deps = deps
    this.#name = deps.series.symbols.find('__name__')
  }

  /** The dearest metrics; names that several projects have are added up. */
  async metrics(scope: Scope, order: CostOrder, limit: number): Promise<{ items: MetricCost[]; activeSeries: number }> {
    const costs = new Map<string, { hash: number; cost: MetricCost }>()
    let activeSeries = 0
    for (const metric of this.#metricsOf(scope)) {
      const cost = this.#cost(metric, null)
      activeSeries += cost.activeSeries
      if (cost.activeSeries + cost.newSeries + cost.refusedSeries === 0) continue
      const known = costs.get(metric.name)
      costs.set(metric.name, { hash: metric.hash, cost: known === undefined ? cost : added(known.cost, cost) })
    }
    const all = [...costs.values()]
    const counted = order === 'samples' ? await this.#samples(scope, null) : null
    const worth = ({ hash, cost }: (typeof all)[number]): number => {
      if (order === 'samples') return counted?.get(hash) ?? 0
      return order === 'new' ? cost.newSeries + cost.refusedSeries : cost.activeSeries
    }
    all.sort((a, b) => worth(b) - worth(a) || (a.cost.name < b.cost.name ? -1 : 1))
    const shown = all.slice(0, limit)
    const samples =
      counted ??
      (await this.#samples(
        scope,
        shown.map(({ hash }) => hash),
      ))
    const items = shown.map(({ hash, cost }) => ({ ...cost, samples: samples === null ? null : (samples.get(hash) ?? 0) }))
    return { items, activeSeries }
  }

  async metric(scope: Scope, name: string): Promise<MetricCostDetail | null> {
    const found = this.#metricsOf(scope).filter((metric) => metric.name === name)
    const [first] = found
    if (first === undefined) return null
    const samples = await this.#samples(scope, [first.hash])
    let cost = this.#cost(first, samples === null ? null : (samples.get(first.hash) ?? 0))
    for (const other of found.slice(1)) cost = added(cost, this.#cost(other, null))
    return { ...cost, ...(await this.#labelsOf(found)) }
  }

  /** Errors: `cardinality.bad_rule`. */
  async preview(scope: Scope, draft: RuleDraft): Promise<Omit<RulePreview, 'overruledBy'>> {
    checkDraft(draft)
    const rule = compileRule({ id: '', version: 0, ...draft })
    const found = this.#metricsOf(scope).filter(({ name }) => rule.matches(name))
    const sizes: { name: string; hash: number; series: number }[] = []
    const gone = new Map<string, Set<number>>()
    let after = 0
    for (const metric of found) {
      const left = await this.#left(metric, rule.keeps, gone)
      if (left.before === 0) continue
      sizes.push({ name: metric.name, hash: metric.hash, series: left.before })
      after += draft.action.kind === 'drop_metric' ? 0 : left.after
    }
    sizes.sort((a, b) => b.series - a.series)
    const before = sizes.reduce((sum, { series }) => sum + series, 0)
    const counts =
      before === 0
        ? new Map<number, number>()
        : await this.#samples(
            scope,
            sizes.map(({ hash }) => hash),
          )
    const samplesBefore = counts === null ? null : [...counts.values()].reduce((sum, count) => sum + count, 0)
    const byValues = [...gone].sort(([, a], [, b]) => b.size - a.size)
    return {
      metrics: sizes.slice(0, previewMetricsMax).map(({ name }) => name),
      metricCount: sizes.length,
      seriesBefore: before,
      seriesAfter: after,
      samplesBefore,
      samplesAfter: samplesBefore === null ? null : before === 0 ? 0 : Math.round((samplesBefore * after) / before),
      labelsGone: byValues.map(([label]) => label),
    }
  }

  #metricsOf(scope: Scope): MetricOfTenant[] {
    const { series } = this.#deps
    const out: MetricOfTenant[] = []
    for (const { tenant, postings } of series.tenantsOf(scope)) {
      const pairs = postings.pairsOf(this.#name)
      for (let i = 0; i < pairs.length; i++) {
        const list = postings.list(pairs.refs[i]!)
        if (list.length === 0) continue
        const refs = Uint32Array.from(list.refs.slice(0, list.length))
        out.push({ tenant, name: series.symbols.text(postings.valueOf(pairs.refs[i]!)), hash: series.metricHash(refs[0]!), refs, postings })
      }
    }
    return out
  }

  #cost({ tenant, name, refs }: MetricOfTenant, samples: number | null): MetricCost {
    const { account } = this.#deps
    const newSeries = account.newSeries(tenant, name)
    return { name, activeSeries: this.#active(refs, hourMs), newSeries, samples, refusedSeries: account.refusedSeries(tenant, name) }
  }

  #active(refs: Uint32Array, forMs: number): number {
    const nowMs = this.#deps.clock.nowMs()
    let count = 0
    for (const ref of refs) if (this.#isStored(ref, nowMs - forMs, nowMs)) count++
    return count
  }

  /** Has it samples of the time? Raw series of a rule and refused ones have none of their own. */
  #isStored(ref: number, fromMs: number, toMs: number): boolean {
    return this.#deps.series.isDurable(ref) && this.#deps.series.isActive(ref, fromMs, toMs)
  }

  async #labelsOf(metrics: readonly MetricOfTenant[]): Promise<Pick<MetricCostDetail, 'labels' | 'seriesCounted'>> {
    const { series } = this.#deps
    const values = new Map<number, Set<number>>()
    let seriesCounted = 0
    for (const metric of metrics) {
      await this.#eachActive(metric, countedSeriesMax - seriesCounted, (ref, postings) => {
        seriesCounted++
        series.eachPair(ref, (pair) => {
          const label = postings.nameOf(pair)
          let seen = values.get(label)
          if (seen === undefined) values.set(label, (seen = new Set()))
          seen.add(postings.valueOf(pair))
        })
      })
    }
    values.delete(this.#name)
    const labels = Array.from(values, ([label, seen]): LabelCost => {
      const examples = Array.from(first(seen, examplesMax), (value) => series.symbols.text(value).slice(0, exampleLengthMax))
      return { name: series.symbols.text(label), values: seen.size, examples }
    })
    labels.sort((a, b) => b.values - a.values || (a.name < b.name ? -1 : 1))
    return { labels, seriesCounted }
  }

  /** Series of the last day before and after; adds what goes to `gone`, by label. */
  async #left(
    metric: MetricOfTenant,
    keeps: (label: string) => boolean,
    gone: Map<string, Set<number>>,
  ): Promise<{ before: number; after: number }> {
    const { series } = this.#deps
    const verdicts = new Map<number, string | null>()
    const left = new Set<number>()
    let before = 0
    await this.#eachActive(metric, Infinity, (ref, postings) => {
      before++
      let low = 0
      let high = 0
      series.eachPair(ref, (pair) => {
        const label = postings.nameOf(pair)
        let verdict = verdicts.get(label)
        if (verdict === undefined) {
          const text = series.symbols.text(label)
          verdicts.set(label, (verdict = keeps(text) ? null : text))
        }
        if (verdict === null) {
          // Pairs come in the order of their labels, so that equal sets have equal hashes; 53 bits are enough for a count.
          low = Math.imul(low ^ pair, 0x9e3779b1) ^ (low >>> 15)
          high = Math.imul(high ^ pair, 0x85ebca6b) ^ (high >>> 13)
        } else {
          let seen = gone.get(verdict)
          if (seen === undefined) gone.set(verdict, (seen = new Set()))
          seen.add(pair)
        }
      })
      left.add((low >>> 0) + (high & 0x1fffff) * 2 ** 32)
    })
    return { before, after: left.size }
  }

  async #eachActive(
    { postings, refs }: MetricOfTenant,
    limit: number,
    visit: (ref: number, postings: MetricOfTenant['postings']) => void,
  ): Promise<void> {
    const { clock } = this.#deps
    const nowMs = clock.nowMs()
    let visited = 0
    let turn = 0
    for (const ref of refs) {
      if (visited >= limit) return
      if (++turn % seriesPerTurn === 0) await clock.sleep(0)
      if (!this.#isStored(ref, nowMs - dayMs, nowMs)) continue
      visited++
      visit(ref, postings)
    }
  }

  /** Samples of the last day by hash of the metric; null: the engine did not say. */
  async #samples(scope: Scope, hashes: readonly number[] | null): Promise<Map<number, number> | null> {
    if (hashes?.length === 0) return new Map()
    const fromHour = Math.floor((this.#deps.clock.nowMs() - dayMs) / hourMs)
    const sql = `SELECT metric, toUInt64(count()) FROM samples
WHERE org = {org:UInt32} AND project IN {projects:Array(UInt32)} AND hour >= {from:UInt32}${hashes === null ? '' : ' AND metric IN {metrics:Array(UInt32)}'}
GROUP BY metric`
    const params = {
      org: scope.organizationId,
      projects: scope.projectIds,
      from: fromHour,
      ...(hashes === null ? {} : { metrics: hashes }),
    }
    const out = new Map<number, number>()
    try {
      for await (const { rows, columns } of this.#deps.engine.queryNative({
        sql,
        params,
        class: 'interactive',
        timeoutMs: countTimeoutMs,
      })) {
        const [metric, count] = columns
        if (metric?.kind !== 'u32' || count?.kind !== 'w64') throw new Error('unexpected columns of samples')
        for (let row = 0; row < rows; row++) out.set(metric.data[row]!, count.data[row * 2]! + count.data[row * 2 + 1]! * 2 ** 32)
      }
      return out
    } catch (error) {
      if (!isAppError(error)) throw error
      return null
    }
  }
}

function added(a: MetricCost, b: MetricCost): MetricCost {
  return {
    name: a.name,
    activeSeries: a.activeSeries + b.activeSeries,
    newSeries: a.newSeries + b.newSeries,
    samples: a.samples,
    refusedSeries: a.refusedSeries + b.refusedSeries,
  }
}

function* first<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count
  for (const item of items) {
    if (left-- <= 0) return
    yield item
  }
}
