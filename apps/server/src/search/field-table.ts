/** Names to fields: aliases, where attributes are looked for, and how names are written. */
import type { SearchField, SearchFields } from './ports.ts'
import type { Place } from './plan.ts'
import { isFieldName } from './text-reader.ts'

export type Resolved =
  | { readonly field: SearchField }
  | { readonly places: readonly Place[]; readonly key: string }
  | { readonly any: true }

/** What a written name stands for. Every name stands for something: those that are not in the catalogue are attributes. */
export function resolveName(fields: SearchFields, name: string): Resolved {
  if (name === '*') return { any: true }
  const own = /^(?:@|attr\.|attributes\.)(.+)$/s.exec(name)?.[1]
  if (own !== undefined) return { places: [{ in: 'row', key: own }], key: own }
  const field = fieldNamed(fields, name)
  if (field !== null) return { field }
  const resource = /^resource\.(.+)$/s.exec(name)?.[1]
  if (resource !== undefined && fields.resources !== null) return { places: [{ in: 'resource', key: resource }], key: resource }
  const row: Place = { in: 'row', key: name }
  return { places: fields.resources === null ? [row] : [row, { in: 'resource', key: name }], key: name }
}

/** The field with this name or alias. */
export function fieldNamed(fields: SearchFields, name: string): SearchField | null {
  return fields.fields.find((one) => one.name === name || one.aliases?.includes(name) === true) ?? null
}

/** A name as it stands before a colon: quoted where it needs it. Answers of every kind write fields like this. */
export function writtenName(name: string): string {
  return isFieldName(name) ? name : quotedText(name)
}

/** An attribute of the row itself, found whatever fields and resources have the name too. */
export function writtenAttribute(key: string): string {
  return writtenName(`@${key}`)
}

/** An attribute of where the row came from. */
export function writtenResource(key: string): string {
  return writtenName(`resource.${key}`)
}

/** A text in quotes that is read as exactly itself. */
export function quotedText(text: string): string {
  const body = text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return `"${body}"`
}
