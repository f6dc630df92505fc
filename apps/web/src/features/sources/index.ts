/** Where data comes from. */
export { foreignSources, protocolName, sourcesQuery } from './sources.queries.ts'
