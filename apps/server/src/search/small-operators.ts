/** Words of a search that were probably meant to join its parts: `and`, `or` and `not` do so in capitals, and else are looked for like any. */
import type { SearchNode, TermNode } from './ast.ts'
import { plainText } from './ast.ts'
import { parseSearch } from './parser.ts'

export interface SmallOperator {
  /** As it was written. */
  readonly word: string
  /** What joins: `AND`, `OR`, `NOT`. */
  readonly operator: string
  /** Where it stands: `[from, to)`. */
  readonly from: number
  readonly to: number
}

const operators: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT'])

/** Those that stand where an operator may. Throws `SearchError`. */
export function smallOperators(text: string): readonly SmallOperator[] {
  return smallIn(parseSearch(text))
}

function smallIn(node: SearchNode): SmallOperator[] {
  if (node.type === 'not') return smallIn(node.inner)
  if (node.type === 'or') return node.parts.flatMap(smallIn)
  if (node.type !== 'and') return []
  return node.parts.flatMap((part, index) => {
    if (part.type !== 'term') return smallIn(part)
    const operator = wordOf(part).toUpperCase()
    const isBetween = index < node.parts.length - 1 && (index > 0 || operator === 'NOT')
    return operators.has(operator) && isBetween ? [{ word: wordOf(part), operator, from: part.from, to: part.to }] : []
  })
}

/** '' for what is no bare word. */
function wordOf({ field, condition }: TermNode): string {
  return field === null && condition.op === 'is' && !condition.value.isQuoted ? plainText(condition.value) : ''
}
