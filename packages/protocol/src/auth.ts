/** Signing in, and what a signed-in person sees of themselves. */
import { z } from 'zod'

export type Role = 'owner' | 'admin' | 'member' | 'viewer'
export const roleSchema: z.ZodType<Role> = z.enum(['owner', 'admin', 'member', 'viewer'])

/** What a token may do; a person has what their role gives. */
export type Permission = 'read' | 'write' | 'admin'
export const permissionSchema: z.ZodType<Permission> = z.enum(['read', 'write', 'admin'])

export interface ProjectRef {
  id: string
  slug: string
  name: string
}

export const projectRefSchema: z.ZodType<ProjectRef> = z.object({ id: z.string(), slug: z.string(), name: z.string() })

export interface OrganizationRef {
  id: string
  slug: string
  name: string
  role: Role
  permissions: Permission[]
  /** Only those the caller may read. */
  projects: ProjectRef[]
}

export const organizationRefSchema: z.ZodType<OrganizationRef> = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  role: roleSchema,
  permissions: z.array(permissionSchema),
  projects: z.array(projectRefSchema),
})

export interface Session {
  caller: {
    kind: 'user' | 'token'
    id: string
    name: string
    /** Null for a token. */
    email: string | null
  }
  organizations: OrganizationRef[]
  /** False for someone who came in by a first-run link and has no password yet: ask for one. */
  passwordIsSet: boolean
}

export const sessionSchema: z.ZodType<Session> = z.object({
  caller: z.object({ kind: z.enum(['user', 'token']), id: z.string(), name: z.string(), email: z.string().nullable() }),
  organizations: z.array(organizationRefSchema),
  passwordIsSet: z.boolean(),
})

/** `GET /api/0/auth/session`: 200 always; null when nobody is signed in. */
export interface SessionAnswer {
  session: Session | null
}

export const sessionAnswerSchema: z.ZodType<SessionAnswer> = z.object({ session: sessionSchema.nullable() })

/** `POST /api/0/auth/sign-in`; answers a SessionAnswer and sets the cookie. */
export interface SignInRequest {
  email: string
  password: string
}

export const signInRequestSchema: z.ZodType<SignInRequest> = z.strictObject({
  email: z.string().min(3).max(254),
  password: z.string().min(1).max(256),
})

/** `POST /api/0/auth/first-run`: the one-time token of the link printed at the first start; answers a SessionAnswer and sets the cookie. */
export interface FirstRunRequest {
  token: string
}

export const firstRunRequestSchema: z.ZodType<FirstRunRequest> = z.strictObject({ token: z.string().min(16).max(128) })

export const passwordLengthMin = 8
export const passwordLengthMax = 256

/** `POST /api/0/auth/password`; answers 204. `currentPassword` is null only while none is set. */
export interface ChangePasswordRequest {
  currentPassword: string | null
  newPassword: string
}

export const changePasswordRequestSchema: z.ZodType<ChangePasswordRequest> = z.strictObject({
  currentPassword: z.string().max(passwordLengthMax).nullable(),
  newPassword: z.string().min(passwordLengthMin).max(passwordLengthMax),
})
