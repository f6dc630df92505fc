/** Opens the domain on a database whose migrations have run. */
import type { Pool } from 'pg'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import { AccountsDatabase } from './database.ts'
import { createDirectory, createOrganization, type Directory, type NewOrganization, type OrganizationMade } from './directory/directory.ts'
import { ensureFirstRun, type FirstRun } from './first-run.ts'
import { createGatekeeper } from './gatekeeper.ts'
import { startHousekeeping } from './housekeeping.ts'
import { LiveIngestKeys } from './ingest-keys.ts'
import { createAuth } from './sign-in/auth.ts'
import { createSessionReader, createSignIn, type SignIn } from './sign-in/sign-in.ts'
import type { Gatekeeper, IngestKeys } from './ports.ts'

export interface AccountsSettings {
  /** Address people use; `https` makes cookies `Secure`. */
  readonly publicUrl: string
  readonly adminEmail: string | null
  readonly adminPassword: string | null
  /** `BELLWETHER_ADMIN_TOKEN`. */
  readonly adminToken: string | null
  readonly ingestKey: string | null
  /** At least 32 random characters, the same at every start; signs session cookies. */
  readonly secret: string
}

export interface AccountsDeps {
  /** Stays the caller's; one connection is held for announcements. */
  readonly pool: Pool
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: AccountsSettings
}

export interface Accounts extends AsyncDisposable {
  readonly gatekeeper: Gatekeeper
  readonly ingestKeys: IngestKeys
  readonly signIn: SignIn
  readonly directory: Directory
  /** Makes what the first start needs; at later starts only reads it. */
  ensureFirstRun(): Promise<FirstRun>
  /** Where a project's data goes; null: there is no such project. For who runs the program. */
  tenantOf(projectId: number): Promise<Tenant | null>
  /** For who runs the program; see directory.ts. */
  createOrganization(wanted: NewOrganization): Promise<OrganizationMade>
}

/** Errors by code: `accounts.unavailable`. */
export async function openAccounts({ pool, clock, logger, settings }: AccountsDeps): Promise<Accounts> {
  const log = logger.child('accounts')
  const database = new AccountsDatabase(pool)
  const auth = createAuth(database.kysely, { publicUrl: settings.publicUrl, secret: settings.secret }, log)
  const gatekeeper = createGatekeeper({ database, clock, readSession: createSessionReader(auth), adminToken: settings.adminToken })
  const keys = new LiveIngestKeys({ pool, database, clock, logger: log })
  await keys.open()
  const housekeeping = startHousekeeping(database, clock, log)
  return {
    gatekeeper,
    ingestKeys: keys,
    signIn: createSignIn({ auth, database, clock }),
    directory: createDirectory({ database, clock, gatekeeper, keysChanged: () => keys.refresh() }),
    async ensureFirstRun() {
      const outcome = await ensureFirstRun(database, settings, clock)
      await keys.refresh()
      return outcome
    },
    async tenantOf(projectId) {
      const row = await database.read((db) =>
        db.selectFrom('projects').select('organization_id').where('id', '=', projectId).executeTakeFirst(),
      )
      return row === undefined ? null : { organizationId: row.organization_id, projectId }
    },
    async createOrganization(wanted) {
      const made = await createOrganization(database, clock, wanted)
      await keys.refresh()
      return made
    },
    async [Symbol.asyncDispose]() {
      housekeeping[Symbol.dispose]()
      await keys[Symbol.asyncDispose]()
    },
  }
}
