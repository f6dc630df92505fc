import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountsMigrations } from '../../../apps/server/src/accounts/index.ts'
import { AccountsDatabase } from '../../../apps/server/src/accounts/database.ts'
import { deleteExpired } from '../../../apps/server/src/accounts/housekeeping.ts'
import { isAppError } from '../../../apps/server/src/kernel/errors.ts'
import { betterAuthTables } from './better-auth-tables.ts'
import { byCookie, fresh, open, peer, settings } from './accounts-stack.ts'
import { openTestPostgres, type TestPostgres } from './test-postgres.ts'

let postgres: TestPostgres
beforeAll(async () => {
  postgres = await openTestPostgres()
})
afterAll(async () => {
  await postgres[Symbol.asyncDispose]()
})

describe('schema', () => {
  test('migrations can be run again', async () => {
    const pool = await postgres.database()
    for (const { up } of accountsMigrations) for (const statement of up) await pool.query(statement)
    const { rows } = await pool.query('select count(*)::int as n from ingest_keys')
    expect(rows).toEqual([{ n: 0 }])
  })

  test('the sign-in tables are what the sign-in library wants', async () => {
    const wanted = await betterAuthTables(await postgres.database())
    expect(wanted).toEqual({ missingTables: [], missingColumns: [], missingIndexes: [] })
  })

  test('a team cannot hold a member or a project of another organization, whatever the code does', async () => {
    const { pool, accounts } = await fresh(postgres)
    const other = await accounts.createOrganization({ name: 'Other', ownerEmail: 'o@other.org', ownerName: 'O', projectName: 'p' })
    const team = await pool.query('insert into teams (organization_id, slug, name) values (1, $1, $1) returning id', ['a'])
    const teamId: unknown = team.rows[0].id
    const foreignProject = [Number(other.projectId), teamId]
    await expect(
      pool.query('insert into project_teams (project_id, team_id, organization_id) values ($1, $2, 1)', foreignProject),
    ).rejects.toThrow(/foreign key/)
    await accounts[Symbol.asyncDispose]()
  })
})

describe('first run', () => {
  test('makes organization default, project 1, its key, an administrator and a link that works once', async () => {
    const pool = await postgres.database()
    await using accounts = await open(pool)
    const first = await accounts.ensureFirstRun()
    expect(first).toMatchObject({
      created: true,
      ingestKey: settings.ingestKey,
      anonymousTenant: { organizationId: 1, projectId: 1 },
      adminEmail: 'ops@example.org',
    })
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

  test('every start gives a way in until the administrator has a password', async () => {
    const pool = await postgres.database()
    await using accounts = await open(pool, { adminPassword: null })
    const first = await accounts.ensureFirstRun()
    const second = await accounts.ensureFirstRun()
    expect(second.created).toBe(false)
    // The link that was printed first is not taken away from who still has it.
    await accounts.signIn.withLink(first.signInToken ?? '', peer)
    const { cookie } = await accounts.signIn.withLink(second.signInToken ?? '', peer)
    await accounts.signIn.changePassword(cookie, null, 'correct horse battery')
    expect((await accounts.ensureFirstRun()).signInToken).toBeNull()
  })

  test('two starts at once make one set', async () => {
    const pool = await postgres.database()
    await using one = await open(pool, { ingestKey: null })
    await using two = await open(pool, { ingestKey: null })
    const outcomes = await Promise.all([one.ensureFirstRun(), two.ensureFirstRun()])
    expect(outcomes.map((outcome) => outcome.created).sort()).toEqual([false, true])
    expect(new Set(outcomes.map((outcome) => outcome.ingestKey)).size).toBe(1)
    expect(outcomes.filter((outcome) => outcome.signInToken !== null)).toHaveLength(1)
    const { rows } = await pool.query(
      'select (select count(*) from organizations)::int o, (select count(*) from projects)::int p, (select count(*) from users)::int u',
    )
    expect(rows).toEqual([{ o: 1, p: 1, u: 1 }])
    const next = await one.createOrganization({ name: 'Next', ownerEmail: 'n@x.org', ownerName: 'N', projectName: 'p' })
    expect(next).toMatchObject({ organizationId: '2', projectId: '2' })
  })

  test('of two clicks on the link at once, one comes in', async () => {
    const { accounts, token } = await fresh(postgres)
    await using _ = accounts
    const outcomes = await Promise.allSettled([accounts.signIn.withLink(token, peer), accounts.signIn.withLink(token, peer)])
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a key put into the settings later is added', async () => {
    const { accounts, pool } = await fresh(postgres, { ingestKey: null })
    await accounts[Symbol.asyncDispose]()
    await using later = await open(pool, { ingestKey: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' })
    expect((await later.ensureFirstRun()).ingestKey).toBe('f'.repeat(32))
    expect(later.ingestKeys.resolve('f'.repeat(32))).toEqual({ organizationId: 1, projectId: 1 })
  })
})

describe('sign-in', () => {
  test('with e-mail in any case and password; not with a wrong one', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const session = await accounts.signIn.withPassword('OPS@example.org', 'correct horse battery', peer)
    expect(await byCookie(accounts, session.cookie)).toMatchObject({ kind: 'user' })
    await expect(accounts.signIn.withPassword('ops@example.org', 'wrong horse battery', peer)).rejects.toMatchObject({
      code: 'accounts.wrong_password',
    })
    await expect(accounts.signIn.withPassword('nobody@example.org', 'wrong horse battery', peer)).rejects.toMatchObject({
      code: 'accounts.wrong_password',
    })
    await expect(accounts.signIn.withPassword('not an address', 'wrong horse battery', peer)).rejects.toMatchObject({
      code: 'accounts.wrong_password',
    })
  })

  test('signing out ends the session, a cookie with a changed signature is nobody', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    const { cookie } = await accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)
    expect(await byCookie(accounts, `${cookie.slice(0, -6)}AAAA%3D`)).toBeNull()
    await accounts.signIn.signOut(cookie)
    expect(await byCookie(accounts, cookie)).toBeNull()
    await expect(accounts.signIn.signOut(null)).resolves.toBeDefined()
  })

  test('after ten failures for one address the right password waits too', async () => {
    const { accounts } = await fresh(postgres)
    await using _ = accounts
    for (let n = 0; n < 10; n++)
      await expect(accounts.signIn.withPassword('ops@example.org', `wrong ${n} password`, peer)).rejects.toMatchObject({
        code: 'accounts.wrong_password',
      })
    await expect(accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)).rejects.toMatchObject({
      code: 'accounts.too_many_attempts',
    })
  })

  test('cookies are Secure when the public address is https', async () => {
    const { accounts } = await fresh(postgres, { publicUrl: 'https://observe.example.org' })
    await using _ = accounts
    const session = await accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)
    expect(session.setCookies.join()).toMatch(/__Secure-.*Secure/)
    expect(await byCookie(accounts, session.cookie)).toMatchObject({ kind: 'user' })
  })

  test('a changed password replaces the old one and ends other sessions; the first can be set without one', async () => {
    const { accounts, token } = await fresh(postgres, { adminPassword: null })
    await using _ = accounts
    const first = await accounts.signIn.withLink(token, peer)
    const caller = await byCookie(accounts, first.cookie)
    if (caller === null) throw new Error('not signed in')
    expect(await accounts.directory.describe(caller)).toMatchObject({ passwordIsSet: false, email: 'ops@example.org' })
    await accounts.signIn.changePassword(first.cookie, null, 'my first password')
    expect(await accounts.directory.describe(caller)).toMatchObject({ passwordIsSet: true })
    await expect(accounts.signIn.changePassword(first.cookie, null, 'set it once more')).rejects.toMatchObject({
      code: 'accounts.password_refused',
    })
    await expect(accounts.signIn.changePassword(first.cookie, 'not the password', 'my next password')).rejects.toMatchObject({
      code: 'accounts.password_refused',
    })
    await expect(accounts.signIn.changePassword(null, 'my first password', 'my next password')).rejects.toMatchObject({
      code: 'accounts.unauthenticated',
    })
    const other = await accounts.signIn.withPassword('ops@example.org', 'my first password', peer)
    await accounts.signIn.changePassword(other.cookie, 'my first password', 'my next password')
    expect(await byCookie(accounts, first.cookie)).toBeNull()
    await expect(accounts.signIn.withPassword('ops@example.org', 'my first password', peer)).rejects.toMatchObject({
      code: 'accounts.wrong_password',
    })
    await accounts.signIn.withPassword('ops@example.org', 'my next password', peer)
    const access = await accounts.gatekeeper.organization(caller, 'default', 'admin')
    const { items } = await accounts.directory.audit(access, { limit: 2, cursor: null })
    expect(items.map(({ action, actor }) => [action, actor.id])).toEqual([
      ['password.change', caller.id],
      ['password.change', caller.id],
    ])
    // Nor is it found out by trying to change it.
    const { cookie } = await accounts.signIn.withPassword('ops@example.org', 'my next password', peer)
    const codes: unknown[] = []
    for (let i = 0; i < 12; i++) {
      const outcome = accounts.signIn.changePassword(cookie, `guess number ${i}`, 'another password')
      codes.push(await outcome.catch((error: unknown) => (isAppError(error) ? error.code : error)))
    }
    expect([codes[0], codes[9], codes[10], codes[11]]).toEqual([
      'accounts.password_refused',
      'accounts.password_refused',
      'accounts.too_many_attempts',
      'accounts.too_many_attempts',
    ])
  })
})

describe('housekeeping', () => {
  test('deletes expired sessions and links, and nothing else', async () => {
    const { accounts, pool } = await fresh(postgres)
    await using _ = accounts
    const live = await accounts.signIn.withPassword('ops@example.org', 'correct horse battery', peer)
    await accounts.signIn.withPassword('ops@example.org', 'correct horse battery', { ...peer, userAgent: 'old' })
    await pool.query(`update sessions set expires_at = now() - interval '1 minute' where user_agent = 'old'`)
    await deleteExpired(new AccountsDatabase(pool), Date.now())
    const { rows } = await pool.query(
      'select (select count(*) from sessions)::int as sessions, (select count(*) from sign_in_links)::int as links',
    )
    expect(rows).toEqual([{ sessions: 1, links: 1 }])
    expect(await byCookie(accounts, live.cookie)).not.toBeNull()
  })
})
