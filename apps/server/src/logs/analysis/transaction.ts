/** Changes of rows and their entries in the audit log are one transaction. */
import type { Pool, PoolClient } from 'pg'
import { inTransaction as inOne } from '../../engines/index.ts'
import { guarded } from './errors.ts'

/** Errors: those of `run`; the database's as `logs.analysis_unavailable`. */
export function inTransaction<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
  return guarded(() => inOne(pool, run))
}

/** Ids are whole numbers from the outside. */
export function isRowId(id: string): boolean {
  return /^\d{1,9}$/.test(id)
}
