/** Puts the domain together: rules that are in force, the gate for new series, and the desk that the API asks. */
import type { Pool } from 'pg'
import type { Access } from '../accounts/index.ts'
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import type { CardinalityLimiter } from '../limiters/index.ts'
import type { MetricMetadata, SeriesDecisions, SeriesRegistry } from '../metrics/index.ts'
import { metricIdOf } from '../naming/index.ts'
import { CardinalityAccount } from './account.ts'
import { Census } from './census.ts'
import { Costs } from './costs.ts'
import { Folding } from './folding.ts'
import { CardinalityGate } from './gate.ts'
import type { Cardinality, CardinalityOverview, CostOrder, RuleDraft, RulePreview } from './ports.ts'
import { matcherOf, type ActiveRule } from './rule-set.ts'
import { RuleStore } from './rule-store.ts'

export interface CardinalityDeps {
  readonly registry: SeriesRegistry
  /** Newest sample of a series in memory. */
  readonly newest: (ref: number) => { readonly timeMs: number; readonly value: number } | null
  readonly describe: (tenant: Tenant, name: string) => Pick<MetricMetadata, 'type'> | null
  readonly limiter: CardinalityLimiter
  readonly engine: Pick<ClickHouse, 'queryNative'>
  readonly pool: Pool
  readonly clock: Clock
  readonly logger: Logger
  /** A sentence for the people of the project. */
  readonly onExplosion: (tenant: Tenant, text: string) => void
}

export interface OpenedCardinality extends AsyncDisposable {
  readonly decisions: SeriesDecisions
  /** Counts the series that are in use already. To be called once they are loaded, before new ones come. */
  readonly countLoaded: () => Promise<void>
  readonly desk: Cardinality
}

const sweepMs = 60_000

/** Reads the rules in force. Errors by code: `cardinality.unavailable`. */
export async function openCardinality(deps: CardinalityDeps): Promise<OpenedCardinality> {
  const { registry, limiter, clock, logger } = deps
  const account = new CardinalityAccount(clock)
  const folding = new Folding({ series: registry, newest: deps.newest, describe: deps.describe, clock })
  registry.useRules(folding)
  registry.holdsRefs(folding)
  const gate = new CardinalityGate({
    series: registry,
    limiter,
    account,
    scopeOf: (ref) => folding.scopeOf(ref),
    useCaseOf: (metric) => metricIdOf(metric).namespace,
    onExplosion: deps.onExplosion,
  })
  const sweeper = new Sweeper(folding, clock)
  const onRules = (tenant: Tenant, active: readonly ActiveRule[]): void => {
    folding.setRules(tenant, active)
    void sweeper.sweep()
  }
  const rules = new RuleStore({ pool: deps.pool, clock, logger, onRules })
  await rules.open()
  const census = new Census({ registry, gate, quotas: limiter.quotas, newest: deps.newest, clock })
  const timers = [
    clock.every(sweepMs, () => void sweeper.sweep()),
    clock.every(limiter.quotas.granularitySec * 1000, () => void census.take()),
  ]
  return {
    decisions: { clock, gates: [gate], folding },
    countLoaded: () => census.open(),
    desk: new Desk({ rules, limiter, account, folding, costs: new Costs({ series: registry, engine: deps.engine, account, clock }) }),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) timer[Symbol.dispose]()
      await rules[Symbol.asyncDispose]()
    },
  }
}

/** Goes through a sweep, others having their turn after each step; one at a time. */
class Sweeper {
  readonly #folding: Folding
  readonly #clock: Clock
  #isSweeping = false

  constructor(folding: Folding, clock: Clock) {
    this.#folding = folding
    this.#clock = clock
  }

  async sweep(): Promise<void> {
    if (this.#isSweeping) return
    this.#isSweeping = true
    for (const _ of this.#folding.sweep()) await this.#clock.sleep(0)
    this.#isSweeping = false
  }
}

interface DeskDeps {
  readonly rules: RuleStore
  readonly limiter: CardinalityLimiter
  readonly account: CardinalityAccount
  readonly folding: Folding
  readonly costs: Costs
}

class Desk implements Cardinality {
  readonly rules: RuleStore
  readonly #deps: DeskDeps

  constructor(deps: DeskDeps) {
    this.#deps = deps
    this.rules = deps.rules
  }

  async overview(scope: Scope, order: CostOrder, limit: number): Promise<CardinalityOverview> {
    const { costs, account, folding, limiter } = this.#deps
    const { items, activeSeries } = await costs.metrics(scope, order, limit)
    const { limits, windowSec } = limiter.quotas
    return {
      activeSeries,
      limits,
      windowSec,
      metrics: items,
      explosions: account.explosions(scope, (tenant, metric) => folding.ruleFor(tenant, metric)),
    }
  }

  metric(scope: Scope, name: string): ReturnType<Costs['metric']> {
    return this.#deps.costs.metric(scope, name)
  }

  async preview(access: Access, draft: RuleDraft): Promise<RulePreview> {
    const preview = await this.#deps.costs.preview(access.scope, draft)
    const older = (await this.rules.list(access)).filter(({ state }) => state === 'active')
    const overruling = older.find(({ match }) => {
      const matches = matcherOf(match)
      return preview.metrics.some(matches)
    })
    return { ...preview, overruledBy: overruling?.id ?? null }
  }
}
