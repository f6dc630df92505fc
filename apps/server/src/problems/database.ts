/** Asking PostgreSQL: what fails there is an error of this domain. */
import type { Pool, PoolClient } from 'pg'
import { inTransaction as inOne } from '../engines/index.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import { problemsUnavailable } from './errors.ts'

/** Errors by code: those of `ask`, else `problems.unavailable`. */
export async function guarded<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    throw isAppError(error) ? error : new AppError(problemsUnavailable, { cause: error })
  }
}

/** All of it or nothing. Errors by code: those of `run`, else `problems.unavailable`. */
export async function inTransaction<Result>(pool: Pool, run: (client: PoolClient) => Promise<Result>): Promise<Result> {
  return await guarded(() => inOne(pool, run))
}
