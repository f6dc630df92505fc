import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../support/wait.ts'
import { bearer, byCookie, eventually, fresh, open, peer, settings } from './accounts-stack.ts'
import { openTestPostgres, type TestPostgres } from './test-postgres.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await openTestPostgres()
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
})

describe('gatekeeper', () => {
  test('the administrator token of the settings has every right in organization default and none elsewhere', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const other = await accounts.createOrganization({ name: 'Other', ownerEmail: 'o@other.org', ownerName: 'O', projectName: 'p' })
    const caller = await bearer(accounts, settings.adminToken ?? '')
    expect((await accounts.gatekeeper.organization(caller, 'default', 'admin')).role).toBe('owner')
    expect((await accounts.gatekeeper.project(caller, '1', 'admin')).scope.projectIds).toEqual([1])
    await expect(accounts.gatekeeper.project(caller, other.projectId, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(accounts.gatekeeper.organization(caller, other.organizationId, 'read')).rejects.toMatchObject({
      code: 'accounts.not_found',
    })
    await expect(accounts.gatekeeper.organization(caller, 'other', 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
  })

  test('nobody, a made-up caller, a wrong token and nonsense ids reach nothing', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const { gatekeeper } = accounts
    expect(await bearer(accounts, 'bwt_wrong')).toBeNull()
    expect(await gatekeeper.authenticate({ authorization: 'Basic eDp5', cookie: null })).toBeNull()
    await expect(gatekeeper.project(null, '1', 'read')).rejects.toMatchObject({ code: 'accounts.unauthenticated' })
    await expect(gatekeeper.project({ kind: 'token', id: 'admin', name: 'x' }, '1', 'read')).rejects.toMatchObject({
      code: 'accounts.unauthenticated',
    })
    const caller = await bearer(accounts, settings.adminToken ?? '')
    for (const id of ['0', '-1', '1e0', '01', '1 ', '', "1' or 1=1", '99999999999999999999', 'default']) {
      await expect(gatekeeper.project(caller, id, 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    }
  })

  test('a token has its permissions, its project and its end', async () => {
    const { accounts, pool } = await fresh(postgres)
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const admin = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const second = await directory.createProject(admin, { name: 'Second' })
    const access = await gatekeeper.organization(admin.caller, 'default', 'admin')
    const reader = await directory.createToken(access, { name: 'reader', permissions: ['read'], projectId: second.id, expiresAtMs: null })
    const caller = await bearer(accounts, reader.secret)
    expect((await gatekeeper.project(caller, second.id, 'read')).scope).toMatchObject({
      organizationId: 1,
      projectIds: [Number(second.id)],
    })
    await expect(gatekeeper.project(caller, second.id, 'write')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    await expect(gatekeeper.project(caller, '1', 'read')).rejects.toMatchObject({ code: 'accounts.not_found' })
    expect((await gatekeeper.organization(caller, '1', 'read')).scope.projectIds).toEqual([Number(second.id)])
    expect(await gatekeeper.defaultProject(caller)).toBe(second.id)
    const ofProject = await directory.createToken(access, {
      name: 'project admin',
      permissions: ['admin'],
      projectId: second.id,
      expiresAtMs: null,
    })
    await expect(gatekeeper.organization(await bearer(accounts, ofProject.secret), '1', 'admin')).rejects.toMatchObject({
      code: 'accounts.forbidden',
    })
    const expired = await directory.createToken(access, {
      name: 'expired',
      permissions: ['read'],
      projectId: null,
      expiresAtMs: Date.now() - 1,
    })
    expect(await bearer(accounts, expired.secret)).toBeNull()
    await directory.revokeToken(access, reader.token.id)
    expect(await bearer(accounts, reader.secret)).toBeNull()
    const { rows } = await pool.query('select encode(token_hash, $1) as hash, prefix from api_tokens', ['escape'])
    expect(JSON.stringify(rows)).not.toContain(reader.secret)
    expect((await directory.tokens(access)).map((token) => token.name)).toEqual(['expired', 'project admin'])
  })

  test('roles and teams decide what a member sees', async () => {
    const { accounts } = await fresh(postgres)
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
    const { accounts, pool } = await fresh(postgres)
    await accounts[Symbol.asyncDispose]()
    const caller = await bearer(accounts, settings.adminToken ?? '')
    await pool.end()
    await expect(accounts.gatekeeper.project(caller, '1', 'read')).rejects.toMatchObject({ code: 'accounts.unavailable' })
    await expect(bearer(accounts, 'bwt_something_else')).rejects.toMatchObject({ code: 'accounts.unavailable' })
    await expect(byCookie(accounts, 'bellwether.session_token=a.b')).resolves.toBeNull()
  })
})

describe('directory', () => {
  test('a new link lets someone in again, unless they belong elsewhere too', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const access = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const { member } = await directory.addMember(access, { email: 'lost@example.org', name: 'Lost', role: 'member' })
    const link = await directory.issueMemberLink(access, member.userId)
    const caller = await byCookie(accounts, (await accounts.signIn.withLink(link.linkToken, peer)).cookie)
    expect(caller?.id).toBe(member.userId)
    const elsewhere = await accounts.createOrganization({
      name: 'Elsewhere',
      ownerEmail: 'lost@example.org',
      ownerName: 'Lost',
      projectName: 'p',
    })
    await expect(directory.issueMemberLink(access, member.userId)).rejects.toMatchObject({ code: 'accounts.link_not_yours' })
    const theirs = await gatekeeper.organization(caller, elsewhere.organizationId, 'admin')
    const ours = (await directory.members(access)).find(({ role }) => role === 'owner')
    await expect(directory.issueMemberLink(theirs, ours?.userId ?? '')).rejects.toMatchObject({ code: 'accounts.not_found' })
  })

  test('the last owner stays, and only an owner makes or removes owners', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const owner = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const first = (await directory.members(owner))[0]
    if (first === undefined) throw new Error('no member')
    await expect(directory.removeMember(owner, first.userId)).rejects.toMatchObject({ code: 'accounts.last_owner' })
    await expect(directory.changeMemberRole(owner, first.userId, 'viewer')).rejects.toMatchObject({ code: 'accounts.last_owner' })
    const token = await directory.createToken(owner, { name: 'a', permissions: ['admin'], projectId: null, expiresAtMs: null })
    const admin = await gatekeeper.organization(await bearer(accounts, token.secret), 'default', 'admin')
    await expect(directory.addMember(admin, { email: 'x@example.org', name: 'X', role: 'owner' })).rejects.toMatchObject({
      code: 'accounts.forbidden',
    })
    await expect(directory.changeMemberRole(admin, first.userId, 'viewer')).rejects.toMatchObject({ code: 'accounts.forbidden' })
    const second = await directory.addMember(owner, { email: 'y@example.org', name: 'Y', role: 'owner' })
    const removals = await Promise.allSettled([
      directory.removeMember(owner, first.userId),
      directory.removeMember(owner, second.member.userId),
    ])
    expect(removals.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a link that an administrator holds does not sign in an owner made later', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const owner = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const token = await directory.createToken(owner, { name: 'a', permissions: ['admin'], projectId: null, expiresAtMs: null })
    const admin = await gatekeeper.organization(await bearer(accounts, token.secret), 'default', 'admin')
    const { member } = await directory.addMember(owner, { email: 'rise@example.org', name: 'Rise', role: 'member' })
    const link = await directory.issueMemberLink(admin, member.userId)
    await directory.changeMemberRole(owner, member.userId, 'owner')
    await expect(accounts.signIn.withLink(link.linkToken, peer)).rejects.toMatchObject({ code: 'accounts.link_invalid' })
    await expect(directory.issueMemberLink(admin, member.userId)).rejects.toMatchObject({ code: 'accounts.forbidden' })
  })

  test('a text that the database cannot keep is refused as such', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const access = await accounts.gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    await expect(accounts.directory.createProject(access, { name: 'a\0b' })).rejects.toMatchObject({ code: 'accounts.bad_text' })
    await expect(accounts.directory.removeMember(access, '\0')).rejects.toMatchObject({ code: 'accounts.bad_text' })
  })

  test("one organization cannot name another one's teams, members, projects, tokens or keys", async () => {
    const { accounts } = await fresh(postgres)
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
    await expect(
      directory.createToken(theirs, { name: 'x', permissions: ['read'], projectId: '1', expiresAtMs: null }),
    ).rejects.toMatchObject(reference)
    await expect(directory.revokeToken(theirs, token.token.id)).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(directory.revokeKey(theirProject, key?.id ?? '')).rejects.toMatchObject({ code: 'accounts.not_found' })
    await expect(directory.removeMember(theirs, member?.userId ?? '')).rejects.toMatchObject({ code: 'accounts.not_found' })
    const seen = JSON.stringify([
      await directory.projects(theirs),
      await directory.members(theirs),
      await directory.teams(theirs),
      await directory.tokens(theirs),
      await directory.audit(theirs, { limit: 100, cursor: null }),
    ])
    expect(seen).not.toContain('ops@example.org')
  })

  test('every change leaves an audit entry with who did it, newest first, page by page', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const { gatekeeper, directory } = accounts
    const access = await gatekeeper.organization(await bearer(accounts, settings.adminToken ?? ''), 'default', 'admin')
    const project = await gatekeeper.project(access.caller, '1', 'admin')
    const key = await directory.createKey(project, 'Laptop')
    await directory.revokeKey(project, key.id)
    await directory.createTeam(access, { name: 'Ops' })
    const first = await directory.audit(access, { limit: 2, cursor: null })
    const rest = await directory.audit(access, { limit: 10, cursor: first.next })
    expect([...first.items, ...rest.items].map((entry) => entry.action)).toEqual([
      'team.create',
      'key.revoke',
      'key.create',
      'organization.create',
    ])
    expect(first.items[0]?.actor).toEqual({ kind: 'token', id: 'admin', name: 'BELLWETHER_ADMIN_TOKEN' })
    expect(rest.next).toBeNull()
    await expect(directory.createTeam(access, { name: 'ops' })).rejects.toMatchObject({ code: 'accounts.conflict' })
    expect((await directory.audit(access, { limit: 1, cursor: null })).items[0]?.action).toBe('team.create')
  })
})

describe('ingest keys', () => {
  test('a key made or revoked in another process counts here within a second or two', async () => {
    const { accounts: here, pool } = await fresh(postgres)
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
    const { accounts, pool } = await fresh(postgres)
    await using _ = accounts
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    )
    const listening = async (): Promise<boolean> => {
      const { rows } = await pool.query(`select 1 from pg_stat_activity where datname = current_database() and query like 'listen %'`)
      return rows.length > 0
    }
    await until('it to listen', listening)
    await pool.query(`insert into ingest_keys (project_id, name, key) values (1, 'by hand', $1)`, ['a'.repeat(32)])
    await eventually(() => accounts.ingestKeys.resolve('a'.repeat(32)) !== null)
  })
})
