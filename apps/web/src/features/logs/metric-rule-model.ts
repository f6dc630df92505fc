/** A metric made from logs, as its form holds it. Pure. */
import type { LogMetric, LogMetricInput, LogMetricKind } from '@bellwether/protocol'

export interface RuleFields {
  readonly name: string
  readonly query: string
  readonly kind: LogMetricKind
  readonly field: string
  /** With commas between them. */
  readonly tags: string
  readonly unit: string
  readonly isEnabled: boolean
}

export const tagsMax = 10

export function newRule(query: string): RuleFields {
  return { name: '', query, kind: 'counter', field: '', tags: '', unit: 'none', isEnabled: true }
}

export function fieldsOfRule({ name, query, kind, field, tags, unit, isEnabled }: LogMetric): RuleFields {
  return { name, query, kind, field: field ?? '', tags: tags.join(', '), unit, isEnabled }
}

/** Tags typed with commas or blanks between them. */
export function tagsOfText(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((tag) => tag !== ''))]
}

/** What keeps the form from being saved, null when nothing does. */
export function problemOfRule({ name, kind, field, tags }: RuleFields): string | null {
  if (name.trim() === '') return 'Give the metric a name.'
  if (!/^[A-Za-z_][\w.:]*$/.test(name.trim())) return 'A name begins with a letter and has letters, digits, _ . and : in it.'
  if (kind !== 'counter' && field.trim() === '') return kind === 'set' ? 'Say which field is counted.' : 'Say which field has the number.'
  return tagsOfText(tags).length > tagsMax ? `At most ${tagsMax} tags.` : null
}

/** Null while something is missing. */
export function inputOfRule(fields: RuleFields): LogMetricInput | null {
  if (problemOfRule(fields) !== null) return null
  const { name, query, kind, field, tags, unit, isEnabled } = fields
  return {
    name: name.trim(),
    query: query.trim(),
    kind,
    field: kind === 'counter' ? null : field.trim(),
    tags: tagsOfText(tags),
    unit: kind === 'counter' || kind === 'set' || unit.trim() === '' ? 'none' : unit.trim(),
    isEnabled,
  }
}

const kinds: Readonly<Record<LogMetricKind, string>> = {
  counter: 'how many rows',
  distribution: 'the distribution of',
  gauge: 'the last value of',
  set: 'how many different values of',
}

/** "how many rows", "the distribution of duration_ms by service". */
export function ruleText({ kind, field, tags }: Pick<LogMetricInput, 'kind' | 'field' | 'tags'>): string {
  const by = tags.length === 0 ? '' : ` by ${tags.join(', ')}`
  return `${kinds[kind]}${field === null ? '' : ` ${field}`}${by}`
}
