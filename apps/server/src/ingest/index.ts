/** Door, durable log and writer. Public face of the domain; see ports.ts for the vocabulary. */
export * from './ports.ts'
