/** Printing and parsing are inverse: any tree printed reads back as a tree that prints the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseExpression, typeOf } from './checker.ts'
import { formatQuery, printExpr } from './printer.ts'
import { queryArbitrary } from '../testing/query-arbitrary.ts'

test('print(parse(x)) is stable, and so is the pretty form', () => {
  fc.assert(
    fc.property(queryArbitrary, (query) => {
      const expr = parseExpression(query)
      const printed = printExpr(expr)
      const again = parseExpression(printed)
      expect(printExpr(again)).toBe(printed)
      expect(typeOf(again)).toBe(typeOf(expr))
      expect(printExpr(parseExpression(formatQuery(query)))).toBe(printed)
    }),
    { numRuns: 500 },
  )
})
