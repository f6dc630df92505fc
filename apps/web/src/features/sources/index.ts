/** Where data comes from. */
export { foreignSources, latestSource, protocolName, sourcesQuery } from './sources.queries.ts'
