/** Log records. Public face of the domain. */
export { LogsBatch, logsSchema } from './schema.ts'
