/**
 * What queries must not see: samples past the retention of their project and metric, and those of series whose deletion is under way. A cut
 * is a time up to which (that included) nothing of a series is shown. Known in memory, so that it holds at once; the engine's rows go later.
 */
import type { Tenant } from '../../kernel/scope.ts'
import { seriesRowLagMinutes } from '../limits.ts'
import type { Labels, Matcher } from '../model.ts'
import { nameLabel } from '../series/labels.ts'
import { compileMatcher, type CompiledMatcher } from '../series/matcher.ts'

/** The first rule whose pattern matches the metric's name decides; `*` stands for any characters. Whole days. */
export interface RetentionRule {
  readonly pattern: string
  readonly days: number
}

/** Null: for ever. Rollups may be kept longer than samples, never shorter (null: as long as samples). */
export interface RetentionPolicy {
  readonly days: number | null
  readonly rollupDays: number | null
  readonly rules: readonly RetentionRule[]
}

export const keepForever: RetentionPolicy = { days: null, rollupDays: null, rules: [] }

/** A deletion of all samples up to a time of the series that satisfy any of the matcher sets. */
export interface PendingDeletion {
  readonly id: number
  readonly tenant: Tenant
  readonly match: readonly (readonly Matcher[])[]
  readonly beforeMs: number
}

/** Up to when (that time included) samples and rollups are hidden, ms; `-Infinity`: nothing is. */
export interface Cut {
  readonly samplesMs: number
  readonly rollupsMs: number
}

const dayMs = 86_400_000
const hourMs = 3_600_000
export const nothingHidden: Cut = { samplesMs: -Infinity, rollupsMs: -Infinity }

/** Whole hours, so that it is an edge of buckets of rollups as well. */
export function retentionCutMs(days: number | null, nowMs: number): number {
  return days === null ? -Infinity : Math.floor((nowMs - days * dayMs) / hourMs) * hourMs
}

/** Does the metric's name match? */
export function compileGlob(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*')
  const [first = '', ...rest] = parts
  const last = rest.pop()
  return (name) => {
    if (last === undefined) return name === first
    if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
    let at = first.length
    for (const part of rest) {
      const found = name.indexOf(part, at)
      if (found === -1 || found + part.length > name.length - last.length) return false
      at = found + part.length
    }
    return true
  }
}

class TenantPolicy {
  readonly policy: RetentionPolicy
  readonly #rules: readonly { readonly matches: (name: string) => boolean; readonly days: number }[]

  constructor(policy: RetentionPolicy) {
    this.policy = policy
    this.#rules = policy.rules.map(({ pattern, days }) => ({ matches: compileGlob(pattern), days }))
  }

  /** Days that samples of the metric are kept, and its rollups. */
  daysOf(name: string): { readonly days: number | null; readonly rollupDays: number | null } {
    const rule = this.#rules.find(({ matches }) => matches(name))
    const days = rule === undefined ? this.policy.days : rule.days
    const { rollupDays } = this.policy
    return { days, rollupDays: days === null || rollupDays === null ? days : Math.max(days, rollupDays) }
  }

  /** Days of the metrics that are kept longest, rollups included; null: for ever. */
  get longestDays(): number | null {
    const { days, rollupDays, rules } = this.policy
    if (days === null) return null
    return Math.max(days, rollupDays ?? 0, ...rules.map((rule) => rule.days))
  }
}

interface CompiledDeletion extends PendingDeletion {
  readonly matchers: readonly (readonly CompiledMatcher[])[]
}

const keyOf = ({ organizationId, projectId }: Tenant): string => `${organizationId}/${projectId}`

export class Hidden {
  readonly #nowMs: () => number
  readonly #policies = new Map<string, TenantPolicy>()
  readonly #deletions = new Map<string, CompiledDeletion[]>()

  constructor(clock: { nowMs(): number }) {
    this.#nowMs = () => clock.nowMs()
  }

  setPolicy(tenant: Tenant, policy: RetentionPolicy): void {
    if (policy.days === null && policy.rules.length === 0) this.#policies.delete(keyOf(tenant))
    else this.#policies.set(keyOf(tenant), new TenantPolicy(policy))
  }

  /** Projects with a policy. */
  get policies(): ReadonlyMap<string, { readonly policy: RetentionPolicy; readonly longestDays: number | null }> {
    return this.#policies
  }

  daysOf(tenant: Tenant, name: string): { readonly days: number | null; readonly rollupDays: number | null } {
    return this.#policies.get(keyOf(tenant))?.daysOf(name) ?? { days: null, rollupDays: null }
  }

  addDeletion(deletion: PendingDeletion): void {
    const list = this.#deletions.get(keyOf(deletion.tenant)) ?? []
    list.push({ ...deletion, matchers: deletion.match.map((set) => set.map(compileMatcher)) })
    this.#deletions.set(keyOf(deletion.tenant), list)
  }

  endDeletion(deletion: PendingDeletion): void {
    const left = (this.#deletions.get(keyOf(deletion.tenant)) ?? []).filter(({ id }) => id !== deletion.id)
    if (left.length === 0) this.#deletions.delete(keyOf(deletion.tenant))
    else this.#deletions.set(keyOf(deletion.tenant), left)
  }

  /** May anything of the project be hidden? */
  concerns(tenant: Tenant): boolean {
    if (this.#policies.size === 0 && this.#deletions.size === 0) return false
    const key = keyOf(tenant)
    return this.#policies.has(key) || this.#deletions.has(key)
  }

  cutOf(tenant: Tenant, labels: Labels): Cut {
    const name = labels.find((pair) => pair[0] === nameLabel)?.[1] ?? ''
    const { days, rollupDays } = this.daysOf(tenant, name)
    let samplesMs = retentionCutMs(days, this.#nowMs())
    let rollupsMs = retentionCutMs(rollupDays, this.#nowMs())
    for (const deletion of this.#deletions.get(keyOf(tenant)) ?? []) {
      if (deletion.beforeMs <= samplesMs || !isMatched(deletion, labels)) continue
      samplesMs = deletion.beforeMs
      // Buckets hold samples of both sides of that time.
      rollupsMs = Infinity
    }
    return { samplesMs, rollupsMs }
  }

  /** Is all that a row of this series, last seen in that minute, stands for being deleted? */
  isDeleted(tenant: Tenant, labels: Labels, lastMinute: number): boolean {
    const list = this.#deletions.get(keyOf(tenant))
    return list !== undefined && list.some((one) => (lastMinute + 1) * 60_000 <= one.beforeMs && isMatched(one, labels))
  }

  /** Is some deletion of the project's under way? */
  isDeleting(tenant: Tenant): boolean {
    return this.#deletions.has(keyOf(tenant))
  }

  /** Is all of a metric hidden whose last row says so, the samples that rows lag behind included? Deletions count that name metrics alone. */
  hidesMetric(tenant: Tenant, name: string, lastSeenMs: number): boolean {
    const { rollupDays } = this.daysOf(tenant, name)
    if (lastSeenMs + seriesRowLagMinutes * 60_000 <= retentionCutMs(rollupDays, this.#nowMs())) return true
    const list = this.#deletions.get(keyOf(tenant)) ?? []
    return list.some(
      ({ beforeMs, matchers }) =>
        lastSeenMs + 60_000 <= beforeMs &&
        matchers.some((set) => set.every((matcher) => matcher.name === nameLabel && matcher.matches(name))),
    )
  }

  /** Are rollups of some metrics kept of a time whose samples may be gone? Making them again would lose what they say. */
  isSealed(tenant: Tenant, timeMs: number): boolean {
    const policy = this.#policies.get(keyOf(tenant))?.policy
    if (policy === undefined || policy.rollupDays === null) return false
    const shortest = Math.min(policy.days ?? Infinity, ...policy.rules.map(({ days }) => days))
    return Number.isFinite(shortest) && timeMs <= retentionCutMs(shortest, this.#nowMs())
  }

  /** Nothing of the project is shown up to this time, whatever the metric. */
  oldestShownMs(tenant: Tenant): number {
    const policy = this.#policies.get(keyOf(tenant))
    return policy === undefined ? -Infinity : retentionCutMs(policy.longestDays, this.#nowMs())
  }
}

function isMatched({ matchers }: CompiledDeletion, labels: Labels): boolean {
  return matchers.some((set) => set.every(({ name, matches }) => matches(labels.find((pair) => pair[0] === name)?.[1] ?? '')))
}
