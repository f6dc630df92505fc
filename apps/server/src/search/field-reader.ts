/** Reads one field of a row in memory by its name, as text or as a number: for rules that take values out of rows as they come in. */
import { fieldNamed, resolveName } from './field-table.ts'
import { numberOfAttribute } from './literals.ts'
import type { RowView, SearchField, SearchFields } from './ports.ts'

export type TextReaderOfRow = (row: RowView) => string | null
export type NumberReaderOfRow = (row: RowView) => number

/** The text of a field or attribute; null where a row has none. Numbers with names read as their name. */
export function textOfField(fields: SearchFields, name: string): TextReaderOfRow {
  const resolved = resolveName(fields, name)
  if ('any' in resolved) return () => null
  if ('field' in resolved) return textOf(resolved.field)
  const { places } = resolved
  return (row) => {
    for (const place of places) {
      if (place.in === 'column') continue
      const value = place.in === 'row' ? row.attribute(place.key) : row.resourceAttribute(place.key)
      if (value !== null) return value
    }
    return null
  }
}

function textOf(field: SearchField): TextReaderOfRow {
  const { column, values = [] } = field
  switch (field.type) {
    case 'word':
    case 'text':
    case 'id':
    case 'hash':
      return (row) => {
        const text = row.text(column)
        return text === '' ? null : text
      }
    case 'names':
      return (row) => {
        const value = row.number(column)
        return values.find(({ low, high }) => value >= low && value <= high)?.name ?? String(value)
      }
    case 'flag':
      return (row) => (row.number(column) === 0 ? 'false' : 'true')
    default:
      return (row) => String(row.number(column))
  }
}

/** The number in a field or attribute; NaN where a row has none. Durations in nanoseconds, times in ms since 1970. */
export function numberOfField(fields: SearchFields, name: string): NumberReaderOfRow {
  const field = fieldNamed(fields, name)
  const isNumeric = field !== null && !['word', 'text', 'id', 'hash'].includes(field.type)
  if (isNumeric) return (row) => row.number(field.column)
  const text = textOfField(fields, name)
  return (row) => numberOfAttribute(text(row) ?? '')
}
