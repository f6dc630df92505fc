/** Values of a search that occur only in another case: rows are found by a service's, a host's or a release's exact name. */
import { plainText, type SearchNode, type Value } from './ast.ts'
import { fieldNamed, quotedText } from './field-table.ts'
import { unknownNamesMax } from './limits.ts'
import { nearNameLengthMax } from './near-names.ts'
import { parseSearch } from './parser.ts'
import type { SearchFields, ValueProvider } from './ports.ts'
import type { UnknownName } from './unknown-names.ts'

interface AskedValue {
  readonly field: string
  readonly value: Value
  /** Of the condition: `service:Java`. */
  readonly from: number
  readonly to: number
}

/** Values that are asked of `values`: those that begin with what was written, the most frequent first. */
const candidatesMax = 50
const plainPattern = /^[\w.,@#%+][\w.,:;@#%+/=&?-]*$/

/** The first conditions on a word, as written, whose value occurs in another case and not as written. Throws `SearchError`. */
export async function otherCases(text: string, fields: SearchFields, values: Pick<ValueProvider, 'values'>): Promise<UnknownName[]> {
  const out: UnknownName[] = []
  for (const { field, value, from, to } of wordsIn(parseSearch(text), fields).slice(0, unknownNamesMax)) {
    const written = plainText(value)
    const known = (await values.values(field, written, candidatesMax)).map((one) => one.value)
    const others = known.filter((one) => one.toLowerCase() === written.toLowerCase())
    if (others.length === 0 || others.includes(written)) continue
    const meant = others.slice(0, unknownNamesMax).map((one) => {
      const insert =
        text.slice(from, value.from) + (plainPattern.test(one) && !value.isQuoted ? one : quotedText(one)) + text.slice(value.to, to)
      return { name: insert, insert }
    })
    out.push({ name: text.slice(from, to), from, to, meant })
  }
  return out
}

/** What is excluded needs no rows to be found. */
function wordsIn(node: SearchNode, fields: SearchFields): AskedValue[] {
  if (node.type === 'and' || node.type === 'or') return node.parts.flatMap((part) => wordsIn(part, fields))
  if (node.type !== 'term' || node.field === null) return []
  const { condition, from, to } = node
  const field = fieldNamed(fields, node.field.name)
  if (field?.type !== 'word' || (condition.op !== 'is' && condition.op !== 'equals')) return []
  const { value } = condition
  const text = plainText(value)
  return value.pieces.length === 1 && text !== '' && text.length <= nearNameLengthMax ? [{ field: field.name, value, from, to }] : []
}
