/** Several statements as one: all of them, or none. */
import type { Pool, PoolClient } from 'pg'
import { isAppError } from '../../kernel/errors.ts'

/** Errors: those of `run` and of the database; nothing is changed then. */
export async function inTransaction<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
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
}
