/** The search language of logs and traces: what is asked, as SQL and as a matcher over rows. Public face; see ports.ts for the vocabulary. */
export * from './ports.ts'
export { checkSearch, compileSearch } from './compile.ts'
export { MatchBudget, MatchWork, TooMuchWork, type MatchShare } from './match-work.ts'
export { sqlString } from './sql-literals.ts'
export { completeSearch, type Completion, type CompletionDeps, type Suggestion } from './completion.ts'
export { knownNamesMax, unknownNamesMax } from './limits.ts'
export { smallOperators } from './small-operators.ts'
export { otherCases } from './other-case.ts'
export { partsOf, type SearchPart } from './parts.ts'
export {
  attributesAsked,
  namesMeant,
  searchForName,
  unlistedNames,
  type AskedName,
  type KnownNames,
  type UnknownName,
} from './unknown-names.ts'
export { fieldNamed, writtenAttribute, writtenName, writtenResource } from './field-table.ts'
export { numberOfField, textOfField, type NumberReaderOfRow, type TextReaderOfRow } from './field-reader.ts'
export { timeMsOf } from './literals.ts'
