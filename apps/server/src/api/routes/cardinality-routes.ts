/** What series cost, what exploded, and a project's rules about it. */
import {
  cardinalityOverviewSchema,
  cardinalityQuerySchema,
  cardinalityRuleChangeSchema,
  cardinalityRuleDraftSchema,
  cardinalityRuleSchema,
  metricCostDetailSchema,
  pageSchema,
  rulePreviewSchema,
  type CardinalityRule as WireRule,
  type CardinalityRuleChange,
  type Explosion as WireExplosion,
  type RuleAction as WireAction,
} from '@bellwether/protocol'
import type { CardinalityRule, Explosion, RuleAction, RuleChange } from '../../cardinality/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Scope } from '../../kernel/scope.ts'
import { metricNotFound } from '../../query/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wholePage, wireTime } from './times.ts'

const base = '/api/0/projects/:project/cardinality'

function toAction(action: RuleAction): WireAction {
  return action.kind === 'drop_metric' ? { kind: action.kind } : { kind: action.kind, labels: [...action.labels], gauges: action.gauges }
}

function toRule(rule: CardinalityRule): WireRule {
  const { id, match, note, state, version, changedBy, lastChange } = rule
  const times = { createdAt: wireTime(rule.createdAtMs), changedAt: wireTime(rule.changedAtMs) }
  return { id, match: { ...match }, action: toAction(rule.action), note, state, version, ...times, changedBy, lastChange }
}

function toExplosion({ firstAtMs, lastAtMs, examples, ...rest }: Explosion): WireExplosion {
  return { ...rest, examples: [...examples], firstAt: wireTime(firstAtMs), lastAt: wireTime(lastAtMs) }
}

function toChange({ state, action, note }: CardinalityRuleChange): RuleChange {
  return {
    ...(state === undefined ? {} : { state }),
    ...(action === undefined ? {} : { action }),
    ...(note === undefined ? {} : { note }),
  }
}

export function cardinalityRoutes(deps: Pick<ApiDeps, 'cardinality' | 'ingest'>): Route[] {
  return [...costRoutes(deps), ...ruleRoutes(deps), ...oneRuleRoutes(deps)]
}

/** Reasons of limits and rules. */
const reasonPattern = /^(cardinality_limit|writes_limit|series_limit|rule_)/

function droppedOf({ ingest }: Pick<ApiDeps, 'ingest'>, { organizationId, projectIds }: Scope): Record<string, number> {
  const out: Record<string, number> = {}
  for (const row of ingest.conservation.rows()) {
    if (row.organizationId !== organizationId || !projectIds.includes(row.projectId)) continue
    for (const [reason, points] of [...Object.entries(row.dropped), ...Object.entries(row.refused)]) {
      if (reasonPattern.test(reason)) out[reason] = (out[reason] ?? 0) + points
    }
  }
  return out
}

function costRoutes(deps: Pick<ApiDeps, 'cardinality' | 'ingest'>): Route[] {
  const { cardinality } = deps
  const common = { method: 'GET', tag: 'Cardinality', access: { kind: 'project', needed: 'read' }, body: nothing } as const
  return [
    defineRoute({
      ...common,
      path: base,
      summary: 'Metrics that cost most, the limits, and metrics whose new series were dropped within the last day.',
      query: cardinalityQuerySchema,
      answer: cardinalityOverviewSchema,
      handle: async (call) => {
        const { scope } = call.access()
        const { metrics, explosions, limits, ...rest } = await cardinality.overview(scope, call.query.order, call.query.limit)
        return {
          ...rest,
          limits: { ...limits },
          dropped: droppedOf(deps, scope),
          metrics: [...metrics],
          explosions: explosions.map(toExplosion),
        }
      },
    }),
    defineRoute({
      ...common,
      path: `${base}/metrics/:name`,
      summary: 'What one metric costs, and how many values each of its labels has.',
      query: nothing,
      answer: metricCostDetailSchema,
      handle: async (call) => {
        const found = await cardinality.metric(call.access().scope, call.param('name'))
        if (found === null) throw new AppError(metricNotFound)
        return { ...found, labels: found.labels.map((label) => ({ ...label, examples: [...label.examples] })) }
      },
    }),
  ]
}

function ruleRoutes({ cardinality }: Pick<ApiDeps, 'cardinality'>): Route[] {
  const common = { tag: 'Cardinality', query: nothing }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/rules`,
      summary: 'Rules of the project; the first active one that matches a metric decides.',
      access: { kind: 'project', needed: 'read' },
      body: nothing,
      answer: pageSchema(cardinalityRuleSchema),
      handle: async (call) => wholePage((await cardinality.rules.list(call.access())).map(toRule)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/rules`,
      summary: 'Makes a rule; it holds for what comes from now on.',
      access: { kind: 'project', needed: 'write' },
      body: cardinalityRuleDraftSchema,
      answer: cardinalityRuleSchema,
      status: 201,
      handle: async (call) => toRule(await cardinality.rules.create(call.access(), call.body)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/rules/preview`,
      summary: 'What a rule would have done in the last day, as far as is known. Changes nothing.',
      access: { kind: 'project', needed: 'read' },
      body: cardinalityRuleDraftSchema,
      answer: rulePreviewSchema,
      handle: async (call) => {
        const { metrics, labelsGone, ...rest } = await cardinality.preview(call.access(), call.body)
        return { ...rest, metrics: [...metrics], labelsGone: [...labelsGone] }
      },
    }),
  ]
}

function oneRuleRoutes({ cardinality }: Pick<ApiDeps, 'cardinality'>): Route[] {
  const common = { tag: 'Cardinality', query: nothing, access: { kind: 'project', needed: 'write' } } as const
  return [
    defineRoute({
      ...common,
      method: 'PATCH',
      path: `${base}/rules/:rule`,
      summary: 'Pauses, resumes or changes a rule, or takes back its latest change (`{"undo": true}`), a deletion included.',
      body: cardinalityRuleChangeSchema,
      answer: cardinalityRuleSchema,
      handle: async (call) => {
        const { rules } = cardinality
        const id = call.param('rule')
        return toRule(
          call.body.undo === true ? await rules.undo(call.access(), id) : await rules.change(call.access(), id, toChange(call.body)),
        )
      },
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${base}/rules/:rule`,
      summary: 'Deletes a rule; it can be brought back with `{"undo": true}`.',
      body: nothing,
      answer: null,
      handle: async (call) => await cardinality.rules.remove(call.access(), call.param('rule')),
    }),
  ]
}
