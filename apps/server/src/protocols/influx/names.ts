/**
 * Influx names to Prometheus names: measurement and field key become the metric, tags become labels. Characters that PromQL could only
 * name in quotes become `_`.
 */
import type { Labels } from '../../metrics/index.ts'
import { normalizedLabels, type Refusal, shown } from '../decode/label-text.ts'
import type { LineKey } from './line-reader.ts'

/** The field that stands for the measurement itself. */
const plainField = 'value'
/** Label of the database or bucket, unless the line has a tag of that name. */
const databaseLabel = 'db'

/** `cpu`, `usage_idle` → `cpu_usage_idle`; the field `value` adds nothing. */
export function metricNameOf(measurement: string, field: string): string {
  return plainName(field === plainField ? measurement : `${measurement}_${field}`, /[^a-zA-Z0-9_:]/g)
}

/** Labels of a line without the metric's name, sorted; `database` is '' for none. */
export function labelsOf(key: LineKey, database: string): Labels | Refusal {
  const pairs = new Map<string, string>()
  for (const [tag, value] of key.tags) {
    const name = plainName(tag, /[^a-zA-Z0-9_]/g)
    if (name === '__name__' || pairs.has(name)) {
      return { reason: 'duplicate_label', example: `${shown(key.measurement)}: two tags become the label ${shown(name)}` }
    }
    pairs.set(name, value)
  }
  if (database !== '' && !pairs.has(databaseLabel)) pairs.set(databaseLabel, database)
  return normalizedLabels([...pairs])
}

/** The labels with a metric's name among them, in order. */
export function withName(labels: Labels, metric: string): Labels {
  return normalizedLabels([['__name__', metric], ...labels])
}

function plainName(name: string, others: RegExp): string {
  const plain = name.replaceAll(others, '_')
  return /^[0-9]/.test(plain) ? `_${plain}` : plain
}
