/** Cardinality: what is asked of the server, and the words for what it answers. */
import {
  cardinalityOverviewSchema,
  cardinalityRuleSchema,
  metricCostDetailSchema,
  pageSchema,
  rulePreviewSchema,
  type CardinalityRule,
  type CardinalityRuleChange,
  type CardinalityRuleDraft,
  type CardinalityScopeName,
  type Explosion,
  type MetricMatch,
  type RuleAction,
  type RulePreview,
} from '@bellwether/protocol'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { request, requestJson } from '../../lib/http.ts'
import { formatCount } from '../../lib/units.ts'

export const costOrders = ['active', 'new', 'samples'] as const
export type CostOrder = (typeof costOrders)[number]

const rulePage = pageSchema(cardinalityRuleSchema)

export function overviewQuery(projectPath: string, order: CostOrder) {
  return queryOptions({
    queryKey: ['cardinality', projectPath, 'overview', order],
    queryFn: ({ signal }) => request(`${projectPath}/cardinality?order=${order}`, cardinalityOverviewSchema, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 2000,
  })
}

export function metricCostQuery(projectPath: string, name: string) {
  return queryOptions({
    queryKey: ['cardinality', projectPath, 'metric', name],
    queryFn: ({ signal }) => request(`${projectPath}/cardinality/metrics/${encodeURIComponent(name)}`, metricCostDetailSchema, { signal }),
    staleTime: 10_000,
    retry: false,
  })
}

export function rulesQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['cardinality', projectPath, 'rules'],
    queryFn: ({ signal }) => request(`${projectPath}/cardinality/rules`, rulePage, { signal }),
    staleTime: 5000,
  })
}

export function previewQuery(projectPath: string, draft: CardinalityRuleDraft) {
  return queryOptions({
    queryKey: ['cardinality', projectPath, 'preview', JSON.stringify([draft.match, draft.action])],
    queryFn: ({ signal }) =>
      request(`${projectPath}/cardinality/rules/preview`, rulePreviewSchema, { method: 'POST', body: draft, signal }),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    retry: false,
  })
}

export function createRule(projectPath: string, draft: CardinalityRuleDraft): Promise<CardinalityRule> {
  return request(`${projectPath}/cardinality/rules`, cardinalityRuleSchema, { method: 'POST', body: draft })
}

export function changeRule(projectPath: string, id: string, change: CardinalityRuleChange): Promise<CardinalityRule> {
  return request(`${projectPath}/cardinality/rules/${id}`, cardinalityRuleSchema, { method: 'PATCH', body: change })
}

export async function deleteRule(projectPath: string, id: string): Promise<void> {
  await requestJson(`${projectPath}/cardinality/rules/${id}`, { method: 'DELETE' })
}

/** "http_requests_total", "http_* (prefix)", "http_.+ (pattern)". */
export function matchText({ kind, value }: MetricMatch): string {
  if (kind === 'exact') return value
  return kind === 'prefix' ? `${value}…` : `/${value}/`
}

/** What a rule does, as the end of a sentence: "drop label user_id". */
export function actionText(action: RuleAction): string {
  if (action.kind === 'drop_metric') return 'drop the metric'
  const labels = action.labels.join(', ')
  const word = action.labels.length === 1 ? 'label' : 'labels'
  if (action.kind === 'keep_labels') return labels === '' ? 'drop all labels' : `keep only ${word} ${labels}`
  return action.kind === 'drop_labels' ? `drop ${word} ${labels}` : `aggregate ${word} ${labels} away (gauges: ${action.gauges})`
}

/** Which limit: "the metric has its 200,000 series". */
export function limitText(reached: CardinalityScopeName, limit: number): string {
  const who = {
    metric: 'the metric has',
    useCase: 'its use case has',
    organization: 'the organization has',
    global: 'this installation has',
  }
  return `${who[reached]} all the ${limit.toLocaleString('en-US')} series that fit within an hour`
}

/** Both are estimates with errors of their own; a label cannot have more values than there are series. */
export function labelValuesOf({ labelValues, refusedSeries }: Pick<Explosion, 'labelValues' | 'refusedSeries'>): number {
  return Math.min(labelValues, refusedSeries)
}

/** "12,345 series become 12 (1,000 times fewer)". */
export function effectText({ seriesBefore, seriesAfter }: RulePreview): string {
  if (seriesBefore === 0) return 'No series of the last day matches.'
  const times = seriesAfter === 0 ? '' : seriesBefore / seriesAfter
  const note = times === '' || times < 1.05 ? '' : ` (${times >= 10 ? formatCount(Math.round(times)) : times.toFixed(1)} times fewer)`
  return `${formatCount(seriesBefore)} series of the last day become ${formatCount(seriesAfter)}${note}.`
}

/** Labels typed with commas or blanks between them. */
export function labelsOfText(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((label) => label !== ''))]
}

const changes: Readonly<Record<string, string>> = {
  create: 'made',
  change: 'changed',
  pause: 'paused',
  resume: 'resumed',
  delete: 'deleted',
  undo: 'taken back',
}

export function changeText(change: string): string {
  return changes[change] ?? change
}

const reasons: Readonly<Record<string, string>> = {
  cardinality_limit: 'new series over a limit',
  writes_limit: 'new texts over a limit',
  series_limit: 'the index of series is full',
  rule_drop_metric: 'a rule drops the metric',
  rule_unchanged: 'part of a sum or gauge that stayed as it was',
  rule_out_of_order: 'came late for a sum that had gone on',
  rule_series_limit: 'more raw series than a rule can sum up',
  rule_native_histogram: 'a native histogram that cannot be added up with the others',
}

export function reasonText(reason: string): string {
  return reasons[reason] ?? reason
}
