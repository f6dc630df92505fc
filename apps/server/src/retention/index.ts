/** How long metrics are kept, and deleting them. Public face of the domain; see ports.ts. */
export { retentionMigrations } from './migrations.ts'
export { RetentionDesk, type RetentionDeskDeps } from './retention-desk.ts'
export type { MetricDeletion, Retention, RetentionState } from './ports.ts'
