/** Errors that belong together: grouping, counts, states, releases, source maps. Public face of the domain. */
export { groupError, type Grouping } from './grouping.ts'
export { errorAttributes, tagPrefix, type ErrorFacts, type Frame, type Thrown } from './model.ts'
export { parseStackText } from './stack-text.ts'
