/** Selectors as others need them: `match[]` parameters, and which series a query reads. */
import type { Matcher } from '../../metrics/index.ts'
import { walk } from './ast.ts'
import { parseExpression } from './checker.ts'
import { parseSelectorNode } from './parser.ts'

/** The matchers of one instant selector (`match[]`), the metric name among them as `__name__`. Throws `promql.parse`. */
export function parseSelector(text: string): Matcher[] {
  return [...parseSelectorNode(text).matchers]
}

/** The matchers of every selector of a query, in the order they are written. Throws `promql.parse`. */
export function selectorsOf(query: string): Matcher[][] {
  const found: Matcher[][] = []
  walk(parseExpression(query), (node) => {
    if (node.kind === 'selector') found.push([...node.matchers])
  })
  return found
}
