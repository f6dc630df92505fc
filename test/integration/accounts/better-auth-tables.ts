/** What better-auth would still create in a migrated database: nothing, or our migration has fallen behind the library. */
import { getMigrations } from 'better-auth/db/migration'
import { Kysely, PostgresDialect } from 'kysely'
import type { Pool } from 'pg'
import { authOptions } from '../../../apps/server/src/accounts/sign-in/auth.ts'
import type { Tables } from '../../../apps/server/src/accounts/schema/tables.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'

export async function betterAuthTables(
  pool: Pool,
): Promise<{ missingTables: string[]; missingColumns: string[]; missingIndexes: string[] }> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const options = authOptions(db, { publicUrl: 'http://127.0.0.1:4400', secret: 's'.repeat(40) }, silentLogger)
  const plan = await getMigrations(options)
  return {
    missingTables: plan.toBeCreated.map((table) => table.table),
    missingColumns: plan.toBeAdded.flatMap((table) => Object.keys(table.fields).map((field) => `${table.table}.${field}`)),
    missingIndexes: plan.toBeAddedIndexes.map((index) => index.name),
  }
}
