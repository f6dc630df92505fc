/** Fields and attributes of a row as the search language names them, and the values to show and filter by. Pure. */
import type { LogRow } from '@bellwether/protocol'
import { severityName } from './severity.ts'

/** How the search asks for an attribute of the row itself. */
export function attributeField(key: string): string {
  return `@${key}`
}

/** A field as it is shown: an attribute by its name alone. */
export function fieldLabel(field: string): string {
  return field.startsWith('@') ? field.slice(1) : field
}

/** How the search asks for an attribute of the resource. */
export function resourceField(key: string): string {
  return `resource.${key}`
}

export interface RowField {
  /** As the search language writes it; null where it cannot be asked. */
  readonly field: string | null
  readonly name: string
  readonly value: string
}

/** What every row has, without what this one has not. */
export function rowFields(row: LogRow): readonly RowField[] {
  const fields: readonly (readonly [string, string])[] = [
    ['severity', row.severity === 0 ? '' : severityName(row.severity)],
    ['service', row.service],
    ['host', row.host],
    ['environment', row.environment],
    ['release', row.release],
    ['scope', row.scope],
    ['source', row.source],
    ['trace_id', row.traceId],
    ['span_id', row.spanId],
    ['pattern', row.pattern],
    ['problem', row.problem],
  ]
  return fields.filter(([, value]) => value !== '').map(([name, value]) => ({ field: name, name, value }))
}

const byName = (a: RowField, b: RowField): number => (a.name < b.name ? -1 : 1)

export function attributesOf(row: LogRow): readonly RowField[] {
  return Object.entries(row.attributes)
    .map(([name, value]) => ({ field: attributeField(name), name, value }))
    .sort(byName)
}

export function resourceOf(row: LogRow): readonly RowField[] {
  return Object.entries(row.resource)
    .map(([name, value]) => ({ field: resourceField(name), name, value }))
    .sort(byName)
}

/** What a column with the field's name shows of a row. */
export function columnValue(row: LogRow, field: string): string {
  if (field.startsWith('@')) return row.attributes[field.slice(1)] ?? ''
  if (field.startsWith('resource.')) return row.resource[field.slice('resource.'.length)] ?? ''
  const own = rowFields(row).find((each) => each.field === field)
  return own?.value ?? row.attributes[field] ?? row.resource[field] ?? ''
}
