/** A search in the parts that must all be met, for finding out which of them nothing meets. */
import { planOf } from './checker.ts'
import { searchPartsMax } from './limits.ts'
import { parseSearch } from './parser.ts'
import type { SearchFields, SearchOptions } from './ports.ts'
import { printSearch } from './printer.ts'
import { sqlOf } from './sql.ts'

export interface SearchPart {
  /** The part alone, in its plain form. */
  readonly text: string
  /** The search without it. */
  readonly rest: string
  /** Conditions for WHERE: of the part alone, and of the rest. */
  readonly sql: string
  readonly restSql: string
}

/** Empty where a search is one part, or more than can be tried. Throws `SearchError`. */
export function partsOf(text: string, fields: SearchFields, options: SearchOptions): SearchPart[] {
  const node = parseSearch(text)
  if (node.type !== 'and' || node.parts.length < 2 || node.parts.length > searchPartsMax) return []
  const { parts } = node
  return parts.map((part, index) => {
    const others = parts.filter((_, other) => other !== index)
    const [only] = others
    const rest = others.length === 1 && only !== undefined ? only : { type: 'and' as const, parts: others }
    return {
      text: printSearch(part),
      rest: printSearch(rest),
      sql: sqlOf(planOf(part, fields, options), fields),
      restSql: sqlOf(planOf(rest, fields, options), fields),
    }
  })
}
