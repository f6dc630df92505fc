/** What series cost, what exploded, and rules that say what becomes of it. Public face of the domain. */
export * from './ports.ts'
export { cardinalityMigrations } from './migrations.ts'
export { openCardinality, type CardinalityDeps, type OpenedCardinality } from './open.ts'
