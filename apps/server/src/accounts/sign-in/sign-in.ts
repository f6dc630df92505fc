/**
 * Signing in and out, one-time links, passwords. Answers carry the `Set-Cookie` lines for the caller to pass on.
 * Links are kept as hashes and used up by one atomic update, so that two clicks at once open one session.
 */
import { isAPIError } from 'better-auth/api'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { AccountsDatabase, Writer } from '../database.ts'
import { linkInvalid, passwordRefused, translateDatabaseError, unauthenticated, unavailable, wrongPassword } from '../errors.ts'
import { failuresPerAddressMax, failuresPerEmailMax } from '../limits.ts'
import { hashSecret, newLinkToken } from '../secrets.ts'
import type { SessionReader } from '../gatekeeper.ts'
import { AttemptLimiter } from './attempt-limiter.ts'
import { peerHeader, type Auth } from './auth.ts'

/** Who is at the other end, for limits and the session list. */
export interface Peer {
  readonly address: string
  readonly userAgent: string
}

export interface OpenedSession {
  /** `Set-Cookie` values. */
  readonly setCookies: readonly string[]
  /** The same as a `Cookie` header, to authenticate the rest of this request with. */
  readonly cookie: string
}

/**
 * Errors by code: `accounts.wrong_password`, `accounts.link_invalid`, `accounts.too_many_attempts`, `accounts.password_refused`,
 * `accounts.unauthenticated`, `accounts.unavailable`.
 */
export interface SignIn {
  withPassword(email: string, password: string, peer: Peer): Promise<OpenedSession>
  withLink(token: string, peer: Peer): Promise<OpenedSession>
  /** Ends the session; gives the lines that clear the cookie. Never fails for want of a session. */
  signOut(cookie: string | null): Promise<readonly string[]>
  /** Ends every other session of the person. `current` is null only while no password is set. */
  changePassword(cookie: string | null, current: string | null, next: string): Promise<readonly string[]>
}

export interface SignInDeps {
  readonly auth: Auth
  readonly database: AccountsDatabase
  readonly clock: Clock
}

export interface NewLink {
  readonly userId: string
  /** Null: valid until used. */
  readonly ttlMs: number | null
  readonly nowMs: number
}

/** Makes the token of a sign-in link; only its hash is kept. */
export async function issueLink(trx: Writer, { userId, ttlMs, nowMs }: NewLink): Promise<string> {
  const token = newLinkToken()
  const expires = ttlMs === null ? null : new Date(nowMs + ttlMs)
  await trx
    .insertInto('sign_in_links')
    .values({ token_hash: hashSecret(token), user_id: userId, expires_at: expires, used_at: null })
    .execute()
  return token
}

function peerHeaders(peer: Peer): Headers {
  return new Headers({ [peerHeader]: peer.address, 'user-agent': peer.userAgent })
}

function opened(headers: Headers): OpenedSession {
  const setCookies = headers.getSetCookie()
  return { setCookies, cookie: setCookies.map((line) => line.split(';', 1)[0] ?? '').join('; ') }
}

/** The library answers with its own errors; a 5xx of it is the database's silence. */
function statusOf(error: unknown): number | null {
  return isAPIError(error) ? error.statusCode : null
}

class PasswordSignIn implements SignIn {
  readonly #deps: SignInDeps
  readonly #limiter: AttemptLimiter
  readonly #readSession: SessionReader

  constructor(deps: SignInDeps) {
    this.#deps = deps
    this.#limiter = new AttemptLimiter(deps.clock)
    this.#readSession = createSessionReader(deps.auth)
  }

  async withPassword(email: string, password: string, peer: Peer): Promise<OpenedSession> {
    const byEmail = `email:${email.toLowerCase()}`
    const byAddress = `address:${peer.address}`
    this.#limiter.check(byEmail, failuresPerEmailMax)
    this.#limiter.check(byAddress, failuresPerAddressMax)
    try {
      const { headers } = await this.#deps.auth.api.signInEmail({
        body: { email, password },
        headers: peerHeaders(peer),
        returnHeaders: true,
      })
      this.#limiter.succeed(byEmail)
      return opened(headers)
    } catch (error) {
      const status = statusOf(error)
      if (status === null || status >= 500) throw failure(error)
      this.#limiter.fail(byEmail)
      this.#limiter.fail(byAddress)
      throw new AppError(wrongPassword, { cause: error })
    }
  }

  async withLink(token: string, peer: Peer): Promise<OpenedSession> {
    const byAddress = `address:${peer.address}`
    this.#limiter.check(byAddress, failuresPerAddressMax)
    const now = new Date(this.#deps.clock.nowMs())
    const link = await this.#deps.database.read((db) =>
      db
        .updateTable('sign_in_links')
        .set({ used_at: now })
        .where('token_hash', '=', hashSecret(token))
        .where('used_at', 'is', null)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .returning('user_id')
        .executeTakeFirst(),
    )
    if (link === undefined) {
      this.#limiter.fail(byAddress)
      throw new AppError(linkInvalid)
    }
    try {
      const { headers } = await this.#deps.auth.api.openProvenSession({
        body: { userId: link.user_id },
        headers: peerHeaders(peer),
        returnHeaders: true,
      })
      return opened(headers)
    } catch (error) {
      throw failure(error)
    }
  }

  async signOut(cookie: string | null): Promise<readonly string[]> {
    try {
      const { headers } = await this.#deps.auth.api.signOut({ headers: new Headers({ cookie: cookie ?? '' }), returnHeaders: true })
      return headers.getSetCookie()
    } catch (error) {
      throw failure(error)
    }
  }

  async changePassword(cookie: string | null, current: string | null, next: string): Promise<readonly string[]> {
    const person = cookie === null ? null : await this.#readSession(cookie)
    if (person === null) throw new AppError(unauthenticated)
    const byPerson = `password:${person.userId}`
    // Who found an open session must not find out the password by trying.
    this.#limiter.check(byPerson, failuresPerEmailMax)
    let setCookies: readonly string[]
    try {
      setCookies = await this.#setPassword(cookie ?? '', current, next)
    } catch (error) {
      if (isAppError(error, passwordRefused.code)) this.#limiter.fail(byPerson)
      throw error
    }
    this.#limiter.succeed(byPerson)
    await this.#deps.database.change(async (trx) => await auditPassword(trx, person))
    return setCookies
  }

  async #setPassword(cookie: string, current: string | null, next: string): Promise<readonly string[]> {
    const headers = new Headers({ cookie })
    const { auth } = this.#deps
    try {
      if (current === null) {
        await auth.api.setPassword({ body: { newPassword: next }, headers })
        return []
      }
      const answer = await auth.api.changePassword({
        body: { currentPassword: current, newPassword: next, revokeOtherSessions: true },
        headers,
        returnHeaders: true,
      })
      return answer.headers.getSetCookie()
    } catch (error) {
      const status = statusOf(error)
      if (status === 401) throw new AppError(unauthenticated, { cause: error })
      if (status !== null && status < 500) throw new AppError(passwordRefused, { cause: error })
      throw failure(error)
    }
  }
}

/** One entry in each organization of the person: it is their account there that changed. */
async function auditPassword(trx: Writer, person: { userId: string; name: string }): Promise<void> {
  const memberships = await trx.selectFrom('members').select('organization_id').where('user_id', '=', person.userId).execute()
  if (memberships.length === 0) return
  const entry = {
    actor_kind: 'user',
    actor_id: person.userId,
    actor_name: person.name,
    action: 'password.change',
    target: `member:${person.userId}`,
  }
  await trx
    .insertInto('audit_entries')
    .values(memberships.map(({ organization_id }) => ({ ...entry, organization_id, detail: '{}' })))
    .execute()
}

function failure(error: unknown): unknown {
  const status = statusOf(error)
  return status !== null && status >= 500 ? new AppError(unavailable, { cause: error, retryAfterSec: 2 }) : translateDatabaseError(error)
}

export function createSignIn(deps: SignInDeps): SignIn {
  return new PasswordSignIn(deps)
}

/** Finds the person behind a cookie without prolonging the session. */
export function createSessionReader(auth: Auth): SessionReader {
  return async (cookie) => {
    try {
      const found = await auth.api.getSession({ headers: new Headers({ cookie }), query: { disableRefresh: true } })
      return found === null ? null : { userId: found.user.id, name: found.user.name }
    } catch (error) {
      throw failure(error)
    }
  }
}
