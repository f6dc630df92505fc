/** Problems. The overview shows those that are new. */
export { problemsQuery, stateTone as problemTone } from './problems.queries.ts'
