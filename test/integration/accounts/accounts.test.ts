import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { betterAuthTables } from './better-auth-tables.ts'
import { openTestPostgres, migrate, type TestPostgres } from './test-postgres.ts'
import { openAccounts, type Accounts, type AccountsSettings, type Caller } from '../../../apps/server/src/accounts/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { Pool } from 'pg'

const settings: AccountsSettings = {
  publicUrl: 'http://127.0.0.1:4400',
  adminEmail: 'ops@example.org',
  adminPassword: 'correct horse battery',
  adminToken: 'an-admin-token-of-the-settings',
  ingestKey: '0123456789abcdef0123456789abcdef',
  secret: 'k3'.repeat(20),
}
const peer = { address: '192.0.2.7', userAgent: 'test' }

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await openTestPostgres()
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
})

async function open(pool: Pool, changes: Partial<AccountsSettings> = {}): Promise<Accounts> {
  return await openAccounts({ pool, clock: systemClock, logger: silentLogger, settings: { ...settings, ...changes } })
}

async function fresh(changes: Partial<AccountsSettings> = {}): Promise<{ pool: Pool; accounts: Accounts; token: string }> {
  const pool = await postgres.database()
  const accounts = await open(pool, changes)
  const first = await accounts.ensureFirstRun()
  return { pool, accounts, token: first.signInToken ?? '' }
}

async function bearer(accounts: Accounts, token: string): Promise<Caller | null> {
  return await accounts.gatekeeper.authenticate({ authorization: `Bearer ${token}`, cookie: null })
}

async function byCookie(accounts: Accounts, cookie: string): Promise<Caller | null> {
  return await accounts.gatekeeper.authenticate({ authorization: null, cookie })
}

async function eventually(check: () => boolean): Promise<void> {
  const until = performance.now() + 3000
  while (!check()) {
    if (performance.now() > until) throw new Error('did not happen within 3 s')
    await systemClock.sleep(10)
  }
}

describe('schema', () => {
  test('migrations can be run again', async () => {
    const pool = await postgres.database()
    await migrate(pool)
    const { rows } = await pool.query('select count(*)::int as n from ingest_keys')
    expect(rows).toEqual([{ n: 0 }])
  })

  test('the sign-in tables are what the sign-in library wants', async () => {
    const wanted = await betterAuthTables(await postgres.database())
    expect(wanted).toEqual({ missingTables: [], missingColumns: [], missingIndexes: [] })
  })

  test('a team cannot hold a member or a project of another organization, whatever the code does', async () => {
    const { pool, accounts } = await fresh()
    const other = await accounts.createOrganization({ name: 'Other', ownerEmail: 'o@other.org', ownerName: 'O', projectName: 'p' })
    const team = await pool.query('insert into teams (organization_id, slug, name) values (1, $1, $1) returning id', ['a'])
    const teamId: unknown = team.rows[0].id
    const foreignProject = [Number(other.projectId), teamId]
    await expect(pool.query('insert into project_teams (project_id, team_id, organization_id) values ($1, $2, 1)', foreignProject)).rejects.toThrow(/foreign key/)
    await accounts[Symbol.asyncDispose]()
  })
})

describe('first run', () => {
  test('makes organization default, project 1, its key, an administrator and a link that works once', async () => {
    const pool = await postgres.database()
    await using accounts = await open(pool)
    const first = await accounts.ensureFirstRun()
    expect(first).toMatchObject({ created: true, ingestKey: settings.ingestKey, anonymousTenant: { organizationId: 1, projectId: 1 }, adminEmail: 'ops@example.org' })
    const session = await accounts.signIn.withLink(first.signInToken ?? '', peer)
    expect(session.setCookies.join()).toMatch(/HttpOnly.*SameSite=Lax/i)
    expect(session.setCookies.join()).not.toMatch(/Secure/)
    const caller = await byCookie(accounts, session.cookie)
    expect(caller).toMatchObject({ kind: 'user', name: 'Administrator' })
    const access = await accounts.gatekeeper.organization(caller, 'default', 'admin')
    expect(access).toMatchObject({ role: 'owner', scope: { organizationId: 1, projectIds: [1] } })
    await expect(accounts.signIn.withLink(first.signInToken ?? '', peer)).rejects.toMatchObject({ code: 'accounts.link_invalid' })
    const again = await accounts.ensureFirstRun()
    expect(again).toMatchObject({ created: false, signInToken: null, ingestKey: settings.ingestKey })
  })

  test('two starts at once make one set', async () => {
    const pool = await postgres.database()
    await using one = await open(pool, { ingestKey: null })
    await using two = await open(pool, { ingestKey: null })
    const outcomes = await Promise.all([one.ensureFirstRun(), two.ensureFirstRun()])
    expect(outcomes.map((outcome) => outcome.created).sort()).toEqual([false, true])
    expect(new Set(outcomes.map((outcome) => outcome.ingestKey)).size).toBe(1)
    expect(outcomes.filter((outcome) => outcome.signInToken !== null)).toHaveLength(1)
    const { rows } = await pool.query('select (select count(*) from organizations)::int o, (select count(*) from projects)::int p, (select count(*) from users)::int u')
    expect(rows).toEqual([{ o: 1, p: 1, u: 1 }])
    const next = await one.createOrganization({ name: 'Next', ownerEmail: 'n@x.org', ownerName: 'N', projectName: 'p' })
    expect(next).toMatchObject({ organizationId: '2', projectId: '2' })
  })

  test('of two clicks on the link at once, one comes in', async () => {
    const { accounts, token } = await fresh()
    await using _ = accounts
    const outcomes = await Promise.allSettled([accounts.signIn.withLink(token, peer), accounts.signIn.withLink(token, peer)])
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a key put into the settings later is added', async () => {
    const { accounts, pool } = await fresh({ ingestKey: null })
    await accounts[Symbol.asyncDispose]()
    await using later = await open(pool, { ingestKey: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' })
    expect((await later.ensureFirstRun()).ingestKey).toBe('f'.repeat(32))
    expect(later.ingestKeys.resolve('f'.repeat(32))).toEqual({ organizationId: 1, projectId: 1 })
  })
})

describe('sign-in', () => {
  test('with e-mail in any case and password; not with a wrong one', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const session = await accounts.signIn.withPassword('OPS@example.org', 'correct horse battery', peer)
    expect(await byCookie(accounts, session.cookie)).toMatchObject({ kind: 'user' })
    await expect(accounts.signIn.withPassword('ops@example.org', 'wrong horse battery', peer)).rejects.toMatchObject({ code: 'accounts.wrong_password' })
    await expect(accounts.signIn.withPassword('nobody@example.org', 'wrong horse battery', peer)).rejects.toMatchObject({ code: 'accounts.wrong_password' })
    await expect(accounts.signIn.withPassword('not an address', 'wrong horse battery', peer)).rejects.toMatchObject({ code: 'accounts.wrong_password' })
  })

  test('signing out ends the session, a cookie with a changed signature is nobody', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const { cookie } = await accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)
    expect(await byCookie(accounts, `${cookie.slice(0, -6)}AAAA%3D`)).toBeNull()
    await accounts.signIn.signOut(cookie)
    expect(await byCookie(accounts, cookie)).toBeNull()
    await expect(accounts.signIn.signOut(null)).resolves.toBeDefined()
  })

  test('after ten failures for one address the right password waits too', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    for (let n = 0; n < 10; n++) await expect(accounts.signIn.withPassword('ops@example.org', `wrong ${n} password`, peer)).rejects.toMatchObject({ code: 'accounts.wrong_password' })
    await expect(accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)).rejects.toMatchObject({ code: 'accounts.too_many_attempts' })
  })

  test('cookies are Secure when the public address is https', async () => {
    const { accounts } = await fresh({ publicUrl: 'https://observe.example.org' })
    await using _ = accounts
    const session = await accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)
    expect(session.setCookies.join()).toMatch(/__Secure-.*Secure/)
    expect(await byCookie(accounts, session.cookie)).toMatchObject({ kind: 'user' })
  })

  test('a changed password replaces the old one and ends other sessions; the first can be set without one', async () => {
    const { accounts, token } = await fresh({ adminPassword: null })
    await using _ = accounts
    const first = await accounts.signIn.withLink(token, peer)
    const caller = await byCookie(accounts, first.cookie)
    if (caller === null) throw new Error('not signed in')
    expect(await accounts.directory.describe(caller)).toMatchObject({ passwordIsSet: false, email: 'ops@example.org' })
    await accounts.signIn.changePassword(first.cookie, null, 'my first password')
    expect(await accounts.directory.describe(caller)).toMatchObject({ passwordIsSet: true })
    await expect(accounts.signIn.changePassword(first.cookie, null, 'set it once more')).rejects.toMatchObject({ code: 'accounts.password_refused' })
    await expect(accounts.signIn.changePassword(first.cookie, 'not the password', 'my next password')).rejects.toMatchObject({ code: 'accounts.password_refused' })
    await expect(accounts.signIn.changePassword(null, 'my first password', 'my next password')).rejects.toMatchObject({ code: 'accounts.unauthenticated' })
    const other = await accounts.signIn.withPassword('ops@example.org', 'my first password', peer)
    await accounts.signIn.changePassword(other.cookie, 'my first password', 'my next password')
    expect(await byCookie(accounts, first.cookie)).toBeNull()
    await expect(accounts.signIn.withPassword('ops@example.org', 'my first password', peer)).rejects.toMatchObject({ code: 'accounts.wrong_password' })
    await accounts.signIn.withPassword('ops@example.org', 'my next password', peer)
  })
})

describe('gatekeeper', () => {
  test('the administrator token of the settings has every right in organization default and none elsewhere', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const other = await accounts.createOrganization({ name: 'Other', ownerEmail: 'o@other.org', ownerName: 'O', projectName: 'p' })
    const caller = await bearer(accounts, settings.adminToken ?? '')
    expect((await accounts.gatekeeper.organization(caller, 'default', 'admin')).role).toBe('owner')
    expect((await accounts.gatekeeper.project(caller, '1', 'admin')).scope.projectIds).toEqual([1])
    await expect(accounts.gatekeeper.project(caller, other.projectId, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(accounts.gatekeeper.organization(caller, other.organizationId, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(accounts.gatekeeper.organization(caller, 'other', 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
  })

  test('nobody, a made-up caller, a wrong token and nonsense ids reach nothing', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const { gatekeeper } = accounts
    expect(await bearer(accounts, 'bwt_wrong')).toBeNull()
    expect(await gatekeeper.authenticate({ authorization: 'Basic eDp5', cookie: null })).toBeNull()
    await expect(gatekeeper.project(null, '1', 'read')).rejects.toMatchObject({ code: 'accounts.unauthenticated' })
    await expect(gatekeeper.project({ kind: 'token', id: 'admin', name: 'x' }, '1', 'read')).rejects.toMatchObject({ code: 'accounts.unauthenticated' })
    const caller = await bearer(accounts, settings.adminToken ?? '')
    for (const id of ['0', '-1', '1e0', '01', '1 ', '', "1' or 1=1", '99999999999999999999', 'default']) {
      await expect(gatekeeper.project(caller, id, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    }
  })

  test('a token has its permissions, its project and its end', async () => {
    const { accounts, pool } = await fresh()
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const admin = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const second = await directory.createProject(admin, { name: 'Second' })
    const access = await gatekeeper.organization(admin.caller, 'default', 'admin')
    const reader = await directory.createToken(access, { name: 'reader', permissions: ['read'], projectId: second.id, expiresAtMs: null })
    const caller = await bearer(accounts, reader.secret)
    expect((await gatekeeper.project(caller, second.id, 'read')).scope).toMatchObject({ organizationId: 1, projectIds: [Number(second.id)] })
    await expect(gatekeeper.project(caller, second.id, 'write')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    await expect(gatekeeper.project(caller, '1', 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    expect((await gatekeeper.organization(caller, '1', 'read')).scope.projectIds).toEqual([Number(second.id)])
    expect(await gatekeeper.defaultProject(caller)).toBe(second.id)
    const ofProject = await directory.createToken(access, { name: 'project admin', permissions: ['admin'], projectId: second.id, expiresAtMs: null })
    await expect(gatekeeper.organization(await bearer(accounts, ofProject.secret), '1', 'admin')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    const expired = await directory.createToken(access, { name: 'expired', permissions: ['read'], projectId: null, expiresAtMs: Date.now() - 1 })
    expect(await bearer(accounts, expired.secret)).toBeNull()
    await directory.revokeToken(access, reader.token.id)
    expect(await bearer(accounts, reader.secret)).toBeNull()
    const { rows } = await pool.query('select encode(token_hash, $1) as hash, prefix from api_tokens', ['escape'])
    expect(JSON.stringify(rows)).not.toContain(reader.secret)
    expect((await directory.tokens(access)).map((token) => token.name)).toEqual(['expired', 'project admin'])
  })

  test('roles and teams decide what a member sees', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const admin = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const ana = await directory.addMember(admin, { email: 'Ana@example.org', name: 'Ana', role: 'member' })
    const vic = await directory.addMember(admin, { email: 'vic@example.org', name: 'Vic', role: 'viewer' })
    const team = await directory.createTeam(admin, { name: 'Shop', memberIds: [ana.member.userId] })
    const shop = await directory.createProject(admin, { name: 'Shop', teamIds: [team.id] })
    const asAna = await byCookie(accounts, (await accounts.signIn.withLink(ana.linkToken ?? '', peer)).cookie)
    const asVic = await byCookie(accounts, (await accounts.signIn.withLink(vic.linkToken ?? '', peer)).cookie)
    expect((await gatekeeper.organization(asAna, 'default', 'write')).scope.projectIds).toEqual([1, Number(shop.id)])
    expect((await gatekeeper.organization(asVic, 'default', 'read')).scope.projectIds).toEqual([1])
    await expect(gatekeeper.project(asVic, shop.id, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(gatekeeper.project(asVic, '1', 'write')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    await expect(gatekeeper.project(asAna, '1', 'admin')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    await directory.removeMember(admin, ana.member.userId)
    await expect(gatekeeper.project(asAna, shop.id, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
  })

  test('the database away is "unavailable", not "not yours"', async () => {
    const { accounts, pool } = await fresh()
    await accounts[Symbol.asyncDispose]()
    const caller = await bearer(accounts, settings.adminToken ?? '')
    await pool.end()
    await expect(accounts.gatekeeper.project(caller, '1', 'read')).rejects.toMatchObject({ code: 'accounts.unavailable' })
    await expect(bearer(accounts, 'bwt_something_else')).rejects.toMatchObject({ code: 'accounts.unavailable' })
    await expect(byCookie(accounts, 'bellwether.session_token=a.b')).resolves.toBeNull()
  })
})

describe('directory', () => {
  test('the last owner stays, and only an owner makes or removes owners', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const owner = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const first = (await directory.members(owner))[0]
    if (first === undefined) throw new Error('no member')
    await expect(directory.removeMember(owner, first.userId)).rejects.toMatchObject({ code: 'accounts.last_owner' })
    await expect(directory.changeMemberRole(owner, first.userId, 'viewer')).rejects.toMatchObject({ code: 'accounts.last_owner' })
    const token = await directory.createToken(owner, { name: 'a', permissions: ['admin'], projectId: null, expiresAtMs: null })
    const admin = await gatekeeper.organization(await bearer(accounts, token.secret), 'default', 'admin')
    await expect(directory.addMember(admin, { email: 'x@example.org', name: 'X', role: 'owner' })).rejects.toMatchObject({ code: 'accounts.forbidden' })
    await expect(directory.changeMemberRole(admin, first.userId, 'viewer')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    const second = await directory.addMember(owner, { email: 'y@example.org', name: 'Y', role: 'owner' })
    const removals = await Promise.allSettled([directory.removeMember(owner, first.userId), directory.removeMember(owner, second.member.userId)])
    expect(removals.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('one organization cannot name another one\'s teams, members, projects, tokens or keys', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const made = await accounts.createOrganization({ name: 'Other', ownerEmail: 'o@other.org', ownerName: 'O', projectName: 'p' })
    const owner = await byCookie(accounts, (await accounts.signIn.withLink(made.linkToken, peer)).cookie)
    const theirs = await gatekeeper.organization(owner, 'other', 'admin')
    const theirProject = await gatekeeper.project(owner, made.projectId, 'admin')
    const ours = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const ourProject = await gatekeeper.project(ours.caller, '1', 'admin')
    const team = await directory.createTeam(ours, { name: 'T' })
    const token = await directory.createToken(ours, { name: 't', permissions: ['read'], projectId: null, expiresAtMs: null })
    const key = (await directory.keys(ourProject))[0]
    const member = (await directory.members(ours))[0]
    const reference = { code: 'accounts.unknown_reference' }
    await expect(directory.createProject(theirs, { name: 'x', teamIds: [team.id] })).rejects.toMatchObject(reference)
    await expect(directory.createTeam(theirs, { name: 'x', projectIds: ['1'] })).rejects.toMatchObject(reference)
    await expect(directory.createTeam(theirs, { name: 'y', memberIds: [member?.userId ?? ''] })).rejects.toMatchObject(reference)
    await expect(directory.createToken(theirs, { name: 'x', permissions: ['read'], projectId: '1', expiresAtMs: null })).rejects.toMatchObject(reference)
    await expect(directory.revokeToken(theirs, token.token.id)).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(directory.revokeKey(theirProject, key?.id ?? '')).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(directory.removeMember(theirs, member?.userId ?? '')).rejects.toMatchObject({ code: 'accounts.not_found' })
    const seen = JSON.stringify([await directory.projects(theirs), await directory.members(theirs), await directory.teams(theirs), await directory.tokens(theirs), await directory.audit(theirs, { limit: 100, cursor: null })])
    expect(seen).not.toContain('ops@example.org')
  })

  test('every change leaves an audit entry with who did it, newest first, page by page', async () => {
    const { accounts } = await fresh()
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const access = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const project = await gatekeeper.project(access.caller, '1', 'admin')
    const key = await directory.createKey(project, 'Laptop')
    await directory.revokeKey(project, key.id)
    await directory.createTeam(access, { name: 'Ops' })
    const first = await directory.audit(access, { limit: 2, cursor: null })
    const rest = await directory.audit(access, { limit: 10, cursor: first.next })
    expect([...first.items, ...rest.items].map((entry) => entry.action)).toEqual(['team.create', 'key.revoke', 'key.create', 'organization.create'])
    expect(first.items[0]?.actor).toEqual({ kind: 'token', id: 'admin', name: 'BELLWETHER_ADMIN_TOKEN' })
    expect(rest.next).toBeNull()
    await expect(directory.createTeam(access, { name: 'ops' })).rejects.toMatchObject({ code: 'accounts.conflict' })
    expect((await directory.audit(access, { limit: 1, cursor: null })).items[0]?.action).toBe('team.create')
  })
})

describe('ingest keys', () => {
  test('a key made or revoked in another process counts here within a second or two', async () => {
    const { accounts: here, pool } = await fresh()
    await using _ = here
    await using there = await open(pool)
    const project = await there.gatekeeper.project(await bearer(there, settings.adminToken ?? ''), '1', 'admin')
    const key = await there.directory.createKey(project, 'made there')
    expect(there.ingestKeys.resolve(key.key)).toEqual({ organizationId: 1, projectId: 1 })
    await eventually(() => here.ingestKeys.resolve(key.key) !== null)
    expect(here.ingestKeys.resolve(key.key.toUpperCase())).toEqual({ organizationId: 1, projectId: 1 })
    await there.directory.revokeKey(project, key.id)
    expect(there.ingestKeys.resolve(key.key)).toBeNull()
    await eventually(() => here.ingestKeys.resolve(key.key) === null)
    expect(here.ingestKeys.resolve('nonsense')).toBeNull()
    expect(here.ingestKeys.anonymousTenant).toEqual({ organizationId: 1, projectId: 1 })
  })

  test('it listens again after the connection was cut', async () => {
    const { accounts, pool } = await fresh()
    await using _ = accounts
    await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
    const listening = async (): Promise<boolean> => {
      const { rows } = await pool.query(`select 1 from pg_stat_activity where datname = current_database() and query like 'listen %'`)
      return rows.length > 0
    }
    const until = performance.now() + 5000
    while (!(await listening()) && performance.now() < until) await systemClock.sleep(20)
    await pool.query(`insert into ingest_keys (project_id, name, key) values (1, 'by hand', $1)`, ['a'.repeat(32)])
    await eventually(() => accounts.ingestKeys.resolve('a'.repeat(32)) !== null)
  })
})
