/** A search, read and checked once, as SQL and as a matcher. */
import type { SearchNode } from './ast.ts'
import { planOf } from './checker.ts'
import { SearchError } from './errors.ts'
import { resolveName } from './field-table.ts'
import { matcherOf } from './matcher.ts'
import { parseSearch } from './parser.ts'
import type { CompiledSearch, SearchFields, SearchOptions, SearchProblem } from './ports.ts'
import { printSearch } from './printer.ts'
import { sqlOf } from './sql.ts'

/** Throws `SearchError` (`search.invalid`, `search.pattern`) with the place of what is wrong. */
export function compileSearch(text: string, fields: SearchFields, options: SearchOptions): CompiledSearch {
  const node = parseSearch(text)
  const plan = planOf(node, fields, options)
  return {
    isEmpty: node.type === 'all',
    canonical: printSearch(node),
    names: [...new Set(namesIn(node, fields))],
    sql: () => sqlOf(plan, fields),
    matcher: () => matcherOf(plan),
  }
}

/** What is wrong with a search, null when nothing is, and its plain form. */
export function checkSearch(
  text: string,
  fields: SearchFields,
  options: SearchOptions,
): { readonly problem: SearchProblem | null; readonly canonical: string | null } {
  try {
    return { problem: null, canonical: compileSearch(text, fields, options).canonical }
  } catch (error) {
    if (error instanceof SearchError) return { problem: error.problem, canonical: null }
    throw error
  }
}

function namesIn(node: SearchNode, fields: SearchFields): string[] {
  if (node.type === 'and' || node.type === 'or') return node.parts.flatMap((part) => namesIn(part, fields))
  if (node.type === 'not') return namesIn(node.inner, fields)
  if (node.type !== 'term' || node.field === null) return []
  const { condition, field } = node
  const name = field.name === 'has' && condition.op === 'is' ? condition.value.pieces.join('') : field.name
  const found = resolveName(fields, name)
  return 'field' in found ? [found.field.name] : 'key' in found ? [found.key] : []
}
