/** Canonical form of a label set: sorted by name (code units), unique names, no empty values, a metric name, within limits. */
import { labelCountMax, labelNameLengthMax, labelValueLengthMax } from '../limits.ts'
import type { Labels } from '../model.ts'

export const nameLabel = '__name__'

/** Why a label set was refused; counted under these names. */
export type LabelRefusal =
  | 'metric_name_missing'
  | 'label_name_empty'
  | 'duplicate_label'
  | 'too_many_labels'
  | 'label_name_too_long'
  | 'label_value_too_long'

export type NormalizedLabels =
  | { readonly type: 'ok'; readonly labels: Labels }
  /** `detail` names the label and the limit, never the whole offending text. */
  | { readonly type: 'reject'; readonly reason: LabelRefusal; readonly detail: string }

function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}

function refusalOf(name: string, value: string): NormalizedLabels | null {
  if (name === '') return { type: 'reject', reason: 'label_name_empty', detail: `a label with value '${excerpt(value)}' has no name` }
  if (name.length > labelNameLengthMax) {
    return {
      type: 'reject',
      reason: 'label_name_too_long',
      detail: `label name '${excerpt(name)}' is over ${labelNameLengthMax} characters`,
    }
  }
  if (value.length > labelValueLengthMax) {
    return { type: 'reject', reason: 'label_value_too_long', detail: `label '${excerpt(name)}' is over ${labelValueLengthMax} characters` }
  }
  return null
}

/** Sorts and checks. A label with an empty value is the same as none (Prometheus data model) and is left out. */
export function normalizeLabels(pairs: readonly (readonly [name: string, value: string])[]): NormalizedLabels {
  if (pairs.length > labelCountMax) {
    return { type: 'reject', reason: 'too_many_labels', detail: `${pairs.length} labels, allowed are ${labelCountMax}` }
  }
  const kept: (readonly [string, string])[] = []
  let hasName = false
  for (const pair of pairs) {
    const refusal = refusalOf(pair[0], pair[1])
    if (refusal !== null) return refusal
    if (pair[1] === '') continue
    if (pair[0] === nameLabel) hasName = true
    kept.push(pair)
  }
  if (!hasName) return { type: 'reject', reason: 'metric_name_missing', detail: 'the label set has no metric name' }
  kept.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  for (let i = 1; i < kept.length; i++) {
    if (kept[i]?.[0] === kept[i - 1]?.[0]) {
      return { type: 'reject', reason: 'duplicate_label', detail: `label '${excerpt(kept[i]?.[0] ?? '')}' is given twice` }
    }
  }
  return { type: 'ok', labels: kept }
}
