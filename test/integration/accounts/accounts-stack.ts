/** Accounts on a database of their own, as after a first start. */
import type { Pool } from 'pg'
import { openAccounts, type Accounts, type AccountsSettings, type Caller } from '../../../apps/server/src/accounts/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { until } from '../../support/wait.ts'
import type { TestPostgres } from './test-postgres.ts'

export const settings: AccountsSettings = {
  publicUrl: 'http://127.0.0.1:4400',
  adminEmail: 'ops@example.org',
  adminPassword: 'correct horse battery',
  adminToken: 'an-admin-token-of-the-settings',
  ingestKey: '0123456789abcdef0123456789abcdef',
  secret: 'k3'.repeat(20),
}
export const peer = { address: '192.0.2.7', userAgent: 'test' }

export async function open(pool: Pool, changes: Partial<AccountsSettings> = {}): Promise<Accounts> {
  return await openAccounts({ pool, clock: systemClock, logger: silentLogger, settings: { ...settings, ...changes } })
}

export interface Fresh {
  readonly pool: Pool
  readonly accounts: Accounts
  /** Of the first sign-in link. */
  readonly token: string
}

export async function fresh(postgres: TestPostgres, changes: Partial<AccountsSettings> = {}): Promise<Fresh> {
  const pool = await postgres.database()
  const accounts = await open(pool, changes)
  const first = await accounts.ensureFirstRun()
  return { pool, accounts, token: first.signInToken ?? '' }
}

export async function bearer(accounts: Accounts, token: string): Promise<Caller | null> {
  return await accounts.gatekeeper.authenticate({ authorization: `Bearer ${token}`, cookie: null })
}

export async function byCookie(accounts: Accounts, cookie: string): Promise<Caller | null> {
  return await accounts.gatekeeper.authenticate({ authorization: null, cookie })
}

export async function eventually(check: () => boolean): Promise<void> {
  await until('it to happen', check)
}
