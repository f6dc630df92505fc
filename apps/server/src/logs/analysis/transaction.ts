/** Changes of rows and their entries in the audit log are one transaction. */
import type { Pool, PoolClient } from 'pg'
import { isAppError } from '../../kernel/errors.ts'
import { guarded } from './errors.ts'

/** Errors: those of `run`; the database's as `logs.analysis_unavailable`. */
export function inTransaction<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
  return guarded(async () => {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('begin')
      const result = await run(client)
      await client.query('commit')
      return result
    } catch (error) {
      // What the domain refuses leaves a sound connection; of anything else the connection is not kept.
      if (isAppError(error)) await client.query('rollback').catch((lost: Error) => (broken = lost))
      else broken = error instanceof Error ? error : new Error(String(error))
      throw error
    } finally {
      client.release(broken)
    }
  })
}

/** Ids are whole numbers from the outside. */
export function isRowId(id: string): boolean {
  return /^\d{1,9}$/.test(id)
}
