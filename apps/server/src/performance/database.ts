/** PostgreSQL as this domain uses it: its failures have one code, changes are transactions. */
import type { Pool, PoolClient } from 'pg'
import { inTransaction as inOne } from '../engines/index.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import { performanceUnavailable } from './errors.ts'

/** Errors by code: `performance.unavailable`. */
export async function guarded<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    throw isAppError(error) ? error : new AppError(performanceUnavailable, { cause: error })
  }
}

/** Errors by code: `performance.unavailable`. */
export async function inTransaction<Result>(pool: Pool, run: (client: PoolClient) => Promise<Result>): Promise<Result> {
  return await guarded(() => inOne(pool, run))
}
