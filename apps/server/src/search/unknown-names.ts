/** Names of attributes that a search asks for, where they stand in it, and what was probably meant by one that nothing has. */
import type { SearchNode } from './ast.ts'
import { quotedText, resolveName, writtenName } from './field-table.ts'
import { unknownNamesMax } from './limits.ts'
import { comparedCellsMax, foldNames, nearNameLengthMax, nearNames, type CellBudget } from './near-names.ts'
import { parseSearch } from './parser.ts'
import type { SearchFields } from './ports.ts'

/** A name that nothing has. */
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

/** A name in a search, where it stands. */
export interface AskedName {
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

/**
 * Those of the names asked for that are not among the known ones, each once: the first few, the very long left out. The known ones need not be
 * all that there are.
 */
export function unlistedNames(asked: readonly AskedName[], known: KnownNames): AskedName[] {
  const [rows, resources] = [new Set(known.rows), new Set(known.resources)]
  const seen = new Set<string>()
  const out: AskedName[] = []
  for (const one of asked) {
    const [place, key] = placed(one.name)
    const isListed = (place !== 'resource.' && rows.has(key)) || ((place === '' || place === 'resource.') && resources.has(key))
    if (isListed || key.length > nearNameLengthMax || seen.has(one.name)) continue
    seen.add(one.name)
    out.push(one)
    if (out.length === unknownNamesMax) break
  }
  return out
}

function placed(name: string): [place: string, key: string] {
  const [, place = '', key = name] = placePattern.exec(name) ?? []
  return [place, key]
}

/** Names that nothing has (`unlistedNames`), and for each those known ones that were probably meant. */
export function namesMeant(
  unlisted: readonly AskedName[],
  { fields, known }: { readonly fields: SearchFields; readonly known: KnownNames },
  budget: CellBudget = { left: comparedCellsMax },
): UnknownName[] {
  if (unlisted.length === 0) return []
  const written = foldNames(fields.fields.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]))
  const [rows, resources] = [foldNames(known.rows), foldNames(known.resources)]
  const all = [...written, ...rows, ...resources]
  return unlisted.map(({ name, from, to }) => {
    const [place, key] = placed(name)
    const candidates = place === 'resource.' ? resources : place === '' ? all : rows
    const meant = nearNames(key, candidates, budget).map((one) => ({ name: one, insert: writtenName(`${place}${one}`) }))
    return { name, from, to, meant }
  })
}

/** The search that finds what has this name, wherever it may be. */
export function searchForName(name: string): string {
  return `has:${quotedText(name)}`
}
