/** What costs most, what exploded, and what a project decided about it. Built in `compose/`. */
import type { Access } from '../accounts/index.ts'
import type { CardinalityLimits, CardinalityScope } from '../limiters/index.ts'
import type { Scope } from '../kernel/scope.ts'

/** What becomes of gauges of which one is left. Counters, sums, counts and buckets are always summed by their increases. */
export type GaugeFunction = 'sum' | 'avg' | 'min' | 'max' | 'last'
export const gaugeFunctions: readonly GaugeFunction[] = ['sum', 'avg', 'min', 'max', 'last']

/** `exact` is a metric with its `_bucket`, `_sum` and `_count`; a pattern is anchored at both ends and runs in linear time. */
export interface MetricMatch {
  readonly kind: 'exact' | 'prefix' | 'pattern'
  readonly value: string
}

/** `drop_labels` and `aggregate` take these labels away, `keep_labels` all others; `le`, `quantile` and the name stay. */
export type RuleAction =
  | { readonly kind: 'drop_metric' }
  | { readonly kind: 'drop_labels' | 'keep_labels' | 'aggregate'; readonly labels: readonly string[]; readonly gauges: GaugeFunction }

export interface RuleDraft {
  readonly match: MetricMatch
  readonly action: RuleAction
  /** Why, in the words of who made it; may be empty. */
  readonly note: string
}

export type RuleState = 'active' | 'paused' | 'deleted'

export interface CardinalityRule extends RuleDraft {
  readonly id: string
  readonly state: RuleState
  /** 1 when made; each change adds one. */
  readonly version: number
  readonly createdAtMs: number
  readonly changedAtMs: number
  /** Who made the latest change. */
  readonly changedBy: string
  /** What the latest change was: `create`, `change`, `pause`, `resume`, `delete`, `undo`. */
  readonly lastChange: string
}

export interface RuleChange {
  readonly state?: 'active' | 'paused'
  readonly action?: RuleAction
  readonly note?: string
}

/**
 * Rules of a project: the first of the active ones, by age, that matches a metric decides. Every change is a version of its own, with an entry
 * in the audit log. Errors by code: `cardinality.bad_rule`, `cardinality.rule_not_found`, `cardinality.too_many_rules`, `cardinality.unavailable`.
 */
export interface CardinalityRules {
  /** Without deleted ones, oldest first. */
  list(access: Access): Promise<CardinalityRule[]>
  create(access: Access, draft: RuleDraft): Promise<CardinalityRule>
  change(access: Access, id: string, change: RuleChange): Promise<CardinalityRule>
  remove(access: Access, id: string): Promise<void>
  /** Takes back the latest change, whatever it was; what was deleted is there again. */
  undo(access: Access, id: string): Promise<CardinalityRule>
}

/** What a rule would have done in the last day, as far as is known. */
export interface RulePreview {
  /** Metrics that it matches, by series, the first hundred. */
  readonly metrics: readonly string[]
  readonly metricCount: number
  /** Series of them in the index with samples in the last day. */
  readonly seriesBefore: number
  readonly seriesAfter: number
  /** Samples of the last day in the engine; null: it did not answer in time. */
  readonly samplesBefore: number | null
  /** In the proportion of the series; null as above. */
  readonly samplesAfter: number | null
  /** Labels that go, by distinct values. */
  readonly labelsGone: readonly string[]
  /** An older rule that matches some of them first, if any. */
  readonly overruledBy: string | null
}

export interface LabelCost {
  readonly name: string
  readonly values: number
  readonly examples: readonly string[]
}

export interface MetricCost {
  readonly name: string
  /** With samples in the last hour. */
  readonly activeSeries: number
  /** First seen by this program in the last hour. */
  readonly newSeries: number
  /** Samples of the last day; null: not known. */
  readonly samples: number | null
  /** Series refused in the last hour, about. */
  readonly refusedSeries: number
}

export interface MetricCostDetail extends MetricCost {
  /** Most values first. */
  readonly labels: readonly LabelCost[]
  /** Of so many series the labels were counted. */
  readonly seriesCounted: number
}

/** A metric whose new series were refused. */
export interface Explosion {
  readonly metric: string
  /** Label with the most distinct values among the refused; null when no label differs. */
  readonly label: string | null
  readonly labelValues: number
  readonly examples: readonly string[]
  /** Distinct series refused, about (6 %). */
  readonly refusedSeries: number
  readonly reached: CardinalityScope
  readonly limit: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** Id of the active rule that decides about the metric now; null: none. */
  readonly handledBy: string | null
}

export interface CardinalityOverview {
  readonly activeSeries: number
  readonly limits: CardinalityLimits
  readonly windowSec: number
  readonly metrics: readonly MetricCost[]
  readonly explosions: readonly Explosion[]
}

export type CostOrder = 'active' | 'new' | 'samples'

export interface Cardinality {
  readonly rules: CardinalityRules
  overview(scope: Scope, order: CostOrder, limit: number): Promise<CardinalityOverview>
  /** Null: no such metric. */
  metric(scope: Scope, name: string): Promise<MetricCostDetail | null>
  /** Errors: `cardinality.bad_rule`. */
  preview(access: Access, draft: RuleDraft): Promise<RulePreview>
}
