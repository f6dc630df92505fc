/** Errors of this domain. */
import type { ErrorSpec } from '../kernel/errors.ts'

export const badRule: ErrorSpec = { code: 'cardinality.bad_rule', kind: 'invalid', publicText: 'The rule is not valid.' }
export const ruleNotFound: ErrorSpec = {
  code: 'cardinality.rule_not_found',
  kind: 'not_found',
  publicText: 'This project has no such rule.',
}
export const tooManyRules: ErrorSpec = {
  code: 'cardinality.too_many_rules',
  kind: 'limit',
  publicText: 'This project has as many rules as it may have.',
  hint: 'Delete rules that no longer match anything, or join some with a pattern.',
}
export const nothingToUndo: ErrorSpec = {
  code: 'cardinality.nothing_to_undo',
  kind: 'conflict',
  publicText: 'There is no change of this rule to take back.',
}
export const rulesUnavailable: ErrorSpec = {
  code: 'cardinality.unavailable',
  kind: 'unavailable',
  publicText: 'The rules cannot be read or changed now; those in force go on.',
  hint: 'PostgreSQL does not answer; see the system page.',
}
