/** Names of attributes that a search asks for, where they stand in it, and what was probably meant by one that nothing has. */
import type { SearchNode } from './ast.ts'
import { nearNames, resolveName, writtenName } from './field-table.ts'
import { parseSearch } from './parser.ts'
import type { SearchFields } from './ports.ts'

/** A name that no row had of late. */
export interface UnknownName {
  /** As it was written. */
  readonly name: string
  /** Where it stands: `[from, to)`. */
  readonly from: number
  readonly to: number
  /** Names that are there and look like it, the nearest first, at most three: how they are called, and what stands in place of the wrong one. */
  readonly meant: readonly { readonly name: string; readonly insert: string }[]
}

/** Names of attributes that occur: of the rows themselves, and of what sends them. */
export interface KnownNames {
  readonly rows: readonly string[]
  readonly resources: readonly string[]
}

interface AskedName {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** How a name says that it means the row's attribute alone, or the resource's. */
const placePattern = /^(@|attr\.|attributes\.|resource\.)(.+)$/s

/** What a search asks for that is no field of the catalogue. Throws `SearchError`. */
export function attributesAsked(text: string, fields: SearchFields): readonly AskedName[] {
  return namesIn(parseSearch(text)).filter(({ name }) => 'key' in resolveName(fields, name))
}

function namesIn(node: SearchNode): AskedName[] {
  if (node.type === 'and' || node.type === 'or') return node.parts.flatMap(namesIn)
  if (node.type === 'not') return namesIn(node.inner)
  if (node.type !== 'term' || node.field === null) return []
  const { field, condition } = node
  if (field.name !== 'has') return [field]
  return condition.op === 'is' ? [{ name: condition.value.pieces.join('*'), from: condition.value.from, to: condition.value.to }] : []
}

/** Those of the names asked for that are not among the known ones. */
export function unknownNames(asked: readonly AskedName[], fields: SearchFields, known: KnownNames): UnknownName[] {
  const ofRows = new Set(known.rows)
  const ofResources = new Set(known.resources)
  const written = fields.fields.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])])
  const out: UnknownName[] = []
  for (const { name, from, to } of asked) {
    const [, place = '', key = name] = placePattern.exec(name) ?? []
    const isOfResource = place === 'resource.'
    if ((!isOfResource && ofRows.has(key)) || ((place === '' || isOfResource) && ofResources.has(key))) continue
    const candidates = isOfResource ? known.resources : place === '' ? [...written, ...known.rows, ...known.resources] : known.rows
    const meant = nearNames(key, candidates).map((one) => ({ name: one, insert: writtenName(`${place}${one}`) }))
    out.push({ name, from, to, meant })
  }
  return out
}
