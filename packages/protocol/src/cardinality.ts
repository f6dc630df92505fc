/** What series cost, what exploded, and a project's rules about it. */
import { z } from 'zod'
import { timeSchema } from './list.ts'

export type GaugeFunction = 'sum' | 'avg' | 'min' | 'max' | 'last'
const gaugeFunctionSchema: z.ZodType<GaugeFunction> = z.enum(['sum', 'avg', 'min', 'max', 'last'])

export interface MetricMatch {
  /** `exact` takes a metric with its `_bucket`, `_sum` and `_count`; a pattern is anchored at both ends. */
  kind: 'exact' | 'prefix' | 'pattern'
  value: string
}
const metricMatchSchema: z.ZodType<MetricMatch> = z.strictObject({
  kind: z.enum(['exact', 'prefix', 'pattern']),
  value: z.string().min(1).max(500),
})

export type LabelRuleKind = 'drop_labels' | 'keep_labels' | 'aggregate'

/** Counters, sums, counts and buckets are summed by what they grow by; of gauges the function is left. */
export type RuleAction = { kind: 'drop_metric' } | { kind: LabelRuleKind; labels: string[]; gauges: GaugeFunction }
const labelsSchema = z.array(z.string().min(1).max(1024)).max(100)
const ruleActionSchema: z.ZodType<RuleAction> = z.union([
  z.strictObject({ kind: z.literal('drop_metric') }),
  z.strictObject({
    kind: z.enum(['drop_labels', 'keep_labels', 'aggregate']),
    labels: labelsSchema,
    gauges: gaugeFunctionSchema.default('last'),
  }),
])

export interface CardinalityRuleDraft {
  match: MetricMatch
  action: RuleAction
  note: string
}
export const cardinalityRuleDraftSchema: z.ZodType<CardinalityRuleDraft> = z.strictObject({
  match: metricMatchSchema,
  action: ruleActionSchema,
  note: z.string().max(500).default(''),
})

export interface CardinalityRuleChange {
  state?: 'active' | 'paused' | undefined
  action?: RuleAction | undefined
  note?: string | undefined
  /** Takes back the latest change, whatever it was; nothing else may be said with it. */
  undo?: true | undefined
}
export const cardinalityRuleChangeSchema: z.ZodType<CardinalityRuleChange> = z
  .strictObject({
    state: z.enum(['active', 'paused']).optional(),
    action: ruleActionSchema.optional(),
    note: z.string().max(500).optional(),
    undo: z.literal(true).optional(),
  })
  .refine((change) => Object.values(change).some((part) => part !== undefined), {
    message: 'say what to change: state, action, note or undo',
  })
  .refine(({ undo, ...rest }) => undo === undefined || Object.values(rest).every((part) => part === undefined), {
    message: 'undo goes alone',
  })

export interface CardinalityRule extends CardinalityRuleDraft {
  id: string
  state: 'active' | 'paused' | 'deleted'
  version: number
  createdAt: string
  changedAt: string
  changedBy: string
  /** `create`, `change`, `pause`, `resume`, `delete`, `undo`. */
  lastChange: string
}
export const cardinalityRuleSchema: z.ZodType<CardinalityRule> = z.object({
  id: z.string(),
  match: metricMatchSchema,
  action: ruleActionSchema,
  note: z.string(),
  state: z.enum(['active', 'paused', 'deleted']),
  version: z.number(),
  createdAt: timeSchema,
  changedAt: timeSchema,
  changedBy: z.string(),
  lastChange: z.string(),
})

export interface RulePreview {
  /** The first hundred, by series. */
  metrics: string[]
  metricCount: number
  /** In use within the last day. */
  seriesBefore: number
  seriesAfter: number
  /** Of the last day; null: the store did not answer in time. */
  samplesBefore: number | null
  /** In the proportion of the series. */
  samplesAfter: number | null
  labelsGone: string[]
  /** Id of an older rule that matches some of them first. */
  overruledBy: string | null
}
export const rulePreviewSchema: z.ZodType<RulePreview> = z.object({
  metrics: z.array(z.string()),
  metricCount: z.number(),
  seriesBefore: z.number(),
  seriesAfter: z.number(),
  samplesBefore: z.number().nullable(),
  samplesAfter: z.number().nullable(),
  labelsGone: z.array(z.string()),
  overruledBy: z.string().nullable(),
})

export interface MetricCost {
  name: string
  /** With samples in the last hour. */
  activeSeries: number
  /** First seen in the last hour. */
  newSeries: number
  /** Of the last day; null: the store did not answer in time. */
  samples: number | null
  /** Distinct series refused in the last hour, about. */
  refusedSeries: number
}
const metricCostShape = {
  name: z.string(),
  activeSeries: z.number(),
  newSeries: z.number(),
  samples: z.number().nullable(),
  refusedSeries: z.number(),
}
const metricCostSchema: z.ZodType<MetricCost> = z.object(metricCostShape)

export interface LabelCost {
  name: string
  values: number
  examples: string[]
}

export interface MetricCostDetail extends MetricCost {
  /** Most values first. */
  labels: LabelCost[]
  /** Of so many series the labels were counted. */
  seriesCounted: number
}
export const metricCostDetailSchema: z.ZodType<MetricCostDetail> = z.object({
  ...metricCostShape,
  labels: z.array(z.object({ name: z.string(), values: z.number(), examples: z.array(z.string()) })),
  seriesCounted: z.number(),
})

export type CardinalityScopeName = 'global' | 'organization' | 'useCase' | 'metric'

/** A metric whose new series were refused within the last day. */
export interface Explosion {
  metric: string
  /** The label with the most values among them; null: none differs. */
  label: string | null
  labelValues: number
  examples: string[]
  refusedSeries: number
  /** Which limit was reached, and what it is. */
  reached: CardinalityScopeName
  limit: number
  firstAt: string
  lastAt: string
  /** Id of the rule that decides about the metric now; null: none. */
  handledBy: string | null
}
const scopeSchema: z.ZodType<CardinalityScopeName> = z.enum(['global', 'organization', 'useCase', 'metric'])
const explosionSchema: z.ZodType<Explosion> = z.object({
  metric: z.string(),
  label: z.string().nullable(),
  labelValues: z.number(),
  examples: z.array(z.string()),
  refusedSeries: z.number(),
  reached: scopeSchema,
  limit: z.number(),
  firstAt: timeSchema,
  lastAt: timeSchema,
  handledBy: z.string().nullable(),
})

export interface CardinalityOverview {
  activeSeries: number
  /** Most distinct series within the window. */
  limits: { global: number; organization: number; useCase: number; metric: number }
  windowSec: number
  /** Points dropped since the program started, by reason: limits and rules. */
  dropped: Record<string, number>
  metrics: MetricCost[]
  explosions: Explosion[]
}
export const cardinalityOverviewSchema: z.ZodType<CardinalityOverview> = z.object({
  activeSeries: z.number(),
  limits: z.object({ global: z.number(), organization: z.number(), useCase: z.number(), metric: z.number() }),
  windowSec: z.number(),
  dropped: z.record(z.string(), z.number()),
  metrics: z.array(metricCostSchema),
  explosions: z.array(explosionSchema),
})

export interface CardinalityQuery {
  order: 'active' | 'new' | 'samples'
  limit: number
}
export const cardinalityQuerySchema: z.ZodType<CardinalityQuery> = z.object({
  order: z.enum(['active', 'new', 'samples']).default('active'),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
})
