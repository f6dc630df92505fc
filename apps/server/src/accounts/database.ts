/** The accounts' way to PostgreSQL: Kysely over the given pool; failures of the server become `accounts.unavailable`. */
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import type { Pool } from 'pg'
import { translateDatabaseError } from './errors.ts'
import type { Tables } from './schema/tables.ts'

export type Reader = Kysely<Tables>
export type Writer = Transaction<Tables>

export class AccountsDatabase {
  readonly kysely: Kysely<Tables>

  /** The pool stays the caller's: it is not closed here. */
  constructor(pool: Pool) {
    this.kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  }

  async read<T>(run: (db: Reader) => Promise<T>): Promise<T> {
    try {
      return await run(this.kysely)
    } catch (error) {
      throw translateDatabaseError(error)
    }
  }

  /** All of `run` or nothing. */
  async change<T>(run: (trx: Writer) => Promise<T>): Promise<T> {
    try {
      return await this.kysely.transaction().execute(run)
    } catch (error) {
      throw translateDatabaseError(error)
    }
  }
}
