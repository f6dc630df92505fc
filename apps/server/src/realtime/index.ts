/** Costs by project, the low-priority queue, and who decides about it. Public face of the domain; see ports.ts. */
export * from './ports.ts'
export { InvalidConfiguration } from './options.ts'
