/**
 * better-auth as Bellwether uses it: e-mail and password (scrypt), sessions in our tables, no route of its own. It is called as a
 * library by password-sign-in.ts; rate limits and the origin check are ours, so that every door has the same ones.
 */
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Logger } from '../../kernel/log.ts'
import type { Tables } from '../schema/tables.ts'

export const sessionTtlSec = 30 * 86_400
/** A session in use is prolonged once a day. */
const sessionRefreshSec = 86_400
const passwordLengthMin = 8
const passwordLengthMax = 256
/** Only ever set by us; whatever the client sends under it is not passed on. */
export const peerHeader = 'x-bellwether-peer'

export interface AuthSettings {
  /** Address people use, e.g. `https://observe.example.org`; decides whether cookies are `Secure`. */
  readonly publicUrl: string
  /** At least 32 characters; signs cookies. */
  readonly secret: string
}

/** Column names, snake_case like all our tables. */
const tableMapping = {
  user: {
    modelName: 'users',
    fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
  },
  session: {
    modelName: 'sessions',
    expiresIn: sessionTtlSec,
    updateAge: sessionRefreshSec,
    fields: {
      expiresAt: 'expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
      userId: 'user_id',
    },
  },
  account: {
    modelName: 'sign_in_methods',
    fields: {
      accountId: 'account_id',
      providerId: 'provider_id',
      userId: 'user_id',
      accessToken: 'access_token',
      refreshToken: 'refresh_token',
      idToken: 'id_token',
      accessTokenExpiresAt: 'access_token_expires_at',
      refreshTokenExpiresAt: 'refresh_token_expires_at',
      createdAt: 'created_at',
      updatedAt: 'updated_at',
    },
  },
  verification: {
    modelName: 'verifications',
    fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
  },
} satisfies Partial<BetterAuthOptions>

/** The options without our plugin; a test compares the tables they want with our migrations. */
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- inferred: better-auth derives its API from the literal
export function authOptions(db: Kysely<Tables>, settings: AuthSettings, logger: Logger) {
  return {
    appName: 'Bellwether',
    baseURL: settings.publicUrl,
    basePath: '/api/0/auth',
    secret: settings.secret,
    database: { db, type: 'postgres', transaction: true },
    ...tableMapping,
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: passwordLengthMin, maxPasswordLength: passwordLengthMax },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    advanced: {
      cookiePrefix: 'bellwether',
      useSecureCookies: settings.publicUrl.startsWith('https://'),
      ipAddress: { ipAddressHeaders: [peerHeader] },
    },
    logger: {
      level: 'error',
      log: (_level: string, message: string) => logger.warn('sign-in', { message }),
    },
  } satisfies BetterAuthOptions
}

/** Opens a session for a person whose right to it was proved elsewhere (a sign-in link). Callable from here only. */
const provenSession = {
  id: 'bellwether-proven-session',
  endpoints: {
    openProvenSession: createAuthEndpoint.serverOnly({ method: 'POST', body: z.object({ userId: z.string() }) }, async (ctx) => {
      const user = await ctx.context.internalAdapter.findUserById(ctx.body.userId)
      if (user === null) throw ctx.error('NOT_FOUND')
      const session = await ctx.context.internalAdapter.createSession(user.id)
      await setSessionCookie(ctx, { session, user })
      return ctx.json({ userId: user.id })
    }),
  },
} as const

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- inferred: better-auth derives its API from the literal
export function createAuth(db: Kysely<Tables>, settings: AuthSettings, logger: Logger) {
  return betterAuth({ ...authOptions(db, settings, logger), plugins: [provenSession] })
}

export type Auth = ReturnType<typeof createAuth>
