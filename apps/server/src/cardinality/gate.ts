/** Asks the CardinalityLimiter about series that the store never had, and keeps the account of what was new and what was refused. */
import type { Tenant } from '../kernel/scope.ts'
import {
  limitOf,
  type CardinalityLimiter,
  type CardinalityRequest,
  type CardinalityScope,
  type CardinalityVerdict,
} from '../limiters/index.ts'
import type { RefusedSeries, SeriesGate, SeriesRegistry } from '../metrics/index.ts'
import type { CardinalityAccount } from './account.ts'
import { accountedSeriesPerBatchMax } from './limits.ts'

export type JudgedSeries = Pick<SeriesRegistry, 'idLow' | 'idHigh' | 'labels' | 'tenantOf' | 'eachPair' | 'symbols'>

export interface CardinalityGateDeps {
  readonly series: JudgedSeries
  readonly limiter: CardinalityLimiter
  readonly account: CardinalityAccount
  /** Which rule made the series, '' for none: what a rule leaves has room of its own, so that a rule helps at once. */
  readonly scopeOf: (ref: number) => string
  readonly useCaseOf: (metric: string) => string
  /** A sentence for people: a metric began to be refused. */
  readonly onExplosion: (tenant: Tenant, text: string) => void
}

/** Refs of one metric and rule. */
interface Group {
  readonly metric: string
  readonly request: Omit<CardinalityRequest, 'hashes'>
  readonly refs: number[]
}

interface RefusedRefs {
  readonly refs: readonly number[]
  readonly reached: CardinalityScope
  readonly limit: number
}

const scopeWords = { global: 'the whole installation', organization: 'the organization', useCase: 'its use case', metric: 'the metric' }

export class CardinalityGate implements SeriesGate {
  readonly #deps: CardinalityGateDeps
  readonly #name: number

  constructor(deps: CardinalityGateDeps) {
    this.#deps = deps
    this.#name = deps.series.symbols.find('__name__')
  }

  get refusalSec(): number {
    return this.#deps.limiter.quotas.granularitySec
  }

  judge(tenant: Tenant, refs: readonly number[]): RefusedSeries | Promise<RefusedSeries> {
    const groups = this.#group(tenant, refs)
    const verdicts = this.#deps.limiter.judge(this.#requests(groups))
    if (verdicts instanceof Promise) return verdicts.then((told) => this.#take(tenant, groups, told))
    return this.#take(tenant, groups, verdicts)
  }

  judgeNow(tenant: Tenant, refs: readonly number[]): RefusedSeries {
    const groups = this.#group(tenant, refs)
    return this.#take(tenant, groups, this.#deps.limiter.judgeNow(this.#requests(groups)))
  }

  /** These series are in use, whatever the limits say. */
  note(tenant: Tenant, refs: readonly number[]): void | Promise<void> {
    return this.#deps.limiter.note(this.#requests(this.#group(tenant, refs)))
  }

  #group(tenant: Tenant, refs: readonly number[]): Group[] {
    const { scopeOf, useCaseOf } = this.#deps
    const groups = new Map<string, Group>()
    const names = new Map<number, string>()
    for (const ref of refs) {
      const metric = this.#metricOf(ref, names)
      const rule = scopeOf(ref)
      const scoped = rule === '' ? metric : `${metric}\u0000${rule}`
      let group = groups.get(scoped)
      if (group === undefined) {
        group = { metric, request: { ...tenant, useCase: useCaseOf(metric), metric: scoped }, refs: [] }
        groups.set(scoped, group)
      }
      group.refs.push(ref)
    }
    return [...groups.values()]
  }

  #metricOf(ref: number, names: Map<number, string>): string {
    const { series } = this.#deps
    const { postings } = series.tenantOf(ref)
    let symbol = -1
    series.eachPair(ref, (pair) => {
      if (postings.nameOf(pair) === this.#name) symbol = postings.valueOf(pair)
    })
    let name = names.get(symbol)
    if (name === undefined) names.set(symbol, (name = symbol === -1 ? '' : series.symbols.text(symbol)))
    return name
  }

  #requests(groups: readonly Group[]): CardinalityRequest[] {
    const { series } = this.#deps
    return groups.map(({ request, refs }) => {
      const hashes = new Uint32Array(refs.length * 2)
      refs.forEach((ref, i) => {
        hashes[i * 2] = series.idLow(ref)
        hashes[i * 2 + 1] = series.idHigh(ref)
      })
      return { ...request, hashes }
    })
  }

  #take(tenant: Tenant, groups: readonly Group[], verdicts: readonly CardinalityVerdict[]): RefusedSeries {
    const out: number[] = []
    groups.forEach((group, i) => {
      const { refused, reached } = verdicts[i] ?? { refused: [], reached: null }
      this.#deps.account.noteNew(tenant, group.metric, group.refs.length - refused.length)
      if (reached === null) return
      const refs = refused.map((position) => group.refs[position]!)
      for (const ref of refs) out.push(ref)
      this.#tell(tenant, group, { refs, limit: limitOf(this.#deps.limiter.quotas, reached, group.request.useCase), reached })
    })
    return { reason: 'cardinality_limit', refs: out }
  }

  #tell(tenant: Tenant, { metric }: Group, { refs, reached, limit }: RefusedRefs): void {
    const { account, series, onExplosion } = this.#deps
    const labels = refs.slice(0, accountedSeriesPerBatchMax).map((ref) => series.labels(ref))
    if (!account.noteRefused(tenant, metric, { reached, limit, words: refs.map((ref) => series.idLow(ref)), labels })) return
    const label = account.worstLabel(tenant, metric)
    onExplosion(
      tenant,
      `${metric}: new series are dropped, ${scopeWords[reached]} has its ${limit} series` +
        `${label === '' ? '' : `; most values has the label '${label}'`}. Make a rule on the page Cardinality.`,
    )
  }
}
