/** Signing in and out, and what a caller sees of themselves. */
import {
  changePasswordRequestSchema,
  firstRunRequestSchema,
  sessionAnswerSchema,
  signInRequestSchema,
  type Session,
  type SessionAnswer,
} from '@bellwether/protocol'
import { unauthenticated, type Caller, type CallerStanding, type OpenedSession } from '../../accounts/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { defineRoute, nothing, type Call, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'

const tag = 'Sign-in'

function toSession(standing: CallerStanding): Session {
  return {
    caller: { ...standing.caller, email: standing.email },
    passwordIsSet: standing.passwordIsSet,
    organizations: standing.organizations.map((organization) => ({
      id: organization.id,
      slug: organization.slug,
      name: organization.name,
      role: organization.role,
      permissions: [...organization.permissions],
      projects: organization.projects.map(({ id, slug, name }) => ({ id, slug, name })),
    })),
  }
}

export function authRoutes({ accounts }: Pick<ApiDeps, 'accounts'>): Route[] {
  const { gatekeeper, signIn, directory } = accounts
  const describe = async (caller: Caller): Promise<SessionAnswer> => ({ session: toSession(await directory.describe(caller)) })
  /** Sets the cookie and answers with the session that the very next request would see. */
  const welcome = async (call: Call<unknown, unknown>, opened: OpenedSession): Promise<SessionAnswer> => {
    call.setCookies(opened.setCookies)
    const caller = await gatekeeper.authenticate({ authorization: null, cookie: opened.cookie })
    if (caller === null) throw new AppError(unauthenticated)
    return await describe(caller)
  }
  return [
    defineRoute({
      method: 'GET',
      path: '/api/0/auth/session',
      summary: 'Who is calling, with organizations, rights and projects; null when nobody is signed in.',
      tag,
      access: { kind: 'public' },
      query: nothing,
      body: nothing,
      answer: sessionAnswerSchema,
      handle: async (call) => (call.callerOrNull === null ? { session: null } : await describe(call.callerOrNull)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/0/auth/sign-in',
      summary: 'Signs in with e-mail address and password; sets the session cookie.',
      tag,
      access: { kind: 'public' },
      query: nothing,
      body: signInRequestSchema,
      answer: sessionAnswerSchema,
      handle: async (call) => await welcome(call, await signIn.withPassword(call.body.email, call.body.password, call.peer)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/0/auth/first-run',
      summary: 'Signs in with the one-time token of a sign-in link; sets the session cookie.',
      tag,
      access: { kind: 'public' },
      query: nothing,
      body: firstRunRequestSchema,
      answer: sessionAnswerSchema,
      handle: async (call) => await welcome(call, await signIn.withLink(call.body.token, call.peer)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/0/auth/sign-out',
      summary: 'Ends the session and clears its cookie.',
      tag,
      access: { kind: 'public' },
      query: nothing,
      body: nothing,
      answer: null,
      handle: async (call) => call.setCookies(await signIn.signOut(call.cookie)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/0/auth/password',
      summary: "Changes the caller's password and ends their other sessions.",
      tag,
      access: { kind: 'caller' },
      query: nothing,
      body: changePasswordRequestSchema,
      answer: null,
      handle: async (call) => call.setCookies(await signIn.changePassword(call.cookie, call.body.currentPassword, call.body.newPassword)),
    }),
  ]
}
