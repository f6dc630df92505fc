/** Organizations and what is below them: projects, people, teams, tokens, ingest keys, audit. */
import { z } from 'zod'
import { permissionSchema, roleSchema, type Permission, type Role } from './auth.ts'
import { timeSchema } from './list.ts'

/** Lower-case letters, digits and single dashes. */
export const slugPattern: RegExp = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

const slug = z.string().min(1).max(60).regex(slugPattern, 'lower-case letters, digits and single dashes')
const displayName = z.string().trim().min(1).max(100)

export interface Project {
  id: string
  slug: string
  name: string
  /** Empty: everyone in the organization may see it. */
  teamIds: string[]
  createdAt: string
}

export const projectSchema: z.ZodType<Project> = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  teamIds: z.array(z.string()),
  createdAt: timeSchema,
})

/** The slug is made of the name when absent. */
export interface ProjectCreate {
  name: string
  slug?: string | undefined
  teamIds?: string[] | undefined
}

export const projectCreateSchema: z.ZodType<ProjectCreate> = z.strictObject({
  name: displayName,
  slug: slug.optional(),
  teamIds: z.array(z.string().max(20)).max(100).optional(),
})

export interface Member {
  userId: string
  email: string
  name: string
  role: Role
  teamIds: string[]
  createdAt: string
}

export const memberSchema: z.ZodType<Member> = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  role: roleSchema,
  teamIds: z.array(z.string()),
  createdAt: timeSchema,
})

/** Adds a person: a new one gets a one-time sign-in link, someone who has an account here is only added. */
export interface MemberCreate {
  email: string
  name: string
  role: Role
}

export const memberCreateSchema: z.ZodType<MemberCreate> = z.strictObject({
  email: z.email().max(254),
  name: displayName,
  role: roleSchema,
})

/** Answer of `POST O/members`, and of `POST O/members/<userId>/sign-in-link`. */
export interface MemberCreated {
  member: Member
  /** Give it to the person; works once and is not shown again. Null when the person already had an account. */
  signInLink: string | null
}

export const memberCreatedSchema: z.ZodType<MemberCreated> = z.object({ member: memberSchema, signInLink: z.string().nullable() })

/** `PATCH O/members/<userId>` */
export interface MemberUpdate {
  role: Role
}

export const memberUpdateSchema: z.ZodType<MemberUpdate> = z.strictObject({ role: roleSchema })

export interface Team {
  id: string
  slug: string
  name: string
  memberIds: string[]
  projectIds: string[]
  createdAt: string
}

export const teamSchema: z.ZodType<Team> = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  memberIds: z.array(z.string()),
  projectIds: z.array(z.string()),
  createdAt: timeSchema,
})

export interface TeamCreate {
  name: string
  slug?: string | undefined
  memberIds?: string[] | undefined
  projectIds?: string[] | undefined
}

export const teamCreateSchema: z.ZodType<TeamCreate> = z.strictObject({
  name: displayName,
  slug: slug.optional(),
  memberIds: z.array(z.string().max(64)).max(1000).optional(),
  projectIds: z.array(z.string().max(20)).max(1000).optional(),
})

export interface ApiToken {
  id: string
  name: string
  /** First characters, to tell tokens apart. */
  prefix: string
  permissions: Permission[]
  /** Null: every project of the organization. */
  projectId: string | null
  createdBy: string
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
}

export const apiTokenSchema: z.ZodType<ApiToken> = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  permissions: z.array(permissionSchema),
  projectId: z.string().nullable(),
  createdBy: z.string(),
  createdAt: timeSchema,
  expiresAt: timeSchema.nullable(),
  lastUsedAt: timeSchema.nullable(),
})

export interface ApiTokenCreate {
  name: string
  permissions: Permission[]
  projectId?: string | null | undefined
  expiresAt?: string | null | undefined
}

export const apiTokenCreateSchema: z.ZodType<ApiTokenCreate> = z.strictObject({
  name: displayName,
  permissions: z.array(permissionSchema).min(1).max(3),
  projectId: z.string().max(20).nullable().optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
})

export interface ApiTokenCreated {
  token: ApiToken
  /** The token itself; only its hash is kept, so it is shown once. */
  secret: string
}

export const apiTokenCreatedSchema: z.ZodType<ApiTokenCreated> = z.object({ token: apiTokenSchema, secret: z.string() })

export interface IngestKey {
  id: string
  name: string
  /** 32 hexadecimal digits. Not a secret: it only lets data in. */
  key: string
  createdAt: string
  revokedAt: string | null
}

export const ingestKeySchema: z.ZodType<IngestKey> = z.object({
  id: z.string(),
  name: z.string(),
  key: z.string(),
  createdAt: timeSchema,
  revokedAt: timeSchema.nullable(),
})

export interface IngestKeyCreate {
  name: string
}

export const ingestKeyCreateSchema: z.ZodType<IngestKeyCreate> = z.strictObject({ name: displayName })

export interface AuditEntry {
  id: string
  at: string
  actor: { kind: 'user' | 'token' | 'system'; id: string; name: string }
  /** `member.add`, `key.revoke`, ... */
  action: string
  /** What it was done to: `member:<id>`, `key:<id>`, ... */
  target: string
  /** What changed; never a secret. */
  detail: Record<string, string>
}

export const auditEntrySchema: z.ZodType<AuditEntry> = z.object({
  id: z.string(),
  at: timeSchema,
  actor: z.object({ kind: z.enum(['user', 'token', 'system']), id: z.string(), name: z.string() }),
  action: z.string(),
  target: z.string(),
  detail: z.record(z.string(), z.string()),
})
