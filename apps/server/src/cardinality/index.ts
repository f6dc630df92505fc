/** What series cost, what exploded, and rules that say what becomes of it. Public face of the domain. */
export * from './ports.ts'
export { Folding } from './folding.ts'
