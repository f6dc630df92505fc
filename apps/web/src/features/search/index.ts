/** What the searches of logs and of spans share: their check, completion, and why one finds nothing. */
export { completeSearchOf, searchCheckQuery } from './search.queries.ts'
export { useUnknownNames } from './use-unknown-names.ts'
export { WhyNothing } from './WhyNothing.tsx'
