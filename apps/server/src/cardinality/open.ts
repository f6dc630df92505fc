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
import { Costs } from './costs.ts'
import { Folding } from './folding.ts'
import { CardinalityGate } from './gate.ts'
import type { Cardinality, CardinalityOverview, CostOrder, RuleDraft, RulePreview } from './ports.ts'
import { matcherOf } from './rule-set.ts'
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
  readonly desk: Cardinality
}

const sweepMs = 60_000
/** Series told to the limiter before others get their turn. */
const seriesPerTurn = 4_096

/** Reads the rules in force. Errors by code: `cardinality.unavailable`. */
export async function openCardinality(deps: CardinalityDeps): Promise<OpenedCardinality> {
  const { registry, limiter, clock, logger } = deps
  const account = new CardinalityAccount(clock, limiter.quotas.limits)
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
  const rules = new RuleStore({ pool: deps.pool, clock, logger, onRules: (tenant, active) => folding.setRules(tenant, active) })
  await rules.open()
  const census = new Census({ registry, gate, clock, everyMs: limiter.quotas.granularitySec * 1000 })
  const timers = [clock.every(sweepMs, () => folding.sweep()), clock.every(census.everyMs, () => void census.take())]
  return {
    decisions: { clock, gates: [gate], folding },
    desk: new Desk({ rules, limiter, account, folding, costs: new Costs({ series: registry, engine: deps.engine, account, clock }) }),
    async [Symbol.asyncDispose]() {
      for (const timer of timers) timer[Symbol.dispose]()
      await rules[Symbol.asyncDispose]()
    },
  }
}

/** Tells the limiter once a granule which stored series are in use, so that they stay in the count of their window. */
class Census {
  readonly everyMs: number
  readonly #deps: { readonly registry: SeriesRegistry; readonly gate: CardinalityGate; readonly clock: Clock }
  #isTaking = false

  constructor(deps: { registry: SeriesRegistry; gate: CardinalityGate; clock: Clock; everyMs: number }) {
    this.#deps = deps
    this.everyMs = deps.everyMs
  }

  async take(): Promise<void> {
    if (this.#isTaking) return
    this.#isTaking = true
    try {
      const fromMinute = Math.floor((this.#deps.clock.nowMs() - this.everyMs) / 60_000)
      for (const { tenant, postings } of this.#deps.registry.tenants) {
        const { refs, length } = postings.all
        await this.#tell(tenant, Uint32Array.from(refs.slice(0, length)), fromMinute)
      }
    } finally {
      this.#isTaking = false
    }
  }

  async #tell(tenant: Tenant, refs: Uint32Array, fromMinute: number): Promise<void> {
    const { registry, gate, clock } = this.#deps
    for (let from = 0; from < refs.length; from += seriesPerTurn) {
      const inUse: number[] = []
      for (const ref of refs.subarray(from, from + seriesPerTurn)) {
        if (registry.isDurable(ref) && registry.columns.seenMinute[ref]! >= fromMinute) inUse.push(ref)
      }
      if (inUse.length > 0) await gate.note(tenant, inUse)
      await clock.sleep(0)
    }
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
