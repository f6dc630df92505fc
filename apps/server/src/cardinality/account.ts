/**
 * What is new and what was refused, by metric: how many, since when, and which label has the most values among them. Bounded by the number of
 * metrics, of labels and of examples; about 20 KB for a metric with 64 labels that exploded, nothing but counts for one that did not.
 */
import type { Clock } from '../kernel/clock.ts'
import type { Scope, Tenant } from '../kernel/scope.ts'
import type { CardinalityScope } from '../limiters/index.ts'
import type { Labels } from '../metrics/index.ts'
import { DistinctTexts } from './distinct.ts'
import { accountedLabelsMax, accountedMetricsMax, exampleLengthMax, examplesMax } from './limits.ts'
import type { Explosion } from './ports.ts'

const slotMs = 300_000
const slots = 12

/** Events of the last hour by five minutes. */
class LastHour {
  readonly #counts = new Float64Array(slots)
  #slot = 0

  add(nowMs: number, count: number): void {
    this.#advance(nowMs)
    this.#counts[this.#slot % slots]! += count
  }

  total(nowMs: number): number {
    this.#advance(nowMs)
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / slotMs)
    for (let next = Math.max(this.#slot + 1, slot - slots + 1); next <= slot; next++) this.#counts[next % slots] = 0
    this.#slot = Math.max(slot, this.#slot)
  }
}

interface LabelValues {
  readonly values: DistinctTexts
  readonly examples: string[]
}

/** Of the series that were refused. */
class Refused {
  readonly series = new DistinctTexts()
  readonly hour = new LastHour()
  readonly labels = new Map<string, LabelValues>()
  readonly firstAtMs: number
  lastAtMs: number
  reached: CardinalityScope
  limit: number

  constructor(nowMs: number, { reached, limit }: Pick<RefusedNow, 'reached' | 'limit'>) {
    this.firstAtMs = nowMs
    this.lastAtMs = nowMs
    this.reached = reached
    this.limit = limit
  }

  note(labels: Labels): void {
    for (const [name, value] of labels) {
      if (name === '__name__') continue
      let known = this.labels.get(name)
      if (known === undefined) {
        if (this.labels.size >= accountedLabelsMax) continue
        this.labels.set(name, (known = { values: new DistinctTexts(), examples: [] }))
      }
      known.values.add(value)
      if (known.examples.length < examplesMax && !known.examples.includes(value)) known.examples.push(value.slice(0, exampleLengthMax))
    }
  }

  /** The label with the most values, when there is one with more than one. */
  worst(): { name: string; count: number; examples: readonly string[] } | null {
    let worst: { name: string; count: number; examples: readonly string[] } | null = null
    for (const [name, { values, examples }] of this.labels) {
      const { count } = values
      if (count > 1 && count > (worst?.count ?? 0)) worst = { name, count, examples }
    }
    return worst
  }
}

interface MetricAccount {
  readonly tenant: Tenant
  readonly metric: string
  readonly news: LastHour
  refused: Refused | null
}

/** Refused series of a metric, in one batch. */
export interface RefusedNow {
  readonly reached: CardinalityScope
  /** Series that the scope may have. */
  readonly limit: number
  /** 32 bits of each. */
  readonly words: readonly number[]
  /** Of some of them. */
  readonly labels: Iterable<Labels>
}

export class CardinalityAccount {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #metrics = new Map<string, MetricAccount>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  noteNew(tenant: Tenant, metric: string, count: number): void {
    if (count > 0) this.#of(tenant, metric).news.add(this.#clock.nowMs(), count)
  }

  /** True when the metric's series were not refused within the last hour: someone should hear of it. */
  noteRefused(tenant: Tenant, metric: string, { reached, limit, words, labels }: RefusedNow): boolean {
    const nowMs = this.#clock.nowMs()
    const account = this.#of(tenant, metric)
    const isFirst = account.refused === null || nowMs - account.refused.lastAtMs > slotMs * slots
    if (isFirst || account.refused === null) account.refused = new Refused(nowMs, { reached, limit })
    const { refused } = account
    refused.reached = reached
    refused.limit = limit
    refused.lastAtMs = nowMs
    refused.hour.add(nowMs, words.length)
    for (const word of words) refused.series.addWord(word)
    for (const one of labels) refused.note(one)
    return isFirst
  }

  newSeries(tenant: Tenant, metric: string): number {
    return this.#metrics.get(keyOf(tenant, metric))?.news.total(this.#clock.nowMs()) ?? 0
  }

  refusedSeries(tenant: Tenant, metric: string): number {
    const refused = this.#metrics.get(keyOf(tenant, metric))?.refused
    return refused === undefined || refused === null || refused.hour.total(this.#clock.nowMs()) === 0 ? 0 : refused.series.count
  }

  /** Metrics with refusals within the last day, the latest first. */
  explosions({ organizationId, projectIds }: Scope, ruleFor: (tenant: Tenant, metric: string) => string | null = () => null): Explosion[] {
    const oldestMs = this.#clock.nowMs() - 86_400_000
    const out: Explosion[] = []
    for (const { tenant, metric, refused } of this.#metrics.values()) {
      if (tenant.organizationId !== organizationId || !projectIds.includes(tenant.projectId)) continue
      if (refused === null || refused.lastAtMs < oldestMs) continue
      const worst = refused.worst()
      out.push({
        metric,
        label: worst?.name ?? null,
        labelValues: worst?.count ?? 0,
        examples: worst?.examples ?? [],
        refusedSeries: refused.series.count,
        reached: refused.reached,
        limit: refused.limit,
        firstAtMs: refused.firstAtMs,
        lastAtMs: refused.lastAtMs,
        handledBy: ruleFor(tenant, metric),
      })
    }
    return out.sort((a, b) => b.lastAtMs - a.lastAtMs || (a.metric < b.metric ? -1 : 1))
  }

  /** Names the label that exploded, for a sentence; '' when none did. */
  worstLabel(tenant: Tenant, metric: string): string {
    return this.#metrics.get(keyOf(tenant, metric))?.refused?.worst()?.name ?? ''
  }

  #of(tenant: Tenant, metric: string): MetricAccount {
    const key = keyOf(tenant, metric)
    const known = this.#metrics.get(key)
    const account = known ?? { tenant: { ...tenant }, metric, news: new LastHour(), refused: null }
    // The longest quiet stands first.
    if (known !== undefined) this.#metrics.delete(key)
    this.#metrics.set(key, account)
    const [first] = this.#metrics.size > accountedMetricsMax ? this.#metrics.keys() : []
    if (first !== undefined) this.#metrics.delete(first)
    return account
  }
}

function keyOf({ organizationId, projectId }: Tenant, metric: string): string {
  return `${organizationId}/${projectId}/${metric}`
}
