/** Rows of rules as the database has them, and what they mean. */
import type { CardinalityRule, GaugeFunction, RuleAction, RuleState } from './ports.ts'
import { gaugeFunctions } from './ports.ts'

export interface RuleRow {
  readonly id: number
  readonly organization_id: number
  readonly project_id: number
  readonly match_kind: string
  readonly match_value: string
  readonly action: unknown
  readonly note: string
  readonly state: string
  readonly version: number
  readonly created_at: Date
  readonly changed_at: Date
  readonly changed_by: string
  readonly last_change: string
}

function stateOf(text: string): RuleState {
  return text === 'active' || text === 'paused' ? text : 'deleted'
}

/** An action as it was written; one that cannot be read does nothing: labels are kept as they are. */
export function actionOf(value: unknown): RuleAction {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return harmless
  const { kind } = value
  if (kind === 'drop_metric') return { kind }
  if (kind !== 'drop_labels' && kind !== 'keep_labels' && kind !== 'aggregate') return harmless
  const labels = 'labels' in value && Array.isArray(value.labels) ? value.labels.filter((label) => typeof label === 'string') : []
  const wanted = 'gauges' in value ? value.gauges : null
  const gauges: GaugeFunction = gaugeFunctions.find((name) => name === wanted) ?? 'last'
  return { kind, labels, gauges }
}

const harmless: RuleAction = { kind: 'drop_labels', labels: [], gauges: 'last' }

export function toRule(row: RuleRow): CardinalityRule {
  const kind = row.match_kind === 'prefix' || row.match_kind === 'pattern' ? row.match_kind : 'exact'
  return {
    id: String(row.id),
    match: { kind, value: row.match_value },
    action: actionOf(row.action),
    note: row.note,
    state: stateOf(row.state),
    version: row.version,
    createdAtMs: row.created_at.getTime(),
    changedAtMs: row.changed_at.getTime(),
    changedBy: row.changed_by,
    lastChange: row.last_change,
  }
}
